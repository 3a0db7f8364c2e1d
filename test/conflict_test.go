package test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// extend lets support in for another hour. If a change is lost, an hour is missing.
func extend(ctx context.Context, client *m3teraccess.Client, afterRead func()) (*m3teraccess.Support, error) {
	return m3teraccess.RetryOnConflict(ctx,
		func(ctx context.Context) (*m3teraccess.Support, error) {
			current, err := m3teraccess.Get[m3teraccess.Support](ctx, client, "support")
			if err == nil {
				afterRead()
			}
			return current, err
		},
		func(ctx context.Context, current *m3teraccess.Support) (*m3teraccess.Support, error) {
			return client.RequestSupport(ctx, m3teraccess.SupportRequest{
				EndSupportUsersAccess: current.EndSupportUsersAccess.Add(time.Hour), Version: current.Version,
			})
		})
}

// An update based on an old version is made anew on the current one.
func TestChangeInBetweenIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := newFakeInMemory(t)
		ctx := t.Context()
		first, err := client.RequestSupport(ctx, supportRequest(0))
		if err != nil {
			t.Fatal(err)
		}
		others := 3 // changes by someone else between the reading and the writing
		got, err := extend(ctx, client, func() {
			if others--; others >= 0 {
				if _, err := extend(ctx, client, func() {}); err != nil {
					t.Error(err)
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if want := first.EndSupportUsersAccess.Add(4 * time.Hour); !got.EndSupportUsersAccess.Equal(want) || got.Version != 5 {
			t.Errorf("got %+v, want the end %v, and version 5", got, want)
		}
	})
}

// A writer that reads that there is no support yet writes without a version. If someone else created it first, that is
// a conflict too.
func TestFirstRequestInBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := newFakeInMemory(t)
		reads := []int64{0, 1}
		read := func(context.Context) (int64, error) {
			version := reads[0]
			reads = reads[1:]
			return version, nil
		}
		got, err := m3teraccess.RetryOnConflict(t.Context(), read, func(ctx context.Context, version int64) (*m3teraccess.Support, error) {
			if version == 0 {
				if _, err := client.RequestSupport(ctx, supportRequest(0)); err != nil {
					t.Error(err)
				}
			}
			return client.RequestSupport(ctx, supportRequest(version))
		})
		if err != nil || got.Version != 2 {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}
