// Package cases derives cases of tests from api/openapi.yaml: for each operation of the document a call of the client's
// method, bodies and queries that the document allows and forbids, and what the document says of a request and an answer.
// An operation that comes needs no case written by hand.
//
// It is for package test alone: what the tests beside the client import, go mod tidy brings to every user.
package cases

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/m3ter-access/m3ter-access-go/gen/spec"
)

// Document is api/openapi.yaml as it is embedded.
var Document = sync.OnceValue(func() *openapi3.T {
	doc, err := spec.GetSpec()
	if err != nil {
		panic(err)
	}
	doc.Servers = nil // its paths are below whatever base URL
	return doc
})

// An Operation of a document. Its OperationID is the name of the client's method.
type Operation struct {
	*openapi3.Operation
	Method, Path string
}

// Operations are those of api/openapi.yaml.
func Operations() []Operation { return OperationsOf(Document()) }

// OperationsOf are the operations of a document, sorted by their paths.
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

// An Argument is a value of the path. The first is the organization, which the client has.
type Argument struct {
	Field   string // what an error calls it
	Example string
}

// Arguments are those of the path, in its order.
func (o Operation) Arguments() (all []Argument) {
	for segment := range strings.SplitSeq(o.Path, "/") {
		name, ok := strings.CutPrefix(segment, "{")
		if !ok {
			continue
		}
		p := o.Parameters.GetByInAndName("path", strings.TrimSuffix(name, "}"))
		field, ok := p.Extensions["x-argument"].(string)
		if !ok {
			goName, _ := p.Extensions["x-go-name"].(string)
			goName = cmp.Or(goName, p.Name)
			field = strings.ToLower(goName[:1]) + goName[1:]
		}
		all = append(all, Argument{field, p.Example.(string)})
	}
	return all
}

// Examples are the examples of the arguments.
func (o Operation) Examples() (values []string) {
	for _, argument := range o.Arguments() {
		values = append(values, argument.Example)
	}
	return values
}

// Fill puts values, escaped already, in the place of the {names} of a path.
func Fill(path string, values ...string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if strings.HasPrefix(segment, "{") {
			segments[i], values = values[0], values[1:]
		}
	}
	return strings.Join(segments, "/")
}

// IsWrite tells whether the operation changes something.
func (o Operation) IsWrite() bool { return o.Method != "GET" }

// Version is the member of the body that carries the current version of what is changed; "" when none does.
func (o Operation) Version() string {
	name, _ := o.Extensions["x-version"].(string)
	return name
}

// Body is a good body, an example that says as much as it can; nil when the operation has none.
func (o Operation) Body() []byte {
	if o.RequestBody == nil {
		return nil
	}
	examples := examples(o.RequestBody.Value.Content)
	return examples[len(examples)-1]
}

// VersionedBody is Body with a version, or without one when it is 0. Where none is carried, it is Body.
func (o Operation) VersionedBody(version int) []byte {
	name := o.Version()
	if name == "" {
		return o.Body()
	}
	var members map[string]any
	if err := json.Unmarshal(o.Body(), &members); err != nil {
		panic(err)
	}
	if members[name] = version; version == 0 {
		delete(members, name)
	}
	return toJSON(members)
}

// Answers are the bodies of good answers, the shortest first.
func (o Operation) Answers() [][]byte { return examples(o.Responses.Value("200").Value.Content) }

// examples are sorted by how much they say.
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

func toJSON(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("%v has no JSON form: %v", value, err))
	}
	return text
}
