// Package strictjson reads JSON alike with every supported release of Go, by the rules of encoding/json/v2:
//
//   - A member that stands twice in an object, at any depth, is an error.
//   - The name of a member matches that of a field exactly. One that differs in case is unknown, and is skipped.
//   - Text that is not valid Unicode is an error: a stray byte, or half a surrogate pair.
package strictjson
