package slack_test

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

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/chat/slack"
	"securitybot/internal/sandbox"
)

const (
	botToken = "xoxb-sandbox-bot-token"
	appToken = "xapp-sandbox-app-token"
	secret   = "sandbox-signing-secret"
	alice    = "alice@example.com"
	bob      = "bob@example.com"
	patience = 20 * time.Second
)

// notes is an inbox that keeps what it gets and replies as told.
type notes struct {
	mu      sync.Mutex
	presses []chat.Press
	words   []chat.Words
	typed   []chat.Typed
	closed  []chat.Words
	reply   chat.Reply
	home    chat.Home
}

func (n *notes) says(reply chat.Reply) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.reply = reply
}

func (n *notes) forgets() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.typed = nil
}

func (n *notes) Press(_ context.Context, press chat.Press) (chat.Reply, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.presses = append(n.presses, press)
	return n.reply, nil
}

func (n *notes) Words(_ context.Context, words chat.Words) (chat.Reply, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.words = append(n.words, words)
	return chat.Reply{}, nil
}

func (n *notes) Typed(_ context.Context, typed chat.Typed) (chat.Reply, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.typed = append(n.typed, typed)
	return n.reply, nil
}

func (n *notes) Opened(context.Context, alert.PersonKey) (chat.Home, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.home, nil
}

func (n *notes) Closed(_ context.Context, words chat.Words) (chat.Reply, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = append(n.closed, words)
	return n.reply, nil
}

// office is the adapter at work in the sandbox's Slack.
type office struct {
	t     *testing.T
	slack *slack.Slack
	inbox *notes
	url   string
	http  *http.Client
}

// open starts a sandbox and the adapter, which hears over HTTP or Socket Mode.
func open(t *testing.T, overSocket bool) *office {
	t.Helper()
	front, back := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	callback := "http://" + back.Listener.Addr().String()
	if overSocket {
		callback = ""
	}
	box, err := sandbox.New(sandbox.Options{
		DataDir: t.TempDir(), PublicURL: "http://" + front.Listener.Addr().String(),
		CallbackURL: callback, BotToken: botToken, AppToken: appToken,
		SigningSecret: secret, DuoIKey: "DISANDBOXSANDBOX0000", DuoSKey: "sandboxsandboxsandboxsandboxsandboxsecre",
		Loopback: true, Logger: slog.New(slog.DiscardHandler), Late: 20 * time.Millisecond,
	})
	require.NoError(t, err)
	require.NoError(t, box.Start(t.Context()))
	front.Config.Handler = box.Handler()
	front.Start()
	client, err := slack.New(slack.Options{APIURL: box.SlackAPIURL(), BotToken: botToken, AppToken: appToken})
	require.NoError(t, err)
	o := &office{t: t, slack: client, inbox: &notes{}, url: front.URL, http: &http.Client{Transport: &http.Transport{}}}
	receiver, err := slack.NewReceiver(client, o.inbox, slack.ReceiverOptions{SigningSecret: secret})
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/slack/events", receiver.Events())
	mux.Handle("/slack/interactions", receiver.Interactions())
	mux.Handle("/slack/commands", receiver.Commands())
	back.Config.Handler = mux
	back.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, receiver.Stop(ctx))
		require.NoError(t, box.Close(ctx))
		client.Close()
		o.http.CloseIdleConnections()
		front.Close()
		back.Close()
	})
	if overSocket {
		o.connect(receiver)
	}
	return o
}

// connect runs Socket Mode until the test ends, and waits until it is heard.
func (o *office) connect(receiver *slack.Receiver) {
	ctx, cancel := context.WithCancel(o.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- receiver.RunSocket(ctx) }()
	o.t.Cleanup(func() {
		cancel()
		require.ErrorIs(o.t, <-ended, context.Canceled)
	})
	require.Eventually(o.t, func() bool {
		return o.act("command", map[string]any{"user": "carol@example.com", "command": "/securitybot"}).Delivered
	}, patience, 5*time.Millisecond)
	o.inbox.forgets()
}

