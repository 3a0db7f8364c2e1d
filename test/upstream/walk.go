package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A walk collects facts. It continues after an error, and keeps the first one.
type walk struct {
	document document
	facts    facts
	open     map[string]string // places of the objects that are being walked, by pointer
	renamed  map[string]string // the contract's names of path parameters, by those of the document
	err      error
}

func newWalk(d document) *walk {
	return &walk{document: d, facts: facts{}, open: map[string]string{}}
}

func (w *walk) resolve(v any, at string) node {
	n, err := w.document.node(v, at)
	if w.err == nil {
		w.err = err
	}
	return n
}

// notCompared lists keywords that don't describe requests and responses.
var notCompared = []string{
	"description", "title", "summary", "example", "examples", "externalDocs", "xml", "links",
}

// object collects the facts of a schema, a parameter, a body, a response or a security scheme.
func (w *walk) object(place string, v any, at string) {
	n := w.resolve(v, at)
	w.facts.add(place, nil, n.at)
	if again, inside := w.open[n.at]; inside {
		w.facts.add(place+" recursion", again, n.at)
		return
	}
	w.open[n.at] = place
	defer delete(w.open, n.at)
	for _, key := range slices.Sorted(maps.Keys(n.object)) {
		if !slices.Contains(notCompared, key) && !strings.HasPrefix(key, "x-") {
			w.keyword(place, key, n.object[key], n.at+"/"+escape.Replace(key))
		}
	}
}

func (w *walk) keyword(place, key string, v any, at string) {
	switch key {
	case "schema":
		w.object(place, v, at)
	case "items":
		w.object(place+"[]", v, at)
	case "not":
		w.object(place+"(not)", v, at)
	case "properties", "flows":
		w.named(place+".", "", v, at)
	case "headers":
		w.named(place+".headers.", "", v, at)
	case "content":
		w.named(place+"(", ")", v, at)
	case "allOf", "oneOf", "anyOf":
		w.parts(place, key, v, at)
	case "additionalProperties":
		if _, isSchema := v.(map[string]any); isSchema {
			w.object(place+"{}", v, at)
			return
		}
		w.value(place, key, v, at)
	default:
		w.value(place, key, v, at)
	}
}

// named walks each value of an object; before and after surround its name in the place.
func (w *walk) named(before, behind string, v any, at string) {
	n := w.resolve(v, at)
	for _, name := range slices.Sorted(maps.Keys(n.object)) {
		w.object(before+name+behind, n.object[name], n.at+"/"+escape.Replace(name))
	}
}

// parts walks the schemas of a list. Schemas of allOf describe the place itself, the others describe alternatives.
func (w *walk) parts(place, key string, v any, at string) {
	for i, part := range listOf(v) {
		below := place
		if key != "allOf" {
			below = fmt.Sprintf("%s(%s %d)", place, key, i+1)
		}
		w.object(below, part, fmt.Sprint(at, "/", i))
	}
}

// value records a keyword, unless it has its default value.
func (w *walk) value(place, key string, v any, at string) {
	if scopes, ok := v.(map[string]any); ok && key == "scopes" { // each with a description
		v = namesOf(scopes)
	}
	list, isList := v.([]any)
	absent := v == false || isList && len(list) == 0
	switch key {
	case "default", "explode":
		absent = false
	case "additionalProperties":
		absent = v == true
	}
	if !absent {
		w.facts.add(place+" "+key, v, at)
	}
}

func namesOf(object map[string]any) []any {
	var names []any
	for name := range object {
		names = append(names, name)
	}
	return names
}
