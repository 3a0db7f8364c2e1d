package m3teraccess

import (
	"reflect"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// finishAny brings the statements of an answer into the form in which they can be sent, wherever types of ours stand in it,
// and names what the answer lacks: a required member of a type of ours, or the id of any struct that does not leave it
// optional.
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
		if field.Tag.Get("json") == "id" && field.Type.Kind() == reflect.String && value.FieldByIndex(field.Index).String() == "" {
			return "id"
		}
	}
	return ""
}

// finishInside finishes the values of our types that a value holds.
func finishInside(value reflect.Value) {
	if value.CanAddr() && value.Addr().CanInterface() {
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
		if value.Type().Elem().Kind() <= reflect.Complex128 {
			return // numbers hold nothing
		}
		for i := range value.Len() {
			finishInside(value.Index(i))
		}
	case reflect.Struct:
		for i := range value.NumField() {
			finishInside(value.Field(i))
		}
	}
}