// control moves the sandbox's people.
func (o *office) control(method, path string, in, out any) {
	o.t.Helper()
	body, err := json.Marshal(in)
	require.NoError(o.t, err)
	request, err := http.NewRequestWithContext(o.t.Context(), method, o.url+"/sandbox/control/"+path, bytes.NewReader(body))
	require.NoError(o.t, err)
	request.Header.Set("Content-Type", "application/json")
	response, err := o.http.Do(request)
	require.NoError(o.t, err)
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	require.NoError(o.t, err)
	require.Equal(o.t, http.StatusOK, response.StatusCode, string(data))
	if out != nil {
		require.NoError(o.t, json.Unmarshal(data, out))
	}
}

// receipt is how the app took a callback.
type receipt struct {
	Delivered bool              `json:"delivered"`
	Errors    map[string]string `json:"errors"`
}

func (o *office) act(path string, in any) receipt {
	o.t.Helper()
	var out receipt
	o.control(http.MethodPost, path, in, &out)
	return out
}

// shown is a message as a person sees it.
type shown struct {
	Channel   string `json:"channel"`
	TS        string `json:"ts"`
	ThreadTS  string `json:"thread_ts"`
	Text      string `json:"text"`
	Ephemeral bool   `json:"ephemeral"`
	Actions   []struct {
		ActionID string `json:"action_id"`
		Text     string `json:"text"`
		Value    string `json:"value"`
	} `json:"actions"`
}

func (o *office) seenBy(email string) []shown {
	o.t.Helper()
	var all []shown
	o.control(http.MethodGet, "messages?user="+url.QueryEscape(email), nil, &all)
	return all
}

func (o *office) person(email string) alert.Person {
	o.t.Helper()
	person, known, err := o.slack.PersonByEmail(o.t.Context(), email)
	require.NoError(o.t, err)
	require.True(o.t, known)
	return person
}

// clean asserts that the sandbox saw nothing that a good app wouldn't do.
func (o *office) clean() {
	o.t.Helper()
	var violations []any
	o.control(http.MethodGet, "violations", nil, &violations)
	require.Empty(o.t, violations)
}

func ask() chat.Message {
	return chat.Message{
		Text: "Did you open a root shell on web-1? <!channel> https://evil.example", Title: "Root shell on web-1",
		Paragraphs: []chat.Paragraph{
			{Spans: []chat.Span{{Text: "Was it "}, {Text: "you", Bold: true}, {Text: " at "}, {At: time.Unix(1_795_255_323, 0)}, {Text: "?"}}},
			{Quoted: true, Spans: []chat.Span{{Text: "<!here> `sudo -i` & https://evil.example"}}},
		},
		Buttons: []chat.Button{
			{Action: "yes", Label: "Yes, it was me", Value: "v1.mac"},
			{Action: "no", Label: "No, it wasn't me", Value: "v2.mac", Style: chat.Danger, Confirm: &chat.Confirm{
				Title: "Tell the security team?", Text: "They are called at once.", Yes: "Tell them", No: "Go back",
			}},
		},
		Note: []chat.Span{{Text: "Reported by falco, answer by "}, {At: time.Unix(1_795_258_923, 0)}},
	}
}

func TestConversation(t *testing.T) {
	t.Parallel()
	for name, overSocket := range map[string]bool{"over HTTP": false, "over Socket Mode": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			converse(t, open(t, overSocket))
		})
	}
}

