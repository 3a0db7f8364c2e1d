package main

import (
	"strings"
	"testing"
)

// The same facts, written in another way, are no difference.
func TestSame(t *testing.T) {
	inDirectory(t, contractText, noDepartures, publishedText)
	status, stdout, stderr := upstream(t, "published.yaml")
	if status != 0 || !strings.HasPrefix(stdout, "in step") || stderr != "" {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
}

func TestFinding(t *testing.T) {
	moved := change(t, publishedText, "maximum: 200", "maximum: 100")
	inDirectory(t, contractText, noDepartures, change(t, moved, idParameter, idParameter+dryParameter))
	status, stdout, _ := upstream(t, "published.yaml")
	want := `ChangeThing (PUT /things/{id}) parameters.dry: only published
  published: #/paths/~1things~1{id}/parameters/2
  api/openapi.yaml: #/paths/~1things~1{id}/put
  next: change api/openapi.yaml and run go generate ./..., or list it in api/departures.yaml

ChangeThing (PUT /things/{id}) parameters.size maximum: only published: 100; only in api/openapi.yaml: 200
  published: #/components/schemas/Size/maximum
  api/openapi.yaml: #/paths/~1things~1{id}/put/parameters/1/schema/maximum
  next: change api/openapi.yaml and run go generate ./..., or list it in api/departures.yaml

not in step, places to look at: 2
`
	if status != 1 || stdout != want {
		t.Errorf("status %d\n%s\nwant\n%s", status, stdout, want)
	}
}

const (
	idParameter  = "      - $ref: '#/components/parameters/ID'\n"
	dryParameter = "      - {name: dry, in: query, schema: {type: boolean}}\n"
)

// A change of an operation is found at its place, and nothing else is. Here and below, + marks facts that are only
// published, and - marks facts that are only in the contract.
func TestOperationChanges(t *testing.T) {
	const size = "in: query, required: false, style: form, explode: true"
	tests := []struct {
		name     string
		old, new string // of publishedText
		want     []string
	}{
		{"path", "/things/{id}:", "/thing/{id}:", []string{"ChangeThing: not published"}},
		{"method", "    put:", "    patch:", []string{"ChangeThing: not published"}},
		{"id", "operationId: ChangeThing", "operationId: PutThing", []string{`ChangeThing operationId +"PutThing" -"ChangeThing"`}},
		{"deprecated", "x-internal: true", "deprecated: true", []string{"ChangeThing deprecated +true"}},

		{"server moved", "https://things.example", "https://moved.example", []string{
			`ChangeThing servers url +"https://moved.example" -"https://things.example"`, `Things servers url +"https://moved.example" -"https://things.example"`}},
		{"server gone", "servers: [{url: https://things.example, description: In use.}]", "", []string{"ChangeThing servers -", "Things servers -"}},
		{"server of the path", "  /things/{id}:", "  /things/{id}:\n    servers: [{url: https://path.example}]", []string{
			`ChangeThing servers url +"https://path.example" -"https://things.example"`}},
		{"server of the operation", "    put:", "    servers: [{url: https://path.example}]\n    put:\n      servers: [{url: https://put.example}]", []string{
			`ChangeThing servers url +"https://put.example" -"https://things.example"`}},

		{"parameter added", idParameter, idParameter + dryParameter, []string{"ChangeThing parameters.dry +"}},
		{"parameter gone", idParameter, "", []string{"ChangeThing parameters.id -"}},
		{"parameter renamed", "name: size,", "name: limit,", []string{"ChangeThing parameters.limit +", "ChangeThing parameters.size -"}},
		{"parameter moved", size, "in: cookie", []string{`ChangeThing parameters.size in +"cookie" -"query"`}},
		{"parameter of that name elsewhere", idParameter, idParameter + "      - {name: id, in: query, schema: {type: string}}\n", []string{
			"ChangeThing parameters.id explode +[false,true] -false", `ChangeThing parameters.id in +["path","query"] -"path"`,
			`ChangeThing parameters.id style +["form","simple"] -"simple"`}},
		{"parameter of the operation", "x-internal: true", "parameters: [{name: size, in: query, schema: {type: string}}]", []string{
			`ChangeThing parameters.size format -"int32"`, "ChangeThing parameters.size maximum -200",
			"ChangeThing parameters.size minimum -1", `ChangeThing parameters.size type +"string" -"integer"`}},
		{"parameter required", size, "in: query, required: true", []string{"ChangeThing parameters.size required +true"}},
		{"parameter may be empty", size, "in: query, allowEmptyValue: true", []string{"ChangeThing parameters.size allowEmptyValue +true"}},
		{"parameter deprecated", size, "in: query, deprecated: true", []string{"ChangeThing parameters.size deprecated +true"}},
		{"parameter's style", size, "in: query, style: spaceDelimited", []string{
			"ChangeThing parameters.size explode +false -true", `ChangeThing parameters.size style +"spaceDelimited" -"form"`}},
		{"parameter's schema", "maximum: 200", "maximum: 100", []string{"ChangeThing parameters.size maximum +100 -200"}},

		{"body gone", "requestBody: {$ref: '#/components/requestBodies/Change'}", "", []string{"ChangeThing requestBody -"}},
		{"body added", "    get:\n      tags: [Thing]", "    get:\n      requestBody: {content: {text/plain: {}}}", []string{"Things requestBody +"}},
		{"body optional", "Change: {required: true,", "Change: {", []string{"ChangeThing requestBody required -true"}},
		{"media type", "required: true, content: {application/json:", "required: true, content: {text/json:",
			[]string{"ChangeThing requestBody(application/json) -", "ChangeThing requestBody(text/json) +"}},

		{"answer added", "        4XX:", "        201: {description: New.}\n        4XX:", []string{"ChangeThing responses.201 +"}},
		{"answer's status", "        4XX:", "        default:", []string{"ChangeThing responses.4XX -", "ChangeThing responses.default +"}},
		{"answer's header", "        4XX:", "        4XX:\n          headers: {ETag: {schema: {type: string}}}",
			[]string{"ChangeThing responses.4XX.headers.ETag +"}},
		{"answer of both", "id: {type: string, readOnly: true}", "id: {type: integer, readOnly: true}", []string{
			`ChangeThing responses.200(application/json).id type +"integer" -"string"`, `Things responses.200(application/json)[].id type +"integer" -"string"`}},

		{"no security", "x-internal: true", "security: []", []string{`ChangeThing security -["oauth2"]`}},
		{"optional security", "x-internal: true", "security: [{}, {Clients: []}]", []string{`ChangeThing security +["none"]`}},
		{"more security", "x-internal: true", "security: [{Other: [], Clients: []}]",
			[]string{`ChangeThing security +["http and oauth2"] -["oauth2"]`, "ChangeThing security.http +"}},
		{"scope needed", "x-internal: true", "security: [{Clients: [read]}]", []string{`ChangeThing security.oauth2 required scopes +["read"]`}},
		{"scope offered", "scopes: {read: To read}", "scopes: {read: To read, write: To write}", []string{
			`ChangeThing security.oauth2.clientCredentials scopes +["write"]`, `Things security.oauth2.clientCredentials scopes +["write"]`}},
		{"other scheme", "security:\n  - Clients: []", "security:\n  - Other: []", []string{
			`ChangeThing security +["http"] -["oauth2"]`, "ChangeThing security.http +", "ChangeThing security.oauth2 -",
			`Things security +["http"] -["oauth2"]`, "Things security.http +", "Things security.oauth2 -"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inDirectory(t, contractText, noDepartures, change(t, publishedText, test.old, test.new))
			wantFindings(t, "published.yaml", test.want)
		})
	}
}

// A change of a schema is found by its keyword.
func TestSchemaChanges(t *testing.T) {
	tests := []struct {
		name            string
		here, published string
		want            []string // after the place of the schema
	}{
		{"type", "type: string", "type: integer", []string{` type +"integer" -"string"`}},
		{"type unknown", "type: string", "", []string{` type -"string"`}},
		{"format", "type: string, format: uri", "type: string, format: date", []string{` format +"date" -"uri"`}},
		{"enum value added", "enum: [A, B]", "enum: [C, B, A]", []string{` enum +["C"]`}},
		{"enum value gone", "enum: [A, B]", "enum: [B]", []string{` enum -["A"]`}},
		{"enum value renamed", "enum: [A, B]", "enum: [a, B]", []string{` enum +["a"] -["A"]`}},
		{"enum opened", "enum: [A, B]", "", []string{` enum -["A","B"]`}},
		{"enums in common", "enum: [A, B]", "allOf: [{enum: [A]}, {enum: [C, A]}]", []string{` enum -["B"]`}},
		{"enums without a value in common", "enum: [A, B]", "allOf: [{enum: [A]}, {enum: [B]}]", []string{` enum -["A","B"]`}},
		{"enums instead of none", "", "allOf: [{enum: [A]}, {enum: [B]}]", []string{" enum +[]"}},
		{"minimum", "minimum: 1", "minimum: 0", []string{" minimum +0 -1"}},
		{"maximum", "maximum: 200", "maximum: 100", []string{" maximum +100 -200"}},
		{"exclusive", "maximum: 5", "maximum: 5, exclusiveMaximum: true", []string{" exclusiveMaximum +true"}},
		{"multipleOf", "type: integer", "type: integer, multipleOf: 5", []string{" multipleOf +5"}},
		{"minLength", "minLength: 1", "minLength: 2", []string{" minLength +2 -1"}},
		{"maxLength", "maxLength: 100", "", []string{" maxLength -100"}},
		{"pattern", "pattern: '^a'", "pattern: '^[ab]'", []string{` pattern +"^[ab]" -"^a"`}},
		{"minItems", "minItems: 1", "minItems: 0", []string{" minItems +0 -1"}},
		{"maxItems", "", "maxItems: 9", []string{" maxItems +9"}},
		{"uniqueItems", "uniqueItems: true", "uniqueItems: false", []string{" uniqueItems -true"}},
		{"items", "items: {type: string}", "items: {type: integer}", []string{`[] type +"integer" -"string"`}},
		{"nullable", "nullable: true", "", []string{" nullable -true"}},
		{"readOnly", "", "readOnly: true", []string{" readOnly +true"}},
		{"writeOnly", "", "writeOnly: true", []string{" writeOnly +true"}},
		{"deprecated", "", "deprecated: true", []string{" deprecated +true"}},
		{"default", "default: true", "default: false", []string{" default +false -true"}},
		{"default false", "", "default: false", []string{" default +false"}},
		{"required added", "required: [a]", "required: [b, a]", []string{` required +["b"]`}},
		{"required gone", "required: [a]", "required: []", []string{` required -["a"]`}},
		{"property added", "properties: {a: {}}", "properties: {a: {}, type: {type: object, properties: {b: {}}}}", []string{".type +"}},
		{"property gone", "properties: {a: {}}", "properties: {}", []string{".a -"}},
		{"no more properties", "", "additionalProperties: false", []string{" additionalProperties +false"}},
		{"any properties", "additionalProperties: {type: string}", "additionalProperties: true", []string{"{} -"}},
		{"further properties", "additionalProperties: {type: string}", "additionalProperties: {}", []string{`{} type -"string"`}},
		{"choice", "oneOf: [{minimum: 1}]", "oneOf: [{minimum: 2}, {}]", []string{"(oneOf 1) minimum +2 -1", "(oneOf 2) +"}},
		{"other choice", "oneOf: [{}]", "anyOf: [{}]", []string{"(anyOf 1) +", "(oneOf 1) -"}},
		{"not", "", "not: {enum: [A]}", []string{"(not) +"}},
		{"one part", "maximum: 1", "allOf: [{maximum: 1}, {minimum: 0}]", []string{" minimum +0"}},
		{"two parts that differ", "maximum: 1", "allOf: [{maximum: 1}, {maximum: 2}]", []string{" maximum +[1,2] -1"}},
		{"recursion", "items: {$ref: '#/components/responses/Error/content/application~1json/schema'}", "items: {type: object}", []string{
			`[] recursion -"responses.4XX(application/json)"`, `[] type +"object"`}},

		{"prose", "description: A", "title: B, example: C, examples: [D], externalDocs: {url: E}, x-f: G", nil},
		{"order", "required: [a, b], enum: [A, B]", "enum: [B, A], required: [b, a]", nil},
		{"defaults", "", "nullable: false, uniqueItems: false, required: [], additionalProperties: true", nil},
		{"enum in two parts", "enum: [A, B]", "allOf: [{enum: [C, B, A]}, {enum: [A, B]}]", nil},
		{"one number", "maximum: 1", "maximum: 1.0", nil},
		{"allOf", "required: [a, b], properties: {a: {maximum: 1}, b: {}}", "allOf: [{required: [b], properties: {b: {}, a: {}}}, {required: [a, b], properties: {a: {maximum: 1}}}]", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			withMessages(t, test.here, test.published, noDepartures)
			wantFindings(t, "published.yaml", atMessage(test.want))
		})
	}
}

// A path parameter under another name is no difference, and a change behind the new name is seen.
func TestRenamedPathParameter(t *testing.T) {
	const id = "ID: {name: id, in: path, required: true, style: simple, explode: false, schema: {type: string}}"
	renamed := change(t, change(t, publishedText, "/things/{id}:", "/things/{thingId}:"), id, strings.Replace(id, "name: id", "name: thingId", 1))
	inDirectory(t, contractText, noDepartures, renamed)
	wantFindings(t, "published.yaml", nil)
	inDirectory(t, contractText, noDepartures, change(t, change(t, renamed, "style: simple, explode: false, schema: {type: string}",
		"schema: {type: integer}"), "maximum: 200", "maximum: 100"))
	wantFindings(t, "published.yaml", []string{`ChangeThing parameters.id type +"integer" -"string"`, "ChangeThing parameters.size maximum +100 -200"})
}
