// Package server holds the strict server that oapi-codegen makes of api/openapi.yaml, on the types of package gen. It
// decodes what is sent to package m3tertest, and is for nobody else.
//
// Everything but this file is generated: change the document or config.yaml, and run go generate ./... What the fake
// does with a request belongs in m3tertest.
package server
