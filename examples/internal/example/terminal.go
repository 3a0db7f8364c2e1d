package example

import (
	"fmt"
	"io"
	"os"
	"sync"
)

// IsTerminal reports whether a file is a terminal, on which a line can be overwritten.
func IsTerminal(f *os.File) bool {
	info, err := f.Stat()
	null, _ := os.Stat(os.DevNull) // also a character device
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && !os.SameFile(info, null)
}

// A Progress is a line on a terminal that shows how many tasks are finished. Its methods may be called concurrently.
type Progress struct {
	w    io.Writer
	what string

	mu          sync.Mutex
	done, total int
}

// NewProgress returns a Progress that writes to w if w is a terminal, and that writes nothing otherwise.
func NewProgress(w io.Writer, what string, total int) *Progress {
	if file, ok := w.(*os.File); !ok || !IsTerminal(file) {
		w = io.Discard
	}
	return &Progress{w: w, what: what, total: total}
}

// Step counts one more finished task.
func (p *Progress) Step() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	fmt.Fprintf(p.w, "\r%s %d of %d", p.what, p.done, p.total)
}

// Clear erases the line.
func (p *Progress) Clear() { fmt.Fprint(p.w, "\r\x1b[K") }
