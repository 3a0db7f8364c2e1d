package example

import m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"

// SupportVersion returns the version for a request that changes support access. If no support access exists yet,
// current is nil, and SupportVersion returns 0, which the client does not send.
func SupportVersion(current *m3teraccess.Support) int64 {
	if current == nil {
		return 0
	}
	return current.Version
}
