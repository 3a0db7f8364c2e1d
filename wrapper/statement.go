package m3teraccess

import (
	"slices"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// A StatementActions is a statement without its resources, the first half of an expression such as
//
//	Allow(ConfigRetrieve).On("config:meter/*")
type StatementActions struct {
	effect  Effect
	actions []Action
}

// Allow begins a statement that allows actions.
func Allow(actions ...Action) StatementActions { return StatementActions{EffectAllow, actions} }

// Deny begins a statement that denies actions.
func Deny(actions ...Action) StatementActions { return StatementActions{EffectDeny, actions} }

// On returns the complete statement, for the given resources.
func (s StatementActions) On(resources ...string) Statement {
	return Statement{Effect: s.effect, Action: s.actions, Resource: resources}
}

// Sendable returns a copy of statements with the effects and actions in lower case, as requests require. Use it for
// statements that a program decodes with encoding/json, for example from a response to [Client.Do]. [Get], [List],
// [Send] and the methods of [Client] other than [Client.Do] already return statements in lower case.
func Sendable(statements []Statement) []Statement {
	sendable := slices.Clone(statements)
	for i := range sendable {
		sendable[i].Action = slices.Clone(sendable[i].Action)
		gen.Finish(&sendable[i])
	}
	return sendable
}
