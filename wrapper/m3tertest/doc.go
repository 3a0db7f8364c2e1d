// Package m3tertest is a stateful, in-memory m3ter for tests, in the manner of net/http/httptest.
//
// A [Server] speaks the access-management part of the m3ter API: the token endpoint, support access, permission
// policies, the policies of a user and resource groups. It keeps what it is told, checks each request as
// api/openapi.yaml and m3ter's guides have it, and remembers everything that it received:
//
//	fake := m3tertest.NewServer()
//	defer fake.Close()
//	fake.AddUser("user-1")
//	// ... point a client at fake.URL with fake.APIKey, fake.APISecret and fake.OrganizationID ...
//	for _, request := range fake.Requests() {
//		t.Log(request.Operation, request.Status)
//	}
//
// Users and resource groups exist only when they are seeded: [Server.AddUser], [Server.AddResourceGroup]. Policies
// can be seeded or created by request. Seeding what can't be (a policy for an unknown user, an id twice) and asking
// for the state of what doesn't exist are mistakes in the test, and panic.
//
// # Answers
//
// A request without a valid bearer token, or about another organization, is answered with 403; one that breaks the
// document with 400 and a message that names the field; one with a version that isn't current with 409. m3ter doesn't
// document the last. A body that is not one JSON value, has a member twice or is not valid Unicode breaks the document
// too; names match exactly. Error bodies are {"message": "..."}. Effects and actions are taken in lower case only and
// answered in m3ter's upper-case spelling: config:create becomes CONFIG_CREATE. [WithSupportUntilEndOfDay] applies the
// rule of m3ter's guide that support access lasts for at least the rest of the day; whether the service has it is not
// documented.
//
// Beside the five endpoints of the document, the server answers the reads that go with them: support access, a resource
// group, and the lists of permission policies and of users, in pages. The list of users has their ids.
//
// [Server.Env] lists the environment variables with which a client, or another process, finds the server. The command
// cmd/m3tertest serves one alone; its flags set the options, and a latency.
//
// # Faults
//
// A test scripts what goes wrong; by itself nothing does, and nothing is left to chance. A [Fault] answers with a
// status, header and body of the test's choice, lets time pass, or drops the connection: before or after the body
// of the request is read, instead of the answer, or in the middle of it.
//
//	fake.Inject(m3tertest.Fault{Times: 2, Status: 503})
//	fake.Inject(m3tertest.Fault{Operation: "CreatePermissionPolicy", Times: 1, Break: m3tertest.DropAnswer})
//	fake.Inject(m3tertest.Fault{Operation: "Token", Status: 200, Body: "<html>"})
//
// What a client cures by itself is no failure to the code above it. A Client of package m3teraccess renews its token
// after a 401 or a 403 and tries again, so a 403 with Times 1 ends as a success, and a test of one's own handling of it
// passes without it. A denial that stays is scripted with Times 0 for its operation:
//
//	fake.Inject(m3tertest.Fault{Operation: "UserPermissions", Status: 403})
//
// A request whose answer is lost is carried out nonetheless: [Request] has it as Applied, and the state of the
// server shows it. [Server.InjectFunc] chooses a fault per request, [Server.ClearFaults] ends them all,
// [Server.RevokeTokens] makes tokens invalid before their time, and [WithRateLimit] answers 429 to a client that is
// too fast.
//
// # Fake time
//
// Inside a testing/synctest bubble use [InMemory] and [Server.Client], both called in the bubble: a goroutine that
// waits on a socket is never durably blocked, so the bubble's clock would stand still. Tokens expire, entities are
// stamped, delays pass and the rate limit counts by the bubble's clock. Close the server before the bubble ends.
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
// Here belongs what m3ter does. What a client does, and what only a test needs, does not: the package imports neither
// the client nor testing, so that any client and any program can use it.
package m3tertest
