// Package gen holds what oapi-codegen makes of api/openapi.yaml: the types that travel, and each operation as data.
//
// The files that end in .gen.go, here and in other directories, are generated: change the document, the settings or the
// templates, and run go generate ./... The functions that the generated code calls are written by hand, in check.go and
// finish.go.
//
// Programs want package m3teraccess (in wrapper/), which sends the operations and has names for the types.
package gen

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config ../oapi-codegen.yaml -o gen.gen.go ../api/openapi.yaml
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config server/config.yaml -o server/server.gen.go ../api/openapi.yaml
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config spec/config.yaml -o spec/spec.gen.go ../api/openapi.yaml
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config ../wrapper/config.yaml -o ../wrapper/types.gen.go ../api/openapi.yaml
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config ../wrapper/m3tertest/config.yaml -o ../wrapper/m3tertest/document.gen.go ../api/openapi.yaml
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config ../test/client/config.yaml -o ../test/client/client.gen.go ../api/openapi.yaml
