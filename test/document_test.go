package test

import (
	"context"
	"fmt"
	"iter"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func TestDocumentHolds(t *testing.T) {
	for _, fault := range faults(readDocument(t)) {
		t.Errorf("api/openapi.yaml: %s", fault)
	}
}

func readDocument(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// faults tells what is wrong with a document: what OpenAPI forbids, examples that are missing or break their schemas,
// missing descriptions, and bounds that are not those of m3ter.
func faults(text string) (found []string) {
	complain := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	doc, err := openapi3.NewLoader().LoadFromData([]byte(text))
	if err != nil {
		return []string{err.Error()}
	}
	if err := doc.Validate(context.Background(), openapi3.EnableMultiError()); err != nil {
		complain("%v", err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.0.") {
		complain("openapi is %s, want 3.0", doc.OpenAPI)
	}
	for place, content := range contents(doc) {
		if media := content.Get("application/json"); media == nil || media.Example == nil && len(media.Examples) == 0 {
			complain("%s has no example", place)
		}
	}
	all := values(doc)
	for place, value := range all {
		if value.description == "" {
			complain("%s has no description", place)
		}
		if want := boundOf(place); value.bound != want {
			complain("%s has the bound %q, want %q", place, value.bound, want)
		}
	}
	for place := range bounds {
		if _, found := all[place]; !found {
			complain("%s is missing", place)
		}
	}
	slices.Sort(found)
	return found
}

// documented yields each operation of a document with its method and path.
func documented(doc *openapi3.T) iter.Seq2[string, *openapi3.Operation] {
	return func(yield func(string, *openapi3.Operation) bool) {
		for path, item := range doc.Paths.Map() {
			for method, operation := range item.Operations() {
				if !yield(method+" "+path, operation) {
					return
				}
			}
		}
	}
}

// contents are the bodies and the answers of a document's operations.
func contents(doc *openapi3.T) map[string]openapi3.Content {
	all := make(map[string]openapi3.Content)
	for _, operation := range documented(doc) {
		if operation.RequestBody != nil {
			all[operation.OperationID+".body"] = operation.RequestBody.Value.Content
		}
		for status, answer := range operation.Responses.Map() {
			all[operation.OperationID+"."+status] = answer.Value.Content
		}
	}
	return all
}

// A value is what a document says of a parameter, a schema or a property.
type value struct{ description, bound string }

func values(doc *openapi3.T) map[string]value {
	all := make(map[string]value)
	for _, operation := range documented(doc) {
		all[operation.OperationID] = value{description: operation.Description}
		for _, parameter := range operation.Parameters {
			all[operation.OperationID+"."+parameter.Value.Name] = value{parameter.Value.Description, boundIn(parameter.Value.Schema)}
		}
	}
	for name, schema := range doc.Components.Schemas {
		all[name] = value{schema.Value.Description, boundIn(schema)}
		for property, schema := range schema.Value.Properties {
			all[name+"."+property] = value{schema.Value.Description, boundIn(schema)}
		}
	}
	return all
}

func TestFaultsOfADocumentAreFound(t *testing.T) {
	tests := []struct {
		name     string
		old, new string // the edit that makes the fault
		want     string // in what is found
	}{
		{"another OpenAPI", "openapi: 3.0.3", "openapi: 3.1.0", "openapi is 3.1.0"},
		{"one operationId twice", "operationId: RemoveResource", "operationId: RequestSupport",
			`have the same operation id "RequestSupport"`},
		{"a keyword that doesn't exist", "maxLength: 100", "maxLenght: 100",
			`schema "PermissionPolicyRequest": extra sibling fields: [maxLenght]`},
		{"a reference to nothing", "schemas/ErrorMessage'", "schemas/Nothing'", "#/components/schemas/Nothing"},
		{"an example that breaks a bound", "example:\n              name: Meter editors", "example:\n              name: ''",
			`/permissionpolicies: invalid operation POST: invalid example: Error at "/name": minimum string length is 1`},
		{"an example without what is required", "targetType: item\n              version: 4", "version: 4",
			`/removeresource: invalid operation POST: invalid example: Error at "/targetType": property "targetType" is missing`},
		{"no example", "example:\n              principalId: 3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21\n      responses:\n        '200':\n          description: The link between",
			"x-none: true\n      responses:\n        '200':\n          description: The link between",
			"AddPermissionPolicyToUser.body has no example"},
		{"no description of an operation", "description: Gives a user the permissions of a policy.", "x-none: true",
			"AddPermissionPolicyToUser has no description"},
		{"no description of a parameter", "description: The policy to add.", "x-none: true",
			"AddPermissionPolicyToUser.permissionPolicyId has no description"},
		{"no description of a property", "description: The name of the policy, 1 to 100 characters.", "x-none: true",
			"PermissionPolicyRequest.name has no description"},
		{"another bound", "maximum: 200", "maximum: 100",
			`UserPermissions.pageSize has the bound "format:int32,maximum:100,minimum:1", want "format:int32,maximum:200,minimum:1"`},
		{"a bound that m3ter doesn't have", "description: The id of the link.", "description: The id.\n          maxLength: 99",
			`PrincipalPermission.id has the bound "maxLength:99", want ""`},
		{"a bounded property under another name", "targetId:\n          type", "target:\n          type",
			"ResourceGroupItemRequest.targetId is missing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := readDocument(t)
			if n := strings.Count(text, test.old); n != 1 {
				t.Fatalf("the document has %q %d times, but one place is to be edited", test.old, n)
			}
			found := strings.Join(faults(strings.Replace(text, test.old, test.new, 1)), "\n")
			if !strings.Contains(found, test.want) {
				t.Errorf("found %q, want %q", found, test.want)
			}
		})
	}
}

// Each line that states a bound is dropped in turn, and is missed.
func TestNoBoundCanGo(t *testing.T) {
	text := readDocument(t)
	bound := regexp.MustCompile(`(?m)^ +(required: \[|enum: \[|format:|minLength:|maxLength:|minItems:|minimum:|` +
		`maximum:|pattern:|nullable:|readOnly:).*\n`)
	lines := bound.FindAllStringIndex(text, -1)
	if len(lines) == 0 {
		t.Fatal("the document has no such line")
	}
	for _, line := range lines {
		if len(faults(text[:line[0]]+text[line[1]:])) == 0 {
			t.Errorf("line %d is not missed: %s", 1+strings.Count(text[:line[0]], "\n"), text[line[0]:line[1]])
		}
	}
}
