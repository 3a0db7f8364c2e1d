package m3tertest

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/m3ter-access/m3ter-access-go/gen/server"
)

// operationIDs has the name of the operation behind each pattern that is served. The first ones are those of
// api/openapi.yaml; the others serve what a client needs beside them.
var operationIDs = map[string]string{
	"PUT /organizations/{orgId}/support":                                                 "RequestSupport",
	"POST /organizations/{orgId}/permissionpolicies":                                     "CreatePermissionPolicy",
	"POST /organizations/{orgId}/permissionpolicies/{permissionPolicyId}/addtouser":      "AddPermissionPolicyToUser",
	"GET /organizations/{orgId}/users/{id}/permissions":                                  "UserPermissions",
	"POST /organizations/{orgId}/resourcegroups/{type}/{resourceGroupId}/removeresource": "RemoveResource",
	"GET /organizations/{orgId}/support":                                                 "GetSupport",
	"GET /organizations/{orgId}/permissionpolicies":                                      "ListPermissionPolicies",
	"GET /organizations/{orgId}/resourcegroups/{type}/{resourceGroupId}":                 "GetResourceGroup",
	"POST " + tokenPath: "Token",
}

func newMux(state *store, token http.Handler) *http.ServeMux {
	mux := http.NewServeMux()
	handlers := handlers{state}
	strict := server.NewStrictHandlerWithOptions(handlers, nil, server.StrictHTTPServerOptions{
		RequestErrorHandlerFunc:  badRequest,
		ResponseErrorHandlerFunc: answerRefusal,
	})
	server.HandlerWithOptions(strict, server.StdHTTPServerOptions{BaseRouter: mux, ErrorHandlerFunc: badRequest})
	mux.HandleFunc("GET /organizations/{orgId}/support", handlers.getSupport)
	mux.HandleFunc("GET /organizations/{orgId}/permissionpolicies", handlers.listPolicies)
	mux.HandleFunc("GET /organizations/{orgId}/resourcegroups/{type}/{resourceGroupId}", handlers.getResourceGroup)
	mux.Handle("POST "+tokenPath, token)
	return mux
}

// badRequest answers what the generated server can't decode.
func badRequest(w http.ResponseWriter, _ *http.Request, err error) {
	writeError(w, refuse(http.StatusBadRequest, "%v", err))
}

// answerRefusal writes a refusal. The only other error there is comes from writing an answer to a client that has left.
func answerRefusal(w http.ResponseWriter, _ *http.Request, err error) {
	if refused := (*refusal)(nil); errors.As(err, &refused) {
		writeError(w, refused)
	}
}

// operation is the name of the operation that a request is for, "" when there is none. ServeMux would redirect a
// path with //, . or .. to another one; a service that redirects writes is no m3ter, so here it is no route.
func (s *Server) operation(r *http.Request) string {
	escaped := r.URL.EscapedPath()
	if escaped != path.Clean(escaped) {
		return ""
	}
	_, pattern := s.mux.Handler(r)
	return operationIDs[pattern]
}

// inOrganization refuses operations on an organization that isn't the server's.
func (s *Server) inOrganization(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, found := strings.CutPrefix(r.URL.EscapedPath(), "/organizations/")
		if found && s.operation(r) != "" {
			escaped, _, _ := strings.Cut(rest, "/")
			if id, err := url.PathUnescape(escaped); err != nil || id != s.OrganizationID {
				writeError(w, refuse(http.StatusForbidden, "no access to organization %q", id))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// route hands a request to its operation.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	if s.operation(r) != "" {
		s.mux.ServeHTTP(w, r)
		return
	}
	if handler, pattern := s.mux.Handler(r); pattern == "" {
		answer := hold(handler, r) // ServeMux knows which methods a path has, but says so in text/plain
		if answer.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", answer.header.Get("Allow"))
			writeError(w, refuse(http.StatusMethodNotAllowed, "%s has no %s", r.URL.EscapedPath(), r.Method))
			return
		}
	}
	writeError(w, refuse(http.StatusNotFound, "there is no %s", r.URL.EscapedPath()))
}
