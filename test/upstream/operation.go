package main

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

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

// innermost returns the value of the first object that has one.
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
		p := found[key]
		full := withDefaults(p.object)
		if name, ok := full["name"].(string); ok && full["in"] == "path" {
			full["name"] = cmp.Or(renamed[name], name)
		}
		w.object(fmt.Sprint("parameters.", full["name"]), full, p.at)
	}
}

// withDefaults adds the default style of a parameter.
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

// security compares the types of the schemes; their names belong to components.
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
