package gen

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A Problem describes a value that api/openapi.yaml does not allow in a request.
type Problem struct {
	Field   string // the field in Go, such as PermissionPolicy[0].Effect
	Problem string // what is wrong with the value, such as "is empty"
	Allowed string // what the value must be, such as "1 to 100 characters"
}

// A check is a func(T) []Problem that returns the problems with a value. The Field of each problem is relative to that
// value.

const unbounded = math.MaxInt

func problem(allowed, format string, args ...any) []Problem {
	return []Problem{{Problem: fmt.Sprintf(format, args...), Allowed: allowed}}
}

func joined(problems ...[]Problem) []Problem { return slices.Concat(problems...) }

// in runs a check on the value of a field, and puts the name of the field before the Field of each problem.
func in[T any](field string, value T, check func(T) []Problem) []Problem {
	problems := check(value)
	for i, p := range problems {
		if p.Field != "" && p.Field[0] != '[' {
			p.Field = "." + p.Field
		}
		problems[i].Field = field + p.Field
	}
	return problems
}

// optional allows the zero value, which is not sent.
func optional[T comparable](check func(T) []Problem) func(T) []Problem {
	return func(value T) []Problem {
		if value == *new(T) {
			return nil
		}
		problems := check(value)
		for i := range problems {
			problems[i].Allowed += ", or absent"
		}
		return problems
	}
}

// optionalList allows nil, which is not sent. An empty list is sent, so it is checked.
func optionalList[T any](check func([]T) []Problem) func([]T) []Problem {
	return func(values []T) []Problem {
		if values == nil {
			return nil
		}
		return check(values)
	}
}

func list[T any](least int, check func(T) []Problem) func([]T) []Problem {
	return func(values []T) []Problem {
		switch {
		case len(values) < least:
			return problem(fmt.Sprintf("a list with %d or more elements", least), "is empty")
		case values == nil:
			return problem("a list", "is nil")
		}
		var problems []Problem
		for i, value := range values {
			if check(value) != nil { // format the index only if there is a problem
				problems = append(problems, in(fmt.Sprintf("[%d]", i), value, check)...)
			}
		}
		return problems
	}
}

// text checks the number of code points. It refuses text that is not UTF-8, which encoding/json would change.
func text(least, most int) func(string) []Problem {
	return func(value string) []Problem {
		n := utf8.RuneCountInString(value)
		switch {
		case n < least && n == 0:
			return problem(extent(least, most)+" characters", "is empty")
		case n < least || n > most:
			return problem(extent(least, most)+" characters", "has %d", n)
		case !utf8.ValidString(value):
			return problem("text in UTF-8", "is %s", Quote(value))
		}
		return nil
	}
}

func number[T ~int32 | ~int64](least, most int64) func(T) []Problem {
	return func(value T) []Problem {
		if int64(value) < least || int64(value) > most {
			return problem(extent(int(least), int(most)), "is %d", value)
		}
		return nil
	}
}

// extent returns bounds in words, such as "1 to 100" or "1 or more".
func extent(least, most int) string {
	switch {
	case most == unbounded:
		return fmt.Sprintf("%d or more", least)
	case least == -unbounded:
		return fmt.Sprintf("%d or less", most)
	}
	return fmt.Sprintf("%d to %d", least, most)
}

func oneOf[T ~string](allowed ...T) func(T) []Problem {
	return func(value T) []Problem {
		if slices.Contains(allowed, value) {
			return nil
		}
		return problem("one of "+QuoteAll(allowed), "is %s", Quote(string(value)))
	}
}

// lowerCase checks a value whose schema has "x-spelling: lower-case".
func lowerCase[T ~string](value T) []Problem {
	if hasUpper(string(value)) {
		return problem("in lower case: "+Quote(canonical(string(value))), "is %s", Quote(string(value)))
	}
	return text(1, unbounded)(string(value))
}

// moment checks a date-time. A date-time in JSON has a year of four digits.
func moment(value time.Time) []Problem {
	const allowed = "a time in the years 1 to 9999"
	if value.IsZero() {
		return problem(allowed, "is missing")
	}
	if year := value.UTC().Year(); year < 1 || year > 9999 {
		return problem(allowed, "is in the year %d", year)
	}
	return nil
}

// unsent checks a readOnly member.
func unsent[T comparable](value T) []Problem {
	if value == *new(T) {
		return nil
	}
	return problem("absent", "is %v", value)
}

// Quote quotes a value for an error. If the value has more than 64 characters, Quote quotes the first 64, and appends
// "..." after the quotation marks.
func Quote(value string) string {
	const most = 64
	if runes := []rune(value); len(runes) > most {
		return fmt.Sprintf("%q...", string(runes[:most]))
	}
	return fmt.Sprintf("%q", value)
}

// QuoteAll quotes values for an error, and separates them with commas.
func QuoteAll[T ~string](values []T) string {
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = Quote(string(value))
	}
	return strings.Join(quoted, ", ")
}

func hasUpper(value string) bool {
	return strings.ContainsFunc(value, func(r rune) bool { return 'A' <= r && r <= 'Z' })
}
