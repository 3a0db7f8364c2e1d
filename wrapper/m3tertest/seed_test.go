package m3tertest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
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
	policy := gen.PermissionPolicy{
		ID: "p", Version: 7, Name: "n", ManagedPolicy: true,
		CreatedAt: day, LastModifiedAt: day.Add(time.Hour), CreatedBy: "a", LastModifiedBy: "b",
	}
	if got := fake.AddPermissionPolicy(policy); !reflect.DeepEqual(got, policy) {
		t.Errorf("policy %+v, want %+v", got, policy)
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

func TestMistakesPanic(t *testing.T) {
	fake := m3tertest.NewServer(m3tertest.InMemory())
	fake.AddUser("user")
	fake.AddPermissionPolicy(gen.PermissionPolicy{ID: "p"})
	fake.GrantPolicy("p", "user")
	fake.AddResourceGroup("meter", gen.ResourceGroup{ID: "g"})
	addGroup := func(id string, items ...m3tertest.Item) func() {
		return func() { fake.AddResourceGroup("meter", gen.ResourceGroup{ID: id}, items...) }
	}
	inject := func(fault m3tertest.Fault) func() { return func() { fake.Inject(fault) } }
	for _, tt := range []struct {
		want    string // the beginning of the panic
		mistake func()
	}{
		{"AddUser: the user id is empty", func() { fake.AddUser("") }},
		{`AddPermissionPolicy: policy "p" already exists`, func() { fake.AddPermissionPolicy(gen.PermissionPolicy{ID: "p"}) }},
		{`GrantPolicy: there is no permission policy "q"`, func() { fake.GrantPolicy("q", "user") }},
		{`GrantPolicy: there is no user "nobody"`, func() { fake.GrantPolicy("p", "nobody") }},
		{`GrantPolicy: user "user" already has policy "p"`, func() { fake.GrantPolicy("p", "user") }},
		{`UserPolicies: there is no user "nobody"`, func() { fake.UserPolicies("nobody") }},
		{`ResourceGroupItems: there is no resource group "g" of type`, func() { fake.ResourceGroupItems("plan", "g") }},
		{`AddResourceGroup: group "g" of type "meter" already exists`, addGroup("g")},
		{"AddResourceGroup: item {TargetID: TargetType:item} must have a TargetID", addGroup("h", m3tertest.Item{TargetType: "item"})},
		{"AddResourceGroup: item {TargetID:1 TargetType:} must have a TargetID, and a TargetType", addGroup("h", m3tertest.Item{TargetID: "1"})},
		{`Inject: there is no operation "CreatePolicy"`, inject(m3tertest.Fault{Operation: "CreatePolicy", Status: 503})},
		{"Inject: Times is negative (-1)", inject(m3tertest.Fault{Times: -1})},
		{"Inject: Delay is negative (-1s)", inject(m3tertest.Fault{Delay: -time.Second})},
		{"Inject: Status is 199; it must be 200 to 999", inject(m3tertest.Fault{Status: 199})},
		{"Inject: Status is 1000; it must be 200 to 999", inject(m3tertest.Fault{Status: 1000})},
		{"Inject: Header and Body need a Status", inject(m3tertest.Fault{Header: http.Header{}})},
		{"Inject: Header and Body need a Status", inject(m3tertest.Fault{Body: "x"})},
		{"Inject: CarriedOut can't be combined", inject(m3tertest.Fault{CarriedOut: true, Break: m3tertest.DropBeforeBody})},
		{"Inject: CarriedOut can't be combined", inject(m3tertest.Fault{CarriedOut: true, Break: m3tertest.DropAfterBody})},
		{"Inject: there is no Break 6", inject(m3tertest.Fault{Break: m3tertest.EndlessAnswer + 1})},
		{"Inject: there is no Break -1", inject(m3tertest.Fault{Break: -1})},
		{"InjectFunc: Delay is negative (-2ns)", func() {
			fake.InjectFunc(func(m3tertest.Request) (m3tertest.Fault, bool) { return m3tertest.Fault{Delay: -2}, true })
			fake.ServeHTTP(nil, httptest.NewRequest("GET", "/", nil))
		}},
	} {
		if got := fmt.Sprint(panicOf(tt.mistake)); !strings.HasPrefix(got, "m3tertest: "+tt.want) {
			t.Errorf("panic %q, want %q", got, tt.want)
		}
	}
	fake.AddUser("other") // no panic holds the lock
}
