package m3teraccess_test

import (
	"context"
	"fmt"
	"log"
	"sync"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// Two writers extend the same support access at the same time. The slower writer reads the change of the faster one,
// and adds its own, so no change is lost.
func ExampleRetryOnConflict() {
	fake, client := newExample()
	defer fake.Close()
	ctx := context.Background()

	read := func(ctx context.Context) (*m3teraccess.Support, error) {
		return m3teraccess.Get[m3teraccess.Support](ctx, client, "support")
	}
	extend := func(ctx context.Context, current *m3teraccess.Support) (*m3teraccess.Support, error) {
		if current == nil { // nobody has requested support access yet
			current = &m3teraccess.Support{EndSupportUsersAccess: time.Date(2026, 3, 1, 17, 0, 0, 0, time.UTC)}
		}
		return client.RequestSupport(ctx, m3teraccess.SupportRequest{
			EndSupportUsersAccess:        current.EndSupportUsersAccess.Add(time.Hour),
			SupportUsersPermissionPolicy: current.SupportUsersPermissionPolicy,
			Version:                      current.Version,
		})
	}

	var writers sync.WaitGroup
	for range 2 {
		writers.Go(func() {
			if _, err := m3teraccess.RetryOnConflict(ctx, read, extend); err != nil {
				log.Fatal(err)
			}
		})
	}
	writers.Wait()
	support, err := read(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("version", support.Version, "until", support.EndSupportUsersAccess)
	// Output:
	// version 2 until 2026-03-01 19:00:00 +0000 UTC
}
