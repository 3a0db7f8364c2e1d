// Package m3teraccess is a client for m3ter's access-management API: support access, permission policies, the policies
// of users, and resource groups. [NewClient] makes a client, from the environment or from options:
//
//	client, err := m3teraccess.NewClient() // M3TER_API_KEY, M3TER_API_SECRET, M3TER_ORG_ID
//
// A [Client] is safe for concurrent use, and has a method for each of five endpoints. For example:
//
//	policy, err := client.CreatePermissionPolicy(ctx, m3teraccess.PermissionPolicyRequest{
//		Name:             "Meter readers",
//		PermissionPolicy: []m3teraccess.Statement{m3teraccess.Allow(m3teraccess.ConfigRetrieve).On("config:meter/*")},
//	})
//
// Use errors.As to find out what happened:
//
//   - [*ValidationError]: the call is not valid; nothing was sent
//   - [*AuthError]: the client could not obtain an access token
//   - [*Error]: m3ter returned a status other than 2xx; use errors.Is to test for [ErrNotFound], [ErrVersionConflict]
//     and others
//   - [*DecodeError]: m3ter reported success, but the response can't be read
//
// If a write fails, but m3ter may have carried it out, the error also matches [ErrOutcomeUnknown]: before you retry the
// write, find out whether m3ter carried it out.
//
// # Calls
//
// Five endpoints have a method: [Client.RequestSupport], [Client.CreatePermissionPolicy],
// [Client.AddPermissionPolicyToUser], [Client.UserPermissions] and [Client.RemoveResource]. [Get], [List] and [Send]
// call any other JSON endpoint of the organization, with the same authentication, rate limit, retries and checks of the
// response. [Client.Do] sends any other request, such as one whose body is not JSON. [Client.Organization] returns a
// client for another organization.
//
// Requests spell effects and actions in lower case, as m3ter documents (allow, config:create). m3ter's responses spell
// them in upper case (ALLOW, CONFIG_CREATE). The client converts the effects and actions of responses to lower case, so
// that a program can send them back. The methods of the five endpoints accept only lower case. [Send] and [Client.Do]
// send either spelling unchanged. Client.Do does not convert responses.
//
// Two sets of policies determine what a user may do: the policies that were added to the user, which
// [Client.UserPermissions] lists, and the policies of the user's groups, which it does not list. A deny in any of these
// policies overrides every allow.
//
// The package is named m3teraccess, although its directory is wrapper:
//
//	import m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
//
// Package gen holds the code generated from api/openapi.yaml: the types of requests and responses, and the operations.
// Package m3teraccess declares aliases for the types, so a program need not import gen.
//
// # Credentials
//
// [NewClient] takes the access key id and the API secret of a service user from [WithCredentials] or from M3TER_API_KEY
// and M3TER_API_SECRET. The first call exchanges them for an access token. One request fetches the access token,
// however many calls wait for it. A busy client renews its access token in the background before the token expires, so
// that no call waits for one. An idle client does not renew its access token. With the default transport, the
// connections of a client that has been idle for 45 seconds are closed, and the client keeps no goroutine and no timer.
// [WithTokenSource] supplies access tokens from another source, for example access tokens that a person obtained by
// signing in.
//
// Credentials and access tokens go only to URLs with the scheme, host and port of the base URL. The client does not
// follow redirects. Errors, log lines and the printed form of a [Client] show no secrets: if text from outside the
// client, such as a message from m3ter, contains a secret, the client omits all of that text (SECURITY.md gives the
// limits). errors.Is and errors.As still find the errors that an error wraps, but errors.Unwrap does not return an
// error whose text the client omits. If errors.As finds an error of the transport, the token source or the limiter, the
// text of that error may contain a secret, so don't print that error.
//
// # Errors
//
// An error of a call has one of the four types above, matches [ErrRepeatedToken], or comes from the context, the
// timeout of an attempt, the transport or the caller's limiter. [ErrRepeatedToken] ends a list if m3ter returns the
// same page token twice.
//
// An [*Error] matches the variable for its status, if there is one: [ErrBadRequest], [ErrUnauthorized], [ErrForbidden],
// [ErrNotFound], [ErrConflict], [ErrRateLimited] or [ErrServer]. It also matches [ErrVersionConflict] if the version of
// the request is not current.
//
// An [*AuthError] means that m3ter did not carry out the call.
//
// If a call fails because the context is done, the error matches the context's error. If a call fails because an
// attempt timed out, the error matches os.ErrDeadlineExceeded.
//
// # Responses
//
// The client reads responses in the same way with every supported Go release. A response body must be one JSON value,
// which a byte order mark may precede. The client compares names exactly: it ignores a member whose name is not that of
// a field, even if the name differs from a field's name only in case. A response is unreadable if an object has a
// duplicate member, if a string is not valid Unicode (a stray byte, half a surrogate pair), or if a version is not an
// int64 (1.0, 1e3). The call then fails with a [*DecodeError]. If the body of an error response breaks these rules,
// [Error].Message is empty. A successful response is also unreadable if it has a Content-Type that is not a JSON type,
// or if its body has more than about 100,000 values.
//
// # Unknown outcomes
//
// m3ter may have carried out a write whose response is lost. m3ter has no idempotency keys, so the client does not
// retry such a write. The error matches [ErrOutcomeUnknown], and still matches any other error that applies, such as
// [ErrServer]. Its text says how to find out whether m3ter carried out the write:
//
//   - support access: read the support request with [Get]; m3ter carried out the write if the end time is the one that
//     was sent, and the version is one higher than the one that was sent (or 1, if none was sent)
//   - a new policy: list the policies with [List], and look for the name; m3ter may still create the policy late, so
//     wait a minute before you conclude that m3ter did not carry out the write
//   - a policy added to a user: list the user's policies with [Client.UserPermissions]; m3ter carried out the write if
//     the list contains the policy, and the user did not have it before the call
//   - a removal from a group: read the resource group with [Get]; m3ter carried out the write if the version is one
//     higher than before the call, but this proves nothing if others may have changed the group in the meantime
//
// # Retries
//
// By default, a call makes up to 4 attempts (see [RetryPolicy]). The client retries only if a retry is safe:
//
//	what happened                                a read (GET, HEAD, OPTIONS)   a write
//	the client could not establish a connection  retry after a backoff         the same
//	m3ter did not process the request: HTTP/2    retry after a backoff         the same
//	REFUSED_STREAM, or a GOAWAY whose last
//	stream id is lower than the request's
//	429                                          retry after Retry-After, or   the same
//	                                             after 1, 2, 4 seconds
//	401, or 403, which m3ter also returns for    renew the access token at     the same
//	an expired access token                      most once, and retry
//	408, any 5xx, a connection reset, a          retry after Retry-After, or   ErrOutcomeUnknown
//	timeout, an incomplete response: m3ter may   after a backoff
//	have carried out the call
//	the context is done after the request was    the context's error           the same, and
//	sent                                                                       ErrOutcomeUnknown
//	3xx, any other 4xx                           *Error                        *Error
//	a success that can't be read                 *DecodeError                  the same, and
//	                                                                           ErrOutcomeUnknown
//	the client could not obtain an access token  *AuthError                    *AuthError
//
// If Retry-After exceeds RetryPolicy.MaxRetryAfter, the client does not wait: the call fails, and [Error].RetryAfter
// holds the delay. If the wait before a retry would last beyond the context's deadline, the call fails without waiting.
// The client does not retry a request whose body can't be rewound (see [http.Request].GetBody).
//
// After a 403, the client renews the access token at most once a minute, since the 403 may be a true denial. If m3ter
// reports a revoked access token with a 403, recovery may take a minute. If the client can't obtain the new access
// token, the call ends with the 403, and not with an [*AuthError].
//
// # Transports
//
// The client passes a write to the transport once per attempt, and prevents net/http from resending it. What the client
// knows about a failed write depends on the transport ([WithHTTPClient]):
//
//	failure of a write                           *http.Transport      a wrapper around it  any other transport
//	a connection could not be established        not sent             not sent             ErrOutcomeUnknown
//	no connection within the timeout             not sent             ErrOutcomeUnknown    ErrOutcomeUnknown
//	HTTP/2: m3ter did not process the request    not carried out      not carried out      ErrOutcomeUnknown
//
// The column *http.Transport applies if the transport itself has that type. The RoundTrip method of a protocol that
// RegisterProtocol or TLSNextProto adds must call the net/http/httptrace hooks, and must not return while it may still
// send the request; otherwise the client may send a write twice. A transport that wraps an *http.Transport must return
// the errors of the *http.Transport, and must pass it the context of the request, which carries the client's
// net/http/httptrace hooks. Any other transport that calls these hooks and returns the errors of net/http counts as
// such a wrapper. With every transport, the client stops reading a response when the attempt times out or the context
// is done.
//
// The client can't prevent a transport that is not an *http.Transport from sending a write more than once in an
// attempt. If the transport wraps an *http.Transport, the client notices when the transport sends a write twice. If
// m3ter then reports success, the call succeeds, and the client logs at Warn that the write may have taken effect
// twice. With any other response, [Send] and the methods other than [Client.Do] return an error that matches
// [ErrOutcomeUnknown]. [Client.Do] returns such a response, for example a 4xx, with a nil error: the caller must check
// its status, and must not take a refusal as proof that m3ter did not carry out the write.
//
// # Limits
//
// m3ter's rate limit is 50 requests a second for each organization. For each organization, a client and the clients
// that [Client.Organization] returns stay below this limit together (docs/settings.md names one exception). An idle
// client does not delay a burst of up to 49 requests. After a 429 for an organization, the client holds back all calls
// for that organization for as long as Retry-After says, or for 1 second if Retry-After is absent or exceeds
// RetryPolicy.MaxRetryAfter. [WithLimiter] sets another limiter, such as a limiter that several processes share.
// [WithOrganizationLimiter] sets a limiter for each organization.
//
// By default, an attempt times out after 30 seconds ([WithTimeout]), and a response body may be at most 10 MiB long
// ([WithMaxResponseBytes]). The context bounds the call as a whole.
//
// # Types
//
// The types of requests and responses are aliases for generated types. The comment of each type lists its fields. The
// JSON tags of the fields have m3ter's names, so the types can be used with [Get], [List] and [Send]. A program that
// decodes statements with encoding/json should pass them to [Sendable], which converts the effects and actions to lower
// case.
//
// The types are for JSON. Of the packages for YAML, sigs.k8s.io/yaml and github.com/goccy/go-yaml use the JSON names;
// gopkg.in/yaml.v3 does not, and leaves a field empty, without an error, if its JSON name has an upper-case letter.
//
// # Versions
//
// Each entity has a version, which is 1 at creation and grows by 1 with each change. An update should carry the version
// that it is based on. If that version is not current, the update fails with [ErrVersionConflict]. [RetryOnConflict]
// reads the current state and writes with its version. If someone else updated the entity first, RetryOnConflict
// retries until the context's deadline. If the context has no deadline, RetryOnConflict gives up after 10 writes.
//
// # Pages
//
// [Client.UserPermissions] iterates over the policies of all pages. [Client.UserPermissionsPage] fetches one page of up
// to 200 policies. An empty page is not the last page if it has a page token.
//
// # Logging and tracing
//
// [WithLogger] makes the client log attempts, retries and new access tokens. For traces and metrics, use a transport
// such as OpenTelemetry's otelhttp with [WithHTTPClient]: see examples/telemetry. The transport sees each attempt. A
// request for an access token serves many calls, so it belongs to none of their traces.
//
// # Audit trails
//
// [WithResponseInto] reports the status, the request id and the header of the response to a call, and the number of
// attempts.
//
// # Testing
//
// Package m3tertest provides an in-memory m3ter for the tests of programs that use this package. The in-memory m3ter
// stores what a client creates, and a test can inject many kinds of fault.
//
// # Concurrency
//
// All methods of a [Client] and all functions may be called concurrently. The client calls the transport, the limiter
// and the handler of the logger concurrently. It never calls a token source concurrently.
package m3teraccess
