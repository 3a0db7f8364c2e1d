// Package exampletest runs the examples as processes, as a user does.
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

// isProgram names an environment variable. If it is set, the test binary runs as the example.
const isProgram = "EXAMPLETEST_IS_PROGRAM"

// Main is the TestMain of an example. In a process from New, it runs the program instead of the tests.
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

// Environment returns the variables that point an example at a fake.
func Environment(fake *m3tertest.Server) map[string]string {
	environment := make(map[string]string)
	for _, variable := range fake.Env() {
		name, value, _ := strings.Cut(variable, "=")
		environment[name] = value
	}
	return environment
}

// NewFake starts a fake, and closes it when the test ends.
func NewFake(t *testing.T, opts ...m3tertest.Option) *m3tertest.Server {
	fake := m3tertest.NewServer(opts...)
	t.Cleanup(fake.Close)
	return fake
}

// Operations returns the operations of all requests to a fake.
func Operations(fake *m3tertest.Server) []string {
	var names []string
	for _, request := range fake.Requests() {
		names = append(names, request.Operation)
	}
	return names
}

// Silence keeps a fake from responding to an operation. It closes asked at the first request for the operation.
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

// SkipWithoutSignals skips a test if the system can't send an interrupt to a process.
func SkipWithoutSignals(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows can't send an interrupt")
	}
}
