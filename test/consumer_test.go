package test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The module consumer is another developer's program. It builds with its own go.mod and go.sum, which list only what
// the client links.
func TestConsumer(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "consumer")
	runGo(t, "consumer", "build", "-mod=readonly", "-o", binary, ".")
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	sums := readText(t, "consumer/go.sum")
	t.Logf("go.sum has %d lines; the binary has %.1f MB", strings.Count(sums, "\n"), float64(info.Size())/1e6)
	for _, heavy := range []string{"github.com/getkin/kin-openapi", "github.com/oapi-codegen/oapi-codegen/v2", "github.com/redis/go-redis/v9"} {
		if strings.Contains("\n"+sums, "\n"+heavy+" ") {
			t.Errorf("a consumer has to know %s", heavy)
		}
	}
}

// A consumer that requires only the client gets each module in the version that go.mod states, by minimal version
// selection. So a new program builds with the versions that are tested here.
func TestConsumerGetsTheStatedVersions(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	writeText(t, dir+"/main.go", readText(t, "consumer/main.go"))
	writeText(t, dir+"/go.sum", readText(t, "../go.sum"))
	writeText(t, dir+"/go.mod", "module example.com/consumer\n\ngo 1.26.0\n")
	runGo(t, dir, "mod", "edit", "-require="+module+"@v0.0.0", "-replace="+module+"="+root)
	runGo(t, dir, "build", "-mod=mod", "-o", filepath.Join(t.TempDir(), "consumer"), ".")

	var stated struct {
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal([]byte(runGo(t, "..", "mod", "edit", "-json")), &stated); err != nil {
		t.Fatal(err)
	}
	const linked = "golang.org/x/oauth2"
	want := []string{"example.com/consumer ", module + " v0.0.0"}
	for _, required := range stated.Require {
		if strings.Contains(required.Path, "redis") {
			t.Errorf("go.mod requires %s, which belongs to wrapper/redislimiter alone", required.Path)
		}
		if required.Path == linked {
			want = append(want, linked+" "+required.Version)
		}
	}
	listed := runGo(t, dir, "list", "-mod=mod", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Version}}{{end}}", "./...")
	got := slices.Compact(slices.Sorted(strings.SplitSeq(strings.TrimRight(listed, "\n"), "\n")))
	slices.Sort(want)
	if !slices.Equal(got, want) || len(want) != 3 {
		t.Errorf("built with %q, want %q", got, want)
	}
}

// runGo runs the go command in a module, and returns its output.
func runGo(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", args[0], err, &stderr)
	}
	return string(out)
}

func readText(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func writeText(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
