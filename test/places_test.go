package test

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/m3ter-access/m3ter-access-go/test/cases"
)

// A place is one place in a document, with its description and its facts, as JSON.
type place struct{ description, facts string }

// placesOf returns the places of a document by name, such as document, the security scheme OAuth2, the operation
// RequestSupport with RequestSupport.path.orgId and RequestSupport.200, and the schema Support with its property
// Support.id.
func placesOf(doc *openapi3.T) map[string]place {
	document := map[string]any{"servers": doc.Servers, "security": doc.Security}
	all := map[string]place{"document": {doc.Info.Description, factsIn(document)}}
	for name, scheme := range doc.Components.SecuritySchemes {
		all[name] = place{scheme.Value.Description, factsIn(scheme)}
	}
	for _, operation := range cases.OperationsOf(doc) {
		addOperation(all, operation)
	}
	for name, content := range contents(doc) {
		addProperties(all, name, schemaOf(content))
	}
	for name, schema := range doc.Components.Schemas {
		all[name] = place{schema.Value.Description, factsIn(schema)}
		addProperties(all, name, schema)
	}
	return all
}

func addOperation(all map[string]place, operation cases.Operation) {
	id, answers := operation.OperationID, operation.Responses.Map()
	said := map[string]any{"call": operation.Method + " " + operation.Path, "answers": strings.Join(slices.Sorted(maps.Keys(answers)), " ")}
	if operation.RequestBody != nil {
		body := operation.RequestBody.Value
		said["body"] = map[string]any{"required": body.Required, "schema": schemaOf(body.Content)}
	}
	all[id] = place{operation.Description, factsIn(said)}
	for _, ref := range operation.Parameters {
		parameter := ref.Value
		said := map[string]any{"required": parameter.Required, "schema": parameter.Schema}
		all[id+"."+parameter.In+"."+parameter.Name] = place{parameter.Description, factsIn(said)}
	}
	for status, answer := range answers {
		all[id+"."+status] = place{*answer.Value.Description, factsIn(schemaOf(answer.Value.Content))}
	}
}

// schemaOf returns nil if the content is not JSON.
func schemaOf(content openapi3.Content) *openapi3.SchemaRef {
	if media := content.Get("application/json"); media != nil {
		return media.Schema
	}
	return nil
}

// addProperties adds the properties of a schema and of its inline schemas, but not of the schemas that it references.
func addProperties(all map[string]place, name string, ref *openapi3.SchemaRef) {
	if ref == nil || ref.Ref != "" {
		return
	}
	schema := ref.Value
	for property, ref := range schema.Properties {
		inner := name + "." + property
		all[inner] = place{ref.Value.Description, factsIn(ref)}
		addProperties(all, inner, ref)
	}
	elements := openapi3.SchemaRefs{schema.Items, schema.AdditionalProperties.Schema}
	for _, part := range slices.Concat(elements, schema.AllOf, schema.AnyOf, schema.OneOf) {
		addProperties(all, name, part)
	}
}

// factsIn returns a part of a document without its descriptions, its extensions and its properties, which are places
// themselves.
func factsIn(part any) string {
	var tree any
	if err := json.Unmarshal([]byte(toJSON(part)), &tree); err != nil {
		panic(err)
	}
	return toJSON(onlyFacts(tree))
}

func onlyFacts(tree any) any {
	switch tree := tree.(type) {
	case []any:
		for i := range tree {
			tree[i] = onlyFacts(tree[i])
		}
	case map[string]any:
		for key, value := range tree {
			ref, isText := value.(string)
			switch {
			case key == "description" || key == "properties" || strings.HasPrefix(key, "x-"):
				delete(tree, key)
			case key == "$ref" && isText:
				tree[key] = path.Base(ref)
			default:
				tree[key] = onlyFacts(value)
			}
		}
	}
	return tree
}

func toJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}
