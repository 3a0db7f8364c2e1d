//go:build !go1.27 || !goexperiment.jsonv2

package strictjson

import (
	"bytes"
	"cmp"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"time"
)

// A shape describes how encoding/json sees a type: the fields of a struct by their JSON names, and the elements of a
// slice, an array or a map. The shape is nil for a type that decodes itself, and for values inside an object or array
// that is decoded into an any.
type shape struct {
	fields []field
	elem   *shape
	isTime bool
}

type field struct {
	name  string
	shape *shape
}

func (s *shape) inner() *shape {
	if s == nil {
		return nil
	}
	return s.elem
}

// member returns the shape of a member's value, and whether a field has exactly this name.
func (s *shape) member(name []byte) (*shape, bool) {
	if s == nil {
		return nil, false
	}
	for i := range s.fields {
		if f := &s.fields[i]; f.name == string(name) {
			return f.shape, true
		}
	}
	return s.elem, false
}

// folds reports whether encoding/json would match the name to a field, ignoring case.
func (s *shape) folds(name []byte) bool {
	if s == nil {
		return false
	}
	for i := range s.fields {
		if bytes.EqualFold([]byte(s.fields[i].name), name) {
			return true
		}
	}
	return false
}

var shapes sync.Map // the *shape of each reflect.Type that Unmarshal was given

func shapeOf(t reflect.Type) *shape {
	if known, ok := shapes.Load(t); ok {
		return known.(*shape)
	}
	made := makeShape(t, make(map[reflect.Type]*shape))
	shapes.Store(t, made)
	return made
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// makeShape returns the shape of a type. The type may contain itself, so made holds all shapes begun so far, including
// incomplete ones.
func makeShape(t reflect.Type, made map[reflect.Type]*shape) *shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == reflect.TypeFor[time.Time]() {
		return &shape{isTime: true}
	}
	if reflect.PointerTo(t).Implements(unmarshaler) {
		return nil // the type decodes itself, with its own names
	}
	if s, ok := made[t]; ok {
		return s
	}
	s := new(shape)
	made[t] = s
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		s.elem = makeShape(t.Elem(), made)
	case reflect.Struct:
		s.addFields(t, made)
	}
	return s
}

// addFields adds the fields that encoding/json finds in a struct. The fields of embedded structs come last, because the
// struct's own fields win.
func (s *shape) addFields(t reflect.Type, made map[reflect.Type]*shape) {
	var embedded []field
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		of := makeShape(f.Type, made)
		switch {
		case f.Anonymous && name == "" && of != nil:
			embedded = append(embedded, of.fields...)
		case f.IsExported():
			s.fields = append(s.fields, field{cmp.Or(name, f.Name), of})
		}
	}
	s.fields = append(s.fields, embedded...)
}