// converse is a whole conversation: asked, pressed, explained, typed, closed.
func converse(t *testing.T, o *office) {
	person := o.person(alice)
	at, err := o.slack.Post(t.Context(), chat.Recipient{User: person.User}, ask(), "a1/question")
	require.NoError(t, err)
	question := o.seenBy(alice)[0]
	require.Equal(t, chat.Ref{Channel: question.Channel, TS: question.TS}, at)
	require.Equal(t, "v2.mac", question.Actions[1].Value)

	o.inbox.says(chat.Reply{Tell: "Thank you.", Ask: &chat.Prompt{
		Token: "prompt-1", Title: "What was it for?", Label: "In a few words", Submit: "Send", Cancel: "Skip",
	}})
	require.True(t, o.act("click", map[string]any{"user": alice, "channel": at.Channel, "ts": at.TS, "action_id": "yes"}).Delivered)
	press := o.inbox.presses[0]
	require.Equal(t, person.PersonKey, press.Person)
	require.Equal(t, at, press.Place)
	require.Equal(t, "yes v1.mac", press.Action+" "+press.Value)
	require.WithinDuration(t, time.Now(), press.At, time.Minute)
	require.Eventually(t, func() bool { return whispered(o.seenBy(alice), "Thank you.") }, patience, 5*time.Millisecond)

	said := "patching <web-1> & *more* https://wiki.example/x"
	taken := o.act("submit", map[string]any{"user": alice, "values": map[string]any{"explanation": said}})
	require.True(t, taken.Delivered)
	require.Empty(t, taken.Errors)
	require.Equal(t, said, o.inbox.words[0].Text)
	require.Equal(t, "prompt-1", o.inbox.words[0].Token)

	o.inbox.says(chat.Reply{})
	require.True(t, o.act("reply", map[string]any{"user": alice, "text": said, "thread_ts": at.TS}).Delivered)
	require.Equal(t, said, o.inbox.typed[0].Text)
	require.Equal(t, at.TS, o.inbox.typed[0].Thread)
	require.Equal(t, person.PersonKey, o.inbox.typed[0].Person)

	require.NoError(t, o.slack.Edit(t.Context(), at, chat.Message{Text: "You said yes.", Note: []chat.Span{{Text: "Nothing else to do."}}}))
	closed := o.seenBy(alice)[0]
	require.Empty(t, closed.Actions)
	require.Equal(t, "You said yes.", closed.Text)
	o.clean()
}

func whispered(all []shown, text string) bool {
	for _, message := range all {
		if message.Ephemeral && message.Text == text {
			return true
		}
	}
	return false
}

func TestSecondDeliveryHasTheSameName(t *testing.T) {
	t.Parallel()
	o := open(t, false)
	at, err := o.slack.Post(t.Context(), chat.Recipient{User: o.person(alice).User}, ask(), "k")
	require.NoError(t, err)
	o.act("click", map[string]any{"user": alice, "channel": at.Channel, "ts": at.TS, "action_id": "yes"})
	o.act("deliver", map[string]any{"kind": "duplicate"})
	require.Len(t, o.inbox.presses, 2)
	require.Equal(t, o.inbox.presses[0].Delivery, o.inbox.presses[1].Delivery)
	o.act("click", map[string]any{"user": alice, "channel": at.Channel, "ts": at.TS, "action_id": "yes"})
	require.NotEqual(t, o.inbox.presses[0].Delivery, o.inbox.presses[2].Delivery, "another press is another delivery")
}

func TestPostWhoseFateIsUnclearIsFound(t *testing.T) {
	t.Parallel()
	for fault, test := range map[string]struct {
		want  chat.Failure
		found bool
	}{
		"lost_response": {chat.Ambiguous, true},
		"error":         {chat.Ambiguous, false},
		"ratelimit":     {chat.RateLimited, false},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			o := open(t, false)
			began := time.Now()
			to := chat.Recipient{User: o.person(alice).User}
			o.act("faults", map[string]any{"service": "slack", "method": "chat.postMessage", "fault": fault, "times": 1, "retry_after": 3})
			_, err := o.slack.Post(t.Context(), to, ask(), "a1/question")
			require.Equal(t, test.want, chat.FailureOf(err).Failure, "%v", err)
			at, found, err := o.slack.Find(t.Context(), to, "a1/question", began)
			require.NoError(t, err)
			require.Equal(t, test.found, found)
			if found {
				require.Equal(t, o.seenBy(alice)[0].TS, at.TS)
			}
			_, found, err = o.slack.Find(t.Context(), to, "a2/question", began)
			require.NoError(t, err)
			require.False(t, found)
		})
	}
}

