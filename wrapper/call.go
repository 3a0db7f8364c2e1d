package m3teraccess

import (
	"context"
	"net/http"
	"slices"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// A layer sends a call by way of the layers inside it.
type layer func(context.Context, *call) outcome

// A call is one request on its way through the layers.
type call struct {
	op        *gen.Operation
	req       *http.Request
	versioned bool     // it carries a version, so that a refusal may be a conflict
	pace      *pace    // of the organization
	vault     *vault   // the secrets of the client
	attempt   int      // from 1 on; set by the retry layer, as is sent
	sent      int      // attempts that were handed to the transport
	leaves    func()   // to be called when the request has a connection; set by the limit layer; nil: nobody wants to know
	token     string   // of the attempt; set by the token layer
	denied    []string // the tokens of the attempts before
	renewed   bool     // the token was renewed for this call; once is enough
}

// isRead tells whether sending the call twice changes no more than sending it once.
func (c *call) isRead() bool {
	return c.op.Method == http.MethodGet || c.op.Method == http.MethodHead || c.op.Method == http.MethodOptions
}

// redactor knows what the errors and log lines of the call may not show.
func (c *call) redactor() redactor {
	return c.vault.redactor(append(slices.Clone(c.denied), c.token)...)
}

// An answer is a response whose body was read, as far as it could be.
type answer struct {
	*http.Response
	body []byte
}

func (a *answer) isSuccess() bool { return a.StatusCode/100 == 2 }

// An outcome is how a call ended, or an attempt of it.
type outcome struct {
	answer     *answer // nil: none came
	err        error   // why there is no answer, or a success is not whole; nil: there is one to look at
	attempted  bool    // the request was handed to the transport
	isRepeated bool    // the transport has sent it more than once
	proof      string  // why a failed attempt certainly did nothing; "": it may have done what it was to do
	ended      error   // that of the context, where it left no time for another attempt; nil: it left some
}

// isCut tells whether a success broke off. An unreadable one came whole.
func (o outcome) isCut() bool { return o.answer != nil && o.err != nil && !isUnreadable(o.err) }
