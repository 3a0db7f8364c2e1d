package m3tertest

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/m3ter-access/m3ter-access-go/gen/server"
)

// An operation describes the requests that match a pattern.
type operation struct {
	name  string
	body  check // of the JSON body; may be nil
	query check // of the query, as an object of strings; may be nil
}

// reads describes, by pattern, the GET requests that the server serves in addition to the operations of
// api/openapi.yaml.
var reads = map[string]struct {
	name  string
	query check
	serve func(handlers, http.ResponseWriter, *http.Request)
}{
	"GET /organizations/{orgId}/support":                                 {"GetSupport", nil, handlers.getSupport},
	"GET /organizations/{orgId}/permissionpolicies":                      {"ListPermissionPolicies", pageQuery, inPages((*store).policyPage)},
	"GET /organizations/{orgId}/users":                                   {"ListUsers", pageQuery, inPages((*store).userPage)},
	"GET /organizations/{orgId}/resourcegroups/{type}/{resourceGroupId}": {"GetResourceGroup", nil, handlers.getResourceGroup},
}

// pageQuery checks the query of a request for a list.
var pageQuery = documented["GET /organizations/{orgId}/users/{id}/permissions"].query

// operations maps each served pattern to its operation.
var operations = func() map[string]operation {
	all := maps.Clone(documented)
	for pattern, read := range reads {
		all[pattern] = operation{name: read.name, query: read.query}
	}
	all["POST "+tokenPath] = operation{name: "Token"}
	return all
}()

func newMux(state *store, token http.Handler) *http.ServeMux {
	mux := http.NewServeMux()
	handlers := handlers{state}
	strict := server.NewStrictHandlerWithOptions(handlers, nil, server.StrictHTTPServerOptions{
		RequestErrorHandlerFunc:  badRequest,
		ResponseErrorHandlerFunc: answerRefusal,
	})
	server.HandlerWithOptions(strict, server.StdHTTPServerOptions{BaseRouter: mux, ErrorHandlerFunc: badRequest})
	for pattern, read := range reads {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { read.serve(handlers, w, r) })
	}
	mux.Handle("POST "+tokenPath, token)
	return mux
}

// badRequest responds to a request that the generated server can't decode.
func badRequest(w http.ResponseWriter, _ *http.Request, err error) {
	writeError(w, refuse(http.StatusBadRequest, "%v", err))
}

// answerRefusal writes a refusal. Any other error comes from writing to a client that is gone, and is ignored.
func answerRefusal(w http.ResponseWriter, _ *http.Request, err error) {
	if refused := (*refusal)(nil); errors.As(err, &refused) {
		writeError(w, refused)
	}
}

// operation returns the operation of a request, or the zero operation if there is none. ServeMux would redirect a path
// that contains // or a segment . or .. to another path. m3ter does not redirect writes, so such a path matches nothing
// here.
func (s *Server) operation(r *http.Request) operation {
	escaped := r.URL.EscapedPath()
	if escaped != path.Clean(escaped) {
		return operation{}
	}
	_, pattern := s.mux.Handler(r)
	return operations[pattern]
}

// inOrganization refuses operations on an organization other than the server's.
func (s *Server) inOrganization(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, found := strings.CutPrefix(r.URL.EscapedPath(), "/organizations/")
		if found && s.operation(r).name != "" {
			escaped, _, _ := strings.Cut(rest, "/")
			if id, err := url.PathUnescape(escaped); err != nil || id != s.OrganizationID {
				writeError(w, refuse(http.StatusForbidden, "no access to organization %q", id))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// route passes a request to its operation.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	if s.operation(r).name != "" {
		s.mux.ServeHTTP(w, r)
		return
	}
	if handler, pattern := s.mux.Handler(r); pattern == "" {
		answer := hold(handler, r) // ServeMux knows the methods of a path, but responds in text/plain
		if answer.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", answer.header.Get("Allow"))
			writeError(w, refuse(http.StatusMethodNotAllowed, "%s does not accept the method %s", r.URL.EscapedPath(), r.Method))
			return
		}
	}
	writeError(w, refuse(http.StatusNotFound, "%s does not exist", r.URL.EscapedPath()))
}
