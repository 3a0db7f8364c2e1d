// Package readme compiles and runs what README.md and docs/*.md show.
//
// A Go block of a file is one of three things:
//
//   - a part of examples/telemetry: it speaks of otelhttp, which is compiled in a module of its own; it must be
//     there literally
//   - a file: it begins with a package clause, and the text before it says "Save ... as `name.go`"; all files lie in one
//     directory, as a reader saves them, which is built, run against a fake, and tested
//   - a fragment: anything else. All fragments make up one package, so one may use what another declares. One that
//     begins with func is taken as it is, any other becomes the body of a function that has the parameters below and
//     returns an error.
//
// The blocks are written into a module of their own in a temporary directory, which takes this module from where it
// lies and everything else in the versions of its go.mod. So this module may be read-only, and nothing is downloaded
// that this test does not need itself. The compiler names the lines of the documents.
package readme

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	_ "github.com/m3ter-access/m3ter-access-go/wrapper" // so that the imports of the blocks are there, also offline
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

const root = "../.."

// parameters are the parameters of the function that a fragment becomes.
const parameters = "ctx context.Context, client *m3teraccess.Client, userID, policyID, groupID, itemID string, request m3teraccess.PermissionPolicyRequest, fake *m3tertest.Server"

// imports are the packages that a fragment may use.
var imports = map[string]string{
	"context":     "context",
	"errors":      "errors",
	"fmt":         "fmt",
	"http":        "net/http",
	"json":        "encoding/json",
	"os":          "os",
	"slog":        "log/slog",
	"time":        "time",
	"m3teraccess": "github.com/m3ter-access/m3ter-access-go/wrapper",
	"m3tertest":   "github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest",
}

// A block is a fenced block of a document.
type block struct {
	document       string // its path below the root
	language, text string
	saveAs         string // the name that the paragraph before the block gives to the file, if any
	line           int    // the number of its first line
}

var fence = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

// saveAs finds the name of the file in the paragraph before a block.
var saveAs = regexp.MustCompile("[Ss]ave [^\n]* as `(\\w+\\.go)`[^\n]*\n\n$")

func readBlocks(t *testing.T) []block {
	t.Helper()
	documents, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	var found []block
	for _, path := range append(documents, filepath.Join(root, "README.md")) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		document, err := filepath.Rel(root, path)
		if err != nil {
			t.Fatal(err)
		}
		before := len(found)
		for _, m := range fence.FindAllSubmatchIndex(text, -1) {
			b := block{
				document: document,
				language: string(text[m[2]:m[3]]),
				text:     string(text[m[4]:m[5]]),
				line:     1 + bytes.Count(text[:m[4]], []byte("\n")),
			}
			if name := saveAs.FindSubmatch(text[:m[0]]); name != nil {
				b.saveAs = string(name[1])
			}
			found = append(found, b)
		}
		if fences := bytes.Count(text, []byte("```")); fences != 2*(len(found)-before) {
			t.Fatalf("%s has %d fences, but %d blocks with a language were found", document, fences, len(found)-before)
		}
	}
	return found
}

func TestGoBlocks(t *testing.T) {
	telemetry, err := os.ReadFile(filepath.Join(root, "examples/telemetry/main.go"))
	if err != nil {
		t.Fatal(err)
	}
	dir := newModule(t)
	write(t, dir+"/fragments/main.go", "package main\n\nfunc main() {}\n") // go build -o DIR skips what is no program
	saved := make(map[string]bool)
	fragments := 0
	for i, b := range readBlocks(t) {
		if b.language != "go" {
			continue
		}
		source := fmt.Sprintf("//line %s:%d\n%s", b.document, b.line, b.text)
		switch {
		case strings.Contains(b.text, "otelhttp."):
			if !strings.Contains(string(telemetry), "\n"+b.text) {
				t.Errorf("%s:%d: the block is no part of examples/telemetry/main.go", b.document, b.line)
			}
		case !strings.HasPrefix(b.text, "package "):
			write(t, fmt.Sprintf("%s/fragments/block%d.go", dir, i), fragment(t, b))
			fragments++
		case b.saveAs == "" || saved[b.saveAs]:
			t.Errorf("%s:%d: the text before the block must say under which name to save it, one that no other block has", b.document, b.line)
		default:
			write(t, dir+"/first/"+b.saveAs, source)
			saved[b.saveAs] = true
		}
	}
	if !saved["main.go"] || !saved["main_test.go"] || fragments == 0 {
		t.Fatalf("the documents have the files %v and %d fragments, want main.go, main_test.go and a fragment", saved, fragments)
	}

	bin := t.TempDir() + string(filepath.Separator) // so that go build takes it for a directory
	runGo(t, dir, []string{"build", "-mod=mod", "-o", bin, "./fragments", "./first"})
	runGo(t, dir, []string{"test", "-mod=mod", "-c", "-o", bin, "./first"})

	t.Run("program", func(t *testing.T) {
		fake, user := newFake(t)
		cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "first"), user)
		cmd.Env = environment(fake)
		out, err := cmd.CombinedOutput()
		if err != nil || len(out) == 0 {
			t.Fatalf("error %v, output\n%s", err, out)
		}
		if len(fake.UserPolicies(user)) != 1 {
			t.Errorf("the user has %d policies, want 1", len(fake.UserPolicies(user)))
		}
	})
	t.Run("test", func(t *testing.T) {
		cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "first.test"), "-test.v")
		cmd.Dir = t.TempDir()
		if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS: ")) {
			t.Errorf("error %v, output\n%s", err, out)
		}
	})
}

