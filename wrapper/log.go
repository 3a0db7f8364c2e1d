package m3teraccess

import (
	"context"
	"log/slog"
	"time"
)

// logged logs each attempt. It is outside the layer that sets the Authorization header.
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
