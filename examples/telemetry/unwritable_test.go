package main

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/exampletest"
)

func TestUnwritableOutput(t *testing.T) { exampletest.CheckUnwritable(t, "", "-h") }

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// The program fails if it can't write a line for a span or a metric, even if later lines could be written.
func TestLostLine(t *testing.T) {
	full := errors.New("the disk is full")
	for _, kind := range []string{"span ", "metric "} {
		failed := false
		stdout := writerFunc(func(line []byte) (int, error) {
			if !failed && bytes.HasPrefix(line, []byte(kind)) {
				failed = true
				return 0, full
			}
			return len(line), nil
		})
		if err := run(t.Context(), nil, stdout, io.Discard); !errors.Is(err, full) {
			t.Errorf("%s: error %v", kind, err)
		}
	}
}

// The program fails if it can't write the name of a policy.
func TestLostName(t *testing.T) {
	full := errors.New("the disk is full")
	stderr := writerFunc(func(line []byte) (int, error) {
		if bytes.Contains(line, []byte("Meter readers")) {
			return 0, full
		}
		return len(line), nil
	})
	if err := run(t.Context(), nil, io.Discard, stderr); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
}
