package main

import (
	"encoding/json"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/oasdiff/yaml"
)

// asPublished lists what m3ter publishes at each departure, as changes to the contract. A new departure goes here, too.
const asPublished = `
permissions-page:
  /paths/~1organizations~1{orgId}~1users~1{id}~1permissions/get/responses/200/content/application~1json/schema:
    $ref: '#/components/schemas/PermissionPolicy'
effect-and-action-spelling:
  /components/schemas/SupportRequest/properties/supportUsersPermissionPolicy/items: &freeStatement
    type: object
    required: [effect, action, resource]
    properties:
      effect: {type: string}
      action: {type: array, items: {type: string}}
      resource: {type: array, minItems: 1, items: {type: string}}
  /components/schemas/Support/properties/supportUsersPermissionPolicy/items: *freeStatement
  /components/schemas/Effect/enum: [ALLOW, DENY]
  /components/schemas/Action/enum:
    [ALL, CONFIG_CREATE, CONFIG_RETRIEVE, CONFIG_UPDATE, CONFIG_DELETE, CONFIG_EXPORT, ANALYTICS_QUERY, MEASUREMENTS_UPLOAD,
    MEASUREMENTS_FILEUPLOAD, MEASUREMENTS_RETRIEVE, MEASUREMENTS_EXPORT, FORECAST_RETRIEVE, HEALTHSCORES_RETRIEVE,
    ANOMALIES_RETRIEVE, EXPORTS_DOWNLOAD, MARKETPLACE_USAGE_CREATE, MARKETPLACE_USAGE_RETRIEVE, AUDIT_RETRIEVE]
  /components/schemas/Statement/properties/effect: {$ref: '#/components/schemas/Effect'}
  /components/schemas/Statement/properties/action/items: {$ref: '#/components/schemas/Action'}
  /components/schemas/StatementAnswer/properties/effect: {$ref: '#/components/schemas/Effect'}
  /components/schemas/StatementAnswer/properties/action/items: {$ref: '#/components/schemas/Action'}
target-type:
  /components/schemas/TargetType/enum: [ITEM, GROUP]
version-on-create:
  /components/schemas/PermissionPolicyRequest/properties/version/readOnly: false
version-minimum:
  /components/schemas/SupportRequest/properties/version: &version {type: integer, format: int64}
  /components/schemas/PrincipalPermissionRequest/properties/version: *version
  /components/schemas/ResourceGroupItemRequest/properties/version: *version
principal-type:
  /components/schemas/PrincipalPermission/properties/principalType/enum: [USER, USERGROUP, SERVICEUSER, SUPPORTUSERS]
operation-ids:
  /paths/~1organizations~1{orgId}~1support/put/operationId: PutSupport
  /paths/~1organizations~1{orgId}~1permissionpolicies/post/operationId: PostPermissionPolicy
  /paths/~1organizations~1{orgId}~1users~1{id}~1permissions/get/operationId: GetOrgUserPermissions
  /paths/~1organizations~1{orgId}~1resourcegroups~1{type}~1{resourceGroupId}~1removeresource/post/operationId: RemoveResourceFromGroup
organization-parameter:
  /components/parameters/OrgID/schema/deprecated: true
oauth-flows:
  /components/securitySchemes/OAuth2/flows/clientCredentials/scopes:
    {m3ter-resources/m3ter-scope: a, 'measurements:upload': b, 'measurements:fileUpload': c, 'measurements:retrieve': d}
  /components/securitySchemes/OAuth2/flows/authorizationCode:
    authorizationUrl: https://m3ter.auth.us-east-1.amazoncognito.com/oauth2/authorize
    tokenUrl: https://m3ter.auth.us-east-1.amazoncognito.com/oauth2/token
    scopes:
      {m3ter-resources/m3ter-scope: a, openid: b, email: c, 'measurements:upload': d, 'measurements:fileUpload': e,
      'measurements:retrieve': f}
`

