// Package bench compares the cost of three peers: a floor that is written by hand with net/http and encoding/json, the
// generated client alone, and the client. All of them make the same calls and get the same responses.
//
//	make bench                                    ratios to the floor, of interleaved rounds
//	go test ./test/bench -run '^$' -bench . -count 10 | benchstat -col /peer -
package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// request is the policy to create.
var request = m3teraccess.PermissionPolicyRequest{
	Name: "Meter editors",
	PermissionPolicy: []m3teraccess.Statement{
		m3teraccess.Allow(m3teraccess.ConfigCreate, m3teraccess.ConfigRetrieve).On("config:meter/*"),
		m3teraccess.Deny(m3teraccess.ConfigDelete).On("config:plan/item/12345"),
	},
}

// pages is the number of pages of the user "walk". The page tokens are numbers.
const pages = 20

// The response bodies are made once.
var (
	tokenBody = []byte(`{"access_token":"token","token_type":"Bearer","expires_in":18000}`)
	oneBody   = toJSON(policy(0))
	pageBody  = pageOf(200, "")
	walkBody  = func() (walk [pages][]byte) {
		for i := range pages - 1 {
			walk[i] = pageOf(200, strconv.Itoa(i+1))
		}
		walk[pages-1] = pageBody
		return walk
	}()
)

func policy(i int) map[string]any {
	return map[string]any{
		"id": fmt.Sprintf("0c7a1f5e-54f0-4a43-8f1d-%012d", i), "version": 1, "name": fmt.Sprintf("Policy %d", i),
		"permissionPolicy": []map[string]any{
			{"effect": "ALLOW", "action": []string{"CONFIG_CREATE", "CONFIG_RETRIEVE"}, "resource": []string{"config:meter/*"}},
			{"effect": "DENY", "action": []string{"CONFIG_DELETE"}, "resource": []string{"config:plan/item/12345"}},
		},
		"managedPolicy": false,
		"dtCreated":     "2026-02-01T09:30:00Z", "dtLastModified": "2026-02-01T09:30:00Z",
		"createdBy": "9e0c2d5b-8d51-4a35-a6c5-6f2f5cf2a771", "lastModifiedBy": "9e0c2d5b-8d51-4a35-a6c5-6f2f5cf2a771",
	}
}

func pageOf(n int, next string) []byte {
	policies := make([]map[string]any, n)
	for i := range policies {
		policies[i] = policy(i)
	}
	return toJSON(map[string]any{"data": policies, "nextToken": next})
}

func toJSON(v map[string]any) []byte {
	data, _ := json.Marshal(v) // a map of JSON values always encodes
	return data
}

// bodyFor returns the response body for a request, by its path and its page token.
func bodyFor(req *http.Request) []byte {
	path := req.URL.Path
	switch {
	case strings.HasSuffix(path, "/oauth/token"):
		return tokenBody
	case strings.HasSuffix(path, "/users/page/permissions"):
		return pageBody
	case strings.HasSuffix(path, "/users/walk/permissions"):
		_, token, _ := strings.Cut(req.URL.RawQuery, "nextToken=")
		n, _ := strconv.Atoi(token)
		return walkBody[n]
	default:
		return oneBody
	}
}

// serve responds over a real connection.
func serve(w http.ResponseWriter, req *http.Request) {
	_, _ = io.Copy(io.Discard, req.Body)
	body := bodyFor(req)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // fails only if the client has gone
}

// inMemory is a transport that responds with its result and has no connection, so that only the client is measured.
type inMemory func(*http.Request) []byte

func (bodyFor inMemory) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return nil, err
		}
		req.Body.Close()
	}
	body := bodyFor(req)
	return &http.Response{
		Status: "200 OK", StatusCode: 200, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
	}, nil
}
