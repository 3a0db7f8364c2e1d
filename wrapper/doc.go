// Package m3teraccess is a client for the access management of m3ter: support access, permission policies, the policies
// of users, and resource groups. [NewClient] makes a client, from the environment or from options:
//
//	client, err := m3teraccess.NewClient() // M3TER_API_KEY, M3TER_API_SECRET, M3TER_ORG_ID
//
// A [Client] has a method for each endpoint, and is safe for concurrent use:
//
//	policy, err := client.CreatePermissionPolicy(ctx, m3teraccess.PermissionPolicyRequest{
//		Name:             "Meter readers",
//		PermissionPolicy: []m3teraccess.Statement{m3teraccess.Allow(m3teraccess.ConfigRetrieve).On("config:meter/*")},
//	})
//
// errors.As tells what happened:
//
//   - [*ValidationError]: the call is not valid; nothing was sent
//   - [*AuthError]: the client could not obtain an access token
//   - [*Error]: m3ter returned an error status; errors.Is tells which, such as [ErrNotFound] or [ErrVersionConflict]
//   - [*DecodeError]: m3ter reported success, but the response can't be read
//
// If m3ter may have carried out a failed write, the error matches [ErrOutcomeUnknown] too: check before you retry.
//
// # Calls
//
// The endpoints are [Client.RequestSupport], [Client.CreatePermissionPolicy], [Client.AddPermissionPolicyToUser],
// [Client.UserPermissions] and [Client.RemoveResource]. [Get], [List] and [Send] make any other JSON call through the
// same layers. [Client.Do] sends a body that is not JSON. [Client.Organization] returns a client for another
// organization.
//
// A call that is not valid fails as a [*ValidationError] before anything is sent. Effects and actions are sent in lower
// case, as m3ter documents them for requests (allow, config:create). m3ter returns them as ALLOW and CONFIG_CREATE; the
// client returns them in the form that can be sent. [Send] sends upper case too.
//
// The policies that were added to a user, which [Client.UserPermissions] lists, and the policies of the user's groups,
// which it does not list, decide together what the user may do. A deny in any of them wins over every allow.
//
// The package is named m3teraccess, although its directory is wrapper:
//
//	import m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
//
// Package gen holds the code generated from the OpenAPI document: the types of requests and responses, and the
// operations. The types have names here too, so that a program needs no other import.
//
// # Credentials
//
// [NewClient] takes the access key id and the API secret of a service user from [WithCredentials] or from M3TER_API_KEY
// and M3TER_API_SECRET. The first call exchanges them for an access token. One request fetches the access token,
// however many calls wait for it. A busy client renews its access token in the background before it expires, so that no
// call waits. An idle client keeps no goroutine and no timer. [WithTokenSource] takes access tokens from elsewhere,
// such as a person's.
//
// Credentials and access tokens go only to the scheme, host and port of the base URL. The client does not follow
// redirects. No error, log line or printed client shows a secret. If a text from outside, such as a message from m3ter,
// contains 12 consecutive characters of a secret (or a whole shorter secret), the client leaves out the whole text. It
// recognises the secret in the usual escapes and encodings, also nested. It does not recognise a secret spelled as a
// list of decimal byte values, as hex digits with separators, or in CSS or \x{} escapes. errors.Is and errors.As still
// find the errors that an error wraps. A text that is left out still decides, for example, whether a refusal is an
// [ErrVersionConflict].
//
// # Errors
//
// An [*Error] matches one of [ErrBadRequest], [ErrUnauthorized], [ErrForbidden], [ErrNotFound], [ErrConflict],
// [ErrVersionConflict], [ErrRateLimited] and [ErrServer], if its status has such a value. If an access token could not
// be obtained, m3ter did not carry out the call.
//
// If the context ended, the error matches the context's error. If m3ter returns the same page token twice, a list ends
// with [ErrRepeatedToken]. Any other error comes from the transport or from the caller's limiter.
//
// # Responses
//
// Every supported Go release reads a response alike: as one JSON value, after a byte order mark if there is one. Names
// match exactly: a member whose name differs from a documented name in case is unknown, and unknown members change
// nothing. An object that has a member twice, text that is not valid Unicode (a stray byte, half a surrogate pair), and
// a version that is not an int64 (1.0, 1e3) make a response unreadable: a [*DecodeError]. The same rules apply to the
// message of an [*Error], which is empty if it is unreadable.
//
// # Unknown outcomes
//
// m3ter may have carried out a write whose response is lost. m3ter has no idempotency keys, so the client does not
// retry such a write. The error matches [ErrOutcomeUnknown], beside its other matches, and says how to find out:
//
//   - support: read the support request by [Get], and compare its end date and version
//   - a policy: list the policies by [List], and look for the name
//   - a policy of a user: look for it in [Client.UserPermissions]
//   - a removal: read the resource group by [Get], and compare its version
//
// # Retries
//
// A call makes up to 4 attempts (see [RetryPolicy]), if a retry is safe:
//
//	what happened                                a read (GET, HEAD, OPTIONS)   a write
//	could not establish a connection             retry after a backoff         the same
//	m3ter did not process it: HTTP/2's           retry after a backoff         the same
//	REFUSED_STREAM, or a GOAWAY below it
//	429                                          retry after Retry-After, or   the same
//	                                             after 1, 2, 4 seconds
//	401, or 403, which m3ter answers to an       retry with a new access       the same
//	expired access token too                     token, once
//	408, any 5xx, a reset, a timeout, a cut      retry after a backoff         ErrOutcomeUnknown
//	response: m3ter may have carried it out
//	the context ended after the request left     the context's error           the same, and
//	                                                                           ErrOutcomeUnknown
//	3xx, any other 4xx                           returned                      returned
//	a success that can't be read                 *DecodeError                  the same, and
//	                                                                           ErrOutcomeUnknown
//	could not obtain an access token             *AuthError                    *AuthError
//
// If a Retry-After exceeds the cap, the client returns the error ([Error].RetryAfter) and does not wait. If a wait
// would last beyond the context's deadline, the call ends at once. In the queue for the rate limit, it ends when its
// turn is near. A request whose body can't be rewound (see [http.Request].GetBody) is not retried.
//
// A 403 renews the access token at most once a minute, since it may be a true denial. If m3ter reports a revoked access
// token as 403, recovery may take that long.
//
// # Transports
//
// A write reaches m3ter at most once an attempt: the client keeps net/http from repeating it. How much is known about a
// failed write depends on the transport ([WithHTTPClient]):
//
//	promise                                      an *http.Transport   a wrapper of it      any other
//	a write is sent once in each attempt         yes                  unless it resends,   unless it resends
//	                                                                  which is noticed
//	could not establish a connection, an error   not sent             not sent             ErrOutcomeUnknown
//	no connection within the timeout             not sent             ErrOutcomeUnknown    ErrOutcomeUnknown
//	HTTP/2: not processed                        not done             not done             ErrOutcomeUnknown
//	a response ends with timeout and context     yes                  yes                  yes
//
// The first column is for the type itself, without a protocol added by RegisterProtocol. A transport that wraps it
// passes on its errors and the context of the request, in which net/http/httptrace reports events. If a transport sends
// a write more than once in an attempt, the methods accept only a success, and log it at Warn as possibly done twice.
// With any other response, the outcome is unknown, and the error matches [ErrOutcomeUnknown]. [Client.Do] returns such
// a response, for example a 4xx, with a nil error: the caller must check its status, and must not take a refusal as
// proof that nothing was done.
//
// # Limits
//
// The rate limit of m3ter is 50 requests a second for an organization. A client and its [Client.Organization] children
// stay below it, for each organization, without delaying a small burst. After a 429, the client holds back all calls
// for that organization. [WithLimiter] sets another limiter, such as a limiter that several processes share.
// [WithOrganizationLimiter] sets a limiter for each organization.
//
// Each attempt ends after 30 seconds ([WithTimeout]), and a response may be 10 MiB long ([WithMaxResponseBytes]). The
// context bounds the call as a whole.
//
// # Types
//
// Requests and responses are aliases of the generated types; each comment lists the fields. The types carry m3ter's
// JSON names, so that [Get], [List] and [Send] can read them. If a program decodes them with encoding/json, [Sendable]
// converts them into the form that can be sent.
//
// The types are for JSON. Of the packages for YAML, sigs.k8s.io/yaml and github.com/goccy/go-yaml use the JSON names;
// gopkg.in/yaml.v3 does not, and leaves most fields empty without an error.
//
// # Versions
//
// An entity has a version, 1 when created and 1 more after each change. A change carries the version that it is based
// on. If that version is not current, the change fails with [ErrVersionConflict]. [RetryOnConflict] reads the current
// state and writes with its version. If someone else updated it first, it retries until the deadline of the context, or
// 10 times without a deadline.
//
// # Pages
//
// [Client.UserPermissions] walks over all pages of a list, [Client.UserPermissionsPage] fetches one page of up to
// 200 policies. More pages may follow an empty page.
//
// # Logging and tracing
//
// [WithLogger] makes the client log attempts, retries and new access tokens. Traces and metrics come from a transport
// set by [WithHTTPClient], such as OpenTelemetry's otelhttp: see examples/telemetry. The transport sees each attempt. A
// request for an access token serves many calls, and so belongs to the trace of none.
//
// # Audit trails
//
// [WithResponseInto] reports the status, the request id, the header and the number of attempts of one call.
//
// # Testing
//
// Package m3tertest, beside this one, is an in-memory m3ter for the tests of programs that use this package. It stores
// what a client creates, and fails as a test scripts it.
//
// # Concurrency
//
// All methods of a [Client] and of its [Client.Organization] children may be called concurrently, and so may all
// functions. The client also calls the transport, the limiter and the handler of the logger concurrently. It
// calls a token source one call at a time.
package m3teraccess
