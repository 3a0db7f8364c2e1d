package m3teraccess_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"sync"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// Two writers extend the same support access at the same time. Who comes second reads again, and builds on what the
// first one wrote, so that no change is lost.
func ExampleRetryOnConflict() {
	fake, client := newExample()
	defer fake.Close()
	ctx := context.Background()
	_, err := client.RequestSupport(ctx, m3teraccess.SupportRequest{
		EndSupportUsersAccess: time.Date(2026, 3, 1, 17, 0, 0, 0, time.UTC),
		SupportUsersPermissionPolicy: []m3teraccess.Statement{
			m3teraccess.Allow(m3teraccess.ConfigRetrieve).On("config:*"),
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	extend := func() error {
		var current m3teraccess.Support
		read := func(ctx context.Context) (int64, error) {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "/organizations/"+client.OrganizationID()+"/support", nil)
			if err != nil {
				return 0, err
			}
			resp, err := client.Do(req)
			if err != nil {
				return 0, err
			}
			err = json.NewDecoder(resp.Body).Decode(&current)
			return current.Version, err
		}
		write := func(ctx context.Context, version int64) (*m3teraccess.Support, error) {
			return client.RequestSupport(ctx, m3teraccess.SupportRequest{
				EndSupportUsersAccess:        current.EndSupportUsersAccess.Add(time.Hour),
				SupportUsersPermissionPolicy: m3teraccess.Sendable(current.SupportUsersPermissionPolicy),
				Version:                      version,
			})
		}
		_, err := m3teraccess.RetryOnConflict(ctx, read, write)
		return err
	}

	var writers sync.WaitGroup
	for range 2 {
		writers.Go(func() {
			if err := extend(); err != nil {
				log.Fatal(err)
			}
		})
	}
	writers.Wait()
	support, _ := fake.Support()
	fmt.Println("version", support.Version, "until", support.EndSupportUsersAccess)
	fmt.Println(support.SupportUsersPermissionPolicy)
	// Output:
	// version 3 until 2026-03-01 19:00:00 +0000 UTC
	// [{[CONFIG_RETRIEVE] ALLOW [config:*]}]
}
