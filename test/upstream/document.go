package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/oasdiff/yaml"
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
	for range 100 { // references may form a cycle
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
	return node{}, fmt.Errorf("%s: the references form a cycle", at)
}

func (d document) lookup(ref string) (any, error) {
	v := any(map[string]any{"#": d.root})
	for name := range strings.SplitSeq(ref, "/") {
		if plain, err := url.PathUnescape(name); err == nil {
			name = plain
		}
		object, _ := v.(map[string]any)
		if v = object[unescape.Replace(name)]; v == nil {
			return nil, fmt.Errorf("%q is not in the document, and nothing else is fetched", ref)
		}
	}
	return v, nil
}

// Names in a JSON pointer are escaped.
var (
	escape   = strings.NewReplacer("~", "~0", "/", "~1")
	unescape = strings.NewReplacer("~1", "/", "~0", "~")
)

const (
	maxSize      = 32 << 20 // of a document, in bytes
	fetchTimeout = time.Minute
)

// read decodes JSON or YAML from a file or a URL into v. In YAML, a field that v lacks is an error.
func read(source string, v any) error {
	body, err := open(source)
	if err != nil {
		return err
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, maxSize+1))
	if err != nil {
		return err
	}
	if len(text) > maxSize {
		return fmt.Errorf("longer than %d MiB", maxSize>>20)
	}
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\ufeff")))
	switch {
	case bytes.HasPrefix(text, []byte("<")):
		return errors.New("a web page, or XML; it must be JSON or YAML")
	case bytes.HasPrefix(text, []byte("{")): // the YAML decoder refuses surrogate pairs
		return json.Unmarshal(text, v)
	}
	_, err = yaml.Unmarshal(text, v, yaml.DecodeOpts{DisableTimestamps: true}, func(decoder *json.Decoder) *json.Decoder {
		decoder.DisallowUnknownFields()
		return decoder
	})
	return err
}

func open(source string) (io.ReadCloser, error) {
	if !strings.Contains(source, "://") {
		return os.Open(source)
	}
	client := http.Client{Timeout: fetchTimeout}
	resp, err := client.Get(source)
	if err != nil { // a *url.Error, whose URL may hold a password or a signature
		return nil, errors.Unwrap(err)
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("the status is %s", resp.Status)
	}
	return resp.Body, nil
}
