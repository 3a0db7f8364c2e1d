// Package spec holds api/openapi.yaml itself, for the tests that hold client and fake against it.
//
// Everything but this file is generated: change the document, and run go generate ./... The package links kin-openapi,
// so nothing that a user imports may import it.
package spec