func TestReminderInAThreadIsFound(t *testing.T) {
	t.Parallel()
	o := open(t, false)
	began := time.Now()
	to := chat.Recipient{User: o.person(alice).User}
	at, err := o.slack.Post(t.Context(), to, ask(), "a1/question")
	require.NoError(t, err)
	thread := chat.Recipient{Channel: at.Channel, Thread: at.TS}
	_, found, err := o.slack.Find(t.Context(), thread, "a1/reminder", began)
	require.NoError(t, err)
	require.False(t, found)
	reminder, err := o.slack.Post(t.Context(), thread, chat.Message{Text: "Still open"}, "a1/reminder")
	require.NoError(t, err)
	again, found, err := o.slack.Find(t.Context(), thread, "a1/reminder", began)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, reminder, again)
	o.clean()
}

func TestPeopleAndWhoCannotBeAsked(t *testing.T) {
	t.Parallel()
	o := open(t, false)
	ids := map[string]alert.Person{}
	for person, err := range o.slack.People(t.Context()) {
		require.NoError(t, err)
		ids[person.Username] = person
	}
	require.Equal(t, o.person(bob).PersonKey, ids["bob"].PersonKey)
	require.Equal(t, "America/New_York", ids["bob"].Zone)
	require.True(t, ids["frank"].Deactivated)
	require.True(t, ids["slackbot"].Bot)
	_, known, err := o.slack.PersonByEmail(t.Context(), "frank@example.com")
	require.NoError(t, err)
	require.False(t, known, "Slack doesn't find a deactivated person by email")
	frank, known, err := o.slack.PersonByID(t.Context(), ids["frank"].User)
	require.NoError(t, err)
	require.True(t, known)
	require.True(t, frank.Deactivated)

	for name, reason := range map[string]string{"frank": alert.ReasonDeactivated, "ci-bot": alert.ReasonBot} {
		_, err := o.slack.Post(t.Context(), chat.Recipient{User: ids[name].User}, ask(), "k")
		require.Equal(t, chat.Gone, chat.FailureOf(err).Failure, "%v", err)
		require.Equal(t, reason, chat.FailureOf(err).Reason)
	}
	_, err = o.slack.Post(t.Context(), chat.Recipient{User: "U0NOBODY00"}, ask(), "k")
	require.Equal(t, alert.ReasonUnknownPerson, chat.FailureOf(err).Reason, "%v", err)
	_, err = o.slack.Post(t.Context(), chat.Recipient{Channel: "C0SBXGENER"}, ask(), "k")
	require.Equal(t, chat.Refused, chat.FailureOf(err).Failure, "%v", err)
	err = o.slack.Edit(t.Context(), chat.Ref{Channel: "C0SBXSECUR", TS: "1.000001"}, ask())
	require.Equal(t, chat.Gone, chat.FailureOf(err).Failure, "%v", err)
}

func TestAWrongTokenIsTheOperatorsToMend(t *testing.T) {
	t.Parallel()
	o := open(t, false)
	wrong, err := slack.New(slack.Options{APIURL: o.url + "/sandbox/slack/api/", BotToken: "xoxb-wrong"})
	require.NoError(t, err)
	t.Cleanup(wrong.Close)
	_, err = wrong.Post(t.Context(), chat.Recipient{User: "U1"}, ask(), "k")
	require.Equal(t, chat.Operator, chat.FailureOf(err).Failure, "%v", err)
	_, err = wrong.Team(t.Context())
	require.Equal(t, chat.Operator, chat.FailureOf(err).Failure, "%v", err)
}
