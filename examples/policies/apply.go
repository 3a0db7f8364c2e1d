package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// apply makes the changes of the plan: first the policies, one after the other, then the users.
func apply(ctx context.Context, client *m3teraccess.Client, plan []change, file, m3ter *organization, progress func(done, all int)) error {
	var links []change
	for _, c := range plan {
		switch c.Op {
		case "create":
			id, err := create(ctx, client, c.Policy, file.Policies[c.Policy].Statements)
			if err != nil {
				return fmt.Errorf("policy %q: %w", c.Policy, err)
			}
			m3ter.Policies[c.Policy] = policy{id: id}
		case "add":
			links = append(links, c)
		}
	}
	return each(ctx, links, progress, func(ctx context.Context, c change) error {
		if err := add(ctx, client, c, m3ter.Policies[c.Policy].id); err != nil {
			return fmt.Errorf("user %s, policy %q: %w", c.User, c.Policy, err)
		}
		return nil
	})
}

// create returns the id of the new policy. If the outcome is unknown, it looks for the policy before it tries again.
func create(ctx context.Context, client *m3teraccess.Client, name string, statements []m3teraccess.Statement) (id string, err error) {
	request := m3teraccess.PermissionPolicyRequest{Name: name, PermissionPolicy: statements}
	err = untilKnown(func() error {
		created, err := client.CreatePermissionPolicy(ctx, request)
		if err == nil {
			id = created.ID
		}
		return err
	}, func() (done bool, err error) {
		found, err := readPolicies(ctx, client)
		id = found[name].id
		return id != "", err
	})
	return id, err
}

// add adds a policy to a user. If the outcome is unknown, it looks at the user before it tries again.
func add(ctx context.Context, client *m3teraccess.Client, c change, policyID string) error {
	return untilKnown(func() error {
		_, err := client.AddPermissionPolicyToUser(ctx, policyID, m3teraccess.PrincipalPermissionRequest{PrincipalID: c.User})
		return err
	}, func() (done bool, err error) {
		names, err := policiesOf(ctx, client, c.User)
		return slices.Contains(names, c.Policy), err
	})
}

// untilKnown repeats a write whose outcome is unknown, unless look finds that it was done.
func untilKnown(write func() error, look func() (done bool, err error)) error {
	const attempts = 5
	for attempt := 1; ; attempt++ {
		err := write()
		if !errors.Is(err, m3teraccess.ErrOutcomeUnknown) {
			return err
		}
		if done, lookErr := look(); done || lookErr != nil {
			return lookErr
		}
		if attempt == attempts {
			return err
		}
	}
}
