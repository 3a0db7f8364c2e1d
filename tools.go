//go:build tools

// Package tools pins the version of the code generator in go.mod. No program imports this directory. In an imported
// package, the build tag would not help: go mod tidy ignores build tags, and would load the generator for the program.
package tools

import _ "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen"
