package m3tertest_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

func TestAddPermissionPolicyKeepsWhatIsSet(t *testing.T) {
	fake := m3tertest.NewServer(m3tertest.InMemory())
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	policy := gen.PermissionPolicy{ID: "p", Version: 7, Name: "n", ManagedPolicy: true, CreatedAt: day, LastModifiedAt: day.Add(time.Hour), CreatedBy: "a", LastModifiedBy: "b"}
	if got := fake.AddPermissionPolicy(policy); !reflect.DeepEqual(got, policy) {
		t.Errorf("policy %+v, want %+v", got, policy)
	}
	if got := fake.AddPermissionPolicy(gen.PermissionPolicy{}); got.ID == "" || got.Version != 1 || got.CreatedAt.IsZero() || got.LastModifiedAt != got.CreatedAt || got.CreatedBy == "" || got.LastModifiedBy != got.CreatedBy {
		t.Errorf("policy %+v", got)
	}
}

func TestSeedingKeepsNothingOfTheCaller(t *testing.T) {
	fake := m3tertest.NewServer(m3tertest.InMemory())
	fake.AddUser("user")
	statements := []gen.Statement{{Effect: "allow", Action: []gen.Action{"all"}, Resource: []string{"*"}}}
	policy := fake.AddPermissionPolicy(gen.PermissionPolicy{PermissionPolicy: statements})
	fake.GrantPolicy(policy.ID, "user")
	items := []m3tertest.Item{{TargetID: "1", TargetType: "item"}}
	fake.AddResourceGroup("meter", gen.ResourceGroup{ID: "g"}, items...)

	statements[0].Resource[0], policy.PermissionPolicy[0].Resource[0] = "changed", "changed"
	items[0].TargetID, fake.ResourceGroupItems("meter", "g")[0].TargetID = "changed", "changed"
	if got := fake.UserPolicies("user")[0].PermissionPolicy[0].Resource[0]; got != "*" {
		t.Errorf("resource %q", got)
	}
	if got := fake.ResourceGroupItems("meter", "g")[0].TargetID; got != "1" {
		t.Errorf("item %q", got)
	}
}

func TestSeedingMistakesPanic(t *testing.T) {
	fake := m3tertest.NewServer(m3tertest.InMemory())
	fake.AddUser("user")
	fake.AddPermissionPolicy(gen.PermissionPolicy{ID: "p"})
	fake.AddPermissionPolicy(gen.PermissionPolicy{ID: "granted"})
	fake.GrantPolicy("granted", "user")
	fake.AddResourceGroup("meter", gen.ResourceGroup{ID: "g"})
	for want, mistake := range map[string]func(){
		"user id is empty":                         func() { fake.AddUser("") },
		`policy "p" already exists`:                func() { fake.AddPermissionPolicy(gen.PermissionPolicy{ID: "p"}) },
		`no permission policy "unknown"`:           func() { fake.GrantPolicy("unknown", "user") },
		`GrantPolicy: there is no user "nobody"`:   func() { fake.GrantPolicy("p", "nobody") },
		"exists, and its version is 1":             func() { fake.GrantPolicy("granted", "user") },
		`group "g" of type "meter" already exists`: func() { fake.AddResourceGroup("meter", gen.ResourceGroup{ID: "g"}) },
		"must have a TargetID":                     func() { fake.AddResourceGroup("meter", gen.ResourceGroup{}, m3tertest.Item{TargetType: "item"}) },
		"item or group":                            func() { fake.AddResourceGroup("meter", gen.ResourceGroup{}, m3tertest.Item{TargetID: "1"}) },
		`UserPolicies: there is no user "nobody"`:  func() { fake.UserPolicies("nobody") },
		`no resource group "g" of type "plan"`:     func() { fake.ResourceGroupItems("plan", "g") },
	} {
		if got := fmt.Sprint(panicOf(mistake)); !strings.HasPrefix(got, "m3tertest: ") || !strings.Contains(got, want) {
			t.Errorf("panic %q, want %q", got, want)
		}
	}
	fake.AddUser("other") // it needs the lock
}
