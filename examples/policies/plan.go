package main

import (
	"fmt"
	"slices"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// A change is a line of the plan: of a policy, or of a user's policy.
type change struct {
	Op     string                  `json:"op"` // create and add are applied; extra and differs are reports
	Policy string                  `json:"policy"`
	User   string                  `json:"user,omitempty"`
	File   []m3teraccess.Statement `json:"file,omitempty"`
	M3ter  []m3teraccess.Statement `json:"m3ter,omitempty"`
}

func (c change) String() string {
	subject := fmt.Sprintf("policy %q", c.Policy)
	if c.User != "" {
		subject = fmt.Sprintf("user %s %q", c.User, c.Policy)
	}
	switch c.Op {
	case "extra":
		return "? " + subject + " is not in the file"
	case "differs":
		return fmt.Sprintf("? %s has %v in the file, %v in m3ter", subject, c.File, c.M3ter)
	}
	return "+ " + subject
}

func (c change) isReport() bool { return c.Op == "extra" || c.Op == "differs" }

func hasReports(plan []change) bool { return slices.ContainsFunc(plan, change.isReport) }

// compare returns the plan that leads from m3ter to the file.
func compare(file, m3ter *organization) (plan []change) {
	for name, p := range sorted(file.Policies) {
		switch found, ok := m3ter.Policies[name]; {
		case !ok:
			plan = append(plan, change{Op: "create", Policy: name})
		case !isSame(p.Statements, found.Statements):
			plan = append(plan, change{Op: "differs", Policy: name, File: p.Statements, M3ter: found.Statements})
		}
	}
	for name := range sorted(m3ter.Policies) {
		if _, ok := file.Policies[name]; !ok {
			plan = append(plan, change{Op: "extra", Policy: name})
		}
	}
	for id, p := range sorted(file.Users) {
		for _, name := range p.Names {
			if !slices.Contains(m3ter.Users[id].Names, name) {
				plan = append(plan, change{Op: "add", Policy: name, User: id})
			}
		}
	}
	for id, p := range sorted(m3ter.Users) {
		for _, name := range p.Names {
			if !slices.Contains(file.Users[id].Names, name) {
				plan = append(plan, change{Op: "extra", Policy: name, User: id})
			}
		}
	}
	return plan
}

// isSame compares statements without the order of their actions and resources, which means nothing.
func isSame(a, b []m3teraccess.Statement) bool {
	return slices.EqualFunc(m3teraccess.Sendable(a), m3teraccess.Sendable(b), func(a, b m3teraccess.Statement) bool {
		return a.Effect == b.Effect && isSameSet(a.Action, b.Action) && isSameSet(a.Resource, b.Resource)
	})
}

func isSameSet[T ~string](a, b []T) bool {
	return slices.Equal(slices.Compact(slices.Sorted(slices.Values(a))), slices.Compact(slices.Sorted(slices.Values(b))))
}