// fragment makes a file of a block that has no package clause.
func fragment(t *testing.T, b block) string {
	t.Helper()
	body := fmt.Sprintf("//line %s:%d\n%s", b.document, b.line, b.text)
	if !strings.HasPrefix(b.text, "func ") {
		body = fmt.Sprintf("func _(%s) error {\n%sreturn nil\n}\n", parameters, body)
	}
	file, err := parser.ParseFile(token.NewFileSet(), "", "package main\n"+body, 0)
	if err != nil {
		t.Fatal(err)
	}
	used := make(map[string]bool)
	ast.Inspect(file, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			if name, ok := selector.X.(*ast.Ident); ok {
				used[name.Name] = true
			}
		}
		return true
	})
	clauses := "package main\n"
	for name, path := range imports {
		if used[name] {
			clauses += fmt.Sprintf("import %s %q\n", name, path)
		}
	}
	return clauses + body
}

// newModule makes a module that requires this module and its requirements.
func newModule(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/m3ter-access/m3ter-access-go"
	rest, found := strings.CutPrefix(string(mod), "module "+module+"\n")
	if !found {
		t.Fatalf("go.mod does not begin with module %s", module)
	}
	dir := t.TempDir()
	write(t, dir+"/go.mod", fmt.Sprintf("module readme\n\nrequire %s v0.0.0\n\nreplace %s => %q\n%s", module, module, path, rest))
	write(t, dir+"/go.sum", string(sum))
	return dir
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func runGo(t *testing.T, dir string, args []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", args[0], err, out)
	}
}

func TestShellSession(t *testing.T) {
	for _, tool := range []string{"sh", "curl", "sed"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s", tool)
		}
	}
	all := readBlocks(t)
	i := slices.IndexFunc(all, func(b block) bool { return b.language == "sh" && strings.Contains(b.text, "/oauth/token") })
	if i < 0 || i+1 == len(all) || all[i+1].language != "text" {
		t.Fatal("docs/curl.md has no session with curl that is followed by its output")
	}
	fake, user := newFake(t)
	cmd := exec.CommandContext(t.Context(), "sh", "-eu", "-c", all[i].text)
	cmd.Env = append(environment(fake), "M3TERTEST_USER_ID="+user)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got, want := withoutChance(string(out)), withoutChance(all[i+1].text); got != want {
		t.Errorf("the output is\n%swant\n%s", got, want)
	}
}

var (
	id     = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	moment = regexp.MustCompile(`20[0-9-]+T[0-9:.]+Z`)
)

// withoutChance numbers ids in the order of their appearance, and drops times.
func withoutChance(s string) string {
	seen := make(map[string]string)
	s = id.ReplaceAllStringFunc(s, func(id string) string {
		if seen[id] == "" {
			seen[id] = fmt.Sprint("id-", len(seen)+1)
		}
		return seen[id]
	})
	return moment.ReplaceAllString(s, "TIME")
}

// newFake starts a fake with one user.
func newFake(t *testing.T) (fake *m3tertest.Server, user string) {
	t.Helper()
	fake = m3tertest.NewServer()
	t.Cleanup(fake.Close)
	user = "3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21"
	fake.AddUser(user)
	return fake, user
}

// environment returns variables that lead to the fake and nowhere else.
func environment(fake *m3tertest.Server) []string {
	inherited := slices.DeleteFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, "M3TER") })
	return append(inherited, fake.Env()...)
}
