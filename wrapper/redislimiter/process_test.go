package redislimiter

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// A task is what one process of a fleet does: callers that call over and over, once standard input says so, until a
// duration is over.
type task struct {
	Redis                          string
	Fleet                          int // processes
	Callers                        int
	Duration                       time.Duration
	URL, Key, Secret, Organization string // of the fake that is called; empty: callers only wait
}

// A result is what became of it.
type result struct {
	Granted []time.Time
	Failed  []string
	Log     string
}

func runProcess(text string) error {
	var do task
	if err := json.Unmarshal([]byte(text), &do); err != nil {
		return err
	}
	rdb := redis.NewClient(&redis.Options{Addr: do.Redis, ContextTimeoutEnabled: true})
	defer rdb.Close()
	var log strings.Builder
	limiter := New(rdb, do.Fleet, WithLogger(textLogger(&log))).Limiter(testOrg)

	var mu sync.Mutex
	var out result
	wait := func(ctx context.Context) error {
		err := limiter.Wait(ctx)
		if err == nil {
			mu.Lock()
			defer mu.Unlock()
			out.Granted = append(out.Granted, time.Now())
		}
		return err
	}
	once := wait
	if do.URL != "" {
		client, err := m3teraccess.NewClient(
			m3teraccess.WithBaseURL(do.URL),
			m3teraccess.WithCredentials(do.Key, do.Secret),
			m3teraccess.WithOrganization(do.Organization),
			m3teraccess.WithLimiter(limiterFunc(wait)))
		if err != nil {
			return err
		}
		if _, err := client.UserPermissionsPage(context.Background(), "user-1", m3teraccess.PageParams{}); err != nil {
			return err // the first call gets the token
		}
		once = func(ctx context.Context) error {
			_, err := client.UserPermissionsPage(ctx, "user-1", m3teraccess.PageParams{})
			return err
		}
	}
	fmt.Println("ready")
	if _, err := io.ReadAll(os.Stdin); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), do.Duration)
	defer cancel()
	var group sync.WaitGroup
	for range do.Callers {
		group.Go(func() {
			for ctx.Err() == nil {
				if err := once(ctx); err != nil && ctx.Err() == nil {
					mu.Lock()
					out.Failed = append(out.Failed, err.Error())
					mu.Unlock()
				}
			}
		})
	}
	group.Wait()
	out.Log = log.String()
	return json.NewEncoder(os.Stdout).Encode(out)
}

type limiterFunc func(context.Context) error

func (f limiterFunc) Wait(ctx context.Context) error { return f(ctx) }

// A fleet is processes that were started, and are ready.
type fleet struct {
	t         testing.TB
	processes []*process
}

type process struct {
	*exec.Cmd
	start  io.Closer
	output *json.Decoder
}

func startFleet(t testing.TB, do task) *fleet {
	t.Helper()
	text, err := json.Marshal(do)
	if err != nil {
		t.Fatal(err)
	}
	f := &fleet{t: t}
	for range do.Fleet {
		p := &process{Cmd: exec.CommandContext(t.Context(), os.Args[0])}
		p.Env = append(os.Environ(), "REDISLIMITER_PROCESS="+string(text))
		p.Stderr = os.Stderr
		if p.start, err = p.StdinPipe(); err != nil {
			t.Fatal(err)
		}
		stdout, err := p.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		ready := make([]byte, len("ready\n"))
		if _, err := io.ReadFull(stdout, ready); err != nil {
			t.Fatal(err)
		}
		p.output = json.NewDecoder(stdout)
		f.processes = append(f.processes, p)
	}
	return f
}

// begin has them call.
func (f *fleet) begin() {
	for _, p := range f.processes {
		p.start.Close()
	}
}

// results waits for the end of each.
func (f *fleet) results() (all []result) {
	f.t.Helper()
	for _, p := range f.processes {
		var one result
		if err := p.output.Decode(&one); err != nil {
			f.t.Fatal(err)
		}
		if err := p.Wait(); err != nil {
			f.t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// granted are the times of all processes.
func granted(all []result) (at []time.Time) {
	for _, one := range all {
		at = append(at, one.Granted...)
	}
	slices.SortFunc(at, time.Time.Compare)
	return at
}

// most is how many of the times are in one second at most.
func most(at []time.Time) (n int) {
	at = slices.Clone(at)
	slices.SortFunc(at, time.Time.Compare)
	first := 0
	for last := range at {
		for at[last].Sub(at[first]) > time.Second {
			first++
		}
		n = max(n, last-first+1)
	}
	return n
}

// knownOrganization has the server know the organization for so long that nothing is left of its being new.
func knownOrganization(t testing.TB, s *redisServer) {
	t.Helper()
	rdb := s.client()
	defer rdb.Close()
	if err := New(rdb, 1).Limiter(testOrg).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	time.Sleep(returnTime + windowLength)
}

// A load is what a fleet did in the time after its first second.
type load struct {
	most                   int     // grants in a second, as Redis recorded them
	rate                   float64 // grants in a second
	slowest                float64 // process, of the mean
	perTrip                float64 // grants for a script
	calls, refused, failed int
}

func measure(t testing.TB, d time.Duration) load {
	t.Helper()
	server := startRedis(t)
	fake := m3tertest.NewServer(m3tertest.WithRateLimit(50))
	t.Cleanup(fake.Close)
	fake.AddUser("user-1")
	knownOrganization(t, server)
	f := startFleet(t, task{Redis: server.addr, Fleet: 8, Callers: 16, Duration: d, URL: fake.URL, Key: fake.APIKey, Secret: fake.APISecret, Organization: fake.OrganizationID})
	time.Sleep(2 * time.Second)
	scripts := server.scripts()
	recorded := server.record()
	f.begin()
	begun := time.Now()
	all := f.results()
	var l load
	slots := recorded.stop()
	l.most = most(slots)
	at := granted(all)
	l.perTrip = float64(len(at)) / float64(server.scripts()-scripts)
	l.rate = float64(len(at)) / d.Seconds()
	mean := float64(len(at)) / float64(len(all))
	l.slowest = 1e9
	for _, one := range all {
		l.slowest = min(l.slowest, float64(len(one.Granted))/mean)
		l.failed += len(one.Failed)
	}
	for _, r := range fake.Requests() {
		if r.Operation == "UserPermissions" && r.Time.Sub(begun) > time.Second {
			l.calls++
			if r.Status == 429 {
				l.refused++
			}
		}
	}
	t.Logf("%+v slots=%d wall most=%d", l, len(slots), most(at))
	return l
}

func TestDebugLoad(t *testing.T)          { measure(t, 10*time.Second) }
func textLogger(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
