// Package m3teraccess is a client for the part of m3ter that decides who may do what: support access, permission
// policies, the policies of users, and resource groups. Its name is m3teraccess, although its directory is wrapper:
//
//	import m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
//
// Package gen holds what is generated from the document of the endpoints: the types that travel and the operations. The
// types have names here too, so that a program needs no other import.
//
// # Calls
//
// A [Client] has a method for each endpoint: [Client.RequestSupport], [Client.CreatePermissionPolicy],
// [Client.AddPermissionPolicyToUser], [Client.UserPermissions] and [Client.RemoveResource]. [Get], [List] and [Send]
// make any other JSON call through the same layers, and [Client.Do] sends what is not JSON. [Client.Organization] is a
// client for another organization.
//
// What can't be right fails as a [*ValidationError] before anything is sent. Effects and actions are sent in lower
// case, as m3ter documents them for requests (allow, config:create); answers, in which the service spells them ALLOW and
// CONFIG_CREATE, are handed out in the form that can be sent again. [Send] sends upper case too.
//
// A user may do what is allowed by the policies that were added to the user, which [Client.UserPermissions] lists, and by
// those of the user's groups, which it does not. A deny in any of them wins over every allow.
//
// # Credentials
//
// [NewClient] takes the access key id and the API secret of a service user from [WithCredentials] or from M3TER_API_KEY
// and M3TER_API_SECRET, and exchanges them for a token when the first call needs one. However many calls wait, one
// request fetches it. A busy client renews its token in the background before it ends, so that no call waits for that;
// an idle one keeps no goroutine and no timer. [WithTokenSource] takes tokens from elsewhere, such as a person's.
//
// Credentials and tokens go to the scheme, host and port of the base URL only; redirects are not followed. No error,
// log line or printed client shows them: a text from outside, such as the service's, is left out as a whole where it holds
// 12 characters in a row of one (all of them, where it has fewer), in whatever spelling. errors.Is and errors.As still find
// what an error wraps. What is left out decides all the same, such as whether a refusal is an [ErrVersionConflict].
//
// # Errors
//
// errors.As tells what happened:
//
//   - [*ValidationError]: the call can't be right, and nothing was sent
//   - [*AuthError]: no token could be had, and so the call was not carried out
//   - [*Error]: the service answered with no success. errors.Is tells with which: [ErrBadRequest], [ErrUnauthorized],
//     [ErrForbidden], [ErrNotFound], [ErrConflict], [ErrVersionConflict], [ErrRateLimited], [ErrServer]
//   - [*DecodeError]: a success that can't be read
//
// Of a write that may have been carried out all the same, the error matches [ErrOutcomeUnknown] too. When the context
// ended, the error matches the context's. A list whose pages would never end ends with [ErrRepeatedToken]. Any other
// error is that of the transport, or of the caller's limiter.
//
// # Answers
//
// Every supported Go release reads an answer alike: as one JSON value, behind a byte order mark if there is one. Names
// match exactly, so that a member whose name differs from a documented one in case is unknown, and what is unknown
// changes nothing. An object that has a member twice, text that is not valid Unicode (a stray byte, half a surrogate
// pair) and a version that is no int64 (1.0, 1e3) make an answer unreadable: a [*DecodeError]. The message of an
// [*Error] is read by the same rules, and is empty when it is unreadable.
//
// # Unknown outcomes
//
// A write whose answer is lost may have been carried out. The service knows no idempotency keys, so such a write is not
// sent again: its error matches [ErrOutcomeUnknown], beside what it is otherwise, and tells how to find out:
//
//   - support: read the support request by [Get], and compare its end date and version
//   - a policy: list the policies by [List], and look for the name
//   - a policy of a user: look for it in [Client.UserPermissions]
//   - a removal: read the resource group by [Get], and compare its version
//
// # Retries
//
// A call is tried again, 4 attempts in all (see [RetryPolicy]), when that can do no harm:
//
//	what happened                                a read (GET, HEAD, OPTIONS)   a write
//	nothing was sent: no connection was had      again, after a backoff        the same
//	the service did not process it: HTTP/2's     again, after a backoff        the same
//	REFUSED_STREAM, or a GOAWAY below it
//	429                                          again, after Retry-After, or  the same
//	                                             1, 2, 4 s
//	401, or 403, which m3ter answers to an       again, with a new token,      the same
//	expired token too                            once
//	408, any 5xx, a reset, a timeout, a cut      again, after a backoff        ErrOutcomeUnknown
//	answer: the service may have done it
//	the context ended after the request left     the context's error           the same, and
//	                                                                           ErrOutcomeUnknown
//	3xx, any other 4xx                           returned                      returned
//	a success that can't be read                 *DecodeError                  the same, and
//	                                                                           ErrOutcomeUnknown
//	no token to be had                           *AuthError                    *AuthError
//
// A Retry-After over the cap is returned ([Error].RetryAfter), not waited for. A wait that the context's deadline would
// not outlive ends the call at once; in the queue for the rate, when its turn is near. A request body that can't be rewound
// (see [http.Request].GetBody) is not sent again.
//
// A 403 renews the token at most once a minute, since it may be a true denial: a revocation that is reported as 403 may
// take that long to be cured.
//
// # Transports
//
// A write reaches the service at most once an attempt: net/http is kept from repeating it by itself. What is known of
// one that failed depends on the transport ([WithHTTPClient]):
//
//	what is promised                             an *http.Transport   one that wraps it    any other
//	a write is sent once an attempt              yes                  unless it repeats,   unless it repeats
//	                                                                  which is noticed
//	no connection was had, an error              not sent             not sent             ErrOutcomeUnknown
//	no connection was had within the timeout     not sent             ErrOutcomeUnknown    ErrOutcomeUnknown
//	HTTP/2: not processed                        not done             not done             ErrOutcomeUnknown
//	an answer ends with timeout and context      yes                  yes                  yes
//
// The first column is of the type itself, without a protocol that was added by RegisterProtocol. A transport that wraps it
// passes on the context of the request, in which net/http/httptrace reports what happens, and its errors. When one
// sends a request more than once in an attempt, only a success is believed, and logged at Warn as possibly done twice: of
// any other answer to a write the outcome is unknown.
//
// # Limits
//
// m3ter takes 50 requests a second from an organization. A client and its [Client.Organization] children stay below it
// by themselves, for each organization, without delaying a small burst; after a 429 all callers of that organization
// hold back. [WithLimiter] brings another limiter, such as one that several processes share, and [WithOrganizationLimiter]
// one for each organization.
//
// Each attempt ends after 30 seconds ([WithTimeout]), and an answer may be 10 MiB long ([WithMaxResponseBytes]); the
// call as a whole is bounded by its context.
//
// # Types
//
// Requests and answers are aliases of the generated types, whose fields each comment lists. They carry m3ter's JSON names,
// so that [Get], [List] and [Send] can read them. What encoding/json decodes of them elsewhere, [Sendable] brings into the
// form that can be sent.
//
// The types are for JSON. Of the packages for YAML, sigs.k8s.io/yaml and github.com/goccy/go-yaml go by the JSON names;
// gopkg.in/yaml.v3 does not, and leaves most fields empty without an error.
//
// # Versions
//
// An entity has a version, 1 when created and 1 more after each change. A change must carry the current one, or fails
// with [ErrVersionConflict]. [RetryOnConflict] reads the current state and writes with it until no one else was faster: until
// the deadline of the context, or 10 times without one.
//
// # Pages
//
// [Client.UserPermissions] walks over all pages of a list, [Client.UserPermissionsPage] fetches one, of up to 200
// policies. An empty page may be followed by more.
//
// # Logging and tracing
//
// [WithLogger] has the client log attempts, retries and new tokens. Traces and metrics come from a transport that
// [WithHTTPClient] brings, such as OpenTelemetry's otelhttp: see examples/telemetry. It sees each attempt. A request
// for a token serves many calls, and so is in the trace of none.
//
// # Audit trails
//
// [WithResponseInto] tells the status, the request id, the header and the number of attempts of one call.
//
// # Testing
//
// Package m3tertest, beside this one, is an in-memory m3ter for the tests of programs that use this package. It keeps
// what it is told, and fails as a test scripts it.
//
// # Concurrency
//
// All methods of a [Client] and of its [Client.Organization] children may be called concurrently, and so may all
// functions. What the caller brings is called concurrently too: the transport, the limiter and the handler of the
// logger. A token source is asked one call at a time.
package m3teraccess
