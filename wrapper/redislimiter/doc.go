// Package redislimiter keeps all processes that call m3ter for the same organization, taken together, below the
// organization's rate limit of 50 requests a second. The processes share the rate limit through a Redis or Valkey
// server that all of them can reach. The package is a separate module, so that only programs that use it depend on a
// Redis client.
//
// Each process creates one [Fleet]. For each organization, the client of the process uses a [Limiter] of the fleet:
//
//	fleet := redislimiter.New(rdb, 10) // at most 10 processes
//	client, err := m3teraccess.NewClient(m3teraccess.WithOrganizationLimiter(
//		func(orgID string) m3teraccess.Limiter { return fleet.Limiter(orgID) }))
//
// # The promise
//
// A grant is permission to send one request. While all processes can reach Redis, they get at most 49 grants for an
// organization in any window of 1.03 seconds, by the clock of the Redis server. So they get fewer grants in any second
// than the 50 requests that m3ter allows. The clocks of the processes don't matter.
//
// An idle fleet grants a burst of up to 49 requests without delay, except for the round trips to Redis (see "Cost").
// Within a process, callers of [Limiter.Wait] get their grants in the order of their calls. Processes get their grants
// in the order of their requests to Redis, so that no process starves. After m3ter refuses a request of one process
// with status 429, the client of this process calls [Limiter.HoldBack], which holds back all processes.
//
// The promise is about the times at which Redis grants the requests. It does not cover the delays after that, which the
// scheduler, the network or a new connection can cause. These delays differ from request to request. The limits of 49
// requests and 1.03 seconds leave a margin for the delays: one request and 30 ms. m3ter refuses a request with status
// 429 only if it receives 51 requests in a second. That can happen only if, in each of two disjoint pairs of requests,
// the request that was granted first is delayed more than 30 ms longer than the other.
//
// # Cost
//
// For each organization, a process sends one request to Redis at a time. The request asks for one grant for each
// waiting caller, but for at most 49/n grants, rounded up, in a fleet of n processes. If more callers are waiting than
// the process has grants for, the process asks for more grants as soon as it has used its grants, or shortly before.
// Together, eight processes that each have 16 waiting callers send fewer than one request for every 5 grants. Larger
// fleets, and processes with fewer waiting callers, send more requests, up to about two for each grant. A burst takes
// one round trip for every 49/n grants. While Redis is available, an idle limiter has no goroutine and sends nothing. A
// Fleet keeps each limiter that [Fleet.Limiter] has returned.
//
// # When Redis fails
//
// Redis counts as failed if a request to Redis returns an error, or gets no response within 200 ms ([WithTimeout]). The
// process then grants requests without Redis, up to its local limit. The local limit is at most 1/n of the rate limit,
// so that up to 49 processes together stay below the rate limit. Meanwhile the process tries to reach Redis in the
// background. Once Redis responds, the process uses Redis again.
//
// The process grants nothing for one window and half the timeout (by default 1.13 seconds) after Redis has failed, and
// for one window after the process has returned to Redis. In a fleet of more than 49 processes, each process adds a
// random delay of up to n/49 windows, rounded up, to the first of these pauses, so that the processes don't all use
// their grants in the same window. For 2.53 seconds after its return, the process also stays within its local limit,
// because other processes may still be without Redis.
//
// Without [WithStrict], a failure of Redis only delays calls: it makes a call fail only if the call's context is done
// during the delay. The failure never makes the outcome of a write unknown, because a request that is waiting for a
// grant has not been sent yet.
//
// If a process can't reach Redis while others can, the process uses its local limit in addition to the grants of the
// others, so the total may exceed the rate limit. More than 49 processes without Redis stay below the rate limit only
// on average.
//
// If the Redis server loses its state, in a restart, a failover or a flush, the package assumes that the last window
// was full: the server grants nothing for one window and half the timeout, and each process stays within its local
// limit for 2.53 seconds. The server can tell a new organization from lost state only if two conditions hold: it has
// served this package for 2.53 seconds without losing state, and its maxmemory-policy is noeviction, so it can't have
// evicted the organization's key (see "The Redis server"). On other servers, and on most nodes of a Cluster, the first
// call for an organization waits for one window and half the timeout, too.
//
// # The Redis server
//
// The server must be Redis 6.2 or newer, or Valkey. The package works with a single server, with servers behind
// Sentinel, and with a Cluster.
//
// The package stores one key of about 1 kB for each organization. The key is "m3ter:rate:{ORGANIZATION_ID}", with the
// braces, and holds times and the run id of the server. The package stores one more key for the server,
// "m3ter:rate:since:RUN_ID". The key of an organization expires 30 days after its last use; the other key expires 30
// days after it was stored. If the server evicts the key of an organization, the next call for the organization waits
// for one window and half the timeout.
//
// The Redis user must be allowed to use TIME and, on these keys, EVAL, EVALSHA, HMGET, HGET, HSET, GET, SET, DEL and
// PEXPIRE. The user should also be allowed to use INFO. Without INFO, the package notices a failover only if the
// failover lost the key or set the clock back, and the first call for an organization always waits for one window and
// half the timeout.
//
// Set ContextTimeoutEnabled in the options of the Redis client. Otherwise, if this package gives up on a request, the
// request keeps its connection until the client's ReadTimeout expires.
package redislimiter
