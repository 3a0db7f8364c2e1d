package m3teraccess

// pipeline assembles the layers, innermost first. Their order matters:
//
//   - retry is outermost, and the only loop;
//   - the token is there before a slot of the limiter is taken, or all who waited for the token would leave at once;
//   - the limit counts attempts, as the service does;
//   - log lines are written outside of authorize, so that they can't show the header that it sets;
//   - an attempt ends when its answer was read, so that a cut answer is a failed attempt.
func pipeline(cfg *config) layer {
	transport := newTransport(cfg.httpClient)
	tokens := newTokens(cfg, transport)

	layers := attempt(authorize(transport), transport.isNetHTTP(), cfg.timeout, cfg.maxResponseBytes)
	layers = logged(cfg.logger, layers)
	layers = limit(layers)
	layers = withToken(tokens, layers)
	layers = retry(cfg.retry, tokens, cfg.logger, layers)
	return layers
}
