//go:build unix

package redislimiter

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// A redisServer is a redis-server on a free local port. It stores nothing on disk.
type redisServer struct {
	t    testing.TB
	addr string
	cmd  *exec.Cmd
}

func startRedis(t testing.TB) *redisServer {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Fatal("redis-server is missing; on Debian and Ubuntu, install it with: apt-get install -y redis-server")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &redisServer{t: t, addr: free.Addr().String()}
	free.Close()
	s.start()
	t.Cleanup(s.kill)
	return s
}

// start starts the server, even after kill, and waits until it responds.
func (s *redisServer) start() {
	s.t.Helper()
	_, port, _ := net.SplitHostPort(s.addr)
	s.cmd = exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
	s.cmd.Dir = s.t.TempDir()
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	rdb := s.client()
	defer rdb.Close()
	for deadline := time.Now().Add(10 * time.Second); rdb.Ping(context.Background()).Err() != nil; {
		if time.Now().After(deadline) {
			s.t.Fatal("redis-server does not respond")
		}
	}
}

func (s *redisServer) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

func (s *redisServer) client() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: s.addr, ContextTimeoutEnabled: true})
}

// scripts returns the number of scripts that the server has run.
func (s *redisServer) scripts() (n int) {
	s.t.Helper()
	rdb := s.client()
	defer rdb.Close()
	stats, err := rdb.Info(context.Background(), "commandstats").Result()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`cmdstat_eval(?:sha)?:calls=(\d+)`).FindAllStringSubmatch(stats, -1) {
		calls, _ := strconv.Atoi(found[1])
		n += calls
	}
	return n
}

// A recording holds the times of the grants that the server wrote, from the output of MONITOR.
type recording struct {
	conn net.Conn
	done chan struct{}

	mu sync.Mutex
	at []time.Time
}

var grantWritten = regexp.MustCompile(`"(?i:HSET)" "m3ter:rate:[^"]*" "\d+" "(\d+)"`)

func (s *redisServer) record() *recording {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	fmt.Fprint(conn, "MONITOR\r\n")
	lines := bufio.NewScanner(conn)
	if !lines.Scan() || lines.Text() != "+OK" {
		s.t.Fatalf("MONITOR: %q", lines.Text())
	}
	r := &recording{conn: conn, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		for lines.Scan() {
			if found := grantWritten.FindStringSubmatch(lines.Text()); found != nil {
				at, _ := strconv.ParseInt(found[1], 10, 64)
				r.mu.Lock()
				r.at = append(r.at, time.UnixMicro(at))
				r.mu.Unlock()
			}
		}
	}()
	return r
}

func (r *recording) stop() []time.Time {
	r.conn.Close()
	<-r.done
	return r.at
}

// TestMain runs a task instead of the tests if a test starts this binary as a process of a fleet.
func TestMain(m *testing.M) {
	redis.SetLogger(silent{})
	if task := os.Getenv("REDISLIMITER_PROCESS"); task != "" {
		if err := runProcess(task); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}
