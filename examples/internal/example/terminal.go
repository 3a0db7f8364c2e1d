package example

import "os"

// IsTerminal reports whether a file is a terminal, on which a line can be overwritten.
func IsTerminal(f *os.File) bool {
	info, err := f.Stat()
	null, _ := os.Stat(os.DevNull) // also a character device
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && !os.SameFile(info, null)
}
