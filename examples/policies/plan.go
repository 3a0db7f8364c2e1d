package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// A plan leads from m3ter to the file.
type plan []change

// A change is a line of the plan: about a policy, or about a policy of a user.
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

func compare(file, m3ter *organization) (p plan) {
	for _, name := range keys(file.Policies) {
		wanted := file.Policies[name].list
		if found, ok := m3ter.Policies[name]; !ok {
			p = append(p, change{Op: "create", Policy: name})
		} else if !isSame(wanted, found.list) {
			p = append(p, change{Op: "differs", Policy: name, File: wanted, M3ter: found.list})
		}
	}
	for _, name := range keys(m3ter.Policies) {
		if _, ok := file.Policies[name]; !ok {
			p = append(p, change{Op: "extra", Policy: name})
		}
	}
	for _, id := range keys(m3ter.Users) { // which has those of the file, too
		wanted, found := file.Users[id].list, m3ter.Users[id].list
		for _, name := range wanted {
			if !slices.Contains(found, name) {
				p = append(p, change{Op: "add", Policy: name, User: id})
			}
		}
		for _, name := range found {
			if !slices.Contains(wanted, name) {
				p = append(p, change{Op: "extra", Policy: name, User: id})
			}
		}
	}
	return p
}

// isSame compares statements without the order of their actions and resources, which means nothing.
func isSame(a, b []m3teraccess.Statement) bool {
	return slices.EqualFunc(m3teraccess.Sendable(a), m3teraccess.Sendable(b), func(a, b m3teraccess.Statement) bool {
		slices.Sort(a.Action)
		slices.Sort(b.Action)
		return a.Effect == b.Effect && slices.Equal(a.Action, b.Action) &&
			slices.Equal(slices.Sorted(slices.Values(a.Resource)), slices.Sorted(slices.Values(b.Resource)))
	})
}

func (p plan) hasReports() bool {
	return slices.ContainsFunc(p, func(c change) bool { return c.Op == "extra" || c.Op == "differs" })
}

func (p plan) print(out io.Writer, asJSON bool) (err error) {
	for _, c := range p {
		if asJSON {
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

// keys returns the keys of a map in order, so that what is printed is stable.
func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
