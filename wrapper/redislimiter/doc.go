// Package redislimiter keeps all processes that share an organization of m3ter to its rate, 50 requests a second, by a
// Redis or Valkey server that all of them reach. It is a module of its own, so that Redis reaches nobody who does not
// use it.
//
// Each process makes one [Fleet], and gives its client the [Limiter] of an organization:
//
//	fleet := redislimiter.New(rdb, 10) // at most 10 processes
//	client, err := m3teraccess.NewClient(m3teraccess.WithOrganizationLimiter(
//		func(orgID string) m3teraccess.Limiter { return fleet.Limiter(orgID) }))
//
// # The promise
//
// By the clock of the server, never more than 49 requests of an organization are granted in any 1.03 seconds, so never
// 51 in a second. The clocks of the processes don't count. A small burst on an idle fleet is not delayed. Within a
// process, first come is first served; among processes, each gets its turn in the order in which they asked, so none
// starves. After a 429 for one process, all hold back: the client calls [Limiter.HoldBack].
//
// The promise ends where a grant leaves for the process. What the scheduler, a new connection and the network add to
// one request and not to another is not in it. One request and 30 ms are left for that: m3ter sees 51 in a second, and
// refuses one with 429, when the difference is more than 30 ms for more than one request.
//
// # Cost
//
// A process has one request to Redis under way for an organization. It asks for as many grants as callers wait, up to
// its share of 49/n, rounded up, and asks for the next ones when the last ones are about to be used. Eight busy
// processes ask less than once for 5 grants; larger fleets ask more often, up to once for each grant. A burst takes one
// round trip for each share. An idle limiter keeps no goroutine and sends nothing. A Fleet keeps the limiter of each
// organization that it was asked for.
//
// # When Redis fails
//
// A request that has no answer after 200 ms ([WithTimeout]), or an error, counts as a failure. The process then keeps
// to the n-th part of the rate by itself, as all the others do, tries Redis in the background, and comes back by
// itself. On each change, in either direction, it grants nothing for one window, and after its return it stays within
// its part for as long as others may still be on their way back. Nothing of this fails a call, unless [WithStrict] asks
// for that, and nothing makes the outcome of a write unknown: what waits for its turn was not sent.
//
// A process that fails to reach Redis while others don't takes its n-th part on top of what they take. More than 49
// processes without Redis keep to the rate on average only.
//
// State that the server lost, by a restart, a failover or a flush, counts as a full window: nothing is granted for a
// window. An organization that is new is told from that once the server has served this package for 2.5 seconds without
// a loss, and can't have evicted the key: its maxmemory-policy must be noeviction. Elsewhere, and on most nodes of a
// Cluster, the first call to an organization waits for a window.
//
// # The server
//
// Redis 6.2 or newer, or Valkey: alone, behind Sentinel, or a Cluster. Each organization has one key,
// m3ter:rate:{organization id}, which holds times and the run id of the server, about 2 kB. The server has one more,
// m3ter:rate:since:(run id). They expire after 30 days. A server that evicts keys costs the window of an evicted one.
//
// The user needs EVAL, EVALSHA, TIME, HMGET, HGET, HSET, GET, SET, DEL and PEXPIRE on these keys, and INFO, without
// which a failover is noticed only if it lost the key or set the clock back.
//
// Set ContextTimeoutEnabled in the options of the Redis client. Without it, a request that this package no longer waits
// for keeps its connection until the client's ReadTimeout.
package redislimiter
