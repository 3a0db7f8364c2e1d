package test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"testing"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// An answer of many values is refused before it costs many times its size.
func TestManyValuesCostLittleMemory(t *testing.T) {
	const size = 10 << 20
	many := func(before, entry, after string) string {
		return before + strings.Repeat(entry+",", (size-len(before+after))/(len(entry)+1)-1) + entry + after
	}
	policy := `{"id":"p","permissionPolicy":[{"effect":"allow","resource":["*"],"action":`
	for name, body := range map[string]string{
		"empty policies":   many(`{"data":[`, `{}`, `]}`),
		"null policies":    many(`{"data":[`, `null`, `]}`),
		"empty statements": many(`{"id":"p","permissionPolicy":[`, `{}`, `]}`),
		"right policies":   many(`{"data":[`, `{"id":"a"}`, `]}`),
		"empty actions":    many(policy+`[`, `""`, `]}]}`),
		"nested lists":     `{"id":"p","more":` + strings.Repeat("[", size/2) + strings.Repeat("]", size/2-64) + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := via(t, 200, body)
			for call, do := range map[string]func(context.Context) error{
				"UserPermissionsPage": func(ctx context.Context) error {
					return either(client.UserPermissionsPage(ctx, "u", m3teraccess.PageParams{}))
				},
				"Get": func(ctx context.Context) error {
					return either(m3teraccess.Get[map[string]any](ctx, client, "more"))
				},
			} {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				err := do(t.Context())
				runtime.ReadMemStats(&after)
				if !errors.As(err, new(*m3teraccess.DecodeError)) {
					t.Errorf("%s: %v", call, err)
				}
				if cost := after.TotalAlloc - before.TotalAlloc; cost > 128<<20 {
					t.Errorf("%s: %d MiB allocated for an answer of 10 MiB", call, cost>>20)
				}
			}
		})
	}
}

// The largest answer that m3ter gives is far from the bound.
func TestLargeAnswersAreRead(t *testing.T) {
	statement := `{"effect":"ALLOW","action":[` + strings.TrimSuffix(strings.Repeat(`"CONFIG_CREATE",`, 18), ",") + `],"resource":["config:meter/*"]}`
	entry := `{"id":"p","permissionPolicy":[` + strings.TrimSuffix(strings.Repeat(statement+",", 10), ",") + `]}`
	client, _ := via(t, http.StatusOK, `{"data":[`+strings.TrimSuffix(strings.Repeat(entry+",", 200), ",")+`]}`)
	page, err := client.UserPermissionsPage(t.Context(), "u", m3teraccess.PageParams{})
	if err != nil || len(page.Data) != 200 || len(page.Data[199].PermissionPolicy) != 10 {
		t.Error(err)
	}
}
