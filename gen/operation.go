package gen

import (
	"fmt"
	"net/url"
	"reflect"
)

// An Operation describes an operation of api/openapi.yaml.
type Operation struct {
	Name      string   // the operationId
	Method    string   // the HTTP method
	Path      string   // a template: each {name} is one path segment
	Arguments []string // the names of the path arguments in errors, in the order in which they appear in the path
	Recovery  string   // how to find out the outcome of a write whose response was lost; empty for a read
}

// An Endpoint is an operation with the types of its request and its response.
type Endpoint[Request, Answer any] struct {
	Operation
	HasBody bool                         // the request is sent as a JSON body
	Query   func(Request) string         // encodes the request as a query; may be nil
	Check   func(Request) []Problem      // checks the request against api/openapi.yaml; may be nil
	Version func(Request) int64          // returns the version in a request; nil if requests have no version
	Finish  func(*Answer) (lacks string) // converts effects and actions to lower case; returns the name of a missing id, or ""
}

// query encodes names and values as a URL query. It omits zero values, which stand for absent parameters.
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
