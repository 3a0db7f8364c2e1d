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

// A shape is what encoding/json knows of a type: of a struct its fields by their names in JSON, of a list or a map what
// is in it. The nil shape is that of what has no names of ours: a type that decodes itself, what is in an any.
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

// member returns the shape of a member's value, and whether there is a field of exactly this name.
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

// folds tells whether encoding/json takes the name for that of a field.
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

var shapes sync.Map // a *shape for each reflect.Type that was read into

func shapeOf(t reflect.Type) *shape {
	if known, ok := shapes.Load(t); ok {
		return known.(*shape)
	}
	made := makeShape(t, make(map[reflect.Type]*shape))
	shapes.Store(t, made)
	return made
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// makeShape makes the shape of a type, which may hold itself: made has those that are begun.
func makeShape(t reflect.Type, made map[reflect.Type]*shape) *shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == reflect.TypeFor[time.Time]() {
		return &shape{isTime: true}
	}
	if reflect.PointerTo(t).Implements(unmarshaler) {
		return nil // it decodes itself, by names of its own
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

// addFields adds the fields that encoding/json finds in a struct, those of embedded structs last: they give way.
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
