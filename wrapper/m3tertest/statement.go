package m3tertest

import (
	"strings"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// published returns a copy of statements, spelled as in m3ter's responses: upper case, with underscores.
func published(statements []gen.Statement) []gen.Statement {
	var out []gen.Statement
	for _, statement := range statements {
		actions := make([]gen.Action, len(statement.Action)) // not nil, which JSON would encode as null
		for i, action := range statement.Action {
			actions[i] = gen.Action(upperCaseForm(string(action)))
		}
		out = append(out, gen.Statement{
			Effect:   gen.Effect(upperCaseForm(string(statement.Effect))),
			Action:   actions,
			Resource: append([]string{}, statement.Resource...),
		})
	}
	return out
}

func upperCaseForm(s string) string { return strings.ReplaceAll(strings.ToUpper(s), ":", "_") }
func lowerCaseForm(s string) string { return strings.ReplaceAll(strings.ToLower(s), "_", ":") }
