package m3teraccess

import "net/http"

// A verdict says what an attempt means for the call.
type verdict int

const (
	final    verdict = iota // the answer, or there was no attempt at all
	doubtful                // a write that may have been done: not again
	failed                  // nothing that matters was done: again, after a backoff
	refused                 // over the rate, and so not done: again, when the service takes more
	denied                  // the token was not accepted, and so nothing done: again, with another one
)

// judge is the table of the package comment.
func judge(isRead bool, out outcome) verdict {
	ambiguous := doubtful
	if isRead {
		ambiguous = failed
	}
	switch a := out.answer; {
	case !out.attempted: // there was no token, or no slot
		return final
	case a == nil && out.proof != "":
		return failed
	case a == nil:
		return ambiguous
	case out.isRepeated && !isRead && !a.isSuccess(): // the answer is to one of several requests
		return doubtful
	case a.StatusCode == http.StatusTooManyRequests:
		return refused
	case a.StatusCode == http.StatusUnauthorized || a.StatusCode == http.StatusForbidden:
		return denied
	case isAmbiguous(a.StatusCode) || out.isCut():
		return ambiguous
	}
	return final
}

// isAmbiguous tells whether a request that was answered so may have been carried out all the same.
func isAmbiguous(status int) bool { return status == http.StatusRequestTimeout || status >= 500 }
