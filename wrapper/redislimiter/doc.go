// Package redislimiter keeps all processes that call an organization of m3ter below its rate limit of 50 requests a
// second. The processes share the rate limit through a Redis or Valkey server that all of them reach. The package is a
// separate module, so that only programs that use it depend on Redis.
//
// Each process makes one [Fleet], and its client uses the fleet's [Limiter] for each organization:
//
//	fleet := redislimiter.New(rdb, 10) // at most 10 processes
//	client, err := m3teraccess.NewClient(m3teraccess.WithOrganizationLimiter(
//		func(orgID string) m3teraccess.Limiter { return fleet.Limiter(orgID) }))
//
// # The promise
//
// By the clock of the server, at most 49 requests of an organization are granted in any window of 1.03 seconds, and so
// never 51 in a second. The clocks of the processes have no influence. An idle fleet grants a small burst without
// delay. Within a process, callers get their grants in the order of their calls. The processes get theirs in the order
// of their requests to Redis, so that no process starves. After m3ter refuses a request of one process with status 429,
// the client calls [Limiter.HoldBack], and all processes hold back.
//
// The promise covers a grant until the server sends it to the process. It does not cover the delays after that, which
// the scheduler, a new connection and the network cause, and which differ between requests. It leaves room for them:
// one request and 30 ms. m3ter receives 51 requests in a second, and refuses one of them with status 429, only if the
// delays differ by more than 30 ms for more than one request.
//
// # Cost
//
// For each organization, a process sends one request to Redis at a time. The request asks for one grant for each
// waiting caller, but for at most 49/n grants, rounded up, in a fleet of n processes. The process asks for the next
// grants shortly before it uses the last ones. Eight busy processes send less than one request for every 5 grants.
// Larger fleets send more requests, up to one for each grant. A burst takes one round trip for every 49/n grants. An
// idle limiter has no goroutine and sends nothing. A Fleet keeps each limiter that [Fleet.Limiter] has returned.
//
// # When Redis fails
//
// Redis fails if a request to it ends with an error, or gets no response within 200 ms ([WithTimeout]). The process
// then grants requests without Redis, up to its local limit. The local limit is the n-th part of the rate limit, so
// that all n processes together stay below the rate limit. Meanwhile the process tries Redis in the background. Once
// Redis responds, the process returns to it.
//
// The process grants nothing for one window after it has lost Redis, and for one window after its return. After its
// return it also stays below its local limit while other processes may still be without Redis.
//
// A failure of Redis makes a call fail only with [WithStrict]. It never makes the outcome of a write unknown, because a
// request that waits for its grant was not sent.
//
// If a process can't reach Redis while others can, it uses its local limit in addition to their grants. More than 49
// processes without Redis stay below the rate limit only on average.
//
// If the server loses its state, in a restart, a failover or a flush, the lost window counts as full: the server grants
// nothing for one window. The server can tell a new organization from lost state only if it has served this package for
// 2.5 seconds without a loss, and can't have evicted the key, because its maxmemory-policy is noeviction. On other
// servers, and on most nodes of a Cluster, the first call to an organization waits for one window.
//
// # The server
//
// The server is Redis 6.2 or newer, or Valkey: a single server, servers behind Sentinel, or a Cluster. It stores one
// key for each organization, m3ter:rate:{organization id}, which holds times and the run id of the server, about 2 kB.
// It stores one more key for itself, m3ter:rate:since:(run id). The keys expire after 30 days. If the server evicts the
// key of an organization, the next call to the organization waits for one window.
//
// The Redis user needs EVAL, EVALSHA, TIME, HMGET, HGET, HSET, GET, SET, DEL and PEXPIRE on these keys, and INFO.
// Without INFO, the package notices a failover only if the failover lost the key or set the clock back.
//
// Set ContextTimeoutEnabled in the options of the Redis client. Without it, a request that this package no longer waits
// for keeps its connection until the ReadTimeout of the client.
package redislimiter
