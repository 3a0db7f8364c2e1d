package cases

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// A Case is a body or a query of a request. [Operation.Forbids] reports whether the document forbids it, except for Lax
// cases.
type Case struct {
	Name        string
	Query, Body string
	Field       string // the subject of the case, such as permissionPolicy[0].effect; "" for the whole
	Lax         bool   // the document forbids it, but kin-openapi accepts it with some Go release
}

// Cases returns the cases of the operation's body and query.
func (o Operation) Cases() []Case { return append(o.bodies(), o.queries()...) }

// bodies returns the valid body of an operation, and its variants with one change: each member absent, null and of each
// other type; each bound met and exceeded by one; each value of an enum and one other value; each letter case.
func (o Operation) bodies() []Case {
	if o.RequestBody == nil {
		return nil
	}
	good := string(o.Body())
	all := []Case{
		{Name: "the example", Body: good},
		{Name: "nothing", Body: ""},
		{Name: "cut", Body: good[:len(good)-1]},
		{Name: "garbage behind", Body: good + " garbage", Lax: true},
		{Name: "a second value", Body: good + "{}", Lax: true},
	}
	value := fromJSON(o.Body())
	schema := o.RequestBody.Value.Content.Get("application/json").Schema.Value
	for _, v := range variants(schema, value) {
		v.Body = string(toJSON(v.value))
		all = append(all, v.Case)
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		all = append(all, Case{Name: name + " twice", Lax: true,
			Body: fmt.Sprintf(`{"%s":null,%s`, name, strings.TrimPrefix(string(toJSON(whole(schema, value))), "{"))})
	}
	return all
}

// A variant is a case and the value of its body.
type variant struct {
	Case
	value any
}

// of returns a variant for each value. Its name is the value.
func of(lax bool, values ...any) (all []variant) {
	for _, value := range values {
		name := string(toJSON(value))
		if len(name) > 60 {
			name = fmt.Sprintf("of %d bytes", len(name))
		}
		all = append(all, variant{Case{Name: name, Lax: lax}, value})
	}
	return all
}

// below returns the variant of an object or list that has v as a member or element.
func (v variant) below(name string, value any) variant {
	v.Name = strings.TrimSpace(name + " " + v.Name)
	v.Field = strings.TrimSuffix(strings.ReplaceAll(name+"."+v.Field, ".[", "["), ".")
	v.value = value
	return v
}

// variants returns the variants of a valid value of a schema.
func variants(s *openapi3.Schema, good any) []variant {
	all := of(false, nil, true, 7, 1.5, "x", []any{}, map[string]any{})
	switch {
	case s.Type.Is("object"):
		all = append(all, variantsOfObject(s, good)...)
	case s.Type.Is("array"):
		first := good.([]any)[0]
		for n := range s.MinItems + 2 {
			all = append(all, of(false, slices.Repeat([]any{first}, int(n)))...)
		}
		for _, v := range variants(s.Items.Value, first) {
			all = append(all, v.below("[0]", []any{v.value}), v.below("[1]", []any{first, v.value}))
		}
	case s.Format == "date-time":
		all = append(all, of(false, "2026-03-01", "2026-03-01T17:00:00", "2026-13-01T17:00:00Z", "2026-03-01T7:00:00Z",
			"2026-03-01T17:00:00,5Z", "2026-03-01T17:00:00.123+05:30", "")...)
		all = append(all, of(true, "2026-02-30T17:00:00Z", "2026-03-01T17:00:00+24:00")...)
	case s.Type.Is("integer"):
		all = append(all, variantsOfInteger(s)...)
	case s.Type.Is("string"):
		all = append(all, variantsOfText(s, good)...)
	}
	return all
}

