package exampletest

import (
	"io"
	"os"
	"testing"
	"time"
)

// CheckStalledOutput runs the example, reads one byte of its output, and interrupts it. The output must be too long for
// a pipe. CheckStalledOutput fails unless the example then exits with an error.
func CheckStalledOutput(t *testing.T, environment map[string]string, args ...string) {
	t.Helper()
	SkipWithoutSignals(t)
	output, input, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	p := New(t, environment, args...)
	p.Stdout = input
	p.Begin()
	input.Close()
	if _, err := io.ReadFull(output, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	p.Interrupt(os.Interrupt)
	defer time.AfterFunc(10*time.Second, func() { _ = p.Process.Kill() }).Stop()
	p.End()
	p.Check(1, "")
}
