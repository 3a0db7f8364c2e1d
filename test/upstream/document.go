package main

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// A document is an OpenAPI document as decoded JSON. Only the parts that are compared must be valid.
type document struct {
	name string // for messages
	root map[string]any
}

func loadDocument(name, source string) (document, error) {
	d := document{name: name}
	var v any
	if err := read(source, &v); err != nil {
		return d, fmt.Errorf("%s: %w", name, err)
	}
	d.root, _ = v.(map[string]any)
	if version := text(d.root["openapi"]); !strings.HasPrefix(version, `"3.0.`) { // in 3.1, siblings of a $ref count
		return d, fmt.Errorf("%s: not an OpenAPI 3.0 document: openapi is %s, not 3.0.x", name, version)
	}
	return d, nil
}

// An operation is identified by method and path. The id is the contract's; the published id may differ.
type operation struct{ id, method, path string }

func (d document) operations() ([]operation, error) {
	var all []operation
	paths, _ := d.root["paths"].(map[string]any)
	for path, item := range paths {
		item, _ := item.(map[string]any)
		for method, v := range item {
			o, _ := v.(map[string]any)
			if id, ok := o["operationId"].(string); ok {
				all = append(all, operation{id, method, path})
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: no operations below paths", d.name)
	}
	slices.SortFunc(all, func(a, b operation) int { return cmp.Compare(a.id, b.id) })
	return all, nil
}

// A node is an object of a document, and a JSON pointer to it.
type node struct {
	object map[string]any
	at     string
}

// node follows references from a pointer. Siblings of a $ref don't count.
func (d document) node(v any, at string) (node, error) {
	for range 100 { // references may go in a circle
		object, ok := v.(map[string]any)
		if !ok {
			return node{}, fmt.Errorf("%s is not an object", at)
		}
		ref, ok := object["$ref"].(string)
		if !ok {
			return node{object, at}, nil
		}
		target, err := d.lookup(ref)
		if err != nil {
			return node{}, fmt.Errorf("%s/$ref: %w", at, err)
		}
		v, at = target, ref
	}
	return node{}, fmt.Errorf("%s: the references go in a circle", at)
}

func (d document) lookup(ref string) (any, error) {
	pointer, inside := strings.CutPrefix(ref, "#/")
	if !inside {
		return nil, fmt.Errorf("%q is not in the document, and nothing else is fetched", ref)
	}
	v := any(d.root)
	for name := range strings.SplitSeq(pointer, "/") {
		if plain, err := url.PathUnescape(name); err == nil {
			name = plain
		}
		object, _ := v.(map[string]any)
		if v = object[unescape.Replace(name)]; v == nil {
			return nil, fmt.Errorf("%q is not in the document", ref)
		}
	}
	return v, nil
}

// Names in a JSON pointer are escaped.
var (
	escape   = strings.NewReplacer("~", "~0", "/", "~1")
	unescape = strings.NewReplacer("~1", "/", "~0", "~")
)
