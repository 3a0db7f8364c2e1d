package m3teraccess

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// newRequest makes a request with a JSON request body, or without a request body if body is nil.
func (c *Client) newRequest(method string, address *url.URL, body any) (*http.Request, error) {
	req := &http.Request{
		Method: method,
		URL:    address,
		Host:   c.base.Host,
		Header: c.readHeader,
		Proto:  "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if body == nil {
		return req, nil
	}
	data, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req.Header = c.writeHeader
	req.ContentLength = int64(len(data))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	req.Body, _ = req.GetBody()
	return req, nil
}

// urlOf returns the URL of a path below the base URL. Each value replaces a {name} of the template, as one segment.
// urlOf sets RawPath only if the escaped path differs from Path.
func (c *Client) urlOf(template string, values []string, query string) *url.URL {
	u := *c.base
	u.Path += expand(template, values, func(value string) string { return value })
	if u.RawPath != "" || slices.ContainsFunc(values, func(value string) bool { return url.PathEscape(value) != value }) {
		u.RawPath = c.base.EscapedPath() + expand(template, values, url.PathEscape)
	}
	u.RawQuery = query
	return &u
}

// expand replaces the {names} of a template, in order, with the results of calling spell on the values.
func expand(template string, values []string, spell func(string) string) string {
	var b strings.Builder
	b.Grow(len(template) + 40*len(values)) // an id is often a UUID
	for _, value := range values {
		before, rest, _ := strings.Cut(template, "{")
		_, template, _ = strings.Cut(rest, "}")
		b.WriteString(before)
		b.WriteString(spell(value))
	}
	b.WriteString(template)
	return b.String()
}
