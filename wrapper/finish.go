package m3teraccess

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// finishAny converts effects and actions to lower case in each value of a type of package gen that a response is or
// contains. It returns the name of a missing member, or "" if none is missing. If T is a type of package gen, the
// member is a required id. If T is another struct, the member is the id of T itself, unless this id is optional.
func finishAny[T any](answer *T) (lacks string) {
	if lacks, isOurs := gen.Finish(answer); isOurs {
		return lacks
	}
	value := reflect.ValueOf(answer).Elem()
	finishInside(value)
	if value.Kind() != reflect.Struct {
		return ""
	}
	var id reflect.StructField // the shallowest field with this name, which encoding/json decodes
	for _, field := range reflect.VisibleFields(value.Type()) {
		if jsonName(field) == "id" && !isNested(value.Type(), field.Index) && (id.Index == nil || len(field.Index) < len(id.Index)) {
			id = field
		}
	}
	if id.Tag.Get("json") != "id" || id.Type.Kind() != reflect.String {
		return ""
	}
	if got, err := value.FieldByIndexErr(id.Index); err != nil || got.String() == "" { // or the id is in an embedded nil pointer
		return "id"
	}
	return ""
}

// isNested reports whether a field is in an embedded struct that has a name in JSON. The field is then a member of that
// object.
func isNested(t reflect.Type, index []int) bool {
	for i := range len(index) - 1 {
		if jsonName(t.FieldByIndex(index[:i+1])) != "" {
			return true
		}
	}
	return false
}

// jsonName returns the name in the json tag of a field, or "" if the tag has no name.
func jsonName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}

// finishInside calls gen.Finish for each value of a type of package gen inside an addressable value.
func finishInside(value reflect.Value) {
	if !canHoldOurs(value.Type()) {
		return
	}
	if value.CanInterface() { // not an embedded struct of an unexported type
		if _, isOurs := gen.Finish(value.Addr().Interface()); isOurs {
			return
		}
	}
	switch value.Kind() {
	case reflect.Pointer:
		if !value.IsNil() {
			finishInside(value.Elem())
		}
	case reflect.Slice, reflect.Array:
		for i := range value.Len() {
			finishInside(value.Index(i))
		}
	case reflect.Map:
		for _, key := range value.MapKeys() {
			entry := reflect.New(value.Type().Elem()).Elem()
			entry.Set(value.MapIndex(key))
			finishInside(entry)
			value.SetMapIndex(key, entry)
		}
	case reflect.Struct:
		for i := range value.NumField() {
			if isDecoded(value.Type().Field(i)) {
				finishInside(value.Field(i))
			}
		}
	}
}

var holders sync.Map // maps a reflect.Type to the result of canHoldOurs

// canHoldOurs reports whether t is or contains a type of package gen. It looks only at the type. Most types contain
// none, so finishAny does not walk through their values.
func canHoldOurs(t reflect.Type) bool {
	if known, ok := holders.Load(t); ok {
		return known.(bool)
	}
	holds := findOurs(t, make(map[reflect.Type]bool))
	holders.Store(t, holds)
	return holds
}

// findOurs reports whether t is or contains a type of package gen. It does not look into a type that decodes itself,
// whose values may be circular.
func findOurs(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	if _, isOurs := gen.Finish(reflect.New(t).Interface()); isOurs {
		return true
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return false
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return findOurs(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); isDecoded(f) && findOurs(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

// isDecoded reports whether encoding/json decodes into a field: an exported field, or an embedded struct, which may
// have exported fields.
func isDecoded(field reflect.StructField) bool {
	return field.IsExported() || field.Anonymous && field.Type.Kind() == reflect.Struct
}
