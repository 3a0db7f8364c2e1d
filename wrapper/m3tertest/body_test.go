package m3tertest_test

import (
	"strings"
	"testing"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// with makes the body of a policy with a statement.
func with(statement string) string { return `{"name":"n","permissionPolicy":[` + statement + `]}` }

// Package test derives the bodies that the OpenAPI document forbids. These bodies show the messages.
func TestBodies(t *testing.T) {
	for name, tt := range map[string]struct {
		body, message string // message "": the server accepts the body
	}{
		"not JSON":              {`{`, "the body can't be read as JSON"},
		"null":                  {`null`, "the body must be an object"},
		"two values":            {policyBody + `{}`, "the body can't be read as JSON"},
		"a member twice":        {`{"x":[{"y":1,"\u0079":1}],` + policyBody[1:], "the body can't be read as JSON"},
		"a stray byte":          {"{\"x\":\"\xff\"," + policyBody[1:], "the body can't be read as JSON"},
		"half a surrogate pair": {`{"x":"\ud83d",` + policyBody[1:], "the body can't be read as JSON"},
		"a byte order mark":     {"\ufeff" + policyBody, "the body can't be read as JSON"},
		"unknown fields":        {`{"x":null,"NAME":5,` + policyBody[1:], ""},

		"name of other case":   {`{"Name":"n","permissionPolicy":[]}`, "name is missing"},
		"number as name":       {`{"name":1}`, "name must be a string"},
		"object as statements": {`{"name":"n","permissionPolicy":{}}`, "permissionPolicy must be a list"},
		"null statement":       {with(`null`), "permissionPolicy[0] must be an object"},
		"no effect":            {with(`{}`), "permissionPolicy[0].effect is missing"},
		"upper-case effect":    {with(`{"effect":"ALLOW"}`), `permissionPolicy[0].effect must be in lower case: "allow"`},
		"upper-case action":    {with(`{"effect":"e","action":["MARKETPLACE_USAGE_CREATE"]}`), `"marketplace:usage:create"`},
		"empty action":         {with(`{"effect":"e","action":["a",""]}`), "permissionPolicy[0].action[1] must have 1"},
		"first letter":         {with(`{"effect":"e","action":["A"]}`), "permissionPolicy[0].action[0]"},
		"last letter":          {with(`{"effect":"e","action":["Z"]}`), "permissionPolicy[0].action[0]"},
		"no letter of case":    {with(`{"effect":"e","action":["É:1_2"],"resource":[""]}`), ""},
		"no actions":           {with(`{"effect":"e","action":[],"resource":["r"]}`), ""},
		"no resources":         {with(`{"effect":"e","action":[],"resource":[]}`), "permissionPolicy[0].resource must have 1"},
	} {
		t.Run(name, func(t *testing.T) {
			if a := inMemory(t).call(gen.CreatePermissionPolicy.Operation, tt.body); tt.message == "" {
				a.into(200, new(any))
			} else {
				a.refused(400, tt.message)
			}
		})
	}
}

func TestContentType(t *testing.T) {
	c := inMemory(t)
	for contentType, status := range map[string]int{
		"application/json":                200,
		"Application/JSON; charset=utf-8": 200,
		"text/plain":                      415,
		"application/problem+json":        415,
		"":                                415,
	} {
		c.header.Set("Content-Type", contentType)
		a := c.call(gen.CreatePermissionPolicy.Operation, policyBody)
		if a.status != status || status == 415 && !strings.Contains(a.body, "Content-Type") {
			t.Errorf("%q: status %d, %s", contentType, a.status, a.body)
		}
	}
}
