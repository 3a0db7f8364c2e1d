package m3teraccess

// pipeline assembles the layers, innermost first. The order matters:
//
//   - retry is the outermost layer and the only loop;
//   - a call gets its access token before its slot; otherwise, calls that wait for a token would all be sent at once;
//   - the limiter counts attempts, as m3ter does;
//   - log lines are written outside authorize, so they can't show the Authorization header;
//   - an attempt includes reading the response body, so a successful response that breaks off is a failed attempt.
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
