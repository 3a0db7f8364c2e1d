package m3tertest_test

import (
	"net/http"
	"testing"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/test/cases"
)

// The fake refuses what the document forbids, and nothing else, and says which member it is about.
func TestBodiesAndQueries(t *testing.T) {
	c := inMemory(t)
	for _, op := range cases.Operations() {
		path := cases.Fill(op.Path, append([]string{c.fake.OrganizationID}, op.Examples()[1:]...)...)
		for _, tt := range op.Cases() {
			t.Run(op.OperationID+"/"+tt.Name, func(t *testing.T) {
				a := c.doAt(op.Method, path+"?"+tt.Query, tt.Body)
				a.t = t
				forbidden := op.Forbids(tt) != nil
				if forbidden && tt.Lax {
					t.Error("kin-openapi sees it now")
				}
				if forbidden || tt.Lax {
					a.refused(http.StatusBadRequest, tt.Field)
				} else if a.status == http.StatusBadRequest {
					t.Errorf("%s?%s %s is refused: %s", path, tt.Query, tt.Body, a.body)
				}
			})
		}
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
		if status == 200 {
			a.into(200, new(any))
			continue
		}
		a.refused(status, "Content-Type")
	}
}

// A refused spelling comes with the one that is taken.
func TestSpellingThatIsTaken(t *testing.T) {
	c := inMemory(t)
	for refused, taken := range map[string]string{"MARKETPLACE_USAGE_CREATE": "marketplace:usage:create", "config:Create": "config:create"} {
		c.call(gen.CreatePermissionPolicy.Operation, `{"name":"n","permissionPolicy":[{"effect":"e","action":["`+refused+`"],"resource":["r"]}]}`).
			refused(400, `permissionPolicy[0].action[0] must be in lower case: "`+taken+`"`)
	}
}
