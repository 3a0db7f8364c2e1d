package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// A review is one run of the program.
type review struct {
	client         *m3teraccess.Client
	baseURL, orgID string
	say            func(format string, args ...any) // tells the person in front of it what happens

	// meanwhile is what somebody else does while support access is being extended. It is nil against the real service,
	// where somebody else needs no help.
	meanwhile func(context.Context, *m3teraccess.Support) error
}

func (r *review) run(ctx context.Context, o *options, stdout io.Writer) error {
	if o.hasWrites() && !o.write {
		r.say("Without -write nothing is changed; this only lists.")
	}
	if o.write && o.policy != "" {
		if err := r.grant(ctx, o); err != nil {
			return err
		}
	}
	policies, err := r.list(ctx, o.user, o.pageSize)
	if err != nil {
		return err
	}
	if err := writeTable(stdout, policies); err != nil {
		return err
	}
	if o.write && !o.supportUntil.IsZero() {
		if err := r.openSupport(ctx, o.supportUntil); err != nil {
			return err
		}
	}
	if o.write && o.supportExtend != 0 {
		if err := r.extendSupport(ctx, o.supportExtend); err != nil {
			return err
		}
	}
	if o.write && o.item != "" {
		return r.removeItem(ctx, o)
	}
	return nil
}

// grant creates a policy, and adds it to the user.
func (r *review) grant(ctx context.Context, o *options) error {
	var actions []m3teraccess.Action
	for _, action := range o.actions {
		actions = append(actions, m3teraccess.Action(action)) // in code that knows it: m3teraccess.ConfigRetrieve
	}
	policy, err := r.client.CreatePermissionPolicy(ctx, m3teraccess.PermissionPolicyRequest{
		Name:             o.policy,
		PermissionPolicy: []m3teraccess.Statement{m3teraccess.Allow(actions...).On(o.resources...)},
	})
	if err != nil {
		return err
	}
	r.say("Created the policy %q, id %s.", policy.Name, printable(policy.ID))

	_, err = r.client.AddPermissionPolicyToUser(ctx, policy.ID, m3teraccess.PrincipalPermissionRequest{PrincipalID: o.user})
	if errors.Is(err, m3teraccess.ErrOutcomeUnknown) && r.has(ctx, o.user, policy.ID) {
		r.say("The answer to adding it was lost, but the user has it.")
		err = nil
	}
	if err != nil {
		return fmt.Errorf("the policy %q, id %s, was created, but adding it failed: %w", policy.Name, printable(policy.ID), err)
	}
	r.say("Added it to the user %s.", printable(o.user))
	return nil
}

// has tells whether the user is known to have the policy. Leaving the loop ends the fetching of pages.
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

// list fetches all policies of the user. The loop asks for the next page when it gets there.
func (r *review) list(ctx context.Context, userID string, pageSize int) ([]m3teraccess.PermissionPolicy, error) {
	var policies []m3teraccess.PermissionPolicy
	for policy, err := range r.client.UserPermissions(ctx, userID, m3teraccess.PageParams{PageSize: int32(pageSize)}) {
		if err != nil {
			return nil, err
		}
		policies = append(policies, policy)
	}
	r.say("Policies of the user %s, fetched in pages of %d: %d.", printable(userID), pageSize, len(policies))
	return policies, nil
}

// openSupport lets m3ter's support users in, for reading only.
func (r *review) openSupport(ctx context.Context, until time.Time) error {
	current, err := r.readSupport(ctx)
	if err != nil {
		return err
	}
	support, err := r.client.RequestSupport(ctx, m3teraccess.SupportRequest{
		EndSupportUsersAccess:        until,
		SupportUsersPermissionPolicy: []m3teraccess.Statement{m3teraccess.Allow(m3teraccess.ConfigRetrieve).On("config:*")},
		Version:                      current.Version, // 0 in the first request of an organization
	})
	if err != nil {
		return err
	}
	r.say("Opened support access until %s, version %d.", clock(support.EndSupportUsersAccess), support.Version)
	return nil
}

