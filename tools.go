//go:build tools

// Package tools pins the code generator in go.mod. It stands alone at the top, where nobody imports it:
// a consumer's go mod tidy reads every build tag of the packages that it imports.
package tools

import _ "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen"
