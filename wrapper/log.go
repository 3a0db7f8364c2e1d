package m3teraccess

import (
	"context"
	"log/slog"
	"time"
)

// logged writes a line for each attempt. It stands outside the layer that sets the header with the token.
func logged(log *slog.Logger, next layer) layer {
	return func(ctx context.Context, c *call) outcome {
		if !log.Enabled(ctx, slog.LevelDebug) {
			return next(ctx, c)
		}
		start := time.Now()
		out := next(ctx, c)
		log.LogAttrs(ctx, slog.LevelDebug, "m3ter attempt", c.attrs(out, time.Since(start))...)
		return out
	}
}

// attrs describes an attempt: never a header but the request id, never a body.
func (c *call) attrs(out outcome, took time.Duration) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("operation", c.op.Name),
		slog.String("method", c.op.Method),
		slog.String("path", c.op.Path),
		slog.Int("attempt", c.attempt),
		slog.Duration("duration", took),
	}
	if a := out.answer; a != nil {
		attrs = append(attrs, slog.Int("status", a.StatusCode))
		if id := c.redactor().requestID(a.Header); id != "" {
			attrs = append(attrs, slog.String("request_id", id))
		}
	}
	if out.err != nil {
		attrs = append(attrs, slog.String("error", out.err.Error()))
	}
	return attrs
}
