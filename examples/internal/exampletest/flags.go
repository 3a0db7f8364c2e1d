package exampletest

import (
	"strings"
	"testing"
)

// CheckHelp runs the example with -h. It fails unless the example exits with status 0, prints a help text that contains
// each of texts, and prints nothing on standard error.
func CheckHelp(t *testing.T, texts ...string) {
	t.Helper()
	p := Run(t, map[string]string{"M3TER_API_KEY": "alone"}, "-h")
	p.Check(0, "")
	texts = append(texts, "Which m3ter the program uses:", "Examples:", "Flags:", "M3TER_API_KEY", "M3TER_API_SECRET", "M3TER_API_TOKEN", "M3TER_ORG_ID", "M3TER_BASE_URL")
	for _, text := range texts {
		if !strings.Contains(p.Out.String(), text) {
			t.Errorf("the help does not contain %q:\n%s", text, p.Out)
		}
	}
	if p.Err.String() != "" {
		t.Errorf("stderr\n%s", p.Err)
	}
}

// CheckBadArgs runs the example with each key of refusals as its arguments. Spaces separate the arguments, and a pair
// of single quotes is an empty argument. CheckBadArgs fails unless the example sends no request, exits with status 2,
// and prints one line, which begins with the value of the key.
func CheckBadArgs(t *testing.T, refusals map[string]string) {
	fake := NewFake(t)
	for args, text := range refusals {
		t.Run(args, func(t *testing.T) {
			fields := strings.Fields(args)
			for i := range fields {
				fields[i] = strings.Trim(fields[i], "'")
			}
			Run(t, Environment(fake), fields...).checkOnlyLine(2, text)
		})
	}
	if requests := fake.Requests(); len(requests) > 0 {
		t.Errorf("the example sent %d requests", len(requests))
	}
}

// CheckOnlyLine fails unless the process exited with status 1, and wrote only one line, on stderr, which begins with
// text.
func (p *Program) CheckOnlyLine(text string) {
	p.t.Helper()
	p.checkOnlyLine(1, text)
}

func (p *Program) checkOnlyLine(status int, text string) {
	p.t.Helper()
	p.Check(status, text)
	if strings.Count(p.Err.String(), "\n") != 1 || p.Out.String() != "" {
		p.t.Errorf("the example did not write exactly one line, on stderr\nstdout\n%sstderr\n%s", p.Out, p.Err)
	}
}
