// Package cases derives test cases from api/openapi.yaml: for each operation, a call to the client's method, and bodies
// and queries that the document allows or forbids. It checks requests and responses against the document. A new
// operation needs no handwritten case.
//
// Only package test may import it. The tests in wrapper must not, because go mod tidy adds the modules that they import
// to the go.sum of every user.
package cases

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/m3ter-access/m3ter-access-go/gen/spec"
)

// Document returns the embedded api/openapi.yaml.
var Document = sync.OnceValue(func() *openapi3.T {
	doc := must(spec.GetSpec())
	doc.Servers = nil // its paths are below any base URL
	return doc
})

// An Operation is an operation of a document. Its OperationID is the name of the client's method.
type Operation struct {
	*openapi3.Operation
	Method, Path string
}

// Operations returns the operations of api/openapi.yaml.
func Operations() []Operation { return OperationsOf(Document()) }

// OperationsOf returns the operations of a document, sorted by path.
func OperationsOf(doc *openapi3.T) (all []Operation) {
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			all = append(all, Operation{operation, method, path})
		}
	}
	slices.SortFunc(all, func(a, b Operation) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
	return all
}

// An Argument is a path argument. The first is the organization, which belongs to the client.
type Argument struct {
	Field   string // its name in an error
	example string
}

var pathParameter = regexp.MustCompile(`\{(\w+)\}`)

// Arguments returns the path arguments in order.
func (o Operation) Arguments() (all []Argument) {
	for _, name := range pathParameter.FindAllStringSubmatch(o.Path, -1) {
		p := o.Parameters.GetByInAndName("path", name[1])
		argument, _ := p.Extensions["x-argument"].(string)
		goName, _ := p.Extensions["x-go-name"].(string)
		goName = cmp.Or(goName, p.Name)
		all = append(all, Argument{cmp.Or(argument, strings.ToLower(goName[:1])+goName[1:]), p.Example.(string)})
	}
	return all
}

// Examples returns the examples of the arguments.
func (o Operation) Examples() (values []string) {
	for _, argument := range o.Arguments() {
		values = append(values, argument.example)
	}
	return values
}

// Fill replaces the {names} of a path with values, which it does not escape.
func Fill(path string, values ...string) string {
	return pathParameter.ReplaceAllStringFunc(path, func(string) (value string) {
		value, values = values[0], values[1:]
		return value
	})
}

// IsWrite reports whether the operation changes anything.
func (o Operation) IsWrite() bool { return o.Method != "GET" }

// Version returns the name of the member of the body that carries the current version; "" if none does.
func (o Operation) Version() string {
	name, _ := o.Extensions["x-version"].(string)
	return name
}

// Body returns a valid body, the fullest example; nil if the operation has none.
func (o Operation) Body() []byte {
	if o.RequestBody == nil {
		return nil
	}
	examples := examples(o.RequestBody.Value.Content)
	return examples[len(examples)-1]
}

// VersionedBody returns Body with a version, or without one if version is 0. If the operation has no version,
// VersionedBody returns Body unchanged.
func (o Operation) VersionedBody(version int) []byte {
	name := o.Version()
	if name == "" {
		return o.Body()
	}
	members := fromJSON(o.Body()).(map[string]any)
	if members[name] = version; version == 0 {
		delete(members, name)
	}
	return toJSON(members)
}

// Answers returns the bodies of valid responses, the shortest first.
func (o Operation) Answers() [][]byte { return examples(o.Responses.Value("200").Value.Content) }

// examples returns the examples, sorted by length.
func examples(content openapi3.Content) (all [][]byte) {
	media := content.Get("application/json")
	if media.Example != nil {
		all = append(all, toJSON(media.Example))
	}
	for _, example := range media.Examples {
		all = append(all, toJSON(example.Value.Value))
	}
	slices.SortFunc(all, func(a, b []byte) int { return cmp.Compare(len(a), len(b)) })
	return all
}

func toJSON(value any) []byte { return must(json.Marshal(value)) }

func fromJSON(text []byte) (value any) {
	if err := json.Unmarshal(text, &value); err != nil {
		panic(err)
	}
	return value
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
