package test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// typed returns a function that sends a JSON body as the Go value that it decodes to. asSent is that value in JSON
// again; it is empty when the body has no Go value.
func typed[T any](send func(T) error) func(body string) (asSent string, err error) {
	return func(body string) (string, error) {
		var request T
		if json.Unmarshal([]byte(body), &request) != nil {
			return "", nil
		}
		asSent, err := json.Marshal(request)
		if err != nil {
			return "", nil
		}
		return string(asSent), send(request)
	}
}

// The bodies that the fake was asked about, as Go values: what the document forbids in them is refused before anything
// is sent, and all else is sent.
func TestClientRefusesWhatTheDocumentForbids(t *testing.T) {
	fake, client := newFake(t)
	ctx := t.Context()
	send := map[string]func(body string) (string, error){
		"RequestSupport": typed(func(r m3teraccess.SupportRequest) error {
			return either(client.RequestSupport(ctx, r))
		}),
		"CreatePermissionPolicy": typed(func(r m3teraccess.PermissionPolicyRequest) error {
			return either(client.CreatePermissionPolicy(ctx, r))
		}),
		"AddPermissionPolicyToUser": typed(func(r m3teraccess.PrincipalPermissionRequest) error {
			return either(client.AddPermissionPolicyToUser(ctx, "p", r))
		}),
		"RemoveResource": typed(func(r m3teraccess.ResourceGroupItemRequest) error {
			return either(client.RemoveResource(ctx, "meter", "g", r))
		}),
	}
	for operation, cases := range bodies {
		for name, body := range cases {
			t.Run(operation+"/"+name, func(t *testing.T) {
				before := len(fake.Requests())
				if send[operation] == nil {
					t.Fatalf("send has no %s", operation)
				}
				asSent, err := send[operation](body)
				if asSent == "" {
					return // nothing that Go could send
				}
				refused := isRefusedByDocument(t, operation, asSent)
				if strings.Contains(asSent, `"dtEndSupportUsersAccess":"0001-01-01T00:00:00Z"`) {
					refused = true // to the document it is a time, to whoever left it out it is none
				}
				if got := errors.As(err, new(*m3teraccess.ValidationError)); got != refused {
					t.Fatalf("%s: refused by the document: %t; the client gives: %v", asSent, refused, err)
				}
				sent := operations(fake.Requests()[before:])
				if refused {
					if len(sent) > 0 {
						t.Errorf("%s was sent", sent[0].Body)
					}
					return
				}
				if len(sent) != 1 || !equalJSON(t, sent[0].Body, asSent) {
					t.Errorf("sent %v, want %s", sent, asSent)
				}
			})
		}
	}
}

