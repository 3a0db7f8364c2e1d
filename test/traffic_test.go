package test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/m3ter-access/m3ter-access-go/gen"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

func TestTrafficKeepsToTheDocument(t *testing.T) { traffic(t) }

// traffic is that of one caller who uses everything. newFake holds each request and each answer against the document.
// It returns the operations that succeeded.
func traffic(t *testing.T) (succeeded []string) {
	t.Helper()
	fake, client := newFake(t)
	fake.AddUser("user")
	group := fake.AddResourceGroup("meter", gen.ResourceGroup{Name: "Meters"},
		m3tertest.Item{TargetID: "one", TargetType: "item"}, m3tertest.Item{TargetID: "two", TargetType: "group"})
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	request := supportRequest(0)
	request.SupportUsersPermissionPolicy = []m3teraccess.Statement{m3teraccess.Deny(m3teraccess.All).On("*")}
	must(either(client.RequestSupport(ctx, request)))
	request.Version, request.SupportUsersPermissionPolicy = 1, []m3teraccess.Statement{}
	must(either(client.RequestSupport(ctx, request)))
	for range 3 {
		policy, err := client.CreatePermissionPolicy(ctx, policyRequest())
		must(err)
		must(either(client.AddPermissionPolicyToUser(ctx, policy.ID, m3teraccess.PrincipalPermissionRequest{PrincipalID: "user"})))
		must(either(client.AddPermissionPolicyToUser(ctx, policy.ID, m3teraccess.PrincipalPermissionRequest{PrincipalID: "user", Version: 1})))
	}
	policies, err := collect(client.UserPermissions(ctx, "user", m3teraccess.PageParams{PageSize: 1}))
	must(err)
	if len(policies) != 3 {
		t.Errorf("got %d policies, want 3", len(policies))
	}
	must(either(client.RemoveResource(ctx, "meter", group.ID, m3teraccess.ResourceGroupItemRequest{TargetID: "one", TargetType: m3teraccess.TargetItem})))
	must(either(client.RemoveResource(ctx, "meter", group.ID, m3teraccess.ResourceGroupItemRequest{TargetID: "two", TargetType: m3teraccess.TargetGroup, Version: 2})))

	// The refusals are held against it too.
	for _, call := range calls {
		if err := call.do(ctx, client); err == nil && call.name != "CreatePermissionPolicy" {
			t.Errorf("%s: no error, though nothing of the kind exists", call.name)
		}
	}
	for _, request := range fake.Requests() {
		if request.Status == http.StatusOK {
			succeeded = append(succeeded, request.Operation)
		}
	}
	return succeeded
}

// What holds the others to the contract must itself find what breaks it.
func TestContractFindsWhatBreaksIt(t *testing.T) {
	const path = "http://localhost/organizations/o/permissionpolicies"
	const good = `{"name":"n","permissionPolicy":[{"effect":"allow","action":["all"],"resource":["*"]}]}`
	tests := []struct {
		name   string
		url    string
		body   string
		answer answer
		want   string // in the complaint; "" for none
	}{
		{"all in order", path, good, keeps(200, `{"id":"p"}`), ""},
		{"a forbidden answer, marked", path, good, breaks(200, `{}`), ""},
		{"a forbidden answer", path, good, keeps(200, `{}`), "the document forbids the answer"},
		{"a status that isn't declared", path, good, keeps(201, `{"id":"p"}`), "the document forbids the answer"},
		{"an allowed answer, marked", path, good, breaks(200, `{"id":"p"}`), "though it is marked"},
		{"a forbidden request", path, strings.Replace(good, "all", "ALL", 1), keeps(200, `{"id":"p"}`), "the document forbids the request"},
		{"a request for something else", path + "/x", good, keeps(200, `{"id":"p"}`), "the document forbids the request"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			complaints := &complaintsOnly{TB: t}
			client := &http.Client{Transport: &contract{complaints, viaHandler{test.answer}}}
			resp, err := client.Post(test.url, "application/json", strings.NewReader(test.body))
			if err == nil {
				readAll(t, resp)
			}
			if got := strings.Join(complaints.texts, "\n"); !strings.Contains(got, test.want) || test.want == "" && got != "" {
				t.Errorf("complaints %q, want %q", got, test.want)
			}
		})
	}
}

// complaintsOnly is a test that collects what others fail by.
type complaintsOnly struct {
	testing.TB
	texts []string
}

func (c *complaintsOnly) Errorf(format string, args ...any) {
	c.texts = append(c.texts, fmt.Sprintf(format, args...))
}

// viaHandler is a transport that asks a handler, without a network. So it can be used in a bubble of testing/synctest,
// and by a thousand callers.
type viaHandler struct{ http.Handler }

func (v viaHandler) RoundTrip(req *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	served := req.Clone(req.Context())
	if served.Body == nil {
		served.Body = http.NoBody
	}
	v.ServeHTTP(recorder, served)
	resp := recorder.Result()
	resp.Request = req
	return resp, nil
}
