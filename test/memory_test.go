package test

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// allocatedBy returns how many bytes were allocated during a call, and the error of the call.
func allocatedBy(call func() error) (bytes uint64, err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err = call()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, err
}

// The client refuses a response with too many values before it allocates many times the size of the response.
func TestManyValuesCostLittleMemory(t *testing.T) {
	const size = 10 << 20
	many := func(before, entry, after string) string {
		return before + strings.Repeat(entry+",", (size-len(before+after))/(len(entry)+1)-1) + entry + after
	}
	for name, body := range map[string]string{
		"empty policies":   many(`{"data":[`, `{}`, `]}`),
		"null policies":    many(`{"data":[`, `null`, `]}`),
		"empty statements": many(`{"id":"p","permissionPolicy":[`, `{}`, `]}`),
		"right policies":   many(`{"data":[`, `{"id":"a"}`, `]}`),
		"empty actions":    many(`{"id":"p","permissionPolicy":[{"effect":"allow","resource":["*"],"action":[`, `""`, `]}]}`),
		"nested lists":     `{"id":"p","more":` + strings.Repeat("[", size/2) + strings.Repeat("]", size/2-64) + `}`,
	} {
		client := newClientOfResponse(t, 200, body)
		for call, do := range map[string]func() error{
			"UserPermissionsPage": func() error { return read(t, client) },
			"Get": func() error {
				return either(m3teraccess.Get[map[string]any](t.Context(), client, "more"))
			},
		} {
			allocated, err := allocatedBy(do)
			if !errors.As(err, new(*m3teraccess.DecodeError)) || allocated > 128<<20 {
				t.Errorf("%s, %s: %d MiB allocated for a response of 10 MiB: %v", name, call, allocated>>20, err)
			}
		}
	}
}

// The client reads a page of the largest size, which has far fewer values.
func TestLargeAnswersAreRead(t *testing.T) {
	list := func(n int, entry string) string { return "[" + strings.Repeat(entry+",", n-1) + entry + "]" }
	statement := `{"effect":"ALLOW","action":` + list(18, `"CONFIG_CREATE"`) + `,"resource":["config:meter/*"]}`
	client := newClientOfResponse(t, 200, `{"data":`+list(200, `{"id":"p","permissionPolicy":`+list(10, statement)+`}`)+`}`)
	page, err := client.UserPermissionsPage(t.Context(), "u", m3teraccess.PageParams{})
	if err != nil || len(page.Data) != 200 || len(page.Data[199].PermissionPolicy) != 10 {
		t.Error(err)
	}
}
