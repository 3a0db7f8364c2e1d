package m3teraccess

import (
	"context"
	"log/slog"
	"time"
)

// logged writes a line for each attempt. It stands outside the layer that sets the header with the token.
func logged(log *slog.Logger, next layer) layer {
	return func(ctx context.Context, c *call) (*answer, error) {
		if !log.Enabled(ctx, slog.LevelDebug) {
			return next(ctx, c)
		}
		start := time.Now()
		a, err := next(ctx, c)
		log.LogAttrs(ctx, slog.LevelDebug, "m3ter attempt", c.attrs(a, err, time.Since(start))...)
		return a, err
	}
}

// attrs describes an attempt: never a header but the request id, never a body.
func (c *call) attrs(a *answer, err error, took time.Duration) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("operation", c.op.Name),
		slog.String("method", c.op.Method),
		slog.String("path", c.op.Path),
		slog.Int("attempt", c.attempt),
		slog.Duration("duration", took),
	}
	if a != nil {
		attrs = append(attrs, slog.Int("status", a.StatusCode))
		if id := c.redactor().requestID(a.Header); id != "" {
			attrs = append(attrs, slog.String("request_id", id))
		}
		if err == nil {
			err = a.bodyErr
		}
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	return attrs
}
