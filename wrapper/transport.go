package m3teraccess

import (
	"crypto/tls"
	"errors"
	"net/http"
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
	if cookies := resp.Cookies(); t.jar != nil && len(cookies) > 0 {
		t.jar.SetCookies(req.URL, cookies)
	}
	return resp, nil
}
