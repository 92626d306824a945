package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"securitybot/internal/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	botToken = "xoxb-sandbox-bot-token"
	appToken = "xapp-sandbox-app-token"
	secret   = "sandbox-signing-secret"
	ikey     = "DISANDBOXSANDBOX0000"
	skey     = "sandboxsandboxsandboxsandboxsandboxsecre"
	alice    = "alice@example.com"
	bob      = "bob@example.com"
	frank    = "frank@example.com"
	sam      = "sam@example.com"
	kim      = "kim@example.com"
	patience = 20 * time.Second
)

// world is a sandbox on a real listener, an app that it calls back, and a client of each.
type world struct {
	t     *testing.T
	sb    *sandbox.Sandbox
	url   string
	app   *app
	http  *http.Client
	slack *slack.Client
}

func options(t *testing.T) sandbox.Options {
	t.Helper()
	return sandbox.Options{
		DataDir: t.TempDir(), BotToken: botToken, AppToken: appToken, SigningSecret: secret,
		DuoIKey: ikey, DuoSKey: skey, Loopback: true, Logger: slog.New(slog.DiscardHandler),
		AckTimeout: 2 * time.Second,
	}
}

func start(t *testing.T, change ...func(*sandbox.Options)) *world {
	t.Helper()
	opt := options(t)
	for _, f := range change {
		f(&opt)
	}
	return startWith(t, opt)
}

func startWith(t *testing.T, opt sandbox.Options) *world {
	t.Helper()
	w := &world{t: t, app: newApp(t)}
	server := httptest.NewUnstartedServer(nil)
	opt.PublicURL = "http://" + server.Listener.Addr().String()
	if opt.CallbackURL == "" {
		opt.CallbackURL = w.app.URL
	}
	sb, err := sandbox.New(opt)
	require.NoError(t, err)
	require.NoError(t, sb.Start(t.Context()))
	server.Config.Handler = sb.Handler()
	server.Start()
	w.sb, w.url = sb, server.URL
	w.http = &http.Client{Transport: &http.Transport{}}
	w.slack = slack.New(botToken, slack.OptionAPIURL(sb.SlackAPIURL()), slack.OptionHTTPClient(w.http),
		slack.OptionAppLevelToken(appToken))
	t.Cleanup(func() {
		w.http.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, sb.Close(ctx))
		server.Close()
	})
	return w
}

// do calls the control interface and decodes its answer into out.
func (w *world) do(method, path string, in, out any) int {
	w.t.Helper()
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		require.NoError(w.t, err)
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+"/sandbox/control/"+path, body)
	require.NoError(w.t, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := w.http.Do(req)
	require.NoError(w.t, err)
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	if out != nil && resp.StatusCode == http.StatusOK {
		require.NoError(w.t, json.Unmarshal(data, out), string(data))
	}
	return resp.StatusCode
}

type receipt struct {
	Delivered      bool              `json:"delivered"`
	Status         int               `json:"status"`
	Error          string            `json:"error"`
	ResponseAction string            `json:"response_action"`
	Errors         map[string]string `json:"errors"`
	TS             string            `json:"ts"`
	Channel        string            `json:"channel"`
}

func (w *world) post(path string, in any) receipt {
	w.t.Helper()
	var out receipt
	require.Equal(w.t, http.StatusOK, w.do(http.MethodPost, path, in, &out), path)
	return out
}

type shown struct {
	Channel    string           `json:"channel"`
	TS         string           `json:"ts"`
	ThreadTS   string           `json:"thread_ts"`
	User       string           `json:"user"`
	Text       string           `json:"text"`
	Blocks     []map[string]any `json:"blocks"`
	Actions    []shownAction    `json:"actions"`
	Ephemeral  bool             `json:"ephemeral"`
	Edited     bool             `json:"edited"`
	ReplyCount int              `json:"reply_count"`
	Metadata   map[string]any   `json:"metadata"`
}

