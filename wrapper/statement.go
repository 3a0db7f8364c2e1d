package m3teraccess

import (
	"slices"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// A StatementActions is a statement without its resources: half of a sentence such as
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

// On ends the statement with the resources that it is about.
func (s StatementActions) On(resources ...string) Statement {
	return Statement{Effect: s.effect, Action: s.actions, Resource: resources}
}

// Sendable returns statements in the form in which they can be sent, such as those that encoding/json
// decoded of an answer to [Client.Do]. Those that [Get], [List], [Send] and the methods answer are in that form already.
func Sendable(statements []Statement) []Statement {
	sendable := slices.Clone(statements)
	for i := range sendable {
		sendable[i].Action = slices.Clone(sendable[i].Action)
		gen.Finish(&sendable[i])
	}
	return sendable
}
