package test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/m3ter-access/m3ter-access-go/test/cases"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// An error names each invalid field, in the order of the document, with its allowed values and the problem.
func TestValidationErrorNamesWhatToChange(t *testing.T) {
	fake, client := newFake(t)
	policy := policyRequest(m3teraccess.ConfigRetrieve, "MARKETPLACE_USAGE_CREATE")
	policy.PermissionPolicy[0].Resource, policy.Version = nil, 7
	_, err := client.CreatePermissionPolicy(t.Context(), policy)
	_, late := client.RequestSupport(t.Context(), m3teraccess.SupportRequest{EndSupportUsersAccess: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)})
	_, none := client.RequestSupport(t.Context(), m3teraccess.SupportRequest{Version: -1})
	_, kind := client.RemoveResource(t.Context(), "meter", "..", m3teraccess.ResourceGroupItemRequest{TargetID: "i", TargetType: "Item"})
	policy = policyRequest()
	most := *cases.Document().Components.Schemas["PermissionPolicyRequest"].Value.Properties["name"].Value.MaxLength
	policy.Name = strings.Repeat("漢", int(most)+20)
	_, long := client.CreatePermissionPolicy(t.Context(), policy)
	want := fmt.Sprintf(`m3teraccess: PermissionPolicy[0].Action[1] must be in lower case: "marketplace:usage:create"; it is "MARKETPLACE_USAGE_CREATE"
m3teraccess: PermissionPolicy[0].Resource must be a list with 1 or more elements; it is empty
m3teraccess: Version must be absent; it is 7
m3teraccess: EndSupportUsersAccess must be a time in the years 1 to 9999; it is in the year 10000
m3teraccess: EndSupportUsersAccess must be a time in the years 1 to 9999; it is missing
m3teraccess: Version must be 1 or more, or absent; it is -1
m3teraccess: groupID must be one path segment other than "." and "..", without a slash, a backslash or a control character; it is ".."
m3teraccess: TargetType must be one of "item", "group", "ITEM", "GROUP"; it is "Item"
m3teraccess: Name must be 1 to %d characters; it has %d`, most, most+20)
	joined := errors.Join(err, late, none, kind, long)
	if got := joined.Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, other := range []error{m3teraccess.ErrOutcomeUnknown, m3teraccess.ErrBadRequest, context.Canceled} {
		if errors.Is(joined, other) {
			t.Errorf("%v matches %v", joined, other)
		}
	}
	if sent := fake.Requests(); len(sent) > 0 {
		t.Errorf("sent %d requests", len(sent))
	}
}

// The client sends an end in a time zone without a JSON form as the same time in UTC.
func TestEndOfSupportIsTheSameMoment(t *testing.T) {
	fake, client := newFake(t)
	request := supportRequest(0)
	request.EndSupportUsersAccess = request.EndSupportUsersAccess.In(time.FixedZone("far", 25*60*60))
	support, err := client.RequestSupport(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	stored, _ := fake.Support()
	want := request.EndSupportUsersAccess
	if !support.EndSupportUsersAccess.Equal(want) || !stored.EndSupportUsersAccess.Equal(want) {
		t.Errorf("got %v, the server has %v, want %v", support.EndSupportUsersAccess, stored.EndSupportUsersAccess, want)
	}
}
