// Package server holds the strict server that oapi-codegen generates from api/openapi.yaml, with the types of package
// gen. In the in-memory m3ter (package m3tertest), it decodes the requests for the operations of api/openapi.yaml. No
// other package should use it.
//
// To change server.gen.go, edit api/openapi.yaml, config.yaml or overlay.yaml, and run "go generate ./...". The code
// that carries out a request belongs in package m3tertest.
package server
