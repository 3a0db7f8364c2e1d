package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/example"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// A review is one run of the program.
type review struct {
	client *m3teraccess.Client
	logf   func(format string, args ...any) // prints a message for the user

	// meanwhile acts as someone else who changes support access while extendSupport extends it. With the real m3ter,
	// meanwhile is nil.
	meanwhile func(context.Context, *m3teraccess.Support) error
}

func (r *review) run(ctx context.Context, o *options, stdout io.Writer) error {
	if o.hasWrites() && !o.write {
		r.logf("Without -write, accessreview changes nothing, and only lists the policies.")
		o = &options{user: o.user, pageSize: o.pageSize}
	}
	if o.policy != "" {
		if err := r.grant(ctx, o); err != nil {
			return err
		}
	}
	policies, err := r.list(ctx, o.user, o.pageSize)
	if err != nil {
		return err
	}
	if err := example.Interruptible(ctx, func() error { return writeTable(stdout, policies) }); err != nil {
		return err
	}
	if !o.supportUntil.IsZero() {
		if err := r.openSupport(ctx, o.supportUntil); err != nil {
			return err
		}
	}
	if o.supportExtend != 0 {
		if err := r.extendSupport(ctx, o.supportExtend); err != nil {
			return err
		}
	}
	if o.item != "" {
		return r.removeItem(ctx, o)
	}
	return nil
}

// grant creates a policy, and adds the policy to the user. It reads the user's policies first. If the user is unknown,
// grant therefore fails before it creates a policy.
func (r *review) grant(ctx context.Context, o *options) error {
	if _, err := r.client.UserPermissionsPage(ctx, o.user, m3teraccess.PageParams{PageSize: 1}); err != nil {
		return err
	}
	policy, err := r.client.CreatePermissionPolicy(ctx, m3teraccess.PermissionPolicyRequest{
		Name:             o.policy,
		PermissionPolicy: []m3teraccess.Statement{m3teraccess.Allow(o.actions...).On(o.resources...)},
	})
	if err != nil {
		return err
	}
	r.logf("Created the policy %q, id %s.", policy.Name, example.Printable(policy.ID))

	_, err = r.client.AddPermissionPolicyToUser(ctx, policy.ID, m3teraccess.PrincipalPermissionRequest{PrincipalID: o.user})
	if errors.Is(err, m3teraccess.ErrOutcomeUnknown) && r.has(ctx, o.user, policy.ID) {
		r.logf("It was unknown whether m3ter added the policy, but the user has the policy.")
		err = nil
	}
	if err != nil {
		return fmt.Errorf("created the policy %q, id %s, but the call that adds it to the user failed: %w", policy.Name, example.Printable(policy.ID), err)
	}
	r.logf("Added the policy to the user %s.", example.Printable(o.user))
	return nil
}

// has reports whether the list of the user's policies contains the policy. It returns false if the list can't be read.
// Leaving the loop stops the fetching of pages.
func (r *review) has(ctx context.Context, userID, policyID string) bool {
	for policy, err := range r.client.UserPermissions(ctx, userID) {
		if err != nil {
			return false
		}
		if policy.ID == policyID {
			return true
		}
	}
	return false
}

// list fetches all policies of the user. The loop fetches each page when it reaches that page.
func (r *review) list(ctx context.Context, userID string, pageSize int) ([]m3teraccess.PermissionPolicy, error) {
	var policies []m3teraccess.PermissionPolicy
	for policy, err := range r.client.UserPermissions(ctx, userID, m3teraccess.PageParams{PageSize: int32(pageSize)}) {
		if err != nil {
			return nil, err
		}
		policies = append(policies, policy)
	}
	r.logf("Policies of the user %s, fetched in pages of %d: %d.", example.Printable(userID), pageSize, len(policies))
	return policies, nil
}

// removeItem removes an item from a resource group. It sends no version, because someone else's change to the group
// does not matter for a removal.
func (r *review) removeItem(ctx context.Context, o *options) error {
	group, err := r.client.RemoveResource(ctx, o.groupType, o.group, m3teraccess.ResourceGroupItemRequest{
		TargetID:   o.item,
		TargetType: m3teraccess.TargetItem,
	})
	if errors.Is(err, m3teraccess.ErrNotFound) {
		return fmt.Errorf("the group does not exist, or does not contain the item: %w", err)
	}
	if err != nil {
		return err
	}
	r.logf("Removed the item %s from the resource group %q, version %d.", example.Printable(o.item), group.Name, group.Version)
	return nil
}
