// Command ratios prints the cost of each peer relative to the floor.
//
//	go run ./test/bench/ratios -rounds 101
//
// In each round, every peer runs once, in a random order, so that other load on the machine affects all of them alike.
// A ratio is taken within a round. The output is the Go version, the median of the rounds and their middle half.
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/m3ter-access/m3ter-access-go/test/bench"
)

func main() {
	rounds := flag.Int("rounds", 101, "how many rounds")
	only := flag.String("only", "", "measure only operations whose names contain this text, such as one/memory")
	flag.Parse()
	flag.Visit(func(f *flag.Flag) {
		if f.Value.String() == "" {
			exit(2, "-"+f.Name+" is empty; give it a value, or leave it out")
		}
	})
	switch {
	case *rounds < 1:
		exit(2, fmt.Sprintf("-rounds is %d; it must be 1 or more", *rounds))
	case flag.NArg() > 0:
		exit(2, fmt.Sprintf("unexpected argument %q", flag.Arg(0)))
	}
	// A peer runs only briefly before the next one, so that other load on the machine affects all of them alike.
	testing.Init()
	if err := flag.Set("test.benchtime", "20ms"); err != nil {
		exit(1, err)
	}

	fmt.Println(runtime.Version())
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "operation\tpeer\ttime/floor\tmiddle half\tns\tbytes/floor\tallocations/floor")
	for _, transport := range []string{"memory", "loopback", "loopback, parallel"} {
		connection, parallel := strings.CutSuffix(transport, ", parallel")
		peers, stop := bench.PeersOver(connection)
		for _, op := range bench.Operations {
			name := op + "/" + transport
			if !strings.Contains(name, *only) {
				continue
			}
			for i, costs := range measure(peers, op, parallel, *rounds) {
				fmt.Fprintf(table, "%s\t%s\t%.2f\t%.2f to %.2f\t%.0f\t%.2f\t%.2f\n", name, peers[i].Name,
					costs.time.at(0.5), costs.time.at(0.25), costs.time.at(0.75), costs.ns.at(0.5), costs.bytes.at(0.5), costs.allocs.at(0.5))
			}
		}
		if err := table.Flush(); err != nil {
			exit(1, err)
		}
		stop()
	}
}

func exit(status int, problem any) {
	fmt.Fprintln(os.Stderr, "ratios:", problem)
	os.Exit(status)
}

// costs are the costs of a peer's call by round: the time in ns, and the ratios to the floor.
type costs struct{ ns, time, bytes, allocs sample }

// A sample holds a number for each round.
type sample []float64

func (s sample) at(quantile float64) float64 {
	return slices.Sorted(slices.Values(s))[int(quantile*float64(len(s)-1))]
}

// measure returns the costs of each peer. The first peer is the floor.
func measure(peers []bench.Peer, op string, parallel bool, rounds int) []costs {
	run := func(peer bench.Peer) testing.BenchmarkResult {
		return testing.Benchmark(func(b *testing.B) { peer.Calls[op].Run(b, parallel) })
	}
	for _, peer := range peers {
		run(peer) // fetches the access token and opens the connections
	}
	all := make([]costs, len(peers))
	for range rounds {
		round := make([]testing.BenchmarkResult, len(peers))
		for _, i := range rand.Perm(len(peers)) {
			round[i] = run(peers[i])
		}
		for i, result := range round {
			floor, c := round[0], &all[i]
			c.ns = append(c.ns, float64(result.NsPerOp()))
			c.time = append(c.time, float64(result.NsPerOp())/float64(floor.NsPerOp()))
			c.bytes = append(c.bytes, float64(result.AllocedBytesPerOp())/float64(floor.AllocedBytesPerOp()))
			c.allocs = append(c.allocs, float64(result.AllocsPerOp())/float64(floor.AllocsPerOp()))
		}
	}
	return all
}
