// Package gen holds the code that oapi-codegen generates from api/openapi.yaml: the types of requests and responses,
// and a description of each operation.
//
// Files whose names end in .gen.go, here and in other directories, are generated. To change them, edit
// api/openapi.yaml, the settings of oapi-codegen or the templates in gen/templates, and run "go generate ./...". The
// generated code uses types and functions that are written by hand, in check.go, finish.go and operation.go.
//
// Programs should use package m3teraccess (in wrapper/), which calls the operations and declares aliases for the types.
package gen

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config ../oapi-codegen.yaml -o gen.gen.go ../api/openapi.yaml
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config server/config.yaml -o server/server.gen.go ../api/openapi.yaml
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config spec/config.yaml -o spec/spec.gen.go ../api/openapi.yaml
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config ../wrapper/config.yaml -o ../wrapper/types.gen.go ../api/openapi.yaml
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config ../wrapper/m3tertest/config.yaml -o ../wrapper/m3tertest/document.gen.go ../api/openapi.yaml
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config ../test/client/config.yaml -o ../test/client/client.gen.go ../api/openapi.yaml
