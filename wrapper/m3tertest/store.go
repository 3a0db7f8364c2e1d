package m3tertest

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// store is the state of the organization. A caller must hold mu. The slices of an entity are replaced, never changed in
// place, so a response may share them.
type store struct {
	mu          sync.Mutex
	serviceUser string      // the id in createdBy and lastModifiedBy
	support     gen.Support // version 0 before the first support request
	wholeDays   bool        // support access lasts at least until the end of the day
	policies    map[string]gen.PermissionPolicy
	policyIDs   []string                             // in the order in which the policies were created
	userIDs     []string                             // in the order in which the users were added
	links       map[string][]gen.PrincipalPermission // by user, the oldest first; only known users are keys
	groups      map[groupKey]group
}

type groupKey struct{ resourceType, id string }

type group struct {
	gen.ResourceGroup
	items []Item
}

func newStore(wholeDays bool) store {
	return store{
		wholeDays:   wholeDays,
		serviceUser: newID(),
		policies:    make(map[string]gen.PermissionPolicy),
		links:       make(map[string][]gen.PrincipalPermission),
		groups:      make(map[groupKey]group),
	}
}

// complete sets the fields that every new entity has, if they are empty.
func (s *store) complete(id *string, version *int64, created, modified *time.Time, createdBy, modifiedBy *string) {
	*id = cmp.Or(*id, newID())
	*version = cmp.Or(*version, 1)
	*created = cmp.Or(*created, *modified, now())
	*modified = cmp.Or(*modified, *created)
	*createdBy = cmp.Or(*createdBy, s.serviceUser)
	*modifiedBy = cmp.Or(*modifiedBy, *createdBy)
}

// nextVersion implements the version rule of m3ter's entities: a first write has no version; each later write has the
// current version, and increments it. 0 stands for an entity that doesn't exist, and for a missing version.
func nextVersion(what string, current, sent int64) (int64, error) {
	switch {
	case sent == current && current == math.MaxInt64:
		return 0, refuse(http.StatusBadRequest, "the %s was changed too often: its version can't exceed %d", what, current)
	case sent == current:
		return current + 1, nil
	case current == 0:
		return 0, refuse(http.StatusConflict, "version %d was sent, but there is no %s yet; the request that creates it must not have a version", sent, what)
	case sent == 0:
		return 0, refuse(http.StatusConflict, "the version is missing: the %s exists, and its version is %d", what, current)
	default:
		return 0, refuse(http.StatusConflict, "version %d of the %s is not current; the current version is %d", sent, what, current)
	}
}

// newID returns a random UUID.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// now returns the current time, truncated to milliseconds, so that an entity equals its decoded form.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