// extendSupport lets support access end later. RetryOnConflict reads and writes again when somebody else changed it
// between the two. What is written is made of what was read, so that the change of the other one isn't lost.
func (r *review) extendSupport(ctx context.Context, by time.Duration) error {
	var current *m3teraccess.Support
	read := func(ctx context.Context) (version int64, err error) {
		if current, err = r.readSupport(ctx); err != nil {
			return 0, err
		}
		if current.Version == 0 {
			return 0, errors.New("there is no support access that could be extended; see -support-until")
		}
		return current.Version, nil
	}
	attempts := 0
	write := func(ctx context.Context, version int64) (*m3teraccess.Support, error) {
		if attempts++; attempts == 1 && r.meanwhile != nil {
			if err := r.meanwhile(ctx, current); err != nil {
				return nil, err
			}
		}
		support, err := r.client.RequestSupport(ctx, m3teraccess.SupportRequest{
			EndSupportUsersAccess:        current.EndSupportUsersAccess.Add(by),
			SupportUsersPermissionPolicy: sendable(current.SupportUsersPermissionPolicy),
			Version:                      version,
		})
		if errors.Is(err, m3teraccess.ErrVersionConflict) {
			r.say("Attempt %d, with version %d, was refused: somebody else was faster.", attempts, version)
		}
		return support, err
	}
	support, err := m3teraccess.RetryOnConflict(ctx, read, write)
	if err != nil {
		return err
	}
	r.say("Attempt %d, with version %d, succeeded: the end of support access moved from %s to %s, version %d.",
		attempts, current.Version, clock(current.EndSupportUsersAccess), clock(support.EndSupportUsersAccess), support.Version)
	if attempts > 1 {
		r.say("Both changes stand: ours was made on top of the other one.")
	}
	return nil
}

// readSupport reads the support access by Client.Do, which serves every endpoint that has no method of its own. Its
// version is 0 when there is none yet.
func (r *review) readSupport(ctx context.Context) (*m3teraccess.Support, error) {
	address, err := url.JoinPath(r.baseURL, "organizations", url.PathEscape(r.orgID), "support")
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	resp, err := r.client.Do(req) // has read the body, so there is nothing to close
	if err != nil {
		return nil, err
	}
	support := new(m3teraccess.Support)
	switch resp.StatusCode {
	case http.StatusOK:
		if err := json.NewDecoder(resp.Body).Decode(support); err != nil {
			return nil, fmt.Errorf("reading the support access: %w", err)
		}
		return support, nil
	case http.StatusNotFound:
		return support, nil
	}
	return nil, fmt.Errorf("reading the support access: %d %s", resp.StatusCode, http.StatusText(resp.StatusCode)) // Do makes no *m3teraccess.Error of it
}

// sendable brings statements that were read by Do, and so are spelled as m3ter spells its answers, into the form that
// m3ter takes. The other methods of a Client hand them out like that.
func sendable(statements []m3teraccess.Statement) []m3teraccess.Statement {
	form := func(s string) string {
		lower := strings.ToLower(s)
		if s == lower {
			return s
		}
		return strings.ReplaceAll(lower, "_", ":")
	}
	for i, statement := range statements {
		statements[i].Effect = m3teraccess.Effect(form(string(statement.Effect)))
		for j, action := range statement.Action {
			statements[i].Action[j] = m3teraccess.Action(form(string(action)))
		}
	}
	return statements
}

// removeItem takes an item out of a resource group. A version would make sure that nobody changed the group since it
// was read; for a removal it doesn't matter.
func (r *review) removeItem(ctx context.Context, o *options) error {
	group, err := r.client.RemoveResource(ctx, o.groupType, o.group, m3teraccess.ResourceGroupItemRequest{
		TargetID:   o.item,
		TargetType: m3teraccess.TargetItem,
	})
	if errors.Is(err, m3teraccess.ErrNotFound) {
		return fmt.Errorf("there is no such group, or the item is not in it: %w", err)
	}
	if err != nil {
		return err
	}
	r.say("Removed the item %s from the resource group %q, version %d.", printable(o.item), group.Name, group.Version)
	return nil
}
