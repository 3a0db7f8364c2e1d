package test

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/m3ter-access/m3ter-access-go/gen"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// Every action that m3ter publishes, as it is published.
var published = map[m3teraccess.Action]string{
	m3teraccess.All:                      "ALL",
	m3teraccess.ConfigCreate:             "CONFIG_CREATE",
	m3teraccess.ConfigRetrieve:           "CONFIG_RETRIEVE",
	m3teraccess.ConfigUpdate:             "CONFIG_UPDATE",
	m3teraccess.ConfigDelete:             "CONFIG_DELETE",
	m3teraccess.ConfigExport:             "CONFIG_EXPORT",
	m3teraccess.AnalyticsQuery:           "ANALYTICS_QUERY",
	m3teraccess.MeasurementsUpload:       "MEASUREMENTS_UPLOAD",
	m3teraccess.MeasurementsFileupload:   "MEASUREMENTS_FILEUPLOAD",
	m3teraccess.MeasurementsRetrieve:     "MEASUREMENTS_RETRIEVE",
	m3teraccess.MeasurementsExport:       "MEASUREMENTS_EXPORT",
	m3teraccess.ForecastRetrieve:         "FORECAST_RETRIEVE",
	m3teraccess.HealthscoresRetrieve:     "HEALTHSCORES_RETRIEVE",
	m3teraccess.AnomaliesRetrieve:        "ANOMALIES_RETRIEVE",
	m3teraccess.ExportsDownload:          "EXPORTS_DOWNLOAD",
	m3teraccess.MarketplaceUsageCreate:   "MARKETPLACE_USAGE_CREATE",
	m3teraccess.MarketplaceUsageRetrieve: "MARKETPLACE_USAGE_RETRIEVE",
	m3teraccess.AuditRetrieve:            "AUDIT_RETRIEVE",
}

func TestConstantsAreSentInLowerCase(t *testing.T) {
	doc, _ := document()
	if got, want := len(published), len(doc.Components.Schemas["Action"].Value.Enum); got != want {
		t.Fatalf("%d actions are checked here, the document lists %d", got, want)
	}
	for action, name := range published {
		sent := sentStatement(t, m3teraccess.Allow(action).On("*"))
		want := strings.ReplaceAll(strings.ToLower(name), "_", ":")
		if sent.Effect != "allow" || !slices.Equal(sent.Action, []string{want}) {
			t.Errorf("%s: sent %+v, want %s", name, sent, want)
		}
	}
	if sent := sentStatement(t, m3teraccess.Deny(m3teraccess.All).On("a", "b")); sent.Effect != "deny" || !slices.Equal(sent.Resource, []string{"a", "b"}) {
		t.Errorf("Deny: sent %+v", sent)
	}
}

type plainStatement struct {
	Effect   string   `json:"effect"`
	Action   []string `json:"action"`
	Resource []string `json:"resource"`
}

// sentStatement returns a statement as a server receives it.
func sentStatement(t *testing.T, statement m3teraccess.Statement) plainStatement {
	t.Helper()
	var received struct{ PermissionPolicy []plainStatement }
	client := newLocalClient(t, viaHandler{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&received); err != nil {
			t.Error(err)
		}
		keeps(200, `{"id":"p"}`).ServeHTTP(w, r)
	})})
	request := m3teraccess.PermissionPolicyRequest{Name: "n", PermissionPolicy: []m3teraccess.Statement{statement}}
	if _, err := client.CreatePermissionPolicy(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	if len(received.PermissionPolicy) != 1 {
		t.Fatalf("received %+v", received)
	}
	return received.PermissionPolicy[0]
}

func TestAnswersComeInTheFormThatIsSent(t *testing.T) {
	tests := []struct{ name, effect, action, wantEffect, wantAction string }{
		{"lower case", "allow", "config:create", "allow", "config:create"},
		{"not published, upper case", "ALLOW", "NEW_THING_DO", "allow", "new:thing:do"},
		{"not published, lower case", "audit", "new:thing_do", "audit", "new:thing_do"},
		{"mixed case", "Deny", "Config_Create", "deny", "config:create"},
		{"empty", "", "", "", ""},
	}
	for action, name := range published {
		tests = append(tests, struct{ name, effect, action, wantEffect, wantAction string }{name, "DENY", name, "deny", string(action)})
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			statements, err := json.Marshal([]plainStatement{{test.effect, []string{test.action}, []string{"Config:METER/*"}}})
			if err != nil {
				t.Fatal(err)
			}
			policy := `{"id":"p","permissionPolicy":` + string(statements) + `}`
			want := []m3teraccess.Statement{{
				Effect:   m3teraccess.Effect(test.wantEffect),
				Action:   []m3teraccess.Action{m3teraccess.Action(test.wantAction)},
				Resource: []string{"Config:METER/*"}, // a resource is the caller's, and left alone
			}}
			for name, got := range receivedStatements(t, policy, `{"id":"s","supportUsersPermissionPolicy":`+string(statements)+`}`) {
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%s: got %+v, want %+v", name, got, want)
				}
			}
		})
	}
}

