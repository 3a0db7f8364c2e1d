// Package test tests the client and its fake from the outside. It compares both with api/openapi.yaml, breaks
// connections and responses, runs concurrent callers, and searches errors and log lines for secrets. It uses exported
// names only.
//
// Package cases derives the cases of each operation from the document.
//
// A test that needs unexported names belongs in wrapper or in m3tertest. A test belongs here if it concerns more than
// one package or the module as a whole: its imports, the output of go doc, and the build of a consumer.
package test
