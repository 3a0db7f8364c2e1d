package main

import (
	"io"
	"log/slog"
	"net/http"
	"time"
)

// logged logs each request that gets a response, on one line, without its headers or its query. slog quotes a value
// that contains control characters, and escapes them.
func logged(next http.Handler, w io.Writer) http.Handler {
	logger := slog.New(slog.NewTextHandler(w, nil))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		answer := &statusWriter{ResponseWriter: w}
		next.ServeHTTP(answer, r)
		logger.Info("request", "method", r.Method, "path", r.URL.EscapedPath(), "status", answer.status, "duration", time.Since(start))
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
