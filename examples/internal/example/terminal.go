package example

import (
	"io"
	"os"
)

// IsTerminal reports whether a file is a terminal, on which a line can be overwritten.
func IsTerminal(f *os.File) bool {
	info, err := f.Stat()
	null, _ := os.Stat(os.DevNull) // a character device too
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && !os.SameFile(info, null)
}

// Progress returns a writer for a line of progress: w if it is a terminal, and io.Discard otherwise.
func Progress(w io.Writer) io.Writer {
	if file, ok := w.(*os.File); ok && IsTerminal(file) {
		return file
	}
	return io.Discard
}
