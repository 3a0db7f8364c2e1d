package m3teraccess

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"golang.org/x/oauth2"
)

const (
	defaultBaseURL          = "https://api.m3ter.com"
	defaultTimeout          = 30 * time.Second
	defaultMaxResponseBytes = 10 << 20
)

// An Option configures a client. If two options set the same thing, the later option wins. If an option is not valid,
// the error of [NewClient] wraps a [*ValidationError]. No option accepts nil.
type Option func(*config) error

// newConfig applies the options. A setting that no option sets comes from the environment, or else has its default.
func newConfig(opts []Option) (*config, error) {
	c := &config{
		timeout:          defaultTimeout,
		maxResponseBytes: defaultMaxResponseBytes,
		retry:            RetryPolicy{}.withDefaults(),
		logger:           slog.New(slog.DiscardHandler),
	}
	var errs []error
	for _, opt := range opts {
		if opt == nil {
			errs = append(errs, invalid("option", "the result of a With function", "is nil"))
			continue
		}
		errs = append(errs, opt(c))
	}
	errs = append(errs, c.authFromEnvironment(), c.organizationFromEnvironment(), c.baseURLFromEnvironment())
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if c.httpClient == nil {
		c.httpClient = defaultHTTPClient()
	}
	if timeout := c.httpClient.Timeout; timeout > 0 {
		c.timeout = min(c.timeout, timeout)
	}
	c.userAgent = strings.TrimSpace(c.userAgent + " m3ter-access-go/" + version)
	c.vault = newVault(c.secrets()...)
	return c, nil
}

func (c *config) authFromEnvironment() error {
	if c.given.auth {
		return nil
	}
	key, secret, token := os.Getenv("M3TER_API_KEY"), os.Getenv("M3TER_API_SECRET"), os.Getenv("M3TER_API_TOKEN")
	switch {
	case key != "" && secret != "":
		return c.setCredentials("M3TER_API_KEY", key, "M3TER_API_SECRET", secret)
	case key != "":
		return invalid("M3TER_API_SECRET", "set together with M3TER_API_KEY", "is missing")
	case secret != "":
		return invalid("M3TER_API_KEY", "set together with M3TER_API_SECRET", "is missing")
	case token != "":
		return c.setToken(token)
	}
	const ways = "given by M3TER_API_KEY and M3TER_API_SECRET, by M3TER_API_TOKEN, by WithCredentials or by WithTokenSource"
	return invalid("credentials", ways, "are missing")
}

func (c *config) organizationFromEnvironment() error {
	if c.given.organization {
		return nil
	}
	orgID := os.Getenv("M3TER_ORG_ID")
	if orgID == "" {
		return invalid("organization", "given by M3TER_ORG_ID or WithOrganization", "is missing")
	}
	return c.setOrganization("M3TER_ORG_ID", orgID)
}

func (c *config) baseURLFromEnvironment() error {
	if c.given.baseURL {
		return nil
	}
	return c.setBaseURL("M3TER_BASE_URL", cmp.Or(os.Getenv("M3TER_BASE_URL"), defaultBaseURL))
}

// WithCredentials sets the access key id and the API secret of a service user. The first call exchanges them for an
// access token. Neither the key nor the secret may be empty, contain control characters, or begin or end with a space.
// The key must not contain a colon.
func WithCredentials(key, secret string) Option {
	return func(c *config) error {
		c.given.auth = true
		return c.setCredentials("WithCredentials: key", key, "WithCredentials: secret", secret)
	}
}

func (c *config) setCredentials(keyField, key, secretField, secret string) error {
	c.credentials, c.source = credentials{key, secret}, nil
	return errors.Join(
		validateCredential(keyField, key, "an access key id without a colon", ":"),
		validateCredential(secretField, secret, "an API secret", ""),
	)
}

// validateCredential reports what is wrong with a credential, without showing the credential.
func validateCredential(field, value, allowed, without string) error {
	switch {
	case value == "":
		return invalid(field, allowed, "is empty")
	case strings.ContainsFunc(value, unicode.IsControl):
		return invalid(field, allowed, "contains a control character (perhaps a line break at its end)")
	case strings.TrimSpace(value) != value:
		return invalid(field, allowed, "has a leading or trailing space")
	case strings.ContainsAny(value, without):
		return invalid(field, allowed, "contains %q", without)
	}
	return nil
}

