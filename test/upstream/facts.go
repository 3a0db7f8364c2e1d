package main

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// facts are what a document says of an operation, by place. A place is the way from the operation to a keyword, through
// references and allOf: "requestBody(application/json).permissionPolicy[].effect enum". Without a keyword it stands for
// all that is there.
type facts map[string]fact

type fact struct {
	value any    // as JSON has it, but lists sorted; nil where a place has no keyword
	at    string // a JSON pointer into the document
}

// covers tells whether a place is another one or contains it.
func covers(place, other string) bool {
	rest, begins := strings.CutPrefix(other, place)
	return begins && (place == "" || rest == "" || strings.ContainsAny(rest[:1], " .[{("))
}

// under is what the facts say at a place and below it.
func (f facts) under(place string) map[string]any {
	values := make(map[string]any)
	for other, fact := range f {
		if covers(place, other) {
			values[other] = fact.value
		}
	}
	return values
}

// properties are the names of the properties of the schema at a place.
func (f facts) properties(place string) []string {
	var names []string
	for other := range f {
		if name, ok := strings.CutPrefix(other, place+"."); ok && !strings.ContainsAny(name, " .[{(") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// near is a pointer to a place, or to the nearest around it that is there.
func (f facts) near(place string) string {
	for {
		if fact, ok := f[place]; ok || place == "" {
			return fact.at
		}
		place = place[:max(0, strings.LastIndexAny(place, " .[{("))]
	}
}

// add unites what the parts of an allOf say at a place, as holds for required. Of enums it keeps what is in all of them.
func (f facts) add(place string, value any, at string) {
	place = strings.TrimPrefix(place, " ")
	if list, ok := value.([]any); ok {
		value = sorted(list)
	}
	before, again := f[place]
	switch {
	case !again:
		f[place] = fact{value, at}
	case reflect.DeepEqual(before.value, value):
	case strings.HasSuffix(place, " enum"):
		enum := listOf(before.value)
		f[place] = fact{without(enum, without(enum, listOf(value))), before.at}
	default:
		f[place] = fact{sorted(slices.Concat(listOf(before.value), listOf(value))), before.at}
	}
}

func listOf(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

// without is a list without what is in another.
func without(list, other []any) []any {
	return slices.DeleteFunc(slices.Clone(list), func(v any) bool {
		return slices.ContainsFunc(other, func(w any) bool { return reflect.DeepEqual(v, w) })
	})
}

// sorted is a list without repetition, in an order that doesn't depend on the document's.
func sorted(list []any) []any {
	byText := make(map[string]any)
	for _, v := range list {
		byText[text(v)] = v
	}
	all := make([]any, 0, len(byText))
	for _, key := range slices.Sorted(maps.Keys(byText)) {
		all = append(all, byText[key])
	}
	return all
}

// text is a value as it can be pasted into YAML.
func text(v any) string {
	data, _ := json.Marshal(v) // what came as JSON goes as JSON
	return string(data)
}
