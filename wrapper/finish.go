package m3teraccess

import (
	"encoding/json"
	"reflect"
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
	for _, field := range reflect.VisibleFields(value.Type()) {
		if field.Tag.Get("json") != "id" || field.Type.Kind() != reflect.String {
			continue
		}
		if id, err := value.FieldByIndexErr(field.Index); err != nil || id.String() == "" { // or the id is in an embedded nil pointer
			return "id"
		}
	}
	return ""
}

// finishInside calls gen.Finish for each value of a type of package gen inside an addressable value.
func finishInside(value reflect.Value) {
	if !canHoldOurs(value.Type()) {
		return
	}
	if _, isOurs := gen.Finish(value.Addr().Interface()); isOurs {
		return
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
			if value.Type().Field(i).IsExported() {
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
			if f := t.Field(i); f.IsExported() && findOurs(f.Type, seen) {
				return true
			}
		}
	}
	return false
}