type shownAction struct {
	ActionID string `json:"action_id"`
	Text     string `json:"text"`
	Value    string `json:"value"`
}

func (w *world) dm(user string) []shown {
	w.t.Helper()
	var out []shown
	require.Equal(w.t, http.StatusOK, w.do(http.MethodGet, "messages?user="+url.QueryEscape(user), nil, &out))
	return out
}

func (w *world) channel(name string) []shown {
	w.t.Helper()
	var out []shown
	require.Equal(w.t, http.StatusOK, w.do(http.MethodGet, "messages?channel="+name, nil, &out))
	return out
}

func (w *world) id(email string) string {
	w.t.Helper()
	u, err := w.slack.GetUserByEmailContext(w.t.Context(), email)
	require.NoError(w.t, err)
	return u.ID
}

// ask posts a question with two buttons to a person and returns where it is.
func (w *world) ask(email string) (channel, ts string) {
	w.t.Helper()
	channel, ts, err := w.slack.PostMessageContext(w.t.Context(), w.id(email), question("Was it you?"),
		slack.MsgOptionText("Was it you?", true),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "question", EventPayload: map[string]any{"id": "q1"}}),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
	require.NoError(w.t, err)
	return channel, ts
}

func question(text string) slack.MsgOption {
	button := func(id, label string) *slack.ButtonBlockElement {
		return slack.NewButtonBlockElement(id, "mac-"+id, slack.NewTextBlockObject("plain_text", label, false, false))
	}
	return slack.MsgOptionBlocks(
		slack.NewSectionBlock(slack.NewTextBlockObject("plain_text", text, false, false), nil, nil),
		slack.NewActionBlock("answers", button("yes", "Yes, it was me"), button("no", "No, it wasn't me")))
}

func (w *world) violations() []string {
	w.t.Helper()
	var all []struct {
		Rule string `json:"rule"`
	}
	require.Equal(w.t, http.StatusOK, w.do(http.MethodGet, "violations", nil, &all))
	rules := []string{}
	for _, v := range all {
		rules = append(rules, v.Rule)
	}
	return rules
}

func slackError(t *testing.T, err error) slack.SlackErrorResponse {
	t.Helper()
	var refused slack.SlackErrorResponse
	require.ErrorAs(t, err, &refused)
	return refused
}

// app is the program under Slack's callbacks: it checks signatures and records
// what arrived; answer decides the reply and may be replaced.
type app struct {
	*httptest.Server
	t *testing.T

	mu     sync.Mutex
	got    []arrival
	news   chan struct{}
	answer func(arrival) (status int, body string)
}

type arrival struct {
	path   string
	header http.Header
	body   string
	bad    error // of the signature
}

func newApp(t *testing.T) *app {
	t.Helper()
	a := &app{t: t, news: make(chan struct{}, 1000), answer: func(arrival) (int, string) { return http.StatusOK, "" }}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	got := arrival{path: r.URL.Path, header: r.Header, body: string(body), bad: verify(r.Header, body)}
	a.mu.Lock()
	a.got = append(a.got, got)
	answer := a.answer
	a.mu.Unlock()
	status, reply := answer(got)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, reply)
	a.news <- struct{}{}
}

func verify(header http.Header, body []byte) error {
	v, err := slack.NewSecretsVerifier(header, secret)
	if err != nil {
		return err
	}
	if _, err := v.Write(body); err != nil {
		return err
	}
	return v.Ensure()
}

func (a *app) replies(f func(arrival) (int, string)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = f
}

// wait blocks until n callbacks have been answered in all, and returns them.
func (a *app) wait(n int) []arrival {
	a.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for range n {
		select {
		case <-a.news:
		case <-deadline.C:
			require.FailNow(a.t, "the app was not called in time")
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]arrival(nil), a.got...)
}

func (got arrival) interaction(t *testing.T) slack.InteractionCallback {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewBufferString(got.body))
	req.Header = got.header
	call, err := slack.InteractionCallbackParse(req)
	require.NoError(t, err)
	return call
}
