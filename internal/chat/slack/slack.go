// Package slack is the Slack form of the chat contract: a client that speaks and
// looks people up, and a receiver for what people press and write.
package slack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	api "github.com/slack-go/slack"

	"securitybot/internal/chat"
)

const (
	defaultAPIURL = "https://slack.com/api/"
	callTimeout   = 8 * time.Second
	maxAnswer     = 8 << 20 // bytes; a full page of users.list stays far below
)

// Options of a client. No error and no log line ever carries a token.
type Options struct {
	APIURL     string       // default https://slack.com/api/
	BotToken   string       // xoxb-…
	AppToken   string       // xapp-…, for Socket Mode only
	HTTPClient *http.Client // default: a transport of its own; redirects are never followed
	Logger     *slog.Logger
	Now        func() time.Time
}

// Slack implements [chat.Chat] and [chat.Directory]. It never tries again by
// itself: that is the caller's, who has the patience and the record.
type Slack struct {
	api      *api.Client
	http     *http.Client
	log      *slog.Logger
	now      func() time.Time
	blockID  func() string
	secrets  []string
	socket   bool
	identity atomic.Pointer[identity]
	direct   sync.Map // user id → channel id of the direct conversation
	channels sync.Map // name to id of channels
}

// identity is who we are, as auth.test says.
type identity struct{ team, user, bot, address string }

var (
	_ chat.Chat      = (*Slack)(nil)
	_ chat.Directory = (*Slack)(nil)
)

// New makes a client. It doesn't call Slack.
func New(options Options) (*Slack, error) {
	if options.BotToken == "" {
		return nil, errors.New("slack: a bot token is needed")
	}
	address, err := apiURL(options.APIURL)
	if err != nil {
		return nil, err
	}
	s := &Slack{
		http:    httpClient(options.HTTPClient),
		log:     options.Logger,
		now:     options.Now,
		blockID: freshBlockID,
		secrets: []string{options.BotToken},
		socket:  options.AppToken != "",
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.socket {
		s.secrets = append(s.secrets, options.AppToken)
	}
	s.api = api.New(options.BotToken, api.OptionAPIURL(address),
		api.OptionHTTPClient(s.http), api.OptionAppLevelToken(options.AppToken))
	return s, nil
}

// apiURL checks the address; the library joins it with method names as it stands.
func apiURL(address string) (string, error) {
	if address == "" {
		return defaultAPIURL, nil
	}
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || (parsed.Scheme != "https" && parsed.Scheme != "http") {
		return "", errors.New("slack: the API address is not an http(s) URL")
	}
	return strings.TrimSuffix(address, "/") + "/", nil
}

// httpClient is a copy of the given client, or one of our own, that follows no
// redirect: a token in a form body would go with it.
func httpClient(given *http.Client) *http.Client {
	client := &http.Client{}
	if given != nil {
		*client = *given
	}
	if client.Transport == nil {
		client.Transport = &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
			MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: callTimeout,
		}
	}
	client.Transport = bounded{client.Transport}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client
}

// bounded cuts answers that no method of Slack gives.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusSwitchingProtocols {
		return response, nil
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(response.Body, maxAnswer), response.Body}
	return response, nil
}

// CloseIdleConnections implements what [http.Client.CloseIdleConnections] looks for.
func (b bounded) CloseIdleConnections() {
	if closer, ok := b.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

// Close lets go of idle connections.
func (s *Slack) Close() { s.http.CloseIdleConnections() }

// call runs one call of the library with a deadline and classifies its error.
func (s *Slack) call(ctx context.Context, about effect, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	if err := do(ctx); err != nil {
		return s.classify(about, connected.Load(), err)
	}
	return nil
}

// Team tells which workspace our token belongs to. It asks once and remembers the
// answer.
func (s *Slack) Team(ctx context.Context) (string, error) {
	me, err := s.me(ctx)
	if err != nil {
		return "", err
	}
	return me.team, nil
}

// Address is the workspace's own, as https://acme.slack.com/.
func (s *Slack) Address(ctx context.Context) (string, error) {
	me, err := s.me(ctx)
	if err != nil {
		return "", err
	}
	return me.address, nil
}

func (s *Slack) me(ctx context.Context) (*identity, error) {
	if known := s.identity.Load(); known != nil {
		return known, nil
	}
	var me identity
	err := s.call(ctx, effect{}, func(ctx context.Context) error {
		answer, err := s.api.AuthTestContext(ctx)
		if err != nil {
			return err
		}
		me = identity{team: answer.TeamID, user: answer.UserID, bot: answer.BotID, address: answer.URL}
		if me.team == "" || me.user == "" {
			return errIncomplete
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("ask who we are: %w", err)
	}
	s.identity.Store(&me)
	return &me, nil
}