// WithTokenSource sets the source of the access tokens, such as a source for the authorization-code flow. The client
// keeps an access token until it expires or m3ter refuses it. A busy client calls Token in the background shortly
// before the access token expires. Calls to Token run in a separate goroutine, and are never concurrent. Token must
// have its own timeout, because the client sets none. If Token fails or panics, each call that waits for the access
// token returns an [*AuthError].
func WithTokenSource(source oauth2.TokenSource) Option {
	return func(c *config) error {
		c.given.auth = true
		if isNil(source) {
			return invalid("WithTokenSource", "a token source", "is nil")
		}
		c.credentials, c.source = credentials{}, source
		return nil
	}
}

func (c *config) setToken(token string) error {
	c.source = oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token})
	if problem := problemOfToken(token); problem != "" {
		return invalid("M3TER_API_TOKEN", "an access token, without Bearer before it", "%s", problem)
	}
	return nil
}

// WithOrganization sets the id of the organization that the client calls m3ter for. The id must be one path segment
// without leading or trailing spaces.
func WithOrganization(orgID string) Option {
	return func(c *config) error {
		c.given.organization = true
		return c.setOrganization("WithOrganization", orgID)
	}
}

func (c *config) setOrganization(field, orgID string) error {
	if strings.TrimSpace(orgID) != orgID {
		return invalid(field, "an id without leading or trailing spaces", "is %s", quoteStart(orgID))
	}
	c.orgID = orgID
	return validateOrganization(field, orgID)
}

// WithBaseURL sets the base URL of the API. The scheme must be https, or http for localhost or a loopback address. The
// URL must have a host, and must not have a user, a query or a fragment.
func WithBaseURL(baseURL string) Option {
	return func(c *config) error {
		c.given.baseURL = true
		return c.setBaseURL("WithBaseURL", baseURL)
	}
}

// setBaseURL shows only the scheme and the host of an invalid URL, because the rest may contain a password.
func (c *config) setBaseURL(field, raw string) error {
	const allowed = "an https URL, or an http URL for localhost or a loopback address, without a user, a query or a fragment"
	u, err := url.Parse(raw)
	switch {
	case err != nil || strings.TrimSpace(raw) != raw:
		return invalid(field, allowed, "is not a URL")
	case u.Hostname() == "":
		return invalid(field, allowed, "has no host")
	case u.User != nil:
		return invalid(field, allowed, "has a user or a password (host %s)", gen.Quote(u.Host))
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return invalid(field, allowed, "has a query or a fragment (host %s)", gen.Quote(u.Host))
	case u.Scheme != "https" && u.Scheme != "http":
		return invalid(field, allowed, "is %s", quoteStart(raw))
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())):
		return invalid(field, allowed, "is %s", gen.Quote(u.Scheme+"://"+u.Host))
	}
	u = u.JoinPath()                 // resolves dot segments
	u.Host = strings.ToLower(u.Host) // a request's host is compared with this host, and the request is sent to it
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/"), strings.TrimSuffix(u.RawPath, "/")
	c.baseURL = u
	return nil
}

// isLoopback accepts only hosts for which http.ProxyFromEnvironment never returns a proxy. EqualFold would accept more
// hosts.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.ToLower(host) == "localhost" || err == nil && addr.IsLoopback()
}

// WithHTTPClient makes the client use the transport, the cookie jar and the timeout of an http.Client. The shorter of
// this timeout and the timeout of [WithTimeout] applies. The client does not change the http.Client, and does not
// follow redirects.
//
// Without this option, the transport is a clone of http.DefaultTransport with the following settings. Set them in your
// own transport too:
//
//   - MaxIdleConnsPerHost: the same as MaxIdleConns, since all calls go to one host. In your own transport, set both to
//     at least the number of concurrent calls.
//   - IdleConnTimeout: 45 seconds. Gateways commonly close an idle connection after 60 seconds; a write on a connection
//     that is being closed has an unknown outcome.
//   - HTTP2.SendPingTimeout: 4 seconds, and HTTP2.PingTimeout: 3 seconds. The transport then abandons a connection that
//     the network has silently dropped. Otherwise, for many minutes, every call on this connection may time out.
//
// The transport may wrap another transport. The transport must send a write at most once. RoundTrip must not return an
// error while it may still send the request, unless the context is done. If a transport breaks one of these rules,
// m3ter may carry out a write twice. RoundTrip must return when the context is done. "Transports" in the package
// comment says what the client knows about a failed write with each kind of transport.
func WithHTTPClient(client *http.Client) Option {
	return func(c *config) error {
		const allowed = "an *http.Client whose Transport and Jar are not nil pointers"
		switch {
		case client == nil:
			return invalid("WithHTTPClient", allowed, "is nil")
		case client.Transport != nil && isNil(client.Transport):
			return invalid("WithHTTPClient", allowed, "has a Transport that is a nil %T", client.Transport)
		case client.Jar != nil && isNil(client.Jar):
			return invalid("WithHTTPClient", allowed, "has a Jar that is a nil %T", client.Jar)
		}
		c.httpClient = client
		return nil
	}
}

