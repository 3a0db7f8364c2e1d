package m3teraccess

import (
	"cmp"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"reflect"
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

// An Option configures a client. Of two that set the same thing, the later counts. What an option refuses, [NewClient]
// returns as a [*ValidationError]; nil is refused wherever it could be given.
type Option func(*config) error

// config is what options and environment come to. It holds secrets, and lives no longer than NewClient.
type config struct {
	given            struct{ auth, organization, baseURL bool } // by an option, which may have been wrong
	credentials      credentials                                // the zero value when source is set
	source           oauth2.TokenSource                         // nil when credentials are set
	orgID            string
	baseURL          *url.URL
	httpClient       *http.Client
	userAgent        string
	timeout          time.Duration
	maxResponseBytes int64
	retry            RetryPolicy
	limiterOf        func(orgID string) Limiter // nil: one of our own for each organization
	logger           *slog.Logger
	vault            *vault // of what must never be shown
}

// credentials are those of a service user.
type credentials struct{ key, secret string }

// basic is the value of the header that carries the credentials, as curl -u sends them.
func (c credentials) basic() string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.key+":"+c.secret))
}

// secrets lists what must never be shown.
func (c *config) secrets() []string {
	if c.credentials.secret == "" {
		return nil
	}
	return []string{c.credentials.secret, strings.TrimPrefix(c.credentials.basic(), "Basic ")}
}

func (c *config) agent() string {
	const own = "m3ter-access-go/" + version
	if c.userAgent == "" {
		return own
	}
	return c.userAgent + " " + own
}

// newConfig applies the options, then the environment where they were silent, then the defaults.
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

// WithCredentials sets the access key id and the API secret of a service user, which are exchanged for a token when
// the first call needs one. Neither may be empty, hold a control character or have a space
// around it, and the key no colon.
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

// validateCredential says what is wrong with a secret without showing it.
func validateCredential(field, value, allowed, without string) error {
	switch {
	case value == "":
		return invalid(field, allowed, "is empty")
	case strings.ContainsFunc(value, unicode.IsControl):
		return invalid(field, allowed, "holds a control character (a line break at its end?)")
	case strings.TrimSpace(value) != value:
		return invalid(field, allowed, "has a space around it")
	case strings.ContainsAny(value, without):
		return invalid(field, allowed, "holds a %q", without)
	}
	return nil
}

// WithTokenSource takes the tokens from a source of the caller's, such as one of the authorization-code flow. A token
// is kept until it expires. Token is called from a goroutine of the client's, one call at a time, and in the background
// before a token expires. It has to end by itself, since no timeout of the client's bounds it; its error, or its panic,
// is in an [*AuthError].
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
		return invalid("M3TER_API_TOKEN", "a token, without Bearer before it", "%s", problem)
	}
	return nil
}

// WithOrganization sets the organization that the calls are about: an id that is one segment of a path, without a space
// around it.
func WithOrganization(orgID string) Option {
	return func(c *config) error {
		c.given.organization = true
		return c.setOrganization("WithOrganization", orgID)
	}
}

func (c *config) setOrganization(field, orgID string) error {
	if strings.TrimSpace(orgID) != orgID {
		return invalid(field, "an id without a space around it", "is %s", quoteStart(orgID))
	}
	c.orgID = orgID
	return validateOrganization(field, orgID)
}

// WithBaseURL sets the URL below which the API is found: https, or http to localhost or a loopback address; a host, and
// no user, query or fragment.
func WithBaseURL(baseURL string) Option {
	return func(c *config) error {
		c.given.baseURL = true
		return c.setBaseURL("WithBaseURL", baseURL)
	}
}

// setBaseURL shows no more of a refused URL than its scheme and host: the rest may hold a password.
func (c *config) setBaseURL(field, raw string) error {
	const allowed = "https://host, or http to localhost or a loopback address, without user, query and fragment"
	u, err := url.Parse(raw)
	switch {
	case err != nil || strings.TrimSpace(raw) != raw:
		return invalid(field, allowed, "is not a URL")
	case u.Hostname() == "":
		return invalid(field, allowed, "has no host")
	case u.User != nil:
		return invalid(field, allowed, "of host %s holds a user or a password", gen.Quote(u.Host))
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return invalid(field, allowed, "of host %s has a query or a fragment", gen.Quote(u.Host))
	case u.Scheme != "https" && u.Scheme != "http":
		return invalid(field, allowed, "is %s", quoteStart(raw))
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())):
		return invalid(field, allowed, "is %s", gen.Quote(u.Scheme+"://"+u.Host))
	}
	u = u.JoinPath()                 // resolves dots
	u.Host = strings.ToLower(u.Host) // the one spelling that is compared and sent to
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/"), strings.TrimSuffix(u.RawPath, "/")
	c.baseURL = u
	return nil
}

