package gen

import "strings"

// String returns the statement in words, such as "allow config:retrieve, config:update on config:meter/*".
func (s Statement) String() string {
	actions := make([]string, len(s.Action))
	for i, action := range s.Action {
		actions[i] = string(action)
	}
	return string(s.Effect) + " " + strings.Join(actions, ", ") + " on " + strings.Join(s.Resource, ", ")
}
