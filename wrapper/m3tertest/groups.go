package m3tertest

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/gen/server"
)

// An Item is a member of a resource group: a single item, or a nested group.
type Item struct {
	TargetID   string
	TargetType gen.TargetType // compared without regard to case
}

func (i Item) equal(other Item) bool {
	return i.TargetID == other.TargetID && strings.EqualFold(string(i.TargetType), string(other.TargetType))
}

func (h handlers) RemoveResource(_ context.Context, r server.RemoveResourceRequestObject) (server.RemoveResourceResponseObject, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := groupKey{r.ResourceType, r.GroupID}
	group, err := h.group(key)
	if err != nil {
		return nil, err
	}
	if err := group.remove(Item{r.Body.TargetID, r.Body.TargetType}, r.Body.Version); err != nil {
		return nil, err
	}
	group.LastModifiedAt, group.LastModifiedBy = now(), h.serviceUser
	h.groups[key] = group
	return server.RemoveResource200JSONResponse(group.ResourceGroup), nil
}

func (h handlers) getResourceGroup(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	group, err := h.group(groupKey{r.PathValue("type"), r.PathValue("resourceGroupId")})
	h.mu.Unlock()
	if err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, group.ResourceGroup)
}

func (s *store) group(key groupKey) (group, error) {
	found, ok := s.groups[key]
	if !ok {
		return group{}, refuse(http.StatusNotFound, "there is no resource group %q of type %q", key.id, key.resourceType)
	}
	return found, nil
}

// remove removes an item. If version is 0, remove does not check the version of the group.
func (g *group) remove(item Item, version int64) error {
	if version == 0 {
		version = g.Version
	}
	next, err := nextVersion("resource group", g.Version, version)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(g.items, item.equal)
	if i < 0 {
		return refuse(http.StatusNotFound, "%s %q is not in the resource group", strings.ToLower(string(item.TargetType)), item.TargetID)
	}
	g.items = slices.Concat(g.items[:i], g.items[i+1:])
	g.Version = next
	return nil
}
