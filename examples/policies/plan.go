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

// A policy of the file has no id. A policy of a user has no statements either.
type policy struct {
	statements []m3teraccess.Statement
	id         string
}

// users returns the ids of the users, in order.
func (o organization) users() []string {
	ids := make(map[string]bool)
	for s := range o {
		ids[s.User] = true
	}
	delete(ids, "")
	return keys(ids)
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
	} else if c.ID != "" {
		text += fmt.Sprintf(" (id %s)", c.ID)
	}
	switch c.Op {
	case "differs":
		return fmt.Sprintf("? %s has %v in the file, %v in m3ter", text, c.File, c.M3ter)
	case "extra":
		return "? " + text + " is not in the file"
	}
	return "+ " + text
}

// compare returns what leads from m3ter to the file, and what is left to report. Both have the policies first.
func compare(file, m3ter organization) (changes, reports []change) {
	for s, wanted := range file {
		if found, ok := m3ter[s]; !ok {
			changes = append(changes, change{Op: "add", subject: s})
		} else if !slices.EqualFunc(m3teraccess.Sendable(wanted.statements), found.statements, isSame) {
			reports = append(reports, change{"differs", s, found.id, wanted.statements, found.statements})
		}
	}
	for s, found := range m3ter {
		if _, ok := file[s]; !ok {
			reports = append(reports, change{Op: "extra", subject: s, ID: found.id})
		}
	}
	for _, part := range [][]change{changes, reports} {
		slices.SortFunc(part, func(a, b change) int {
			return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Policy, b.Policy))
		})
	}
	return changes, reports
}

// isSame compares statements. The order of actions and resources has no meaning.
func isSame(a, b m3teraccess.Statement) bool {
	return a.Effect == b.Effect && slices.Equal(sorted(a.Action), sorted(b.Action)) &&
		slices.Equal(sorted(a.Resource), sorted(b.Resource))
}

func sorted[T ~string](list []T) []T { return slices.Sorted(slices.Values(list)) }

func printPlan(out io.Writer, plan []change, isJSON bool) error {
	for _, c := range plan {
		line := c.String()
		if isJSON {
			text, err := json.Marshal(c)
			if err != nil {
				return err
			}
			line = string(text)
		}
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	return nil
}
