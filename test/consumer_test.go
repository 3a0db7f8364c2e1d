package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The module consumer is a program of somebody else's. It builds with what its go.mod and go.sum have, which is not
// more than what the client links.
func TestConsumer(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "consumer")
	build := exec.Command("go", "build", "-C", "consumer", "-mod=readonly", "-o", binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join("consumer", "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	modules := make(map[string]bool)
	for line := range strings.Lines(string(sums)) {
		module, _, _ := strings.Cut(line, " ")
		modules[module] = true
	}
	t.Logf("go.sum has %d lines, of %d modules; the binary has %.1f MB", strings.Count(string(sums), "\n"), len(modules), float64(info.Size())/1e6)
	for _, heavy := range []string{"github.com/getkin/kin-openapi", "github.com/oapi-codegen/oapi-codegen/v2"} {
		if modules[heavy] {
			t.Errorf("a consumer has to know %s", heavy)
		}
	}
}
