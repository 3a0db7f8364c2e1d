// Package redislimiter keeps all processes that share an organization of m3ter to its rate, 50 requests a second, by a
// Redis or Valkey server that all of them reach. It is a module of its own, so that Redis reaches nobody who does not
// use it.
//
// Each process makes one [Fleet], and gives its client the [Limiter] of an organization:
//
//	fleet := redislimiter.New(rdb, 10) // at most 10 processes
//	client, err := m3teraccess.NewClient(m3teraccess.WithLimiter(fleet.Limiter(orgID)))
//
// # The promise
//
// By the clock of the server, never more than 49 requests of an organization are granted in any 1.01 seconds, so never
// 51 in a second. The clocks of the processes don't count. A burst that fits into the window is not delayed. Within a
// process, first come is first served; among processes, each gets its turn in the order in which they asked, so none
// starves.
//
// The promise ends where a grant leaves for the process. What the scheduler, a new connection and the network add to one
// request and not to another is not in it. One request and 10 ms are left for that: it takes a difference of more than
// 10 ms, for more than one request, until m3ter sees 51 in a second and refuses one with 429.
//
// # Cost
//
// A process has one request to Redis under way for an organization. It asks for as many grants as callers wait, up to
// its part of the window, and asks for the next ones when the last ones are about to be used. Under load that is one
// round trip for 49/n grants, rounded up. An idle limiter keeps no goroutine and sends nothing.
//
// # When Redis fails
//
// A request that has no answer after 200 ms ([WithTimeout]), or an error, counts as a failure. The process then keeps to
// the n-th part of the rate by itself, as all the others do, tries Redis in the background, and comes back by itself. On
// each change, in either direction, it grants nothing for one window, and after its return it stays within its part for
// as long as others may still be on their way back. Nothing of this fails a call, unless [WithStrict] asks for that, and
// nothing makes the outcome of a write unknown: what waits for its turn was not sent.
//
// A process that fails to reach Redis while others don't takes its n-th part on top of what they take. More than 49
// processes without Redis keep to the rate on average only.
//
// State that the server lost, by a restart, a failover or a flush, counts as a full window: nothing is granted for a
// window. The same goes for an organization that was never seen before, or not in 30 days.
//
// # The server
//
// Redis 6.2 or newer, or Valkey: alone, behind Sentinel, or a Cluster. Each organization has one key,
// m3ter:rate:{organization id}, which holds times and the run id of the server, about 2 kB, and expires by itself. A server
// that evicts keys costs the window of an evicted one. The user needs EVAL, EVALSHA, TIME, HMGET, HGET, HSET, DEL and
// PEXPIRE on these keys, and INFO, without which a failover is noticed only if it lost the key or set the clock back.
//
// Set ContextTimeoutEnabled in the options of the Redis client. Without it, a request that this package no longer waits
// for keeps its connection until the client's ReadTimeout.
package redislimiter
