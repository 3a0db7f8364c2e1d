package m3teraccess

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/m3ter-access/m3ter-access-go/gen"
)

// A ValidationError reports a value that is not valid. The client sends nothing.
type ValidationError struct {
	Field   string // what is not valid: a field, an argument, an option or an environment variable
	Problem string // what is wrong with the value, such as "is empty"
	Allowed string // what the value must be, such as "1 to 100 characters"
}

// Error returns the field, the allowed values and the problem.
func (e *ValidationError) Error() string {
	subject := "it"
	if strings.HasPrefix(e.Problem, "are ") {
		subject = "they"
	}
	return fmt.Sprintf("m3teraccess: %s must be %s; %s %s", e.Field, e.Allowed, subject, e.Problem)
}

// invalid returns a ValidationError. problem is a format for args.
func invalid(field, allowed, problem string, args ...any) error {
	return &ValidationError{Field: field, Problem: fmt.Sprintf(problem, args...), Allowed: allowed}
}

// validate returns everything that is wrong with a call, as one joined error. values are the path arguments of the
// call.
func validate[Request, Answer any](endpoint *gen.Endpoint[Request, Answer], values []string, request Request) error {
	var errs []error
	for i, value := range values {
		check := validatePathValue
		if i == 0 {
			check = validateOrganization
		}
		if err := check(endpoint.Arguments[i], value); err != nil {
			errs = append(errs, err)
		}
	}
	if endpoint.Check != nil {
		for _, p := range endpoint.Check(request) {
			errs = append(errs, &ValidationError{Field: p.Field, Problem: p.Problem, Allowed: p.Allowed})
		}
	}
	return errors.Join(errs...)
}

// validateOrganization is validatePathValue for an organization id. It shows only the start of the value, because a
// user who mixes up the settings may have given the API secret.
func validateOrganization(field, value string) error {
	err := validatePathValue(field, value)
	if e, ok := err.(*ValidationError); ok && e.Problem == "is "+gen.Quote(value) {
		e.Problem = "is " + quoteStart(value)
	}
	return err
}

// quoteStart quotes at most the first 4 characters of a value that may be a secret.
func quoteStart(value string) string {
	const most = 4
	if runes := []rune(value); len(runes) > most {
		return gen.Quote(string(runes[:most])) + "..."
	}
	return gen.Quote(value)
}

// validatePathValue refuses a value that would lead to another endpoint or to none. Any other value can be escaped, and
// stays one segment.
func validatePathValue(field, value string) error {
	const allowed = `one path segment other than "." and "..", without a slash, a backslash or a control character`
	switch {
	case value == "":
		return invalid(field, allowed, "is empty")
	case value == "." || value == "..":
		return invalid(field, allowed, "is %q", value)
	case strings.ContainsFunc(value, func(r rune) bool { return r == '/' || r == '\\' || unicode.IsControl(r) }):
		return invalid(field, allowed, "is %s", gen.Quote(value))
	}
	return nil
}
