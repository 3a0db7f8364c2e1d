package main

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// facts are the facts of an operation in a document, by place. A place is the path from the operation to a keyword,
// through references and allOf: "requestBody(application/json).permissionPolicy[].effect enum". A place without a
// keyword is the schema or other object itself.
type facts map[string]fact

type fact struct {
	value any    // decoded JSON with sorted lists; nil if the place has no keyword
	at    string // a JSON pointer into the document
}

// covers reports whether a place equals or contains another place.
func covers(place, other string) bool {
	rest, begins := strings.CutPrefix(other, place)
	return begins && (place == "" || rest == "" || strings.ContainsAny(rest[:1], " .[{("))
}

// under returns the facts at a place and below it.
func (f facts) under(place string) map[string]any {
	values := make(map[string]any)
	for other, fact := range f {
		if covers(place, other) {
			values[other] = fact.value
		}
	}
	return values
}

// near returns a pointer to a place, or to the nearest enclosing place that exists.
func (f facts) near(place string) string {
	for {
		if fact, ok := f[place]; ok || place == "" {
			return fact.at
		}
		place = place[:max(0, strings.LastIndexAny(place, " .[{("))]
	}
}

// add adds a fact at a place. It unites the facts of the parts of an allOf; of their enums, it keeps only the values
// that all of them have.
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

// without returns a list without the values of another.
func without(list, other []any) []any {
	return slices.DeleteFunc(slices.Clone(list), func(v any) bool {
		return slices.ContainsFunc(other, func(w any) bool { return reflect.DeepEqual(v, w) })
	})
}

// sorted returns a list without duplicates, sorted by text.
func sorted(list []any) []any {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b any) int { return strings.Compare(text(a), text(b)) })
	return slices.CompactFunc(list, reflect.DeepEqual)
}

// text returns a value as JSON, which YAML accepts.
func text(v any) string {
	data, _ := json.Marshal(v) // decoded JSON always encodes
	return string(data)
}
