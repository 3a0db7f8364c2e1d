//go:build tools

// Package tools pins the version of the code generator in go.mod. No program should import this package. If a program
// did, go mod tidy, which ignores build tags, would add the modules of the generator to the go.mod of that program.
package tools

import _ "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen"
