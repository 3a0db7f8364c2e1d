// Package readme compiles the code of README.md and docs/*.md, and runs part of it.
//
// A Go block of a document is one of three things:
//
//   - a part of examples/telemetry, which is a separate module, if the block uses otelhttp. The test fails unless it
//     finds the block there, word for word
//   - a file, if it begins with a package clause. The text before it says "Save ... as `name.go`". All files are in one
//     directory, as a reader saves them. The test builds them, runs the program against a fake, and runs its tests
//   - a fragment: anything else. All fragments make up one package, so one may use the declarations of another. One that
//     begins with func stays as it is. Any other becomes the body of a function that has the parameters below and
//     returns an error
//
// The files are an overlay of this module (go help build), so the module may be read-only, and nothing is downloaded.
// The compiler names the lines of the documents.
package readme

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	_ "github.com/m3ter-access/m3ter-access-go/wrapper" // a change to it invalidates the cached result of this test
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

const root = "../.."

// fragmentsHeader has the packages that a fragment may use, and uses each of them.
const fragmentsHeader = `package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

var _ = []any{context.Background, json.Marshal, errors.New, fmt.Print, slog.Info, http.Get, os.Getenv, time.Now,
	m3teraccess.NewClient, m3tertest.NewServer}

func main() {}
`

// parameters are the parameters of the function that a fragment becomes.
const parameters = "ctx context.Context, client *m3teraccess.Client, userID, policyID, groupID, itemID string, " +
	"request m3teraccess.PermissionPolicyRequest, fake *m3tertest.Server"

// A block is a fenced block of a document.
type block struct {
	language, text string
	place          string // the document and the number of the first line
	saveAs         string // the name that the paragraph before the block gives to the file, if any
}

var (
	fence = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")
	// saveAs finds the name of the file in the paragraph before a block.
	saveAs = regexp.MustCompile("[Ss]ave [^\n]* as `(\\w+\\.go)`[^\n]*\n\n$")
)

func readBlocks(t *testing.T) (all []block) {
	t.Helper()
	documents, err := fs.Glob(os.DirFS(root), "docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range append(documents, "README.md") {
		text := readText(t, document)
		blocks := fence.FindAllStringSubmatchIndex(text, -1)
		for _, m := range blocks {
			b := block{
				language: text[m[2]:m[3]],
				text:     text[m[4]:m[5]],
				place:    fmt.Sprintf("%s:%d", document, 1+strings.Count(text[:m[4]], "\n")),
			}
			if name := saveAs.FindStringSubmatch(text[:m[0]]); name != nil {
				b.saveAs = name[1]
			}
			all = append(all, b)
		}
		if fences := strings.Count(text, "```"); fences != 2*len(blocks) {
			t.Fatalf("%s has %d fences, but %d blocks with a language were found", document, fences, len(blocks))
		}
	}
	return all
}

func readText(t *testing.T, file string) string {
	t.Helper()
	text, err := fs.ReadFile(os.DirFS(root), file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestGoBlocks(t *testing.T) {
	telemetry := readText(t, "examples/telemetry/main.go")
	sources := make(map[string]string) // by path below this directory
	fragments := fragmentsHeader
	for _, b := range readBlocks(t) {
		if b.language != "go" {
			continue
		}
		source := "//line " + b.place + "\n" + b.text
		file := "../../docs/" + b.saveAs
		switch {
		case strings.Contains(b.text, "otelhttp."):
			if !strings.Contains(telemetry, "\n"+b.text) {
				t.Errorf("%s: the block is not part of examples/telemetry/main.go", b.place)
			}
		case strings.HasPrefix(b.text, "func "):
			fragments += source
		case !strings.HasPrefix(b.text, "package "):
			fragments += fmt.Sprintf("func _(%s) error {\n%sreturn nil\n}\n", parameters, source)
		case b.saveAs == "" || sources[file] != "":
			t.Errorf("%s: the text before the block must say under which name to save the block; no other block may have this name", b.place)
		default:
			sources[file] = source
		}
	}
	if sources["../../docs/main.go"] == "" || sources["../../docs/main_test.go"] == "" || fragments == fragmentsHeader {
		t.Fatal("the documents lack main.go, main_test.go or a fragment")
	}
	sources["fragments/main.go"] = fragments

	overlay := "-overlay=" + writeOverlay(t, sources)
	runGo(t, os.Environ(), "build", overlay, "-o", os.DevNull, "./fragments")
	fake, user, environment := newFake(t)
	out := runGo(t, environment, "run", overlay, "../../docs", user)
	if policies := fake.UserPolicies(user); len(out) == 0 || len(policies) != 1 {
		t.Errorf("%d policies of the user, want 1, output\n%s", len(policies), out)
	}
	if out := runGo(t, os.Environ(), "test", "-count=1", "-v", overlay, "../../docs"); !strings.Contains(out, "--- PASS: ") {
		t.Errorf("output\n%s", out)
	}
}

// writeOverlay returns a file for the flag -overlay of the go command.
func writeOverlay(t *testing.T, sources map[string]string) (file string) {
	t.Helper()
	replace := make(map[string]string)
	for path, source := range sources {
		replace[path] = write(t, filepath.Base(path), source)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "overlay.json", string(overlay))
}

func write(t *testing.T, name, text string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

func runGo(t *testing.T, environment []string, args ...string) (output string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Env = append(environment, "GOWORK=off")
	var out, messages strings.Builder // go reports its downloads on stderr
	cmd.Stdout, cmd.Stderr = &out, &messages
	if err := cmd.Run(); err != nil {
		t.Fatalf("go %s: %v\n%s%s", args[0], err, &out, &messages)
	}
	return out.String()
}

// program finds a command that runs a program of the clone: go run, a directory and a package.
var program = regexp.MustCompile("go run (?:-C ([\\w./]+) (\\.)|(\\./[\\w./]+))[ \n`]")

// Each program that a document says to run belongs to the module in whose directory the go command runs.
func TestPrograms(t *testing.T) {
	documents, err := fs.Glob(os.DirFS(root), "docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, document := range append(documents, "README.md", "CONTRIBUTING.md") {
		for _, m := range program.FindAllStringSubmatch(readText(t, document), -1) {
			ran++
			name := runGo(t, os.Environ(), "list", "-C", root+"/"+m[1], "-find", "-f", "{{.Name}}", m[2]+m[3])
			if name != "main\n" {
				t.Errorf("%s: %s: package %q is not a program", document, m[0], name)
			}
		}
	}
	if ran < 8 {
		t.Errorf("the documents run %d programs, want at least 8", ran)
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
	_, user, environment := newFake(t)
	cmd := exec.CommandContext(t.Context(), "sh", "-eu", "-c", all[i].text)
	cmd.Env = append(environment, "M3TERTEST_USER_ID="+user)
	out, err := cmd.CombinedOutput()
	if got, want := withoutChance(string(out)), withoutChance(all[i+1].text); err != nil || got != want {
		t.Errorf("error %v, output\n%s\nwant\n%s", err, got, want)
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

// newFake starts a fake with one user, and returns an environment that leads to the fake and nowhere else.
func newFake(t *testing.T) (fake *m3tertest.Server, user string, environment []string) {
	t.Helper()
	fake = m3tertest.NewServer()
	t.Cleanup(fake.Close)
	user = "3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21"
	fake.AddUser(user)
	inherited := slices.DeleteFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, "M3TER") })
	return fake, user, append(inherited, fake.Env()...)
}