func variantsOfObject(s *openapi3.Schema, good any) (all []variant) {
	members := whole(s, good)
	add := func(name, field string, value map[string]any) {
		all = append(all, variant{Case{Name: name, Field: field}, value})
	}
	with := func(name string, value any) map[string]any {
		changed := maps.Clone(members)
		changed[name] = value
		return changed
	}
	add("all members", "", members)
	add("another member", "", with("x-other", 5))
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		without := maps.Clone(members)
		delete(without, name)
		add("without "+name, name, without)
		misspelled := maps.Clone(without)
		misspelled[strings.ToUpper(name)] = members[name]
		add(name+" in upper case", name, misspelled)
		property := s.Properties[name].Value
		for _, v := range variants(property, sample(property, members[name])) {
			all = append(all, v.below(name, with(name, v.value)))
		}
	}
	return all
}

// whole returns a valid object with all members, except the read-only members that good lacks.
func whole(s *openapi3.Schema, good any) map[string]any {
	members := make(map[string]any)
	given, _ := good.(map[string]any)
	for name, property := range s.Properties {
		if value, ok := given[name]; ok || !property.Value.ReadOnly {
			members[name] = sample(property.Value, value)
		}
	}
	return members
}

// sample returns a valid value of a schema: the value of the example, if there is one.
func sample(s *openapi3.Schema, given any) any {
	switch {
	case given != nil:
		return given
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Type.Is("object"):
		return whole(s, nil)
	case s.Type.Is("array"):
		return []any{sample(s.Items.Value, nil)}
	case s.Format == "date-time":
		return "2026-03-01T17:00:00Z"
	case s.Type.Is("integer"):
		return 1
	case s.Type.Is("boolean"):
		return true
	}
	return strings.Repeat("x", int(max(1, s.MinLength)))
}

func variantsOfInteger(s *openapi3.Schema) []variant {
	largest, beyond := "9223372036854775807", "9223372036854775808"
	if s.Format == "int32" {
		largest, beyond = "2147483647", "2147483648"
	}
	numbers := []any{0, -1, json.RawMessage("1e400"), json.RawMessage(largest)}
	for _, bound := range []*float64{s.Min, s.Max} {
		if bound != nil {
			numbers = append(numbers, *bound-1, *bound, *bound+1)
		}
	}
	return append(of(false, numbers...), of(!s.ReadOnly, json.RawMessage("1.0"), json.RawMessage(beyond))...)
}

// characters are code points of 2, 3, 4, 2 and 3 bytes. None is an ASCII letter.
var characters = []rune("ü€😀ñ漢")

func variantsOfText(s *openapi3.Schema, good any) []variant {
	texts := []any{"", "neverheardof:it", "A", "Z", "@[", "É:é"}
	addLength := func(n uint64) {
		texts = append(texts, string(slices.Repeat(characters, int(n)/len(characters)+1)[:n]))
	}
	if s.MinLength > 0 {
		addLength(s.MinLength - 1)
		addLength(s.MinLength)
	}
	if s.MaxLength != nil {
		addLength(*s.MaxLength)
		addLength(*s.MaxLength + 1)
	}
	for _, value := range append(s.Enum, good) {
		text, _ := value.(string)
		texts = append(texts, text)
		if text != "" {
			texts = append(texts, strings.ToUpper(text), strings.ToLower(text),
				strings.ToUpper(text[:1])+strings.ToLower(text[1:]), strings.ReplaceAll(text, ":", "_"))
		}
	}
	return of(false, texts...)
}

// queries returns cases of the numbers in the query of an operation: each empty, at and beyond its bounds, and in other
// spellings.
func (o Operation) queries() (all []Case) {
	for _, ref := range o.Parameters {
		p := ref.Value
		if p.In != "query" || !p.Schema.Value.Type.Is("integer") {
			continue
		}
		values := []string{"", "abc", "0x10", "1.5", "%31", "null", "7&other=1", "&other=1"}
		for _, v := range variantsOfInteger(p.Schema.Value) {
			values = append(values, string(toJSON(v.value)))
		}
		for _, value := range values {
			all = append(all, Case{Name: p.Name + " " + value, Query: p.Name + "=" + value, Field: p.Name})
		}
		all = append(all, Case{Name: p.Name + " in upper case", Query: strings.ToUpper(p.Name) + "=0"})
	}
	return all
}
