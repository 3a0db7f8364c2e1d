package m3teraccess

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRequestID is the largest number of bytes of a request id that an error or a log line shows.
const maxRequestID = 256

// requestID looks in all headers in which gateways commonly send a request id, because m3ter does not document which
// one it uses.
func (r redactor) requestID(h http.Header) string {
	for _, name := range []string{"X-Request-Id", "X-Amzn-Requestid", "X-Amzn-Trace-Id", "X-Amz-Cf-Id"} {
		if id := h.Get(name); id != "" {
			return r.text(id, maxRequestID)
		}
	}
	return ""
}

// retryAfter parses both forms of Retry-After, seconds and a date. It returns 0 for any other value. A date is compared
// with the server's Date if there is one: the local clock may be wrong.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) { // out of range: the largest number
		const most = int64(1<<63-1) / int64(time.Second)
		return time.Duration(min(max(seconds, 0), most)) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if sent, err := http.ParseTime(h.Get("Date")); err == nil {
		now = sent
	}
	return max(at.Sub(now), 0)
}

// status returns a status code with its text, such as 404 Not Found.
func status(code int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code)))
}
