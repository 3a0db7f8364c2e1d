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

// bodies returns the valid body of an operation, and its variants by one change: each member absent, null and of each
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
	var value any
	if err := json.Unmarshal([]byte(good), &value); err != nil {
		panic(err)
	}
	schema := o.RequestBody.Value.Content.Get("application/json").Schema.Value
	for _, v := range variants(schema, value) {
		all = append(all, Case{Name: v.name, Body: string(toJSON(v.value)), Field: v.field, Lax: v.lax})
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		all = append(all, Case{Name: name + " twice", Lax: true,
			Body: fmt.Sprintf(`{"%s":null,%s`, name, strings.TrimPrefix(string(toJSON(whole(schema, value))), "{"))})
	}
	return all
}

// A variant is a value with one change inside.
type variant struct {
	name, field string
	value       any
	lax         bool
}

// below makes a variant of a value from a variant of its member or element.
func (v variant) below(name string, value any) variant {
	field := name + v.field
	if v.field != "" && v.field[0] != '[' {
		field = name + "." + v.field
	}
	return variant{strings.TrimSpace(name + " " + v.name), field, value, v.lax}
}

// variants returns the variants of a valid value of a schema.
func variants(s *openapi3.Schema, good any) []variant {
	all := []variant{
		{name: "null", value: nil}, {name: "true", value: true}, {name: "a number", value: 7}, {name: "a fraction", value: 1.5},
		{name: "a text", value: "x"}, {name: "a list", value: []any{}}, {name: "an object", value: map[string]any{}},
	}
	add := func(name string, value any) { all = append(all, variant{name: name, value: value}) }
	switch {
	case s.Type.Is("object"):
		all = append(all, variantsOfObject(s, good)...)
	case s.Type.Is("array"):
		first := good.([]any)[0]
		for n := range s.MinItems + 2 {
			add(fmt.Sprintf("of %d", n), slices.Repeat([]any{first}, int(n)))
		}
		for _, v := range variants(s.Items.Value, first) {
			all = append(all, v.below("[0]", []any{v.value}), v.below("[1]", []any{first, v.value}))
		}
	case s.Format == "date-time":
		for _, text := range []string{"2026-03-01", "2026-03-01T17:00:00", "2026-13-01T17:00:00Z", "2026-03-01T7:00:00Z",
			"2026-03-01T17:00:00,5Z", "2026-03-01T17:00:00.123+05:30", ""} {
			add(text, text)
		}
		for _, text := range []string{"2026-02-30T17:00:00Z", "2026-03-01T17:00:00+24:00"} {
			all = append(all, variant{name: text, value: text, lax: true})
		}
	case s.Type.Is("integer"):
		all = append(all, variantsOfInteger(s)...)
	case s.Type.Is("string"):
		all = append(all, variantsOfText(s, good)...)
	}
	return all
}

func variantsOfObject(s *openapi3.Schema, good any) (all []variant) {
	members := whole(s, good)
	with := func(name string, value any) map[string]any {
		changed := maps.Clone(members)
		changed[name] = value
		return changed
	}
	all = append(all, variant{name: "all members", value: members}, variant{name: "another member", value: with("x-other", 5)})
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		without := maps.Clone(members)
		delete(without, name)
		all = append(all, variant{name: "without " + name, field: name, value: without})
		misspelled := maps.Clone(without)
		misspelled[strings.ToUpper(name)] = members[name]
		all = append(all, variant{name: name + " in upper case", field: name, value: misspelled})
		property := s.Properties[name].Value
		for _, v := range variants(property, sample(property, members[name])) {
			all = append(all, v.below(name, with(name, v.value)))
		}
	}
	return all
}

// whole returns a valid object with all members.
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

func variantsOfInteger(s *openapi3.Schema) (all []variant) {
	largest, beyond := "9223372036854775807", "9223372036854775808"
	if s.Format == "int32" {
		largest, beyond = "2147483647", "2147483648"
	}
	numbers := []string{"0", "-1", "1e400", largest}
	for _, bound := range []*float64{s.Min, s.Max} {
		if bound != nil {
			numbers = append(numbers, fmt.Sprint(*bound-1), fmt.Sprint(*bound), fmt.Sprint(*bound+1))
		}
	}
	for _, n := range numbers {
		all = append(all, variant{name: n, value: json.RawMessage(n)})
	}
	for _, n := range []string{"1.0", beyond} {
		all = append(all, variant{name: n, value: json.RawMessage(n), lax: !s.ReadOnly})
	}
	return all
}

// characters are code points of 2, 3, 4, 2 and 3 bytes, none of a letter case that counts.
var characters = []rune("ü€😀ñ漢")

func variantsOfText(s *openapi3.Schema, good any) (all []variant) {
	add := func(value string) {
		name := value
		if runes := []rune(value); len(runes) > 30 {
			name = fmt.Sprintf("of %d", len(runes))
		}
		all = append(all, variant{name: fmt.Sprintf("%q", name), value: value})
	}
	ofLength := func(n uint64) string {
		return string(slices.Repeat(characters, int(n)/len(characters)+1)[:n])
	}
	add("")
	if s.MinLength > 0 {
		add(ofLength(s.MinLength - 1))
		add(ofLength(s.MinLength))
	}
	if s.MaxLength != nil {
		add(ofLength(*s.MaxLength))
		add(ofLength(*s.MaxLength + 1))
	}
	for _, text := range []string{"neverheardof:it", "A", "Z", "@[", "É:é"} {
		add(text)
	}
	for _, value := range append(s.Enum, good) {
		text, _ := value.(string)
		add(text)
		if text != "" {
			add(strings.ToUpper(text))
			add(strings.ToLower(text))
			add(strings.ToUpper(text[:1]) + strings.ToLower(text[1:]))
			add(strings.ReplaceAll(text, ":", "_"))
		}
	}
	return all
}

// queries returns cases of the numbers in the query of an operation: each absent, empty, at and beyond its bounds, and
// in other spellings.
func (o Operation) queries() (all []Case) {
	for _, ref := range o.Parameters {
		p := ref.Value
		if p.In != "query" || !p.Schema.Value.Type.Is("integer") {
			continue
		}
		add := func(name, value string) {
			all = append(all, Case{Name: p.Name + " " + name, Query: p.Name + "=" + value, Field: p.Name})
		}
		for _, v := range variantsOfInteger(p.Schema.Value) {
			add(v.name, string(v.value.(json.RawMessage)))
		}
		for _, value := range []string{"", "abc", "0x10", "1.5", "%31", "null", "7&other=1", "&other=1"} {
			add(value, value)
		}
		all = append(all, Case{Name: p.Name + " in upper case", Body: strings.ToUpper(p.Name) + "=0"})
	}
	return all
}
