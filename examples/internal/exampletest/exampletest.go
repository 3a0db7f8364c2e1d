// Package exampletest runs the examples as processes, as a person would.
package exampletest

import (
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// isProgram is set in the environment of a test binary that runs as the example itself.
const isProgram = "EXAMPLETEST_IS_PROGRAM"

// Main is the TestMain of an example.
func Main(m *testing.M, program func()) {
	if os.Getenv(isProgram) != "" {
		program()
		return
	}
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "M3TER_") {
			os.Unsetenv(name)
		}
	}
	os.Exit(m.Run())
}

// Environment leads an example to a fake.
func Environment(fake *m3tertest.Server) map[string]string {
	environment := make(map[string]string)
	for _, variable := range fake.Env() {
		name, value, _ := strings.Cut(variable, "=")
		environment[name] = value
	}
	return environment
}

// NewFake starts a fake that ends with the test.
func NewFake(t *testing.T, opts ...m3tertest.Option) *m3tertest.Server {
	fake := m3tertest.NewServer(opts...)
	t.Cleanup(fake.Close)
	return fake
}

// Operations are what a fake was asked for.
func Operations(fake *m3tertest.Server) []string {
	var names []string
	for _, request := range fake.Requests() {
		names = append(names, request.Operation)
	}
	return names
}

// Silence keeps a fake from responding to an operation. asked is closed at the first request.
func Silence(fake *m3tertest.Server, operation string) (asked <-chan struct{}) {
	first := make(chan struct{})
	once := sync.OnceFunc(func() { close(first) })
	fake.InjectFunc(func(r m3tertest.Request) (m3tertest.Fault, bool) {
		if r.Operation != operation {
			return m3tertest.Fault{}, false
		}
		once()
		return m3tertest.Fault{Delay: time.Hour}, true
	})
	return first
}

// SkipWithoutSignals is for a test that interrupts a process.
func SkipWithoutSignals(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows can't send an interrupt")
	}
}
