// Package strictjson decodes JSON by these rules of encoding/json/v2, on every supported Go release:
//
//   - An object that has a member twice, at any depth, is an error.
//   - Names match exactly: a member whose name differs from every field name, even if only in case, is ignored.
//   - Text that is not valid Unicode, such as a stray byte or half a surrogate pair, is an error.
//
// Unlike encoding/json/v2, the package accepts every date-time that RFC 3339 allows. It accepts no other date-time.
//
// With Go 1.27 or later, and without GOEXPERIMENT=nojsonv2, the package uses encoding/json/v2. Otherwise, it first
// checks the text, and then decodes the text with encoding/json.
package strictjson
