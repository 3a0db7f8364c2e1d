// Package m3tertest provides an in-memory m3ter for tests: a stateful fake of the m3ter API, in the manner of
// net/http/httptest.
//
// A [Server] implements the access-management part of the m3ter API: the token endpoint, support access, permission
// policies, the policies of a user, and resource groups. It keeps its state in memory, checks each request against
// api/openapi.yaml and the rules that m3ter's documentation adds, and records all requests:
//
//	fake := m3tertest.NewServer()
//	defer fake.Close()
//	fake.AddUser("user-1")
//	// ... point a client at fake.URL with fake.APIKey, fake.APISecret and fake.OrganizationID ...
//	for _, request := range fake.Requests() {
//		t.Log(request.Operation, request.Status)
//	}
//
// Users and resource groups must be seeded, with [Server.AddUser] and [Server.AddResourceGroup]. Policies can be seeded
// or created by a request. The seeding methods panic if the caller asks for something impossible, such as a policy with
// a duplicate id or a policy for an unknown user. [Server.UserPolicies] and [Server.ResourceGroupItems] panic if the
// user or the group doesn't exist.
//
// # Responses
//
// The statuses of the server's responses include:
//
//   - 400: api/openapi.yaml forbids the request. The message names the field.
//   - 403: the request has no valid access token, or is for another organization.
//   - 409: the version in the request isn't current, or a required version is missing. m3ter doesn't document this
//     status.
//
// The server also refuses, with 400, a body that is not a single JSON value, that has a duplicate member, or that is
// not valid Unicode. It matches member names exactly, including their case. Error bodies are {"message": "..."}, except
// that the token endpoint's errors about credentials and grant types have the form that OAuth 2.0 defines.
//
// The server accepts effects and actions in lower case only and responds with m3ter's upper-case spelling:
// config:create becomes CONFIG_CREATE. [WithSupportUntilEndOfDay] makes the server refuse a support request whose end
// time is before the start of the next day.
//
// In addition to the five endpoints of api/openapi.yaml, the server serves four GET endpoints, with which a client
// reads the support request, a resource group and, in pages, the lists of permission policies and users. Each entry in
// the list of users has an id and a version, and no other members.
//
// [Server.Env] returns the environment variables that a client, perhaps in another process, needs to reach the server.
// The command cmd/m3tertest runs a standalone server. Its flags set the address, the options of this package other than
// [InMemory], and a delay for each request.
//
// # Faults
//
// A request that passes the server's checks fails only if a test scripts a failure, or if the request exceeds the limit
// of [WithRateLimit]. No failure is random. A [Fault] makes the server respond with a given status, header and body,
// delay its response, send a response that never ends, or drop the connection. The connection can drop before or after
// the server reads the request body, in place of the response, or in the middle of the response.
//
//	fake.Inject(m3tertest.Fault{Times: 2, Status: 503})
//	fake.Inject(m3tertest.Fault{Operation: "CreatePermissionPolicy", Times: 1, Break: m3tertest.DropAnswer})
//	fake.Inject(m3tertest.Fault{Operation: "Token", Status: 200, Body: "<html>"})
//
// If the client recovers from a failure, the code that calls the client never sees the failure. A Client of package
// m3teraccess renews its access token after a 401 or, at most once a minute, after a 403, and retries. So with a 403
// and Times 1, the call usually succeeds, and the test does not test how your code handles a 403. To script a lasting
// denial, leave Times zero:
//
//	fake.Inject(m3tertest.Fault{Operation: "UserPermissions", Status: 403})
//
// The server does not carry out the request if the fault has a Status without CarriedOut, or if its Break is
// [DropBeforeBody] or [DropAfterBody]. With any other fault, the server carries out the request, unless the client
// disconnects first. After a successful write, the [Request] has Applied set, and the state of the server shows the
// change.
//
// [Server.InjectFunc] adds a function that chooses a fault for each request, [Server.ClearFaults] removes all faults,
// [Server.RevokeTokens] revokes access tokens, and [WithRateLimit] makes the server respond with 429 to requests over
// the limit.
//
// # Fake time
//
// With testing/synctest, use [InMemory] and [Server.Client], and call [NewServer] and Client inside the bubble. With a
// real socket, the bubble's clock would stand still, because a goroutine that waits on a socket is never durably
// blocked. Access tokens, timestamps, delays and the rate limit use the bubble's clock. Close the server before the
// bubble ends.
//
//	synctest.Test(t, func(t *testing.T) {
//		fake := m3tertest.NewServer(m3tertest.InMemory())
//		defer fake.Close()
//		client, err := m3teraccess.NewClient(
//			m3teraccess.WithHTTPClient(fake.Client()),
//			m3teraccess.WithBaseURL(fake.URL),
//			m3teraccess.WithCredentials(fake.APIKey, fake.APISecret),
//			m3teraccess.WithOrganization(fake.OrganizationID),
//		)
//		// ...
//	})
//
// # Scope
//
// The package only imitates m3ter: it sends no requests and makes no assertions. It imports neither package m3teraccess
// nor package testing, so any client and any program can use it.
package m3tertest
