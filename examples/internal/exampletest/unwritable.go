package exampletest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// CheckUnwritable runs the demo once for each of args. Each of args is a list of arguments, separated by spaces.
// CheckUnwritable fails unless the demo exits with an error when it can't write to standard output.
func CheckUnwritable(t *testing.T, args ...string) {
	for _, arguments := range args {
		t.Run("output of "+arguments, func(t *testing.T) {
			p := New(t, nil, strings.Fields(arguments)...)
			p.Stdout = readOnly(t)
			p.Begin()
			p.End()
			if p.Check(1, ""); !strings.Contains(p.Err.String(), ": write ") {
				t.Errorf("stderr does not report the write:\n%s", p.Err)
			}
		})
	}
}

// readOnly returns a read-only file. Each write to the file fails, as on a full disk.
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
