// Package gen holds the types and the low-level client that oapi-codegen makes of api/openapi.yaml.
//
// Everything but this file is generated: change the document or the settings, and run go generate ./...
//
// Most programs want package wrapper (m3teraccess), which adds authentication, validation, bounded reading
// and errors. Here a 200 with an HTML body has neither a value nor an error, and an id such as ".." reaches
// another endpoint.
package gen

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config ../oapi-codegen.yaml -o gen.gen.go ../api/openapi.yaml
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config server/config.yaml -o server/server.gen.go ../api/openapi.yaml
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config spec/config.yaml -o spec/spec.gen.go ../api/openapi.yaml
