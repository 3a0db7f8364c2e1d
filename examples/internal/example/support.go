package example

import m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"

// SupportVersion is the version that a change of the support access carries: 0, which is not sent, where there is none
// yet and current is nil.
func SupportVersion(current *m3teraccess.Support) int64 {
	if current == nil {
		return 0
	}
	return current.Version
}
