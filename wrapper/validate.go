package m3teraccess

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A ValidationError is a value that can't be right, found before anything was sent.
type ValidationError struct {
	Field   string // what was given: a field, an argument, an option or an environment variable
	Problem string // what is wrong with it
	Allowed string // what would be right
}

// Error names the field, the problem and what is allowed.
func (e *ValidationError) Error() string {
	return fmt.Sprintf("m3teraccess: %s %s; allowed: %s", e.Field, e.Problem, e.Allowed)
}

// firstError returns the first error that is one.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// invalid makes a ValidationError; the problem is a format.
func invalid(field, allowed, problem string, args ...any) error {
	return &ValidationError{Field: field, Problem: fmt.Sprintf(problem, args...), Allowed: allowed}
}

const allowedContext = "a context, such as context.Background()"

const allowedPathValue = `an id of one path segment: not empty, not "." or "..", without /, \ and control characters`

func validateOrganization(orgID string) error { return validatePathValue("organization id", orgID) }

// validatePathValue refuses what would reach another endpoint, or none. All else is escaped and stays one segment.
func validatePathValue(field, value string) error {
	switch {
	case value == "":
		return invalid(field, allowedPathValue, "is empty")
	case value == "." || value == "..":
		return invalid(field, allowedPathValue, "is %q", value)
	case strings.ContainsAny(value, `/\`) || strings.ContainsFunc(value, unicode.IsControl):
		return invalid(field, allowedPathValue, "is %s, which holds a slash or a control character", quote(value))
	}
	return nil
}

// validateText refuses what JSON can't carry: it would arrive as something else.
func validateText(field, value string) error {
	if !utf8.ValidString(value) {
		return invalid(field, "text in UTF-8", "is %s, not UTF-8", quote(value))
	}
	return nil
}

func validateSupportRequest(request SupportRequest) error {
	const field, allowed = "EndSupportUsersAccess", "the time at which support access ends, of a year from 1 to 9999"
	end := request.EndSupportUsersAccess
	if end.IsZero() {
		return invalid(field, allowed, "is missing")
	}
	if year := end.UTC().Year(); year < 1 || year > 9999 {
		return invalid(field, allowed, "is in the year %d", year)
	}
	return validateStatements("SupportUsersPermissionPolicy", request.SupportUsersPermissionPolicy)
}

func validatePermissionPolicyRequest(request PermissionPolicyRequest) error {
	switch n := utf8.RuneCountInString(request.Name); {
	case n == 0:
		return invalid("Name", "1 to 100 characters", "is empty")
	case n > 100:
		return invalid("Name", "1 to 100 characters", "has %d characters", n)
	}
	if len(request.PermissionPolicy) == 0 {
		return invalid("PermissionPolicy", "at least one statement", "is empty")
	}
	if request.Version != 0 {
		return invalid("Version", "none: a new policy gets version 1", "is %d", request.Version)
	}
	return firstError(validateText("Name", request.Name), validateStatements("PermissionPolicy", request.PermissionPolicy))
}

func validatePrincipalPermissionRequest(request PrincipalPermissionRequest) error {
	if request.PrincipalID == "" {
		return invalid("PrincipalID", "the id of a user", "is empty")
	}
	return validateText("PrincipalID", request.PrincipalID)
}

func validateResourceGroupItemRequest(request ResourceGroupItemRequest) error {
	if request.TargetID == "" {
		return invalid("TargetID", "the id of an item or of a group", "is empty")
	}
	if !request.TargetType.Valid() {
		return invalid("TargetType", "item, group (TargetItem, TargetGroup), ITEM or GROUP", "is %s", quote(string(request.TargetType)))
	}
	return validateText("TargetID", request.TargetID)
}

func validatePageParams(params PageParams) error {
	if params.PageSize < 0 || params.PageSize > 200 {
		return invalid("PageSize", "1 to 200, or 0 to leave it to the service", "is %d", params.PageSize)
	}
	return nil
}

func validateStatements(field string, statements []Statement) error {
	for i, statement := range statements {
		if problem := validateStatement(statement); problem != nil {
			problem.Field = fmt.Sprintf("%s[%d].%s", field, i, problem.Field)
			return problem
		}
	}
	return nil
}

func validateStatement(s Statement) *ValidationError {
	if problem := validateSpelling(string(s.Effect), "allow or deny"); problem != nil {
		problem.Field = "Effect"
		return problem
	}
	if s.Action == nil {
		return &ValidationError{Field: "Action", Problem: "is missing", Allowed: "a list of actions"}
	}
	for i, action := range s.Action {
		if problem := validateSpelling(string(action), "an action such as config:retrieve"); problem != nil {
			problem.Field = fmt.Sprintf("Action[%d]", i)
			return problem
		}
	}
	if len(s.Resource) == 0 {
		return &ValidationError{Field: "Resource", Problem: "is empty", Allowed: "at least one resource, such as config:meter/*"}
	}
	for i, resource := range s.Resource {
		if !utf8.ValidString(resource) {
			return &ValidationError{Field: fmt.Sprintf("Resource[%d]", i), Problem: fmt.Sprintf("is %s, not UTF-8", quote(resource)), Allowed: "text in UTF-8"}
		}
	}
	return nil
}

// validateSpelling refuses what the service refuses: its own published, upper-case spelling.
func validateSpelling(value, allowed string) *ValidationError {
	switch {
	case value == "":
		return &ValidationError{Problem: "is empty", Allowed: allowed}
	case !utf8.ValidString(value):
		return &ValidationError{Problem: fmt.Sprintf("is %s, not UTF-8", quote(value)), Allowed: allowed}
	case hasUpper(value):
		return &ValidationError{
			Problem: fmt.Sprintf("is %s, in upper case", quote(value)),
			Allowed: "the lower-case form " + quote(canonical(value)),
		}
	}
	return nil
}

// quote makes a caller's value fit to print in an error.
func quote(value string) string {
	const most = 64
	if short := []rune(value); len(short) > most {
		return fmt.Sprintf("%q...", string(short[:most]))
	}
	return fmt.Sprintf("%q", value)
}
