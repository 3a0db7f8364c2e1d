package test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The prose of the repository has none of the words that the table in CONTRIBUTING.md lists as no longer used.
func TestVocabulary(t *testing.T) {
	synonyms := unusedSynonyms(t)
	read := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, ".."+string(filepath.Separator)))
		if entry.IsDir() {
			if entry.Name() == ".git" || entry.Name() == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		if name == "LICENSE" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for line, prose := range proseOf(t, name, text) {
			read++
			for _, synonym := range synonyms {
				if synonym.MatchString(prose) {
					t.Errorf("%s:%d: %q is no longer used; see the table in CONTRIBUTING.md", name, line, synonym.FindString(prose))
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if read < 100 {
		t.Errorf("read %d passages, want the whole repository", read)
	}
}

func TestVocabularyFindsSynonyms(t *testing.T) {
	synonyms := unusedSynonyms(t)
	first, second := "again does", "no harm" // apart, so that this file passes
	source := []byte("package p\n\n// It is safe, as " + first + "\n// " + second + ".\nvar _ = \"as it " + "does " + second + "\"\n")
	found := 0
	for _, prose := range proseOf(t, "p.go", source) {
		for _, synonym := range synonyms {
			if synonym.MatchString(prose) {
				found++
			}
		}
	}
	if found != 2 { // the comment, across its lines, and the string
		t.Errorf("found %d synonyms, want 2", found)
	}
}

// unusedSynonyms returns an expression for each quoted text in the second column of the table.
func unusedSynonyms(t *testing.T) (synonyms []*regexp.Regexp) {
	_, table, _ := strings.Cut(readText(t, "../CONTRIBUTING.md"), "| term | no longer used |")
	table, _, _ = strings.Cut(table, "\n\n")
	for _, quoted := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(table, -1) {
		words := strings.Fields(regexp.QuoteMeta(quoted[1]))
		synonyms = append(synonyms, regexp.MustCompile(`(?i)`+strings.Join(words, `\s+`)))
	}
	if len(synonyms) < 15 {
		t.Fatalf("CONTRIBUTING.md lists %d words that are no longer used, want at least 15", len(synonyms))
	}
	return synonyms
}

// proseOf returns the comments, strings and paragraphs of a file, by their lines.
func proseOf(t *testing.T, name string, text []byte) map[int]string {
	passages := make(map[int]string)
	comment := regexp.MustCompile(`(?m)^\s*(//|#)`)
	switch {
	case strings.HasSuffix(name, ".gen.go"):
	case strings.HasSuffix(name, ".go"):
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, text, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, group := range file.Comments {
			passages[files.Position(group.Pos()).Line] += " " + comment.ReplaceAllString(group.Text(), "")
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				value, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				passages[files.Position(literal.Pos()).Line] += "\n\x00" + value
			}
			return true
		})
	case strings.HasSuffix(name, ".md"):
		line := 1
		for _, paragraph := range strings.Split(string(text), "\n\n") {
			if !strings.HasPrefix(paragraph, "| term | no longer used |") {
				passages[line] = paragraph
			}
			line += strings.Count(paragraph, "\n") + 2
		}
	default: // documents in YAML and scripts: comments and descriptions
		for i, line := range strings.Split(string(text), "\n") {
			passages[i+1] = comment.ReplaceAllString(line, "")
		}
	}
	return passages
}