// receivedStatements returns what the client makes of statements in each answer that has some.
func receivedStatements(t *testing.T, policy, support string) map[string][]m3teraccess.Statement {
	t.Helper()
	got := make(map[string][]m3teraccess.Statement)
	ctx := t.Context()
	answered := func(a answer) *m3teraccess.Client { return newLocalClient(t, viaHandler{a}) }

	created, err := answered(keeps(200, policy)).CreatePermissionPolicy(ctx, policyRequest())
	if err != nil {
		t.Fatal(err)
	}
	got["CreatePermissionPolicy"] = created.PermissionPolicy
	requested, err := answered(keeps(200, support)).RequestSupport(ctx, supportRequest(0))
	if err != nil {
		t.Fatal(err)
	}
	got["RequestSupport"] = requested.SupportUsersPermissionPolicy
	for shape, a := range map[string]answer{
		"page": keeps(200, `{"data":[`+policy+`]}`), "one policy": keeps(200, policy), "bare list": breaks(200, `[`+policy+`]`),
	} {
		policies, err := collect(answered(a).UserPermissions(ctx, "u"))
		if err != nil || len(policies) != 1 {
			t.Fatal(policies, err)
		}
		got["UserPermissions, "+shape] = policies[0].PermissionPolicy
	}
	return got
}

// A policy that was read from a service which answers in upper case, and refuses it, can be created anew as it stands.
func TestPolicyThatWasReadCanBeCreatedAnew(t *testing.T) {
	fake, client := newFake(t)
	fake.AddUser("u")
	ctx := t.Context()
	request := policyRequest(m3teraccess.MarketplaceUsageCreate, "neverheardof:it")
	request.PermissionPolicy = append(request.PermissionPolicy, m3teraccess.Deny(m3teraccess.All).On("config:plan/group/9"))
	created, err := client.CreatePermissionPolicy(ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.AddPermissionPolicyToUser(ctx, created.ID, m3teraccess.PrincipalPermissionRequest{PrincipalID: "u"}); err != nil {
		t.Fatal(err)
	}
	if stored := fake.UserPolicies("u")[0]; stored.PermissionPolicy[0].Action[0] != "MARKETPLACE_USAGE_CREATE" {
		t.Fatalf("the fake doesn't answer in upper case: %+v", stored)
	}
	read, err := collect(client.UserPermissions(ctx, "u"))
	if err != nil || len(read) != 1 || !reflect.DeepEqual(read[0].PermissionPolicy, request.PermissionPolicy) {
		t.Fatalf("read %+v, %v", read, err)
	}
	again, err := client.CreatePermissionPolicy(ctx, m3teraccess.PermissionPolicyRequest{Name: read[0].Name, PermissionPolicy: read[0].PermissionPolicy})
	if err != nil {
		t.Fatal(err)
	}
	if again.ID == created.ID || !reflect.DeepEqual(again.PermissionPolicy, created.PermissionPolicy) {
		t.Errorf("got %+v, want %+v under another id", again, created)
	}
	support, err := client.RequestSupport(ctx, m3teraccess.SupportRequest{
		EndSupportUsersAccess: supportRequest(0).EndSupportUsersAccess, SupportUsersPermissionPolicy: read[0].PermissionPolicy,
	})
	if err != nil || !reflect.DeepEqual(support.SupportUsersPermissionPolicy, read[0].PermissionPolicy) {
		t.Errorf("got %+v, %v", support, err)
	}
}

func TestTargetTypeIsSentAsGiven(t *testing.T) {
	if m3teraccess.TargetItem != "item" || m3teraccess.TargetGroup != "group" {
		t.Errorf("the constants are %q and %q", m3teraccess.TargetItem, m3teraccess.TargetGroup)
	}
	for _, targetType := range []m3teraccess.TargetType{m3teraccess.TargetItem, m3teraccess.TargetGroup, "ITEM", "GROUP"} {
		fake, client := newFake(t)
		group := fake.AddResourceGroup("meter", gen.ResourceGroup{}, m3tertest.Item{TargetID: "i", TargetType: targetType})
		_, err := client.RemoveResource(t.Context(), "meter", group.ID, m3teraccess.ResourceGroupItemRequest{TargetID: "i", TargetType: targetType})
		if err != nil {
			t.Fatal(err)
		}
		sent := operations(fake.Requests())[0].Body
		if want := `{"targetId":"i","targetType":"` + string(targetType) + `"}`; string(sent) != want {
			t.Errorf("sent %s, want %s", sent, want)
		}
		if left := fake.ResourceGroupItems("meter", group.ID); len(left) > 0 {
			t.Errorf("%s: left %v", targetType, left)
		}
	}
}

// A principal of a kind that is new is no reason to lose the answer of a write that was done.
func TestPrincipalTypesPass(t *testing.T) {
	for _, kind := range []string{"USER", "USERGROUP", "SERVICEUSER", "SUPPORTUSERS", "ROBOT", "user", ""} {
		client := newLocalClient(t, viaHandler{keeps(200, `{"id":"l","principalType":"`+kind+`"}`)})
		link, err := client.AddPermissionPolicyToUser(t.Context(), "p", m3teraccess.PrincipalPermissionRequest{PrincipalID: "u"})
		if err != nil || link.PrincipalType != kind {
			t.Errorf("%s: got %+v, %v", kind, link, err)
		}
	}
}

// What is zero is not sent; an empty list of support's statements, which differs from none, is.
func TestWhatIsLeftOut(t *testing.T) {
	var body string
	client := newLocalClient(t, viaHandler{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		body = string(sent)
		keeps(200, `{"id":"s"}`).ServeHTTP(w, r)
	})})
	for statements, want := range map[string]string{
		"nil":   `{"dtEndSupportUsersAccess":"2026-03-01T17:00:00Z"}`,
		"empty": `{"dtEndSupportUsersAccess":"2026-03-01T17:00:00Z","supportUsersPermissionPolicy":[]}`,
	} {
		request := supportRequest(0)
		if statements == "empty" {
			request.SupportUsersPermissionPolicy = []m3teraccess.Statement{}
		}
		if _, err := client.RequestSupport(t.Context(), request); err != nil || body != want {
			t.Errorf("%s: sent %s, want %s; %v", statements, body, want, err)
		}
	}
}
