// Package test looks at the client and at its fake from outside: it holds both against api/openapi.yaml, breaks
// connections and answers, races callers, and looks for secrets in whatever is shown. It knows exported names only.
//
// What it asks of each operation is derived from the document, by package cases.
//
// What needs to know unexported ones is tested beside them, in wrapper and in m3tertest. Here belongs what concerns
// more than one package, or the module as a whole: what it imports, what go doc shows, and what a consumer builds.
package test
