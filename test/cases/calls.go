package cases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// A Call is a method of a client with arguments from the document's examples.
type Call struct {
	Operation
	Name   string   // of the method
	values []string // of the path, after the organization
	send   []byte   // the request as JSON: the body, or the query as an object; nil for the zero request
}

// CallsOn returns the calls of all operations as methods of a client, which it only inspects. An operation with pages
// has two calls: the iterator, and the method with the same name followed by Page.
func CallsOn(client any) (all []Call) {
	for _, o := range Operations() {
		for _, name := range []string{o.OperationID, o.OperationID + "Page"} {
			if reflect.ValueOf(client).MethodByName(name).IsValid() {
				all = append(all, Call{o, name, o.Examples()[1:], o.VersionedBody(1)})
			}
		}
	}
	return all
}

// With returns the call with other path arguments.
func (c Call) With(values ...string) Call { c.values = values; return c }

// Sending returns the call with another request.
func (c Call) Sending(request []byte) Call { c.send = request; return c }

// Do calls the method of a client and returns its result: a value, or all values of an iterator before an error. Do
// also returns an error if the method returns both a value and an error, or neither.
func (c Call) Do(ctx context.Context, client any) (any, error) {
	args := []reflect.Value{reflect.ValueOf(ctx)}
	for _, value := range c.values {
		args = append(args, reflect.ValueOf(value))
	}
	request, err := c.request(client)
	if err != nil {
		return nil, err
	}
	if request.IsValid() {
		args = append(args, request)
	}
	results := reflect.ValueOf(client).MethodByName(c.Name).Call(args)
	if len(results) == 1 {
		var all []any
		for value, second := range results[0].Seq2() {
			if err, _ = second.Interface().(error); err == nil {
				all = append(all, value.Interface())
			}
		}
		return all, err
	}
	err, _ = results[1].Interface().(error)
	if results[0].IsNil() == (err == nil) {
		err = errors.Join(err, fmt.Errorf("%s returns a value and an error, or neither", c.Name))
	}
	return results[0].Interface(), err
}

// request returns the request as a Go value; the zero Value if the method takes none.
func (c Call) request(client any) (request reflect.Value, err error) {
	method := reflect.ValueOf(client).MethodByName(c.Name).Type()
	if method.NumIn() == 1+len(c.values) {
		return request, nil
	}
	typ := method.In(method.NumIn() - 1)
	if method.IsVariadic() {
		typ = typ.Elem()
	}
	request = reflect.New(typ)
	if c.send != nil {
		err = json.Unmarshal(c.send, request.Interface())
	}
	return request.Elem(), err
}

// Typed returns the call with the value of a case, and the case with the value that the Go type makes of it. ok reports
// whether the type can hold the value.
func (c Call) Typed(client any, of Case) (typed Call, as Case, ok bool) {
	if of.Query != "" {
		name, value, _ := strings.Cut(of.Query, "=")
		c.send = fmt.Appendf(nil, `{"%s":%s}`, name, value)
		if value == "0" {
			of.Query = ""
		}
		_, err := c.request(client)
		return c, of, err == nil && value != "null"
	}
	c.send = []byte(of.Body)
	request, err := c.request(client)
	if err != nil {
		return c, of, false
	}
	text, err := json.Marshal(request.Interface())
	of.Body = string(text)
	return c, of, err == nil
}

// Field returns the Go name of a member of the request: PermissionPolicy[0].Effect for permissionPolicy[0].effect.
func (c Call) Field(client any, member string) string {
	request, _ := c.Sending(nil).request(client)
	typ, names := request.Type(), strings.Split(member, ".")
	for i, name := range names {
		name, index, _ := strings.Cut(name, "[")
		for field := range typ.Fields() {
			tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if tag == name || strings.EqualFold(field.Name, name) {
				names[i], typ = field.Name, field.Type
				break
			}
		}
		if index != "" {
			names[i], typ = names[i]+"["+index, typ.Elem()
		}
	}
	return strings.Join(names, ".")
}
