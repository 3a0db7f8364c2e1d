package m3teraccess

import (
	"context"
	"fmt"
)

// limit makes an attempt wait for its slot.
func limit(next layer) layer {
	return func(ctx context.Context, c *call) outcome {
		if err := ctx.Err(); err != nil {
			return outcome{err: err}
		}
		leaves, err := c.pace.wait(ctx)
		if err != nil {
			return outcome{err: fmt.Errorf("waiting for the rate limit: %w", c.redactor().error(err))}
		}
		c.leaves = leaves
		return next(ctx, c)
	}
}
