package main

import (
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"
)

const (
	anyTime = 30 * time.Second // longer than any request takes here
	grants  = "/users/" + userID + "/permissions"
	ended   = `{"dtEndSupportUsersAccess":"2000-01-01T00:00:00Z"}`
)

// Without flags the fake refuses nothing and delays nothing.
func TestNoFlags(t *testing.T) {
	fake := start(t)
	token, _ := fake.token()
	for range 60 { // more than m3ter accepts in a second
		if status, body := fake.send("GET", grants, token, ""); status != http.StatusOK {
			t.Fatalf("status %d, %s", status, body)
		}
	}
	if status, body := fake.send("PUT", "/support", token, ended); status != http.StatusOK {
		t.Errorf("end in the past: status %d, %s", status, body)
	}
}

func TestRate(t *testing.T) {
	fake := start(t, "-rate", "2")
	token, _ := fake.token()
	var statuses []int
	for range 10 {
		status, _ := fake.send("GET", grants, token, "")
		statuses = append(statuses, status)
		if status == http.StatusTooManyRequests {
			break
		}
	}
	if n := len(statuses); n < 3 || statuses[0] != http.StatusOK || statuses[1] != http.StatusOK || statuses[n-1] != http.StatusTooManyRequests {
		t.Errorf("statuses %v, want two times 200, and 429", statuses)
	}
}

func TestTokenLifetime(t *testing.T) {
	for lifetime, want := range map[string]int{"1ns": http.StatusForbidden, "1h": http.StatusOK} {
		fake := start(t, "-token-lifetime", lifetime)
		token, _ := fake.token()
		status, body := fake.send("GET", grants, token, "")
		if status != want || (status == http.StatusForbidden) != strings.Contains(body, "expired") {
			t.Errorf("%s: status %d, %s", lifetime, status, body)
		}
	}
}

func TestLatency(t *testing.T) {
	const latency = 50 * time.Millisecond
	fake := start(t, "-latency", latency.String())
	began := time.Now()
	token, _ := fake.token()
	arrived := time.Now()
	status, _ := fake.send("GET", grants, token, "")
	for what, took := range map[string]time.Duration{"token": arrived.Sub(began), "operation": time.Since(arrived)} {
		if status != http.StatusOK || took < latency || took > anyTime {
			t.Errorf("%s: status %d after %v", what, status, took)
		}
	}
}

// An interrupt ends the delay of a request. The server asks for the body when the request has arrived.
func TestInterruptedLatency(t *testing.T) {
	fake := start(t, "-latency", "1h")
	arrived := make(chan struct{})
	trace := &httptrace.ClientTrace{Got100Continue: func() { close(arrived) }}
	request := fake.request("POST", "/", "{}")
	request.Header.Set("Expect", "100-continue")
	failed := make(chan error, 1)
	go func() {
		client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: anyTime}}
		_, err := client.Do(request.WithContext(httptrace.WithClientTrace(request.Context(), trace)))
		failed <- err
	}()
	<-arrived
	if err := fake.stop(); err != nil {
		t.Fatal(err) // the request may still wait
	}
	if err := <-failed; err == nil {
		t.Error("the request was answered")
	}
}

func TestUntilEndOfDay(t *testing.T) {
	fake := start(t, "-until-end-of-day")
	token, _ := fake.token()
	if status, body := fake.send("PUT", "/support", token, ended); status != http.StatusBadRequest || !strings.Contains(body, "dtEndSupportUsersAccess") {
		t.Errorf("end in the past: status %d, %s", status, body)
	}
	later := `{"dtEndSupportUsersAccess":"` + time.Now().Add(48*time.Hour).UTC().Format(time.RFC3339) + `"}`
	if status, body := fake.send("PUT", "/support", token, later); status != http.StatusOK {
		t.Errorf("end in two days: status %d, %s", status, body)
	}
}
