package test

import (
	"errors"
	"testing"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// As the comment of package m3tertest has it: a 403 for one time is cured by a new token, and one that stays reaches the
// caller.
func TestScriptedDenials(t *testing.T) {
	for times, want := range map[int]error{0: m3teraccess.ErrForbidden, 1: nil} {
		fake := m3tertest.NewServer()
		t.Cleanup(fake.Close)
		fake.AddUser("user")
		fake.Inject(m3tertest.Fault{Operation: "UserPermissions", Times: times, Status: 403})
		client, err := m3teraccess.NewClient(
			m3teraccess.WithBaseURL(fake.URL),
			m3teraccess.WithCredentials(fake.APIKey, fake.APISecret),
			m3teraccess.WithOrganization(fake.OrganizationID),
		)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.UserPermissionsPage(t.Context(), "user", m3teraccess.PageParams{}); !errors.Is(err, want) {
			t.Errorf("%d times: error %v, want %v", times, err, want)
		}
	}
}
