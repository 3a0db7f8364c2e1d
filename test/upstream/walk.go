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
	open     map[string]string // places of the enclosing objects, by pointer
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
	if above, inside := w.open[n.at]; inside {
		w.facts.add(place+" recursion", above, n.at)
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
	_, isSchema := v.(map[string]any)
	switch {
	case key == "schema":
		w.object(place, v, at)
	case key == "items":
		w.object(place+"[]", v, at)
	case key == "not":
		w.object(place+"(not)", v, at)
	case key == "additionalProperties" && isSchema:
		w.object(place+"{}", v, at)
	case key == "properties", key == "flows":
		w.named(place+".", "", v, at)
	case key == "headers":
		w.named(place+".headers.", "", v, at)
	case key == "content":
		w.named(place+"(", ")", v, at)
	case key == "allOf":
		for i, part := range listOf(v) {
			w.object(place, part, fmt.Sprint(at, "/", i))
		}
	case key == "oneOf", key == "anyOf":
		for i, choice := range listOf(v) {
			w.object(fmt.Sprintf("%s(%s %d)", place, key, i+1), choice, fmt.Sprint(at, "/", i))
		}
	default:
		w.value(place, key, v, at)
	}
}

// named walks each value of an object. The place of a value is its name between before and behind.
func (w *walk) named(before, behind string, v any, at string) {
	n := w.resolve(v, at)
	for _, name := range slices.Sorted(maps.Keys(n.object)) {
		w.object(before+name+behind, n.object[name], n.at+"/"+escape.Replace(name))
	}
}

// value records a keyword, unless it has its default value.
func (w *walk) value(place, key string, v any, at string) {
	if scopes, ok := v.(map[string]any); ok && key == "scopes" { // the names have descriptions
		names := []any{}
		for name := range scopes {
			names = append(names, name)
		}
		v = names
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