// published returns the name of a file that holds the contract with the changes in byDeparture and others. Each change
// is a new value for a JSON pointer.
func published(t *testing.T, byDeparture map[string]map[string]any, others map[string]any) (file string) {
	t.Helper()
	doc, err := loadDocument(contractFile, contractFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, some := range append(slices.Collect(maps.Values(byDeparture)), others) {
		for pointer, value := range some {
			parent, err := doc.lookup("#" + path.Dir(pointer))
			object, isObject := parent.(map[string]any)
			if !isObject {
				t.Errorf("no object for %s of asPublished: %v", pointer, err)
				continue
			}
			object[path.Base(pointer)] = value
		}
	}
	data, err := json.Marshal(doc.root)
	if err != nil {
		t.Fatal(err)
	}
	file = t.TempDir() + "/published.json"
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// readChanges makes the root of the repository the working directory of the test, and reads asPublished.
func readChanges(t *testing.T) (byDeparture map[string]map[string]any) {
	t.Helper()
	t.Chdir("../..")
	if _, err := yaml.Unmarshal([]byte(asPublished), &byDeparture, yaml.DecodeOpts{}); err != nil {
		t.Fatal(err)
	}
	return byDeparture
}

// departures.yaml lists exactly the differences between the contract and asPublished.
func TestDeparturesOfTheContract(t *testing.T) {
	byDeparture := readChanges(t)
	if status, output, err := upstream(published(t, byDeparture, nil)); status != 0 {
		t.Errorf("with all of asPublished: status %d, error %v\n%s", status, err, output)
	}
	for id := range byDeparture {
		others := maps.Clone(byDeparture)
		delete(others, id)
		status, output, err := upstream(published(t, others, nil))
		if status != 1 || !strings.Contains(output, "departure "+id+" in api/departures.yaml\n") {
			t.Errorf("without %s: status %d, error %v\n%s", id, status, err, output)
		}
	}
}

// A departure hides no later change.
func TestChangesBesideDepartures(t *testing.T) {
	byDeparture := readChanges(t)
	const actions = "/components/schemas/Action/enum"
	tests := []struct {
		name    string
		pointer string
		value   any
		want    []string
	}{
		{"a new action", actions, append(byDeparture["effect-and-action-spelling"][actions].([]any), "AUDIT_DELETE"), []string{
			`CreatePermissionPolicy requestBody(application/json).permissionPolicy[].action[] enum +["AUDIT_DELETE"]`,
			`CreatePermissionPolicy responses.200(application/json).permissionPolicy[].action[] enum +["AUDIT_DELETE"]`,
			`UserPermissions responses.200(application/json).permissionPolicy[].action[] enum +["AUDIT_DELETE"]`}},
		{"a new property", "/components/schemas/PermissionPolicy/properties/note", map[string]any{"type": "string"}, []string{
			"CreatePermissionPolicy responses.200(application/json).note +", "UserPermissions responses.200(application/json).note +"}},
		{"a bound", "/components/schemas/PermissionPolicyRequest/properties/name/maxLength", 200, []string{
			"CreatePermissionPolicy requestBody(application/json).name maxLength +200 -100"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wantFindings(t, published(t, byDeparture, map[string]any{test.pointer: test.value}), test.want)
		})
	}
}

// If m3ter publishes a page instead of a policy, here with a new property, there is one finding, which names the
// matching choice of the contract.
func TestPageInsteadOfPolicy(t *testing.T) {
	byDeparture := readChanges(t)
	delete(byDeparture, "permissions-page")
	const schema = "/paths/~1organizations~1{orgId}~1users~1{id}~1permissions/get/responses/200/content/application~1json/schema"
	wantFindings(t, published(t, byDeparture, map[string]any{
		schema: map[string]any{"$ref": "#/components/schemas/PermissionPolicyPage"},
		"/components/schemas/PermissionPolicyPage/properties/total": map[string]any{"type": "integer"},
	}), []string{"UserPermissions responses.200(application/json): m3ter now publishes oneOf 1 of the contract here; departure permissions-page can go"})
}
