package main

import (
	"strings"
	"testing"
)

// A change to an operation is found at its place, and nowhere else.
func TestOperationChanges(t *testing.T) {
	const size = "in: query, required: false, style: form, explode: true"
	const idParameter = "      - $ref: '#/components/parameters/ID'\n"
	tests := []struct {
		name     string
		old, new string // of publishedText
		want     []string
	}{
		{"path", "/things/{thingId}:", "/thing/{thingId}:", []string{"ChangeThing: not published"}},
		{"method", "    put:", "    patch:", []string{"ChangeThing: not published"}},
		{"id", "operationId: ChangeThing", "operationId: PutThing", []string{`ChangeThing operationId +"PutThing" -"ChangeThing"`}},
		{"deprecated", "x-internal: true", "deprecated: true", []string{"ChangeThing deprecated +true"}},

		{"server gone", "servers: [{url: https://things.example, description: In use.}]", "", []string{"ChangeThing servers -", "Things servers -"}},
		{"server of the path", "  /things/{thingId}:", "  /things/{thingId}:\n    servers: [{url: https://path.example}]", []string{
			`ChangeThing servers url +"https://path.example" -"https://things.example"`}},
		{"server of the operation", "    put:", "    servers: [{url: https://path.example}]\n    put:\n      servers: [{url: https://put.example}]", []string{
			`ChangeThing servers url +"https://put.example" -"https://things.example"`}},

		{"parameter added", idParameter, idParameter + "      - {name: dry, in: query}\n", []string{"ChangeThing parameters.dry +"}},
		{"parameter gone", idParameter, "", []string{"ChangeThing parameters.id -"}},
		{"parameter moved", size, "in: cookie", []string{`ChangeThing parameters.size in +"cookie" -"query"`}},
		{"parameter of that name elsewhere", idParameter, idParameter + "      - {name: id, in: query, schema: {type: string}}\n", []string{
			"ChangeThing parameters.id explode +[false,true] -false", `ChangeThing parameters.id in +["path","query"] -"path"`,
			`ChangeThing parameters.id style +["form","simple"] -"simple"`}},
		{"parameter of the operation", "x-internal: true", "parameters: [{name: size, in: query, schema: {type: string}}]", []string{
			`ChangeThing parameters.size format -"int32"`, "ChangeThing parameters.size maximum -200",
			"ChangeThing parameters.size minimum -1", `ChangeThing parameters.size type +"string" -"integer"`}},
		{"parameter required", size, "in: query, required: true", []string{"ChangeThing parameters.size required +true"}},
		{"parameter may be empty", size, "in: query, allowEmptyValue: true", []string{"ChangeThing parameters.size allowEmptyValue +true"}},
		{"parameter's style", size, "in: query, style: spaceDelimited", []string{
			"ChangeThing parameters.size explode +false -true", `ChangeThing parameters.size style +"spaceDelimited" -"form"`}},
		{"parameter's schema", "explode: false, schema: {type: string}", "explode: false, schema: {type: integer}",
			[]string{`ChangeThing parameters.id type +"integer" -"string"`}},

		{"body gone", "requestBody: {$ref: '#/components/requestBodies/Change'}", "", []string{"ChangeThing requestBody -"}},
		{"body optional", "Change: {required: true,", "Change: {", []string{"ChangeThing requestBody required -true"}},
		{"media type", "required: true, content: {application/json:", "required: true, content: {text/json:",
			[]string{"ChangeThing requestBody(application/json) -", "ChangeThing requestBody(text/json) +"}},

		{"response's status", "        4XX:", "        default:", []string{"ChangeThing responses.4XX -", "ChangeThing responses.default +"}},
		{"response's header", "        4XX:", "        4XX:\n          headers: {ETag: {schema: {type: string}}}",
			[]string{"ChangeThing responses.4XX.headers.ETag +"}},
		{"response of both", "id: {type: string, readOnly: true}", "id: {type: integer, readOnly: true}", []string{
			`ChangeThing responses.200(application/json).id type +"integer" -"string"`, `Things responses.200(application/json)[].id type +"integer" -"string"`}},

		{"no security", "x-internal: true", "security: []", []string{`ChangeThing security -["oauth2"]`}},
		{"optional security", "x-internal: true", "security: [{}, {Clients: []}]", []string{`ChangeThing security +["none"]`}},
		{"more security", "x-internal: true", "security: [{Other: [], Clients: []}]",
			[]string{`ChangeThing security +["http and oauth2"] -["oauth2"]`, "ChangeThing security.http +"}},
		{"scope needed", "x-internal: true", "security: [{Clients: [read]}]", []string{`ChangeThing security.oauth2 required scopes +["read"]`}},
		{"scope offered", "scopes: {read: To read}", "scopes: {read: To read, write: To write}", []string{
			`ChangeThing security.oauth2.clientCredentials scopes +["write"]`, `Things security.oauth2.clientCredentials scopes +["write"]`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inDirectory(t, contractText, noDepartures, change(t, publishedText, test.old, test.new))
			wantFindings(t, "published.yaml", test.want)
		})
	}
}

// A change to a schema is found at its keyword.
func TestSchemaChanges(t *testing.T) {
	tests := []struct {
		name            string
		here, published string
		want            []string // place and fact in the schema
	}{
		{"type", "type: string", "type: integer", []string{` type +"integer" -"string"`}},
		{"enum value added", "enum: [A, B]", "enum: [C, B, A]", []string{` enum +["C"]`}},
		{"enum value gone", "enum: [A, B]", "enum: [B]", []string{` enum -["A"]`}},
		{"enum opened", "enum: [A, B]", "", []string{` enum -["A","B"]`}},
		{"enums in common", "enum: [A, B]", "allOf: [{enum: [A]}, {enum: [C, A]}]", []string{` enum -["B"]`}},
		{"enums without a value in common", "enum: [A, B]", "allOf: [{enum: [A]}, {enum: [B]}]", []string{` enum -["A","B"]`}},
		{"enums instead of none", "", "allOf: [{enum: [A]}, {enum: [B]}]", []string{" enum +[]"}},
		{"bound moved", "maximum: 200", "maximum: 100", []string{" maximum +100 -200"}},
		{"bound gone", "maxLength: 100", "", []string{" maxLength -100"}},
		{"items", "items: {type: string}", "items: {type: integer}", []string{`[] type +"integer" -"string"`}},
		{"required added", "required: [a]", "required: [b, a]", []string{` required +["b"]`}},
		{"property added", "properties: {a: {}}", "properties: {a: {}, type: {type: object, properties: {b: {}}}}", []string{".type +"}},
		{"property gone", "properties: {a: {}}", "properties: {}", []string{".a -"}},
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
			wantFindings(t, "published.yaml", test.want)
		})
	}
}

// Every keyword that describes a value is compared.
func TestKeywords(t *testing.T) {
	for _, keyword := range []string{`format: "uri"`, "minimum: 0", "maximum: 200", "exclusiveMaximum: true", "multipleOf: 5",
		"minLength: 2", "maxLength: 100", `pattern: "^a"`, "minItems: 0", "maxItems: 9", "uniqueItems: true", "nullable: true",
		"readOnly: true", "writeOnly: true", "deprecated: true", "default: false", "additionalProperties: false"} {
		t.Run(keyword, func(t *testing.T) {
			withMessages(t, "", keyword, noDepartures)
			wantFindings(t, "published.yaml", []string{" " + strings.Replace(keyword, ": ", " +", 1)})
		})
	}
}
