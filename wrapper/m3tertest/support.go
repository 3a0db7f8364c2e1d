package m3tertest

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/m3ter-access/m3ter-access-go/gen/server"
)

func (h handlers) RequestSupport(_ context.Context, r server.RequestSupportRequestObject) (server.RequestSupportResponseObject, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if tomorrow := nextDay(time.Now()); h.wholeDays && r.Body.EndSupportUsersAccess.Before(tomorrow) {
		return nil, invalid("dtEndSupportUsersAccess", "must be %s or later: support access lasts at least until the end of the day (UTC)", tomorrow.Format(time.RFC3339))
	}
	next, err := nextVersion("support request", h.support.Version, r.Body.Version)
	if err != nil {
		return nil, err
	}
	h.support.ID = cmp.Or(h.support.ID, newID())
	h.support.Version = next
	h.support.EndSupportUsersAccess = r.Body.EndSupportUsersAccess
	if r.Body.SupportUsersPermissionPolicy != nil { // an empty list removes all statements
		h.support.SupportUsersPermissionPolicy = published(r.Body.SupportUsersPermissionPolicy)
	}
	return server.RequestSupport200JSONResponse(h.support), nil
}

// nextDay returns the start of the next UTC day.
func nextDay(t time.Time) time.Time {
	year, month, day := t.UTC().Date()
	return time.Date(year, month, day+1, 0, 0, 0, 0, time.UTC)
}

func (h handlers) getSupport(w http.ResponseWriter, _ *http.Request) {
	h.mu.Lock()
	support := h.support
	h.mu.Unlock()
	if support.Version == 0 {
		writeError(w, refuse(http.StatusNotFound, "there is no support request"))
		return
	}
	writeJSON(w, http.StatusOK, support)
}
