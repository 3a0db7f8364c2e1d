// Package spec embeds api/openapi.yaml, for the tests that compare the client and the in-memory m3ter with it.
//
// To change spec.gen.go, edit api/openapi.yaml, and run "go generate ./...". Package spec imports kin-openapi, so no
// package that users import may import package spec.
package spec
