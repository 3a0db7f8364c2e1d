// Package readme compiles and runs what README.md shows.
//
// A Go block of the file is one of four things:
//
//   - a part of examples/telemetry: it speaks of otelhttp, which is compiled in a module of its own; it has to stand
//     there literally
//   - a program: it begins with a package clause and has a main; it is built, and run against a fake
//   - a test: it begins with a package clause and has no main; it is built, and run
//   - a fragment: anything else. All fragments make up one package, so one may use what another declares. One that
//     begins with func is taken as it is, any other becomes the body of a function that has the parameters below and
//     returns an error.
//
// The blocks are written into a module of their own in a temporary directory, which takes this module from where it
// lies and everything else in the versions of its go.mod. So this module may be read-only, and nothing is downloaded
// that this test does not need itself. The compiler speaks of the lines of README.md.
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

	_ "github.com/m3ter-access/m3ter-access-go/wrapper" // so that what the blocks need is there, also offline
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

const root = "../.."

// parameters are those of the function that a fragment becomes.
const parameters = "ctx context.Context, client *m3teraccess.Client, userID, policyID, groupID, itemID string, request m3teraccess.PermissionPolicyRequest, fake *m3tertest.Server"

// imports is what a fragment may use.
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

// A block is a fenced block of README.md.
type block struct {
	language, text string
	line           int // the number of its first line
}

var fence = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

func readBlocks(t *testing.T) []block {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var found []block
	for _, m := range fence.FindAllSubmatchIndex(readme, -1) {
		found = append(found, block{
			language: string(readme[m[2]:m[3]]),
			text:     string(readme[m[4]:m[5]]),
			line:     1 + bytes.Count(readme[:m[4]], []byte("\n")),
		})
	}
	if fences := bytes.Count(readme, []byte("```")); fences != 2*len(found) {
		t.Fatalf("README.md has %d fences, but %d blocks with a language were found", fences, len(found))
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
	var programs, tests []string
	fragments := 0
	for _, b := range readBlocks(t) {
		if b.language != "go" {
			continue
		}
		name := fmt.Sprintf("line%d", b.line)
		source := fmt.Sprintf("//line README.md:%d\n%s", b.line, b.text)
		switch {
		case strings.Contains(b.text, "otelhttp."):
			if !strings.Contains(string(telemetry), "\n"+b.text) {
				t.Errorf("README.md:%d: the block is no part of examples/telemetry/main.go", b.line)
			}
		case !strings.HasPrefix(b.text, "package "):
			write(t, dir+"/fragments/"+name+".go", fragment(t, b))
			fragments++
		case strings.Contains(b.text, "\nfunc main() {"):
			write(t, dir+"/"+name+"/main.go", source)
			programs = append(programs, "./"+name)
		default:
			write(t, dir+"/"+name+"/readme_test.go", source)
			tests = append(tests, "./"+name)
		}
	}
	if len(programs) == 0 || len(tests) == 0 || fragments == 0 {
		t.Fatalf("README.md has %d programs, %d tests and %d fragments", len(programs), len(tests), fragments)
	}

	bin := t.TempDir() + string(filepath.Separator) // so that go build takes it for a directory
	runGo(t, dir, append([]string{"build", "-mod=mod", "-o", bin, "./fragments"}, programs...))
	runGo(t, dir, append([]string{"test", "-mod=mod", "-c", "-o", bin}, tests...))

	for _, name := range programs {
		t.Run(name, func(t *testing.T) {
			fake, user := newFake(t)
			cmd := exec.CommandContext(t.Context(), filepath.Join(bin, name), user)
			cmd.Env = environment(fake)
			out, err := cmd.CombinedOutput()
			if err != nil || len(out) == 0 {
				t.Fatalf("error %v, output\n%s", err, out)
			}
			if len(fake.UserPolicies(user)) != 1 {
				t.Errorf("the user has %d policies, want 1", len(fake.UserPolicies(user)))
			}
		})
	}
	for _, name := range tests {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), filepath.Join(bin, name+".test"), "-test.v")
			cmd.Dir = t.TempDir()
			if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS: ")) {
				t.Errorf("error %v, output\n%s", err, out)
			}
		})
	}
}

// fragment makes a file of a block that has no package clause.
func fragment(t *testing.T, b block) string {
	t.Helper()
	body := fmt.Sprintf("//line README.md:%d\n%s", b.line, b.text)
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

// newModule makes a module that requires this one, and what this one requires.
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
		t.Fatal("README.md has no session with curl that is followed by its output")
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

// withoutChance numbers ids in the order in which they appear, and drops times.
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

// environment leads to the fake, and nowhere else.
func environment(fake *m3tertest.Server) []string {
	inherited := slices.DeleteFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, "M3TER") })
	return append(inherited, fake.Env()...)
}
