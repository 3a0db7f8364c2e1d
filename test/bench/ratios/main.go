// Command ratios prints what each peer costs in relation to the floor.
//
//	go run ./test/bench/ratios -rounds 21
//
// In a round every peer runs once, in an order that is drawn anew, so that whatever else the machine does meets all of
// them. A ratio is taken within a round; printed are the median of the rounds and the middle half of them.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/m3ter-access/m3ter-access-go/test/bench"
)

func main() {
	testing.Init()
	rounds := flag.Int("rounds", 21, "how many rounds")
	only := flag.String("only", "", "measure only what has this in its name, such as one/memory")
	flag.Parse()
	_ = flag.Set("test.benchtime", "50ms")

	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer table.Flush()
	fmt.Fprintln(table, "operation\tpeer\ttime to floor\tmiddle half\tns\tbytes to floor\tallocations to floor")
	for _, transport := range []string{"memory", "loopback", "loopback, parallel"} {
		peers, stop := bench.PeersOver(strings.TrimSuffix(transport, ", parallel"))
		for _, op := range bench.Operations {
			name := op.Name + "/" + transport
			if !strings.Contains(name, *only) {
				continue
			}
			measure(table, name, op, peers, strings.HasSuffix(transport, "parallel"), *rounds)
			table.Flush()
		}
		stop()
	}
}

// cost is of one call.
type cost struct{ time, bytes, allocs float64 }

func measure(table *tabwriter.Writer, name string, op bench.Operation, peers []bench.Peer, parallel bool, rounds int) {
	costs := make([][]cost, len(peers)) // of each peer, by round
	for range rounds {
		round := make([]cost, len(peers))
		for _, i := range rand.Perm(len(peers)) {
			round[i] = run(op.Of(peers[i]), parallel)
		}
		for i := range peers {
			costs[i] = append(costs[i], round[i])
		}
	}
	for i, peer := range peers {
		times := quartiles(costs[i], costs[0], func(c cost) float64 { return c.time })
		bytes := quartiles(costs[i], costs[0], func(c cost) float64 { return c.bytes })
		allocs := quartiles(costs[i], costs[0], func(c cost) float64 { return c.allocs })
		fmt.Fprintf(table, "%s\t%s\t%.2f\t%.2f to %.2f\t%.0f\t%.2f\t%.2f\n", name, peer.Name,
			times[1], times[0], times[2], median(costs[i]), bytes[1], allocs[1])
	}
}

func run(call func(context.Context) error, parallel bool) cost {
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		if !parallel {
			for b.Loop() {
				must(call(b.Context()))
			}
			return
		}
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				must(call(b.Context()))
			}
		})
	})
	n := float64(result.N)
	return cost{float64(result.T.Nanoseconds()) / n, float64(result.MemBytes) / n, float64(result.MemAllocs) / n}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// quartiles of the ratios of a peer to the floor, round by round.
func quartiles(peer, floor []cost, of func(cost) float64) [3]float64 {
	ratios := make([]float64, len(peer))
	for i := range peer {
		ratios[i] = of(peer[i]) / of(floor[i])
	}
	slices.Sort(ratios)
	at := func(q float64) float64 { return ratios[int(q*float64(len(ratios)-1))] }
	return [3]float64{at(0.25), at(0.5), at(0.75)}
}

func median(costs []cost) float64 {
	times := make([]float64, len(costs))
	for i, c := range costs {
		times[i] = c.time
	}
	slices.Sort(times)
	return times[len(times)/2]
}
