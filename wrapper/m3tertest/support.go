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
	next, err := nextVersion("support request", h.support.Version, r.Body.Version)
	if err != nil {
		return nil, err
	}
	if err := h.checkEnd(r.Body.EndSupportUsersAccess); err != nil {
		return nil, err
	}
	h.support.ID = cmp.Or(h.support.ID, newID())
	h.support.Version = next
	h.support.EndSupportUsersAccess = r.Body.EndSupportUsersAccess
	if r.Body.SupportUsersPermissionPolicy != nil { // an empty list is sent to empty it
		h.support.SupportUsersPermissionPolicy = published(r.Body.SupportUsersPermissionPolicy)
	}
	return server.RequestSupport200JSONResponse(h.support), nil
}

// checkEnd applies the rule of WithSupportUntilTomorrow.
func (s *store) checkEnd(end time.Time) error {
	const day = 24 * time.Hour
	if earliest := time.Now().UTC().Truncate(day).Add(day); s.untilTomorrow && end.Before(earliest) {
		return invalid("dtEndSupportUsersAccess", "must be %s or later", earliest.Format(time.RFC3339))
	}
	return nil
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
