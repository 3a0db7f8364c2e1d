package test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/m3ter-access/m3ter-access-go/test/cases"
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// The client sends no request that the document forbids, and its error names the field. It sends every other request
// unchanged.
func TestClientRefusesWhatTheDocumentForbids(t *testing.T) {
	fake, client := newFake(t, m3teraccess.WithLimiter(unlimited{}))
	for _, call := range calls {
		for _, tt := range call.Cases() {
			typed, as, ok := call.Typed(client, tt)
			if !ok {
				continue
			}
			t.Run(call.name+"/"+tt.Name, func(t *testing.T) {
				// The document allows the zero time. In Go it means that the field is missing.
				forbidden := call.Forbids(as) != nil || strings.Contains(as.Body, `:"0001-01-01T00:00:00Z"`)
				before := len(fake.Requests())
				_, err := typed.Do(t.Context(), client)
				sent := operations(fake.Requests()[before:])
				if forbidden {
					field := call.Field(client, tt.Field) // the error may name one of its members
					if !slices.ContainsFunc(fieldsOf(err), func(f string) bool { return strings.HasPrefix(f, field) }) || len(sent) > 0 {
						t.Errorf("%s%s: got %v, want a ValidationError of %s; sent %v", as.Query, as.Body, err, tt.Field, sent)
					}
					return
				}
				if errors.As(err, new(*m3teraccess.ValidationError)) || len(sent) != 1 {
					t.Fatalf("%s%s: sent %v: %v", as.Query, as.Body, sent, err)
				}
				if !reflect.DeepEqual(tree(t, string(sent[0].Body)), tree(t, as.Body)) || as.Query != "" && sent[0].Query.Encode() != as.Query {
					t.Errorf("sent %v %s, want %s%s", sent[0].Query, sent[0].Body, as.Query, as.Body)
				}
			})
		}
	}
}

// tree returns a JSON value with its times in UTC, so that equal times compare as equal.
func tree(t *testing.T, text string) (value any) {
	t.Helper()
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	members, _ := value.(map[string]any)
	for name, member := range members {
		if text, ok := member.(string); ok {
			if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
				members[name] = at.UTC()
			}
		}
	}
	return value
}

// The fake refuses exactly the bodies and queries that the document forbids, and its error names the subject.
func TestFakeRefusesWhatTheDocumentForbids(t *testing.T) {
	fake, _ := newFake(t)
	credentials := clientcredentials.Config{ClientID: fake.APIKey, ClientSecret: fake.APISecret, TokenURL: fake.URL + "/oauth/token"}
	client := credentials.Client(context.WithValue(t.Context(), oauth2.HTTPClient, fake.Client()))
	for _, op := range cases.Operations() {
		path := cases.Fill(op.Path, append([]string{fake.OrganizationID}, op.Examples()[1:]...)...)
		for _, tt := range op.Cases() {
			t.Run(op.OperationID+"/"+tt.Name, func(t *testing.T) {
				req := newRequest(t, op.Method, fake.URL+path+"?"+tt.Query)
				req.Body = io.NopCloser(strings.NewReader(tt.Body))
				req.Header.Set("Content-Type", "application/json")
				resp, err := client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				text := string(readAll(t, resp))
				forbidden := op.Forbids(tt) != nil
				if refused := resp.StatusCode == http.StatusBadRequest; refused != (forbidden || tt.Lax) || refused && !strings.Contains(text, tt.Field) {
					t.Errorf("%s?%s %s: %d %s", path, tt.Query, tt.Body, resp.StatusCode, text)
				}
			})
		}
	}
}
