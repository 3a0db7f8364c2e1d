package main

import (
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
)

// A progress is a line on a terminal that shows how many tasks are finished. Its methods may be called concurrently.
type progress struct {
	w    io.Writer
	what string

	mu          sync.Mutex
	done, total int
}

// newProgress returns a progress that writes to w if w is a terminal, and that writes nothing otherwise.
func newProgress(w io.Writer, what string, total int) *progress {
	if file, ok := w.(*os.File); !ok || !example.IsTerminal(file) {
		w = io.Discard
	}
	return &progress{w: w, what: what, total: total}
}

// step counts one more finished task.
func (p *progress) step() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	fmt.Fprintf(p.w, "\r%s %d of %d", p.what, p.done, p.total)
}

// clear erases the line.
func (p *progress) clear() { fmt.Fprint(p.w, "\r\x1b[K") }
