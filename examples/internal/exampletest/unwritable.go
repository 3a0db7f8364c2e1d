package exampletest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// CheckUnwritable fails unless the demo with args, of which each has a space between two, ends with an error when what
// it writes to standard output can't be written.
func CheckUnwritable(t *testing.T, args ...string) {
	for _, text := range args {
		t.Run("output of "+text, func(t *testing.T) {
			p := New(t, nil, strings.Fields(text)...)
			p.Stdout = readOnly(t)
			p.Begin()
			p.End()
			if p.Check(1, ""); !strings.Contains(p.Err.String(), ": write ") {
				t.Errorf("stderr does not say what can't be written:\n%s", p.Err)
			}
		})
	}
}

// readOnly is a file to which each write fails, as to a full disk.
func readOnly(t *testing.T) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "output")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
