package test

import (
	"regexp"
	"strings"
	"testing"
)

func TestFaultsOfADocumentAreFound(t *testing.T) {
	tests := []struct {
		name     string
		from     string // the edit replaces the first occurrence of old after this text
		old, new string
		want     string // part of the fault that is found
	}{
		{"another OpenAPI", "", "openapi: 3.0.3", "openapi: 3.1.0", "openapi is 3.1.0"},
		{"one operationId twice", "", "operationId: RemoveResource", "operationId: RequestSupport",
			`have the same operation id "RequestSupport"`},
		{"a keyword that doesn't exist", "\n    PermissionPolicyRequest:", "minLength: 1", "minLenght: 1",
			`schema "PermissionPolicyRequest": extra sibling fields: [minLenght]`},
		{"a reference to nothing", "", "schemas/ErrorMessage'", "schemas/Nothing'", "#/components/schemas/Nothing"},
		{"an example that breaks a bound", "operationId: CreatePermissionPolicy", "name: Meter editors", "name: ''",
			`/permissionpolicies: invalid operation POST: invalid example: Error at "/name": minimum string length is 1`},
		{"an example without what is required", "operationId: RemoveResource", "targetType: item", "x-none: true",
			`: invalid operation POST: invalid example: Error at "/targetType": property "targetType" is missing`},
		{"no example", "PrincipalPermissionRequest'", "example:", "x-none:", "AddPermissionPolicyToUser.body has no example"},

		{"no description of a response", "", "description: A page of the user's policies.", "description: ''",
			"UserPermissions.200 has no description"},
		{"no description in a property", "managedPolicy:\n", "type: boolean", "properties: {by: {type: string}}",
			"PermissionPolicy.managedPolicy.by has no description"},
		{"no description in an element", "    Support:", "$ref: '#/components/schemas/StatementAnswer'",
			"properties: {on: {type: string}}", "Support.supportUsersPermissionPolicy.on has no description"},
		{"no description in a response", "", "$ref: '#/components/schemas/Support'", "properties: {on: {type: string}}",
			"RequestSupport.200.on has no description"},

		{"another server", "servers:", "https://api.m3ter.com", "https://api.example.com",
			`document is {"security":[{"OAuth2":[]}],"servers":[{"url":"https://api.example.com"}]}, but`},
		{"another place of tokens", "", "tokenUrl: /oauth/token", "tokenUrl: /token",
			`OAuth2 is {"flows":{"clientCredentials":{"scopes":{},"tokenUrl":"/token"}},"type":"oauth2"}, but`},
		{"a body that may be absent", "operationId: RemoveResource", "Body:\n        required: true", "Body:\n        required: false",
			`RemoveResource is {"answers":"200 4XX 5XX","body":{"required":false,`},
		{"a parameter that may not be absent", "name: pageSize", "required: false", "required: true",
			`UserPermissions.query.pageSize is {"required":true,`},
		{"a parameter in another place", "name: nextToken", "in: query", "in: header",
			`UserPermissions.header.nextToken is {`},
		{"no answer for failures", "", "        '5XX':\n          $ref: '#/components/responses/Error'\n", "",
			`RequestSupport is {"answers":"200 4XX",`},
		{"another answer", "operationId: RemoveResource", "schemas/ResourceGroup'", "schemas/Support'",
			`RemoveResource.200 is {"$ref":"Support"}, but`},
		{"another type", "PrincipalPermissionRequest:", "type: integer", "type: number",
			`PrincipalPermissionRequest.version is {"format":"int64","minimum":1,"type":"number"}, but`},
		{"another reference", "    PrincipalPermissionRequest:", "type: string", "$ref: '#/components/schemas/NotThere'",
			`NotThere`},
		{"another bound", "operationId: UserPermissions", "minimum: 1", "minimum: 2", `UserPermissions.query.pageSize is ` +
			`{"required":false,"schema":{"format":"int32",`},
		{"a bound that m3ter doesn't have", "    PrincipalPermission:", "type: string",
			"type: string\n          maxLength: 99",
			`PrincipalPermission.id is {"maxLength":99,"type":"string"}, but {"type":"string"} in test/bounds_test.go`},
		{"a schema that m3ter doesn't have", "", "  schemas:\n", "  schemas:\n    New: {type: object, description: New.}\n",
			`New is {"type":"object"}, but without a row in test/bounds_test.go`},
		{"a bounded property under another name", "", "targetId:\n          type", "target:\n          type",
			"ResourceGroupItemRequest.targetId is missing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before, after, _ := strings.Cut(readDocument(t), test.from)
			if !strings.Contains(after, test.old) {
				t.Fatalf("cannot edit the document: it has no %q after %q", test.old, test.from)
			}
			edited := before + test.from + strings.Replace(after, test.old, test.new, 1)
			found := strings.Join(faults(edited), "\n")
			if !strings.Contains(found, test.want) {
				t.Errorf("found %q, want %q", found, test.want)
			}
		})
	}
}

// If any one line with a fact or a description is removed, the document has a fault.
func TestEachFactIsRequired(t *testing.T) {
	text := readDocument(t)
	fact := regexp.MustCompile(`(?m)^( {6,}description:| +(- url:|tokenUrl:|(- )?\$ref:|(- )?type:|required: (true|\[)|enum: \[|format:|` +
		`minLength:|maxLength:|minItems:|minimum:|maximum:|pattern:|nullable:|readOnly:)).*\n`)
	lines := fact.FindAllStringIndex(text, -1)
	if len(lines) == 0 {
		t.Fatal("the document has no such line")
	}
	for _, line := range lines {
		if len(faults(text[:line[0]]+text[line[1]:])) == 0 {
			t.Errorf("without line %d the document has no fault: %s", 1+strings.Count(text[:line[0]], "\n"), text[line[0]:line[1]])
		}
	}
}
