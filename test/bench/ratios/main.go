// Command ratios prints the cost of each peer relative to the floor.
//
//	go run ./test/bench/ratios -rounds 101
//
// In each round every peer runs once, in a random order, so that other load of the machine affects all of them alike. A
// ratio is taken within a round. The output is the Go version, the median of the rounds and their middle half.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/m3ter-access/m3ter-access-go/test/bench"
)

func main() {
	rounds := flag.Int("rounds", 101, "how many rounds")
	only := flag.String("only", "", "measure only what has this in its name, such as one/memory")
	flag.Parse()
	flag.Visit(func(f *flag.Flag) {
		if f.Value.String() == "" {
			wrongUsage("-" + f.Name + " is empty; give it a value, or leave it out")
		}
	})
	switch {
	case *rounds < 1:
		wrongUsage(fmt.Sprintf("-rounds is %d; it must be 1 or more", *rounds))
	case flag.NArg() > 0:
		wrongUsage(fmt.Sprintf("unexpected argument %q", flag.Arg(0)))
	}

	fmt.Println(runtime.Version())
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "operation\tpeer\ttime to floor\tmiddle half\tns\tbytes to floor\tallocations to floor")
	for _, transport := range []string{"memory", "loopback", "loopback, parallel"} {
		peers, stop := bench.PeersOver(strings.TrimSuffix(transport, ", parallel"))
		for _, op := range bench.Operations {
			name := op.Name + "/" + transport
			if !strings.Contains(name, *only) {
				continue
			}
			measure(table, name, op, peers, strings.HasSuffix(transport, "parallel"), *rounds)
		}
		must(table.Flush())
		stop()
	}
}

func wrongUsage(problem string) {
	fmt.Fprintln(os.Stderr, "ratios:", problem)
	os.Exit(2)
}

// cost is the cost of one call.
type cost struct{ time, bytes, allocs float64 }

func measure(table *tabwriter.Writer, name string, op bench.Operation, peers []bench.Peer, parallel bool, rounds int) {
	for _, peer := range peers {
		run(op.Of(peer), 1, parallel) // fetches the access token and opens the connections
	}
	calls := callsIn(block, op.Of(peers[0]))
	costs := make([][]cost, len(peers)) // by peer, then by round
	for range rounds {
		round := make([]cost, len(peers))
		for _, i := range rand.Perm(len(peers)) {
			round[i] = run(op.Of(peers[i]), calls, parallel)
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

// block is about how long a peer runs before the next one: short, so that other load of the machine affects
// all of them alike.
const block = 20 * time.Millisecond

// callsIn returns how many calls take about d once everything is warm.
func callsIn(d time.Duration, call func(context.Context) error) int {
	for n := 1; ; n *= 2 {
		if took := run(call, n, false).time * float64(n); took > float64(d)/2 {
			return max(1, int(float64(n)*float64(d)/took))
		}
	}
}

// run makes n calls; if parallel, from as many goroutines as there are processors.
func run(call func(context.Context) error, n int, parallel bool) cost {
	callers := 1
	if parallel {
		callers = runtime.GOMAXPROCS(0)
	}
	ctx, cancel := context.WithCancel(context.Background()) // like the context of a served request
	defer cancel()
	runtime.GC() // the garbage of the previous peer
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			for range (n + callers - 1) / callers {
				must(call(ctx))
			}
		})
	}
	group.Wait()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	made := float64((n + callers - 1) / callers * callers)
	return cost{
		float64(took.Nanoseconds()) / made,
		float64(after.TotalAlloc-before.TotalAlloc) / made,
		float64(after.Mallocs-before.Mallocs) / made,
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "ratios:", err)
		os.Exit(1)
	}
}

// quartiles returns the quartiles of a peer's ratios to the floor, round by round.
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
