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
