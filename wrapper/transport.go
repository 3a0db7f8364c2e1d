package m3teraccess

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// A transport sends requests as an http.Client does that follows no redirect: following one would carry the request,
// and perhaps the token, somewhere else. Unlike http.Client it keeps no copy of each request for a redirect, which is a
// tenth of the time of a small call.
type transport struct {
	next http.RoundTripper
	jar  http.CookieJar // nil when there is none
}

func newTransport(client *http.Client) transport {
	if client.Transport == nil {
		return transport{http.DefaultTransport, client.Jar}
	}
	return transport{client.Transport, client.Jar}
}

// isNetHTTP tells whether requests go to net/http's own transport, with nothing between.
func (t transport) isNetHTTP() bool {
	_, ok := t.next.(*http.Transport)
	return ok
}

// send adds the cookies of the jar to the request, which is the caller's own.
func (t transport) send(req *http.Request) (*http.Response, error) {
	if t.jar != nil {
		for _, cookie := range t.jar.Cookies(req.URL) {
			req.AddCookie(cookie)
		}
	}
	resp, err := t.next.RoundTrip(req)
	switch {
	case err != nil:
		if plain := (tls.RecordHeaderError{}); errors.As(err, &plain) && string(plain.RecordHeader[:]) == "HTTP/" {
			err = http.ErrSchemeMismatch
		}
		return nil, err
	case resp == nil:
		return nil, errors.New("the transport returned neither an answer nor an error")
	case resp.Body == nil:
		resp.Body = http.NoBody
	}
	if resp.StatusCode < 200 { // as 101, whose body is the connection, and ends with no context
		go resp.Body.Close()
		return nil, fmt.Errorf("the answer is %s, which was not asked for", status(resp.StatusCode))
	}
	if cookies := resp.Cookies(); t.jar != nil && len(cookies) > 0 {
		t.jar.SetCookies(req.URL, cookies)
	}
	return resp, nil
}

const (
	// idleTimeout is how long the default client keeps an idle connection: less than the 60 seconds that gateways commonly
	// do, or requests would meet connections that are just being closed.
	idleTimeout = 45 * time.Second
	// pingAfter is how long an HTTP/2 connection may be silent before it is pinged, and pingTimeout how long a ping may stay
	// without an answer before the connection is given up.
	pingAfter   = 4 * time.Second
	pingTimeout = 3 * time.Second
)

// defaultHTTPClient serves every client that has none of its own, so that they share connections.
var defaultHTTPClient = sync.OnceValue(func() *http.Client {
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return &http.Client{}
	}
	transport = transport.Clone()
	transport.MaxIdleConnsPerHost = transport.MaxIdleConns // all go to one host
	transport.IdleConnTimeout = idleTimeout
	transport.HTTP2 = &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout}
	return &http.Client{Transport: transport}
})
