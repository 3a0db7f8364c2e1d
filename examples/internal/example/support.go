package example

import m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"

// SupportVersion returns the version to send with a change of the support access. It returns 0, which the client does
// not send, if current is nil because no support access exists yet.
func SupportVersion(current *m3teraccess.Support) int64 {
	if current == nil {
		return 0
	}
	return current.Version
}
