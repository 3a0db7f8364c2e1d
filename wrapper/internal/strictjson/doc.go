// Package strictjson decodes JSON by the rules of encoding/json/v2, with every supported Go release:
//
//   - An object that has a member twice, at any depth, is an error.
//   - Names match exactly: a member whose name differs from that of a field in case is unknown, and changes nothing.
//   - Text that is not valid Unicode is an error: a stray byte, half a surrogate pair.
//
// Go 1.27 has encoding/json/v2, unless it is built with GOEXPERIMENT=nojsonv2. All other builds check the text first,
// and then decode it with encoding/json.
package strictjson
