package gen

import (
	"fmt"
	"net/url"
	"reflect"
)

// An Operation is a call of the document as data.
type Operation struct {
	Name      string   // the operationId
	Method    string   // of HTTP
	Path      string   // a template: each {name} in it is one segment
	Arguments []string // what errors call the {names} of the path, in their order
	Recovery  string   // how to learn what became of a write whose answer was lost; empty for a read
}

// An Endpoint is an operation together with the types of its request and its answer.
type Endpoint[Request, Answer any] struct {
	Operation
	HasBody bool                         // the request is the body, as JSON
	Query   func(Request) string         // the request as an encoded query; nil: there is no query
	Check   func(Request) []Problem      // what the document forbids of the request; nil: nothing
	Version func(Request) int64          // the version of what the request changes; nil: it carries none
	Finish  func(*Answer) (lacks string) // brings an answer into the form of requests; names a member that it lacks
}

// query encodes names and values in turn. A zero value is left out: the service would take it as a page size of 0, or as
// an empty token.
func query(pairs ...any) string {
	var values url.Values
	for i := 0; i < len(pairs); i += 2 {
		if reflect.ValueOf(pairs[i+1]).IsZero() {
			continue
		}
		if values == nil {
			values = make(url.Values)
		}
		values.Set(pairs[i].(string), fmt.Sprint(pairs[i+1]))
	}
	return values.Encode()
}
