// Package m3tertest is a stateful, in-memory m3ter for tests, in the manner of net/http/httptest.
//
// A [Server] implements the access-management part of the m3ter API: the token endpoint, support access, permission
// policies, the policies of a user and resource groups. It keeps state, checks each request against api/openapi.yaml
// and m3ter's guides, and records all requests:
//
//	fake := m3tertest.NewServer()
//	defer fake.Close()
//	fake.AddUser("user-1")
//	// ... point a client at fake.URL with fake.APIKey, fake.APISecret and fake.OrganizationID ...
//	for _, request := range fake.Requests() {
//		t.Log(request.Operation, request.Status)
//	}
//
// Users and resource groups must be seeded: [Server.AddUser], [Server.AddResourceGroup]. Policies can be seeded or
// created by a request. A method panics if a test seeds something impossible, such as a policy for an unknown user or a
// duplicate id, or asks for the state of something that doesn't exist.
//
// # Responses
//
// The server responds with 403 to a request without a valid bearer token or for another organization, with 400 and a
// message that names the field to a request that the document forbids, and with 409 to a version that isn't current.
// m3ter doesn't document the 409. The document also forbids a body that is not one JSON value, has a duplicate member
// or is not valid Unicode; names match exactly. Error bodies are {"message": "..."}. The server accepts effects and
// actions in lower case only and responds with m3ter's upper-case spelling: config:create becomes CONFIG_CREATE.
// [WithSupportUntilEndOfDay] applies the rule of m3ter's guide that support access lasts at least for the rest of the
// day. Whether m3ter's API applies the rule is not documented.
//
// Besides the five endpoints of the document, the server has the reads that belong to them: support access, a resource
// group, and the lists of permission policies and of users, in pages. The list of users has their ids.
//
// [Server.Env] returns the environment variables with which a client, or another process, finds the server. The command
// cmd/m3tertest runs a server alone. Its flags set the options and a latency.
//
// # Faults
//
// By default nothing fails, and nothing is random. A test scripts failures: a [Fault] responds with a status, a header
// and a body, delays the response, or drops the connection before or after the server reads the request body, instead
// of the response, or in the middle of the response.
//
//	fake.Inject(m3tertest.Fault{Times: 2, Status: 503})
//	fake.Inject(m3tertest.Fault{Operation: "CreatePermissionPolicy", Times: 1, Break: m3tertest.DropAnswer})
//	fake.Inject(m3tertest.Fault{Operation: "Token", Status: 200, Body: "<html>"})
//
// A failure that the client recovers from is no failure to the code above it. A Client of package m3teraccess renews
// its access token after a 401 or a 403 and retries. So a 403 with Times 1 ends in a success, and a test of your
// handling of a 403 passes without it. To script a lasting denial, use Times 0 for the operation:
//
//	fake.Inject(m3tertest.Fault{Operation: "UserPermissions", Status: 403})
//
// The server carries out a request even if its response is lost: the [Request] has Applied set, and the state of the
// server shows the change. [Server.InjectFunc] chooses a fault for each request, [Server.ClearFaults] removes all
// faults, [Server.RevokeTokens] revokes access tokens, and [WithRateLimit] makes the server respond with 429 to a
// client that is too fast.
//
// # Fake time
//
// Inside a testing/synctest bubble, use [InMemory] and [Server.Client], and call both in the bubble: a goroutine that
// waits on a socket is never durably blocked, so the bubble's clock would stand still. Access tokens, timestamps,
// delays and the rate limit use the bubble's clock. Close the server before the bubble ends.
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
// The package does what m3ter does, and nothing that only a client or a test does. It imports neither the client nor
// testing, so any client and any program can use it.
package m3tertest
