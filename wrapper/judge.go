package m3teraccess

import "net/http"

// A verdict says what the outcome of an attempt means for its call.
type verdict int

const (
	final       verdict = iota // the call ends with this outcome
	doubtful                   // the write may have been carried out: no retry
	failed                     // nothing was changed: retry after Retry-After or a backoff
	rateLimited                // over the rate limit, so nothing was changed: retry when m3ter accepts more requests
	denied                     // m3ter denied the request, so nothing was changed: retry with another access token
)

// judge implements the table under "Retries" in the package comment.
func judge(isRead bool, out outcome) verdict {
	ambiguous := doubtful
	if isRead {
		ambiguous = failed
	}
	switch a := out.answer; {
	case !out.attempted: // the request did not reach the transport
		return final
	case a == nil && out.proof != "":
		return failed
	case a == nil:
		return ambiguous
	case out.isRepeated && !isRead && !a.isSuccess(): // the response belongs to one of several requests
		return doubtful
	case a.StatusCode == http.StatusTooManyRequests:
		return rateLimited
	case a.StatusCode == http.StatusUnauthorized || a.StatusCode == http.StatusForbidden:
		return denied
	case isAmbiguous(a.StatusCode) || out.isCut():
		return ambiguous
	}
	return final
}

// isAmbiguous reports whether m3ter may have carried out a request despite this status.
func isAmbiguous(status int) bool { return status == http.StatusRequestTimeout || status >= 500 }
