package example

import "time"

// Clock spells a time as m3ter does, and the zero time as nothing.
func Clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
