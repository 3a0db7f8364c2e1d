package exampletest

import (
	"strings"
	"testing"
)

// CheckHelp fails unless -h prints help that holds all of the texts, and nothing else happens.
func CheckHelp(t *testing.T, texts ...string) {
	t.Helper()
	p := Run(t, map[string]string{"M3TER_API_KEY": "alone"}, "-h")
	p.Check(0, "")
	texts = append(texts, "Where it runs:", "Examples:", "Flags:", "M3TER_API_KEY", "M3TER_API_SECRET", "M3TER_API_TOKEN", "M3TER_ORG_ID", "M3TER_BASE_URL")
	for _, text := range texts {
		if !strings.Contains(p.Out.String(), text) {
			t.Errorf("the help lacks %q:\n%s", text, p.Out)
		}
	}
	if p.Err.String() != "" {
		t.Errorf("stderr\n%s", p.Err)
	}
}

// CheckBadArgs fails unless arguments, with a space between two and ” for an empty one, are refused before anything is
// sent, by exit status 2 and one line that begins with the text they have.
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
		t.Errorf("%d requests were sent", len(requests))
	}
}

// CheckOnlyLine fails unless the process ended with exit status 1, and wrote nothing but a line on stderr, which begins
// with a text.
func (p *Program) CheckOnlyLine(text string) {
	p.t.Helper()
	p.checkOnlyLine(1, text)
}

func (p *Program) checkOnlyLine(status int, text string) {
	p.t.Helper()
	p.Check(status, text)
	if strings.Count(p.Err.String(), "\n") != 1 || p.Out.String() != "" {
		p.t.Errorf("it wrote more than a line\nstdout\n%sstderr\n%s", p.Out, p.Err)
	}
}
