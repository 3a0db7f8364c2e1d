package main

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
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

// factsOf collects the facts of an operation: none if the document lacks it.
func (d document) factsOf(op operation) (facts, error) {
	w := newWalk(d)
	w.operation(op)
	if w.err != nil {
		return nil, fmt.Errorf("%s: %w", d.name, w.err)
	}
	return w.facts, nil
}

func (w *walk) operation(op operation) {
	paths, _ := w.document.root["paths"].(map[string]any)
	name, there := samePath(paths, op.path)
	if !there {
		return
	}
	path := w.resolve(paths[name], "#/paths/"+escape.Replace(name))
	v, there := path.object[op.method]
	if !there {
		return
	}
	o := w.resolve(v, path.at+"/"+op.method)
	w.facts.add("", nil, o.at)
	for _, key := range []string{"operationId", "deprecated"} {
		if v, there := o.object[key]; there {
			w.value("", key, v, o.at+"/"+key)
		}
	}
	root := node{w.document.root, "#"}
	w.servers(o, path, root)
	w.parameters(path, o, renamed(name, op.path))
	if body, there := o.object["requestBody"]; there {
		w.object("requestBody", body, o.at+"/requestBody")
	}
	w.named("responses.", "", o.object["responses"], o.at+"/responses")
	w.security(o, root)
}

var pathParameter = regexp.MustCompile(`\{([^{}]*)\}`)

// samePath finds a path, possibly with other parameter names.
func samePath(paths map[string]any, path string) (name string, there bool) {
	if _, there := paths[path]; there {
		return path, true
	}
	blank := func(path string) string { return pathParameter.ReplaceAllLiteralString(path, "{}") }
	for _, name := range slices.Sorted(maps.Keys(paths)) {
		if blank(name) == blank(path) {
			return name, true
		}
	}
	return "", false
}

// renamed returns the contract's names of the parameters of a path, matched by position.
func renamed(published, contract string) map[string]string {
	names := make(map[string]string)
	ours := pathParameter.FindAllStringSubmatch(contract, -1)
	for i, theirs := range pathParameter.FindAllStringSubmatch(published, -1) {
		names[theirs[1]] = ours[i][1]
	}
	return names
}

// innermost returns the list at key in the first object that has this key, and a pointer to the list.
func innermost(key string, objects ...node) (list []any, at string) {
	for _, o := range objects {
		if v, there := o.object[key]; there {
			list, _ = v.([]any)
			return list, o.at + "/" + key
		}
	}
	return nil, ""
}

func (w *walk) servers(owners ...node) {
	servers, at := innermost("servers", owners...)
	for i, server := range servers {
		w.object("servers", server, fmt.Sprint(at, "/", i))
	}
}

func (w *walk) parameters(path, o node, renamed map[string]string) {
	found := make(map[string]node)
	for _, owner := range []node{path, o} {
		list, _ := owner.object["parameters"].([]any)
		for i, v := range list {
			p := w.resolve(v, fmt.Sprint(owner.at, "/parameters/", i))
			found[fmt.Sprint(p.object["name"], " in ", p.object["in"])] = p // the operation's parameter overrides its path's
		}
	}
	for _, key := range slices.Sorted(maps.Keys(found)) {
		full := withDefaults(found[key].object)
		if name, ok := full["name"].(string); ok && full["in"] == "path" {
			full["name"] = cmp.Or(renamed[name], name)
		}
		w.object(fmt.Sprint("parameters.", full["name"]), full, found[key].at)
	}
}

// withDefaults adds the default style and the default explode of a parameter.
func withDefaults(parameter map[string]any) map[string]any {
	style := parameter["style"]
	if style == nil {
		style = "simple"
		if in := parameter["in"]; in == "query" || in == "cookie" {
			style = "form"
		}
	}
	full := map[string]any{"style": style, "explode": style == "form"}
	maps.Copy(full, parameter)
	return full
}

// security collects the facts of the security schemes by their types, because the names of components are not compared.
func (w *walk) security(owners ...node) {
	requirements, at := innermost("security", owners...)
	var alternatives []any
	for _, requirement := range requirements {
		var together []string
		schemes, _ := requirement.(map[string]any)
		for name, scopes := range schemes {
			scheme := w.resolve(map[string]any{"$ref": "#/components/securitySchemes/" + escape.Replace(name)}, at)
			kind := fmt.Sprint(scheme.object["type"])
			w.object("security."+kind, scheme.object, scheme.at)
			w.value("security."+kind, "required scopes", scopes, at)
			together = append(together, kind)
		}
		slices.Sort(together)
		alternatives = append(alternatives, cmp.Or(strings.Join(together, " and "), "none"))
	}
	if len(alternatives) > 0 {
		w.facts.add("security", alternatives, at)
	}
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