func isRefusedByDocument(t *testing.T, operation, body string) bool {
	method, path, _ := strings.Cut(rawPaths[operation], " ")
	req, err := http.NewRequest(method, "http://localhost/organizations/o"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	_, verdict := checkRequest(req, []byte(body))
	return verdict != nil
}

// equalJSON compares but for the zone in which a time is written.
func equalJSON(t *testing.T, got []byte, want string) bool {
	t.Helper()
	var a, b map[string]any
	if err := errors.Join(json.Unmarshal(got, &a), json.Unmarshal([]byte(want), &b)); err != nil {
		t.Fatal(err)
	}
	for _, body := range []map[string]any{a, b} {
		if text, ok := body["dtEndSupportUsersAccess"].(string); ok {
			at, err := time.Parse(time.RFC3339Nano, text)
			if err != nil {
				t.Fatal(err)
			}
			body["dtEndSupportUsersAccess"] = at.UTC()
		}
	}
	return reflect.DeepEqual(a, b)
}

func TestClientRefusesPageSizesThatTheDocumentForbids(t *testing.T) {
	for size, want := range map[int32]string{
		math.MinInt32: "refused", -1: "refused", 0: "", 1: "1", 200: "200", 201: "refused", math.MaxInt32: "refused",
	} {
		service := newService(t, keeps(200, `{"data":[]}`))
		client := service.client(t)
		_, err := client.UserPermissionsPage(t.Context(), "u", m3teraccess.PageParams{PageSize: size})
		_, iterErr := collect(client.UserPermissions(t.Context(), "u", m3teraccess.PageParams{PageSize: size}))
		sent := service.requests()
		if want == "refused" {
			if !isValidationOf(err, "PageSize") || !isValidationOf(iterErr, "PageSize") || len(sent) > 0 {
				t.Errorf("%d: %v, %v, %d requests", size, err, iterErr, len(sent))
			}
			continue
		}
		if err != nil || iterErr != nil || len(sent) != 2 {
			t.Fatalf("%d: %v, %v, %d requests", size, err, iterErr, len(sent))
		}
		for _, request := range sent {
			if query := request.URL.Query(); query.Get("pageSize") != want || query.Has("pageSize") != (want != "") {
				t.Errorf("%d: sent as %q", size, request.URL.RawQuery)
			}
		}
	}
}

// A ValidationError says where, what is wrong, and what is allowed.
func TestValidationErrorNamesWhatToChange(t *testing.T) {
	fake, client := newFake(t)
	ctx := t.Context()
	policy := func(change func(*m3teraccess.PermissionPolicyRequest)) func() error {
		return func() error {
			request := policyRequest(m3teraccess.ConfigRetrieve, m3teraccess.ConfigUpdate)
			change(&request)
			return either(client.CreatePermissionPolicy(ctx, request))
		}
	}
	support := func(end time.Time) func() error {
		return func() error {
			return either(client.RequestSupport(ctx, m3teraccess.SupportRequest{EndSupportUsersAccess: end}))
		}
	}
	tests := []struct {
		name, field, hint string
		do                func() error
	}{
		{"name empty", "Name", "100", policy(func(r *m3teraccess.PermissionPolicyRequest) { r.Name = "" })},
		{"name too long", "Name", "101", policy(func(r *m3teraccess.PermissionPolicyRequest) { r.Name = hundred + "x" })},
		{"no statement", "PermissionPolicy", "1 or more", policy(func(r *m3teraccess.PermissionPolicyRequest) { r.PermissionPolicy = nil })},
		{"no resource", "PermissionPolicy[0].Resource", "1 or more", policy(func(r *m3teraccess.PermissionPolicyRequest) { r.PermissionPolicy[0].Resource = nil })},
		{"no effect", "PermissionPolicy[0].Effect", "1 or more", policy(func(r *m3teraccess.PermissionPolicyRequest) { r.PermissionPolicy[0].Effect = "" })},
		{"effect upper case", "PermissionPolicy[0].Effect", `"deny"`, policy(func(r *m3teraccess.PermissionPolicyRequest) { r.PermissionPolicy[0].Effect = "DENY" })},
		{"action upper case", "PermissionPolicy[0].Action[1]", `"marketplace:usage:create"`, policy(func(r *m3teraccess.PermissionPolicyRequest) {
			r.PermissionPolicy[0].Action[1] = "MARKETPLACE_USAGE_CREATE"
		})},
		{"version on create", "Version", "7", policy(func(r *m3teraccess.PermissionPolicyRequest) { r.Version = 7 })},
		{"no end", "EndSupportUsersAccess", "missing", support(time.Time{})},
		{"an end that has no JSON form", "EndSupportUsersAccess", "10000", support(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))},
		{"a statement of support", "SupportUsersPermissionPolicy[0].Effect", `"allow"`, func() error {
			request := supportRequest(0)
			request.SupportUsersPermissionPolicy = []m3teraccess.Statement{{Effect: "ALLOW", Action: []m3teraccess.Action{"all"}, Resource: []string{"*"}}}
			return either(client.RequestSupport(ctx, request))
		}},
		{"no principal", "PrincipalID", "1 or more", func() error {
			return either(client.AddPermissionPolicyToUser(ctx, "p", m3teraccess.PrincipalPermissionRequest{}))
		}},
		{"no target", "TargetID", "1 or more", func() error {
			return either(client.RemoveResource(ctx, "meter", "g", m3teraccess.ResourceGroupItemRequest{TargetType: "item"}))
		}},
		{"no target type", "TargetType", "item", func() error {
			return either(client.RemoveResource(ctx, "meter", "g", m3teraccess.ResourceGroupItemRequest{TargetID: "i"}))
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.do()
			if !isValidationOf(err, test.field) || !strings.Contains(err.Error(), test.hint) {
				t.Errorf("got %v, want a ValidationError of %s with %q", err, test.field, test.hint)
			}
			for _, other := range []error{m3teraccess.ErrOutcomeUnknown, m3teraccess.ErrBadRequest, context.Canceled} {
				if errors.Is(err, other) {
					t.Errorf("%v matches %v", err, other)
				}
			}
		})
	}
	if sent := fake.Requests(); len(sent) > 0 {
		t.Errorf("sent %d requests", len(sent))
	}
}

// An end in a zone that has no JSON form of its own is the same moment in UTC.
func TestEndOfSupportIsTheSameMoment(t *testing.T) {
	fake, client := newFake(t)
	request := supportRequest(0)
	request.EndSupportUsersAccess = request.EndSupportUsersAccess.In(time.FixedZone("far", 25*60*60))
	support, err := client.RequestSupport(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	stored, _ := fake.Support()
	if !support.EndSupportUsersAccess.Equal(request.EndSupportUsersAccess) || !stored.EndSupportUsersAccess.Equal(request.EndSupportUsersAccess) {
		t.Errorf("got %v, the service has %v, want %v", support.EndSupportUsersAccess, stored.EndSupportUsersAccess, request.EndSupportUsersAccess)
	}
}

// isValidationOf tells whether an error is a complete ValidationError about a field.
func isValidationOf(err error, field string) bool {
	var invalid *m3teraccess.ValidationError
	return errors.As(err, &invalid) && invalid.Field == field && invalid.Problem != "" && invalid.Allowed != "" &&
		strings.Contains(err.Error(), field) && strings.Contains(err.Error(), invalid.Allowed)
}