// WithUserAgent sets a product, such as "billing-sync/1.4", which the client puts before its own User-Agent. The
// product must not be empty or contain control characters.
func WithUserAgent(product string) Option {
	return func(c *config) error {
		if product == "" || strings.ContainsFunc(product, unicode.IsControl) {
			return invalid("WithUserAgent", "a product such as billing-sync/1.4, without control characters", "is %s", gen.Quote(product))
		}
		c.userAgent = product
		return nil
	}
}

// WithLogger sets the logger of the client. The client logs each attempt at Debug, and each retry and each new access
// token at Info. At Warn, it logs each call that it gives up on, each failure to obtain an access token, and each write
// that may have taken effect twice. The lines about a call contain the operation, the method, the path as in [Error]
// (for [Client.Do], the path as sent), the number of the attempt, the status, the duration, the request id and the
// error; the lines about retries also contain the wait. None of these lines contains a request body, a response body,
// or a header other than the request id.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) error {
		if logger == nil {
			return invalid("WithLogger", "a *slog.Logger", "is nil")
		}
		c.logger = logger
		return nil
	}
}

// WithRetry sets how many attempts the client makes for a call or for an access token, and how long it waits between
// two attempts. No value may be negative, and MinBackoff must not exceed MaxBackoff unless MaxBackoff is 0.
func WithRetry(policy RetryPolicy) Option {
	return func(c *config) error {
		const allowed = "a policy without negative values, whose MinBackoff does not exceed its MaxBackoff"
		if policy.MaxAttempts < 0 || policy.MinBackoff < 0 || policy.MaxBackoff < 0 || policy.MaxRetryAfter < 0 {
			return invalid("WithRetry", allowed, "has a negative value")
		}
		if policy.MaxBackoff > 0 && policy.MinBackoff > policy.MaxBackoff {
			return invalid("WithRetry", allowed, "has a MinBackoff of %v above its MaxBackoff of %v", policy.MinBackoff, policy.MaxBackoff)
		}
		c.retry = policy.withDefaults()
		return nil
	}
}

// WithLimiter replaces the default limiter, which keeps the client below m3ter's limit of 50 requests a second for each
// organization, with one limiter for all organizations. The new limiter applies to all requests of the client and of
// the clients that [Client.Organization] returns, except requests for an access token.
func WithLimiter(limiter Limiter) Option {
	return func(c *config) error {
		if isNil(limiter) {
			return invalid("WithLimiter", "a limiter", "is nil")
		}
		c.limiterOf = func(string) Limiter { return limiter }
		return nil
	}
}

// WithOrganizationLimiter replaces the default limiter with a limiter for each organization. [NewClient] and
// [Client.Organization] call limiterOf when they make the first client for an organization. These calls may be
// concurrent. The client forgets the limiter when the program no longer holds a Client for the organization, about 1
// second has passed since the last request for the organization, and any hold-back after a 429 has ended. When
// [Client.Organization] then makes the next client for the organization, it calls limiterOf again. If a limiter must
// remember requests for longer than 1 second, limiterOf must return the same limiter each time that it is called for
// the organization. If limiterOf returns nil, the organization gets the default limiter.
func WithOrganizationLimiter(limiterOf func(orgID string) Limiter) Option {
	return func(c *config) error {
		if limiterOf == nil {
			return invalid("WithOrganizationLimiter", "a function", "is nil")
		}
		c.limiterOf = limiterOf
		return nil
	}
}

// WithTimeout sets the timeout of each attempt, from the wait for a connection to the end of the response. The timeout
// must be positive; the default is 30 seconds. The context bounds the call as a whole.
func WithTimeout(d time.Duration) Option {
	return func(c *config) error {
		if d <= 0 {
			return invalid("WithTimeout", "a positive duration", "is %v", d)
		}
		c.timeout = d
		return nil
	}
}

// WithMaxResponseBytes sets the largest number of bytes that the client reads from a response body, including that of a
// token response. n must be positive; the default is 10 MiB. If the body of a successful response is longer, the call
// returns a [*DecodeError]. If the body of a token response is longer, the call returns an [*AuthError].
func WithMaxResponseBytes(n int64) Option {
	return func(c *config) error {
		if n <= 0 {
			return invalid("WithMaxResponseBytes", "a positive number of bytes", "is %d", n)
		}
		c.maxResponseBytes = n
		return nil
	}
}
