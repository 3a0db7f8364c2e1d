package test

import (
	"encoding/json"
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
	runGo(t, "consumer", "build", "-mod=readonly", "-o", binary, ".")
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	sums := readText(t, "consumer/go.sum")
	modules := make(map[string]bool)
	for line := range strings.Lines(sums) {
		module, _, _ := strings.Cut(line, " ")
		modules[module] = true
	}
	t.Logf("go.sum has %d lines, of %d modules; the binary has %.1f MB", strings.Count(sums, "\n"), len(modules), float64(info.Size())/1e6)
	for _, heavy := range []string{"github.com/getkin/kin-openapi", "github.com/oapi-codegen/oapi-codegen/v2", "github.com/redis/go-redis/v9"} {
		if modules[heavy] {
			t.Errorf("a consumer has to know %s", heavy)
		}
	}
}

// A consumer that asks for nothing but the client gets each module in the version that our go.mod states, and no later
// one: minimal version selection. So what users build with first is what is tested here.
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

	stated := statedVersions(t)
	for path := range stated {
		if strings.Contains(path, "redis") {
			t.Errorf("go.mod requires %s, which belongs to wrapper/redislimiter alone", path)
		}
	}
	linked := runGo(t, dir, "list", "-mod=mod", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Version}}{{end}}", "./...")
	seen := make(map[string]bool)
	for line := range strings.Lines(linked) {
		path, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		if path == "example.com/consumer" || path == module {
			continue
		}
		seen[path] = true
		if version != stated[path] {
			t.Errorf("%s is built in %s, and go.mod states %q", path, version, stated[path])
		}
	}
	if !seen["golang.org/x/oauth2"] || len(seen) != 1 {
		t.Errorf("linked are %v, want golang.org/x/oauth2 alone", seen)
	}
}

// statedVersions are those that our go.mod requires, by module.
func statedVersions(t *testing.T) map[string]string {
	t.Helper()
	var mod struct {
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal([]byte(runGo(t, "..", "mod", "edit", "-json")), &mod); err != nil {
		t.Fatal(err)
	}
	stated := make(map[string]string)
	for _, required := range mod.Require {
		stated[required.Path] = required.Version
	}
	return stated
}

// runGo runs the go command in a module, and returns what it prints.
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