// isLoopback goes by the very names that net/http sends to no proxy: EqualFold would take others for them.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.ToLower(host) == "localhost" || err == nil && addr.IsLoopback()
}

// isNil tells whether a value is nil, or an interface that holds nothing but a nil pointer, function or the like, of which
// each call would panic.
func isNil(value any) bool {
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Chan, reflect.Func, reflect.Map, reflect.Pointer, reflect.Slice:
		return v.IsNil()
	}
	return false
}

// WithHTTPClient sets the client whose transport, cookie jar and timeout are used, the timeout where it is less than
// that of [WithTimeout]. It is not changed, and redirects are not followed.
//
// The default client uses a clone of http.DefaultTransport. What it sets there, a transport of the caller's needs too:
//
//   - MaxIdleConnsPerHost: as many as there are concurrent calls, for all of them go to one host
//   - IdleConnTimeout: 45 seconds, less than the 60 after which gateways commonly close an idle connection; a write that
//     meets a connection which is just being closed has an unknown outcome
//   - HTTP2, its SendPingTimeout and PingTimeout: 4 and 3 seconds, after which a connection that a network dropped
//     without a word is left; without them calls may time out on it for many minutes
//
// The transport may wrap another one, but it may not send a request again by itself, nor return before its request has
// ended or its context has: either may have a write done twice. It has to return when the context ends. See "Transports"
// in the package comment for what is promised of which.
func WithHTTPClient(client *http.Client) Option {
	return func(c *config) error {
		const allowed = "an *http.Client, whose Transport and Jar may be absent"
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

// WithUserAgent sets what goes before the client's own User-Agent, such as "billing-sync/1.4". It may not be empty or
// hold a control character.
func WithUserAgent(product string) Option {
	return func(c *config) error {
		if product == "" || strings.ContainsFunc(product, unicode.IsControl) {
			return invalid("WithUserAgent", "a product such as billing-sync/1.4", "is %s", gen.Quote(product))
		}
		c.userAgent = product
		return nil
	}
}

// WithLogger has the client log: a line for each attempt at Debug, for a retry and for a new token at Info, for a call
// that is given up and for a token that can't be had at Warn. The lines hold the operation, the method, the template of
// the path (that of [Client.Do] as it is sent), the attempt, the status, the duration and the request id; never a body,
// nor any other header.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) error {
		if logger == nil {
			return invalid("WithLogger", "an *slog.Logger", "is nil")
		}
		c.logger = logger
		return nil
	}
}

// WithRetry sets how often and how patiently calls, and requests for a token, are tried again. No value may be
// negative, nor MinBackoff above MaxBackoff.
func WithRetry(policy RetryPolicy) Option {
	return func(c *config) error {
		const allowed = "a policy without a negative value, and without a MinBackoff above MaxBackoff"
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

// WithLimiter replaces the default limiter, which keeps each organization under m3ter's 50 requests in any second. It
// paces everything that the client and its [Client.Organization] children send, but for requests for a token.
func WithLimiter(limiter Limiter) Option {
	return func(c *config) error {
		if isNil(limiter) {
			return invalid("WithLimiter", "a limiter", "is nil")
		}
		c.limiterOf = func(string) Limiter { return limiter }
		return nil
	}
}

// WithOrganizationLimiter replaces the default limiter by one for each organization. limiterOf is called when an
// organization is first used, and may be called concurrently. Its limiter is kept as long as a client of the organization
// is, and for a second after its last request; then limiterOf is called once more, so a limiter that remembers more than a
// second belongs to limiterOf. A nil limiter means the default one.
//
// A limiter that has a method HoldBack(time.Duration), too, is told when the service refused a request as over the rate,
// and for how long the organization's requests are held back.
func WithOrganizationLimiter(limiterOf func(orgID string) Limiter) Option {
	return func(c *config) error {
		if limiterOf == nil {
			return invalid("WithOrganizationLimiter", "a function", "is nil")
		}
		c.limiterOf = limiterOf
		return nil
	}
}

// WithTimeout bounds each attempt, from the wait for a connection to the end of the answer, by a duration above zero;
// 30 seconds when absent. The call as a whole is bounded by its context.
func WithTimeout(d time.Duration) Option {
	return func(c *config) error {
		if d <= 0 {
			return invalid("WithTimeout", "a duration above zero", "is %v", d)
		}
		c.timeout = d
		return nil
	}
}

// WithMaxResponseBytes bounds what is read of an answer, one with a token included, by a number of bytes above zero; 10
// MiB when absent. A longer success is a [*DecodeError].
func WithMaxResponseBytes(n int64) Option {
	return func(c *config) error {
		if n <= 0 {
			return invalid("WithMaxResponseBytes", "a number of bytes above zero", "is %d", n)
		}
		c.maxResponseBytes = n
		return nil
	}
}
