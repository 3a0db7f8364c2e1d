package test

import (
	"encoding/json"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// bounds is what m3ter documents of each parameter, schema and property, but for versions and times: see boundOf.
var bounds = map[string]string{
	"UserPermissions.pageSize":                 "format:int32,maximum:200,minimum:1",
	"SupportRequest":                           "required:[dtEndSupportUsersAccess]",
	"Support":                                  "required:[id]",
	"PermissionPolicyRequest":                  "required:[name,permissionPolicy]",
	"PermissionPolicyRequest.name":             "maxLength:100,minLength:1",
	"PermissionPolicyRequest.permissionPolicy": "minItems:1",
	"PermissionPolicyRequest.version":          "format:int64,readOnly:true",
	"PermissionPolicy":                         "required:[id]",
	"PermissionPolicyPage":                     "required:[data]",
	"PermissionPolicyPage.nextToken":           "nullable:true",
	"PrincipalPermissionRequest":               "required:[principalId]",
	"PrincipalPermissionRequest.principalId":   "minLength:1",
	"PrincipalPermission":                      "required:[id]",
	"PrincipalPermission.principalType":        "anyOf:[{enum:[USER,USERGROUP,SERVICEUSER,SUPPORTUSERS]},{}]",
	"ResourceGroupItemRequest":                 "required:[targetId,targetType]",
	"ResourceGroupItemRequest.targetId":        "minLength:1",
	"ResourceGroup":                            "required:[id]",
	"Statement":                                "required:[effect,action,resource]",
	"Statement.effect":                         "anyOf:[{},{pattern:^[^A-Z]+$}]",
	"Statement.action":                         "items:{anyOf:[{},{pattern:^[^A-Z]+$}]}",
	"Statement.resource":                       "minItems:1",
	"StatementAnswer":                          "required:[effect,action,resource]",
	"StatementAnswer.resource":                 "minItems:1",
	"UserPermissionsAnswer":                    "oneOf:[{},{}]",
	"Effect":                                   "enum:[allow,deny]",
	"TargetType":                               "enum:[item,group,ITEM,GROUP]",
	"Action": "enum:[all,config:create,config:retrieve,config:update,config:delete,config:export,analytics:query," +
		"measurements:upload,measurements:fileupload,measurements:retrieve,measurements:export,forecast:retrieve," +
		"healthscores:retrieve,anomalies:retrieve,exports:download,marketplace:usage:create,marketplace:usage:retrieve," +
		"audit:retrieve]",
}

// boundOf is what m3ter documents of a place, "" for nothing.
func boundOf(place string) string {
	_, property, _ := strings.Cut(place, ".")
	switch bound, ok := bounds[place]; {
	case ok:
		return bound
	case property == "version":
		return "format:int64"
	case strings.HasPrefix(property, "dt"):
		return "format:date-time"
	}
	return ""
}

// boundIn is what a schema says of its values beside their type, in one line. Its properties, and the schemas that it
// refers to, are places of their own.
func boundIn(schema *openapi3.SchemaRef) string {
	var keywords map[string]any
	text, err := json.Marshal(schema)
	if err == nil {
		err = json.Unmarshal(text, &keywords)
	}
	delete(keywords, "properties")
	if err == nil {
		text, err = json.Marshal(onlyBounds(keywords))
	}
	if err != nil {
		panic(err)
	}
	return strings.ReplaceAll(string(text[1:len(text)-1]), `"`, "")
}

// onlyBounds drops the keywords that don't bound a value, and what is empty then.
func onlyBounds(tree any) any {
	switch tree := tree.(type) {
	case []any:
		for i := range tree {
			tree[i] = onlyBounds(tree[i])
		}
	case map[string]any:
		for key, value := range tree {
			value = onlyBounds(value)
			if inner, ok := value.(map[string]any); ok && len(inner) == 0 ||
				key == "type" || key == "$ref" || key == "description" || strings.HasPrefix(key, "x-") {
				delete(tree, key)
			} else {
				tree[key] = value
			}
		}
	}
	return tree
}
