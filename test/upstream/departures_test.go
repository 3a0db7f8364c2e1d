package main

import (
	"fmt"
	"strings"
	"testing"
)

// listing returns a file of one departure, with differences at or below the place of the message.
func listing(differences ...string) string {
	text := "departures:\n- id: spelling\n  what: It is spelled otherwise.\n  why: It is read otherwise.\n  differences:\n"
	for _, d := range differences {
		place, published, _ := strings.Cut(d, ": ")
		text += fmt.Sprintf("  - operations: [ChangeThing]\n    place: 'responses.4XX(application/json).message%s'\n", place)
		if published != "" {
			text += "    published: " + published + "\n"
		}
	}
	return text
}

func TestDepartures(t *testing.T) {
	const gone, nowhere = ": listed as a difference, but there is none", ": listed, but neither document has this place"
	enum, open := "type: string, enum: [a, b]", "anyOf: [{type: string, enum: [a, b]}, {type: string}]"
	tests := []struct {
		name            string
		here, published string
		listed          []string // after the place of the message
		want            []string // the same
	}{
		{"as listed", enum, "type: string, enum: [B, A]", []string{" enum: [A, B]"}, nil},
		{"one value more", enum, "type: string, enum: [A, B, C]", []string{" enum: [A, B]"}, []string{` enum +["C"]`}},
		{"one value less", enum, "type: string, enum: [A]", []string{" enum: [A, B]"}, []string{` enum: only in departure spelling: ["B"]`}},
		{"something else as well", enum, "type: string, enum: [A, B], maxLength: 1", []string{" enum: [A, B]"}, []string{" maxLength +1"}},
		{"no longer", enum, enum, []string{" enum: [A, B]"}, []string{" enum" + gone}},
		{"misspelled place", enum, "type: string, enum: [A, B]", []string{" enums: [A, B]"}, []string{" enums" + nowhere, ` enum +["A","B"] -["a","b"]`}},

		{"a schema as listed", open, "type: string, enum: [A, B]", []string{": {type: string, enum: [A, B]}"}, nil},
		{"a schema with a value more", open, "type: string, enum: [A, B, C]", []string{": {type: string, enum: [A, B]}"}, []string{` enum +["C"]`}},
		{"a schema no longer", open, open, []string{": {type: string, enum: [A, B]}"}, []string{gone}},

		{"nothing, as listed", "readOnly: true", "", []string{" readOnly"}, nil},
		{"nothing of a name like it", "properties: {a: {}, ab: {}}", "", []string{".a"}, []string{".ab -"}},
		{"something, as listed", "", "properties: {a: {type: string}}", []string{".a: {type: string}"}, nil},
		{"something more below", "", "properties: {a: {type: string, default: x}}", []string{".a: {type: string}"}, []string{`.a default +"x"`}},

		{"one choice of two", "oneOf: [{type: array}, {$ref: '#/components/schemas/Thing'}]", "$ref: '#/components/schemas/Answer'",
			[]string{": {$ref: '#/components/schemas/Thing'}"}, nil},
		{"one in it as well", "oneOf: [{type: array}, {type: object, properties: {a: {type: string}}}]", "type: object, properties: {a: {type: string, enum: [A]}}",
			[]string{".a enum: [A]", ": {type: object, properties: {a: {type: string}}}"}, nil},
		{"one in it no longer", "oneOf: [{type: array}, {type: object, properties: {a: {type: string}}}]", "type: object, properties: {a: {type: string}}",
			[]string{".a enum: [A]", ": {type: object, properties: {a: {type: string}}}"}, []string{".a enum" + nowhere}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			withMessages(t, test.here, test.published, listing(test.listed...))
			wantFindings(t, "published.yaml", test.want)
		})
	}
}

// A finding gives the places in both documents and the next step. Of two departures at a place, the inner one is to be
// corrected.
func TestReport(t *testing.T) {
	inner := strings.TrimPrefix(strings.Replace(listing("[] maximum: 3"), "id: spelling", "id: inner", 1), "departures:\n")
	withMessages(t, "enum: [a], readOnly: true, items: {}", "enum: [A, B], readOnly: true, items: {maximum: 4}, format: uri",
		listing(" enum: [A]", " enums: [A]", " readOnly", "[]: {maximum: 2}")+inner)
	want := strings.NewReplacer(
		"MESSAGE", "ChangeThing (PUT /things/{id}) responses.4XX(application/json).message",
		"PUBLISHED", "published: #/paths/~1things~1{thingId}/put/responses/4XX/content/application~1json/schema/properties/message",
		"HERE", "api/openapi.yaml: #/components/responses/Error/content/application~1json/schema/properties/message",
	).Replace(`MESSAGE enums: listed, but neither document has this place
  PUBLISHED
  HERE
  next: correct the place, or remove it, in departure spelling in api/departures.yaml

MESSAGE readOnly: listed as a difference, but there is none
  PUBLISHED/readOnly
  HERE/readOnly
  next: remove it from departure spelling in api/departures.yaml

MESSAGE enum: only published: ["B"]
  PUBLISHED/enum
  HERE/enum
  next: change api/openapi.yaml and run go generate ./..., or correct departure spelling in api/departures.yaml

MESSAGE format: only published: "uri"
  PUBLISHED/format
  HERE
  next: change api/openapi.yaml and run go generate ./..., or list the difference in api/departures.yaml

MESSAGE[] maximum: only published: 4; only in departure inner: 3
  PUBLISHED/items/maximum
  HERE/items
  next: change api/openapi.yaml and run go generate ./..., or correct departure inner in api/departures.yaml

the documents do not agree; places to look at: 5
`)
	if _, output, _ := upstream("published.yaml"); output != want {
		t.Errorf("%s\nwant\n%s", output, want)
	}
}

func TestMalformedDepartures(t *testing.T) {
	good := listing(" enum: [A]")
	tests := []struct{ name, text, want string }{
		{"no YAML", "departures: [", "api/departures.yaml: "},
		{"unknown key", change(t, good, "  why:", "  reason:"), `unknown field "reason"`},
		{"unknown key below", change(t, good, "    place:", "    plaec:"), `unknown field "plaec"`},
		{"no id", change(t, good, "- id: spelling\n  what:", "- what:"), "departure number 1: id, what, why and differences are all needed"},
		{"id of another", good + strings.TrimPrefix(good, "departures:\n"), "departure spelling: another departure has this id"},
		{"no what", change(t, good, "It is spelled otherwise.", ""), "departure spelling: id, what, why and differences"},
		{"no why", change(t, good, "It is read otherwise.", ""), "departure spelling: id, what, why and differences"},
		{"no differences", listing(), "departure spelling: id, what, why and differences"},
		{"no place", strings.Replace(good, "    place:", "    # ", 1), "departure spelling: each of the differences needs operations and place"},
		{"no operation", change(t, good, "[ChangeThing]", "[]"), "departure spelling: each of the differences needs operations and place"},
		{"unknown operation", change(t, good, "[ChangeThing]", "[ChangeThings]"),
			`departure spelling: no operation "ChangeThings" in api/openapi.yaml; there are ChangeThing, Things`},
		{"unknown reference", listing(": {$ref: '#/components/schemas/Nothing'}"), `departure spelling: api/departures.yaml/$ref: "#/components/schemas/Nothing" is not in the document`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			withMessages(t, "type: string", "type: integer", test.text)
			wantError(t, "published.yaml", test.want)
		})
	}
}
