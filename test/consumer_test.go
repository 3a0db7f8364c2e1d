package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The module consumer is another developer's program. It builds with its own go.mod and go.sum. The go.sum lists none
// of the heavy modules that only the client's tests, its generator and wrapper/redislimiter need.
func TestConsumer(t *testing.T) {
	runGo(t, "consumer", "build", "-mod=readonly", "-o", os.DevNull, ".")
	sums := "\n" + readText(t, "consumer/go.sum")
	for _, heavy := range []string{"github.com/getkin/kin-openapi", "github.com/oapi-codegen/oapi-codegen/v2", "github.com/redis/go-redis/v9"} {
		if strings.Contains(sums, "\n"+heavy+" ") {
			t.Errorf("consumer/go.sum lists %s", heavy)
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
	for file, text := range map[string]string{
		"main.go": readText(t, "consumer/main.go"),
		"go.sum":  readText(t, "../go.sum"),
		"go.mod":  "module example.com/consumer\n\ngo 1.26.0\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	runGo(t, dir, "mod", "edit", "-require="+module+"@v0.0.0", "-replace="+module+"="+root)
	runGo(t, dir, "build", "-mod=mod", "-o", os.DevNull, ".")

	stated := regexp.MustCompile(`\tgolang.org/x/oauth2 (v\S+)`).FindStringSubmatch(readText(t, "../go.mod"))
	if stated == nil || strings.Contains(readText(t, "../go.mod"), "redis") {
		t.Fatal("go.mod must require golang.org/x/oauth2, and leave redis to wrapper/redislimiter")
	}
	want := []string{"example.com/consumer ", module + " v0.0.0", "golang.org/x/oauth2 " + stated[1]}
	listed := runGo(t, dir, "list", "-mod=mod", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Version}}{{end}}", "./...")
	got := slices.Compact(slices.Sorted(strings.SplitSeq(strings.TrimRight(listed, "\n"), "\n")))
	if !slices.Equal(got, want) {
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
