package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// An item is a policy, or a policy of a user.
type item struct {
	Policy string `json:"policy"` // name
	User   string `json:"user,omitempty"`
}

// An organization holds the items in m3ter or in the file. A policy in the file has no id.
type organization map[item]m3teraccess.PermissionPolicy

// A change is a line of the plan. -apply makes the change "add". Other changes are only reported.
type change struct {
	Op string `json:"op"`
	item
	ID    string                  `json:"id,omitempty"` // id of the policy in m3ter
	File  []m3teraccess.Statement `json:"file,omitempty"`
	M3ter []m3teraccess.Statement `json:"m3ter,omitempty"`
}

func (c change) String() string {
	text := fmt.Sprintf("policy %q", c.Policy)
	if c.User != "" {
		text = fmt.Sprintf("user %s %q", example.Printable(c.User), c.Policy)
	}
	id := example.Printable(c.ID)
	switch c.Op {
	case "differs":
		return fmt.Sprintf("? %s (id %s) has %v in the file, %v in m3ter",
			text, id, c.File, example.Printable(fmt.Sprint(c.M3ter)))
	case "blocked":
		return fmt.Sprintf("? %s (id %s) is not added, because the policy differs", text, id)
	case "extra":
		return fmt.Sprintf("? %s (id %s) is not in the file", text, id)
	}
	return "+ " + text
}

// compare returns the differences between the file and m3ter. The additions come first, the policies before the policies
// of users. If a policy differs, its users don't get it: otherwise, they could get rights that are not in the file.
func compare(file, m3ter organization) (plan []change, additions int) {
	differing := make(map[string]string) // the ids of the policies that differ, by name
	for i, p := range file {
		if found, ok := m3ter[i]; ok && i.User == "" && normal(p.PermissionPolicy) != normal(found.PermissionPolicy) {
			differing[i.Policy] = found.ID
			plan = append(plan, change{"differs", i, found.ID, p.PermissionPolicy, found.PermissionPolicy})
		}
	}
	for i, p := range file {
		if _, ok := m3ter[i]; ok {
			continue
		}
		if id, ok := differing[i.Policy]; ok {
			plan = append(plan, change{Op: "blocked", item: i, ID: id})
			continue
		}
		plan = append(plan, change{Op: "add", item: i, File: p.PermissionPolicy})
		additions++
	}
	for i, found := range m3ter {
		if _, ok := file[i]; !ok {
			plan = append(plan, change{Op: "extra", item: i, ID: found.ID})
		}
	}
	slices.SortFunc(plan, func(a, b change) int {
		return cmp.Or(cmp.Compare(a.Op, b.Op), cmp.Compare(a.User, b.User), cmp.Compare(a.Policy, b.Policy))
	})
	return plan, additions
}

// normal returns statements as text. The order of actions and resources has no meaning.
func normal(statements []m3teraccess.Statement) (text string) {
	for _, s := range statements {
		actions, resources := slices.Values(s.Action), slices.Values(s.Resource)
		text += fmt.Sprintf("%q %q %q\n", s.Effect, slices.Sorted(actions), slices.Sorted(resources))
	}
	return text
}
