// Package strictjson decodes JSON by the same rules whichever Go release builds it, those of encoding/json/v2:
//
//   - An object that has a member twice, at any depth, is an error.
//   - Names match exactly: a member whose name differs from that of a field in case is unknown, and changes nothing.
//   - Text that is not valid Unicode is an error: a stray byte, half a surrogate pair.
//
// Go 1.27 has that package, unless it is built with GOEXPERIMENT=nojsonv2. For all other builds a pass over the text goes
// before encoding/json.
package strictjson
