package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// writeTable writes one row per statement. Even a policy without statements has a row, so that readers notice the
// policy.
func writeTable(w io.Writer, policies []m3teraccess.PermissionPolicy) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if err := writeRow(table, "POLICY", "EFFECT", "ACTIONS", "RESOURCES", "MANAGED", "LAST MODIFIED"); err != nil {
		return err
	}
	for _, policy := range policies {
		statements := policy.PermissionPolicy
		if len(statements) == 0 {
			statements = []m3teraccess.Statement{{}}
		}
		managed := "no"
		if policy.ManagedPolicy {
			managed = "yes"
		}
		for _, s := range statements {
			err := writeRow(table, policy.Name, string(s.Effect), join(s.Action), join(s.Resource), managed, example.Clock(policy.LastModifiedAt))
			if err != nil {
				return err
			}
		}
	}
	return table.Flush()
}

func writeRow(w io.Writer, cells ...string) error {
	for i, cell := range cells {
		if cells[i] = example.Printable(cell); cell == "" {
			cells[i] = "-"
		}
	}
	_, err := fmt.Fprintln(w, strings.Join(cells, "\t"))
	return err
}

func join[S ~string](values []S) string {
	var b strings.Builder
	for i, value := range values {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(value))
	}
	return b.String()
}
