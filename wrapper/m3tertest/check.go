package m3tertest

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// A check refuses a decoded JSON value that api/openapi.yaml forbids. field is the name of the value in the message. No
// check allows null.
type check func(field string, value any) error

func invalid(field, format string, args ...any) error {
	return refuse(http.StatusBadRequest, "%s %s", field, fmt.Sprintf(format, args...))
}

// A property is a member that an object may have or must have. Other members are allowed.
type property struct {
	name     string
	required bool
	check    check
}

func required(name string, c check) property { return property{name, true, c} }
func optional(name string, c check) property { return property{name, false, c} }

func object(properties ...property) check {
	return func(field string, value any) error {
		members, ok := value.(map[string]any)
		if !ok {
			return invalid(field, "must be an object")
		}
		for _, p := range properties {
			value, present := members[p.name]
			if !present && !p.required {
				continue
			}
			name := p.name
			if !strings.HasPrefix(field, "the ") { // "the body" and "the query" are not part of the name
				name = field + "." + name
			}
			if !present {
				return invalid(name, "is missing")
			}
			if err := p.check(name, value); err != nil {
				return err
			}
		}
		return nil
	}
}

func list(least int, each check) check {
	return func(field string, value any) error {
		values, ok := value.([]any)
		if !ok {
			return invalid(field, "must be a list")
		}
		if len(values) < least {
			return invalid(field, "must have %d or more elements", least)
		}
		for i, value := range values {
			if err := each(fmt.Sprintf("%s[%d]", field, i), value); err != nil {
				return err
			}
		}
		return nil
	}
}

const unbounded = math.MaxInt

// text checks that a value is a string whose length in code points is from least to most.
func text(least, most int) check {
	return func(field string, value any) error {
		s, ok := value.(string)
		if !ok {
			return invalid(field, "must be a string")
		}
		switch n := utf8.RuneCountInString(s); {
		case n < least:
			return invalid(field, "must have %d or more characters", least)
		case n > most:
			return invalid(field, "must have at most %d characters, not %d", most, n)
		}
		return nil
	}
}

// lowerCase checks an effect or an action. The enums in m3ter's document are in upper case, but m3ter refuses upper
// case in requests.
func lowerCase(field string, value any) error {
	if err := text(1, unbounded)(field, value); err != nil {
		return err
	}
	if s := value.(string); strings.ContainsFunc(s, func(r rune) bool { return 'A' <= r && r <= 'Z' }) {
		return invalid(field, "must be in lower case: %q, not %q", lowerCaseForm(s), s)
	}
	return nil
}

func oneOf(allowed ...string) check {
	return func(field string, value any) error {
		if s, ok := value.(string); !ok || !slices.Contains(allowed, s) {
			return invalid(field, "must be one of %s", gen.QuoteAll(allowed))
		}
		return nil
	}
}

// rfc3339 matches a date-time. time.Parse also accepts other forms, such as a one-digit hour, or an offset of 24 hours,
// which encoding/json can't encode.
var rfc3339 = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

func dateTime(field string, value any) error {
	s, ok := value.(string)
	if _, err := time.Parse(time.RFC3339, s); !ok || err != nil || !rfc3339.MatchString(s) {
		return invalid(field, "must be an RFC 3339 date-time, such as 2026-03-01T17:00:00Z")
	}
	return nil
}

// integer checks that a value is a JSON number from least to most, without a fraction or an exponent.
func integer(bits int, least, most int64) check {
	return func(field string, value any) error {
		number, _ := value.(json.Number)
		n, err := strconv.ParseInt(number.String(), 10, bits)
		switch {
		case err != nil:
			return invalid(field, "must be a %d-bit integer", bits)
		case n < least:
			return invalid(field, "must be %d or more, not %d", least, n)
		case n > most:
			return invalid(field, "must be %d or less, not %d", most, n)
		}
		return nil
	}
}

// inQuery checks a number that is written as text.
func inQuery(number check) check {
	return func(field string, value any) error { return number(field, json.Number(value.(string))) }
}

func unsent(field string, _ any) error { return invalid(field, "must be absent") }
