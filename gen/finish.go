package gen

import (
	"fmt"
	"strings"
)

// The functions below convert the effects and actions of a response to lower case, and find required ids that are
// missing. A function whose result is named lacks returns the name of the first such id, or "".

func first(lacks ...string) string {
	for _, member := range lacks {
		if member != "" {
			return member
		}
	}
	return ""
}

// present checks that a member is neither absent nor empty.
func present(member, value string) (lacks string) {
	if value == "" {
		return member
	}
	return ""
}

// each calls finish for each element of a list.
func each[T any](member string, values []T, finish func(*T) string) (lacks string) {
	for i := range values {
		if found := finish(&values[i]); found != "" && lacks == "" {
			lacks = fmt.Sprintf("%s[%d].%s", member, i, found)
		}
	}
	return lacks
}

// respell converts a value with an x-spelling to the spelling of requests. It always returns "".
func respell[T ~string](value *T) (lacks string) {
	*value = T(canonical(string(*value)))
	return ""
}

// canonical turns CONFIG_CREATE into config:create. A value without an upper-case letter stays unchanged.
func canonical(value string) string {
	if form, ok := canonicalOf[value]; ok {
		return form
	}
	if !hasUpper(value) {
		return value
	}
	return strings.ReplaceAll(strings.ToLower(value), "_", ":")
}

// canonicalOf maps the spelling of responses to the spelling of requests, for the known values. With this map, the
// conversion of a page with hundreds of known values allocates nothing.
var canonicalOf = func() map[string]string {
	forms := make(map[string]string)
	for _, value := range known {
		forms[strings.ToUpper(strings.ReplaceAll(value, ":", "_"))] = value
	}
	return forms
}()
