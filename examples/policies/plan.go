package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// An organization has an entry for each policy, whose subject has no User, and for each policy of a user.
type organization map[subject]policy

type subject struct {
	Policy string `json:"policy"` // name
	User   string `json:"user,omitempty"`
}

// A policy of the file has no id.
type policy struct {
	statements []m3teraccess.Statement
	id         string
}

// A change is a line of the plan. -apply does each "add"; "differs" and "extra" are reports.
type change struct {
	Op string `json:"op"`
	subject
	ID    string                  `json:"id,omitempty"` // of the policy in m3ter
	File  []m3teraccess.Statement `json:"file,omitempty"`
	M3ter []m3teraccess.Statement `json:"m3ter,omitempty"`
}

func (c change) String() string {
	text := fmt.Sprintf("policy %q", c.Policy)
	if c.User != "" {
		text = fmt.Sprintf("user %s %q", c.User, c.Policy)
	}
	switch c.Op {
	case "differs":
		return fmt.Sprintf("? %s (id %s) has %v in the file, %v in m3ter", text, c.ID, c.File, c.M3ter)
	case "extra":
		return fmt.Sprintf("? %s (id %s) is not in the file", text, c.ID)
	}
	return "+ " + text
}

// compare returns what leads from m3ter to the file, policies first, and then what nobody can change here.
func compare(file, m3ter organization) (plan []change) {
	for s, wanted := range file {
		if found, ok := m3ter[s]; !ok {
			plan = append(plan, change{Op: "add", subject: s})
		} else if s.User == "" && normal(wanted.statements) != normal(found.statements) {
			plan = append(plan, change{"differs", s, found.id, wanted.statements, found.statements})
		}
	}
	for s, found := range m3ter {
		if _, ok := file[s]; !ok {
			plan = append(plan, change{Op: "extra", subject: s, ID: found.id})
		}
	}
	slices.SortFunc(plan, func(a, b change) int {
		return cmp.Or(cmp.Compare(a.Op, b.Op), cmp.Compare(a.User, b.User), cmp.Compare(a.Policy, b.Policy))
	})
	return plan
}

// normal returns statements as text. The order of actions and resources has no meaning.
func normal(statements []m3teraccess.Statement) (text string) {
	for _, s := range m3teraccess.Sendable(statements) {
		slices.Sort(s.Action)
		text += fmt.Sprintf("%q %q %q\n", s.Effect, s.Action, slices.Sorted(slices.Values(s.Resource)))
	}
	return text
}

func printPlan(out io.Writer, plan []change, isJSON bool) (err error) {
	for _, c := range plan {
		if isJSON {
			err = json.NewEncoder(out).Encode(c)
		} else {
			_, err = fmt.Fprintln(out, c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
