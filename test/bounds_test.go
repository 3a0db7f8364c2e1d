package test

import (
	"fmt"
	"strings"
	"sync"

	"github.com/oasdiff/yaml"
)

// facts are the facts that m3ter documents about each place that placesOf names. They are written as in
// api/openapi.yaml, with only the last word of a $ref. A place that usual covers needs no row.
const facts = `
document: {servers: [{url: https://api.m3ter.com}], security: [{OAuth2: []}]}
OAuth2: {type: oauth2, flows: {clientCredentials: {tokenUrl: /oauth/token, scopes: {}}}}

RequestSupport:
  {call: 'PUT /organizations/{orgId}/support',
  body: {required: true, schema: {$ref: SupportRequest}}, answers: 200 4XX 5XX}
RequestSupport.200: {$ref: Support}
CreatePermissionPolicy:
  {call: 'POST /organizations/{orgId}/permissionpolicies',
  body: {required: true, schema: {$ref: PermissionPolicyRequest}}, answers: 200 4XX 5XX}
CreatePermissionPolicy.200: {$ref: PermissionPolicy}
AddPermissionPolicyToUser:
  {call: 'POST /organizations/{orgId}/permissionpolicies/{permissionPolicyId}/addtouser',
  body: {required: true, schema: {$ref: PrincipalPermissionRequest}}, answers: 200 4XX 5XX}
AddPermissionPolicyToUser.200: {$ref: PrincipalPermission}
UserPermissions:
  {call: 'GET /organizations/{orgId}/users/{id}/permissions',
  answers: 200 4XX 5XX}
UserPermissions.query.pageSize: {required: false, schema: {type: integer, format: int32, minimum: 1, maximum: 200}}
UserPermissions.query.nextToken: {required: false, schema: {type: string}}
UserPermissions.200: {$ref: UserPermissionsAnswer}
RemoveResource:
  {call: 'POST /organizations/{orgId}/resourcegroups/{type}/{resourceGroupId}/removeresource',
  body: {required: true, schema: {$ref: ResourceGroupItemRequest}}, answers: 200 4XX 5XX}
RemoveResource.200: {$ref: ResourceGroup}

SupportRequest: {type: object, required: [dtEndSupportUsersAccess]}
SupportRequest.version: &version {type: integer, format: int64, minimum: 1}
SupportRequest.supportUsersPermissionPolicy: {type: array, items: {$ref: Statement}}
Support: {type: object, required: [id]}
Support.supportUsersPermissionPolicy: {type: array, items: {$ref: StatementAnswer}}
PermissionPolicyRequest: {type: object, required: [name, permissionPolicy]}
PermissionPolicyRequest.name: {type: string, minLength: 1, maxLength: 100}
PermissionPolicyRequest.permissionPolicy: {type: array, minItems: 1, items: {$ref: Statement}}
PermissionPolicyRequest.version: {type: integer, format: int64, readOnly: true}
PermissionPolicy: {type: object, required: [id]}
PermissionPolicy.permissionPolicy: {type: array, items: {$ref: StatementAnswer}}
PermissionPolicy.managedPolicy: {type: boolean}
PermissionPolicyPage: {type: object, required: [data]}
PermissionPolicyPage.data: {type: array, items: {$ref: PermissionPolicy}}
PermissionPolicyPage.nextToken: {type: string, nullable: true}
UserPermissionsAnswer: {oneOf: [{$ref: PermissionPolicyPage}, {$ref: PermissionPolicy}]}
PrincipalPermissionRequest: {type: object, required: [principalId]}
PrincipalPermissionRequest.principalId: {type: string, minLength: 1}
PrincipalPermissionRequest.version: *version
PrincipalPermission: {type: object, required: [id]}
ResourceGroupItemRequest: {type: object, required: [targetId, targetType]}
ResourceGroupItemRequest.targetId: {type: string, minLength: 1}
ResourceGroupItemRequest.targetType: {$ref: TargetType}
ResourceGroupItemRequest.version: *version
ResourceGroup: {type: object, required: [id]}
ErrorMessage: {type: object}

Statement: {type: object, required: [effect, action, resource]}
Statement.effect: {type: string, pattern: '^[^A-Z]+$'}
Statement.action: {type: array, items: {type: string, pattern: '^[^A-Z]+$'}}
Statement.resource: {type: array, minItems: 1, items: {type: string}}
StatementAnswer: {type: object, required: [effect, action, resource]}
StatementAnswer.action: {type: array, items: {type: string}}
StatementAnswer.resource: {type: array, minItems: 1, items: {type: string}}
TargetType: {type: string, enum: [item, group, ITEM, GROUP]}
Effect: {type: string, enum: [allow, deny]}
Action:
  type: string
  enum: ['all', 'config:create', 'config:retrieve', 'config:update', 'config:delete', 'config:export',
    'analytics:query', 'measurements:upload', 'measurements:fileupload', 'measurements:retrieve', 'measurements:export',
    'forecast:retrieve', 'healthscores:retrieve', 'anomalies:retrieve', 'exports:download',
    'marketplace:usage:create', 'marketplace:usage:retrieve', 'audit:retrieve']
`

// documentedFacts are the rows of facts, as JSON.
var documentedFacts = sync.OnceValue(func() map[string]string {
	var rows map[string]any
	if _, err := yaml.Unmarshal([]byte(facts), &rows, yaml.DecodeOpts{}); err != nil {
		panic(fmt.Sprintf("facts in test/bounds_test.go: %v", err))
	}
	all := make(map[string]string)
	for name, row := range rows {
		all[name] = toJSON(row)
	}
	return all
})

// usual returns the facts of a place without a row in facts. It accepts any facts of an operation without a row, and of
// the schema of its response: test/upstream compares them with m3ter's own document.
func usual(name string, place place) string {
	_, rest, _ := strings.Cut(name, ".")
	switch {
	case rest == "" && strings.HasPrefix(place.facts, `{"answers":"200 4XX 5XX",`),
		rest == "200" && strings.HasPrefix(place.facts, `{"$ref":`):
		return place.facts
	case rest == "", rest == "200":
		return "without a row"
	case rest == "4XX", rest == "5XX":
		return `{"$ref":"ErrorMessage"}`
	case strings.HasPrefix(rest, "path."):
		return `{"required":true,"schema":{"type":"string"}}`
	case rest == "version":
		return `{"format":"int64","type":"integer"}`
	case strings.HasPrefix(rest, "dt"):
		return `{"format":"date-time","type":"string"}`
	}
	return `{"type":"string"}`
}
