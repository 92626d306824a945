package slack

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
)

const signingSecret = "planted-signing-secret"

// inbox records what reaches it, and replies as told.
type inbox struct {
	mu      sync.Mutex
	presses []chat.Press
	words   []chat.Words
	typed   []chat.Typed
	opened  []alert.PersonKey
	closed  []chat.Words
	reply   chat.Reply
	home    chat.Home
	err     error
	panics  bool
}

func (i *inbox) answer() (chat.Reply, error) {
	if i.panics {
		panic("inbox fell over")
	}
	return i.reply, i.err
}

func (i *inbox) Press(_ context.Context, press chat.Press) (chat.Reply, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.presses = append(i.presses, press)
	return i.answer()
}

func (i *inbox) Words(_ context.Context, words chat.Words) (chat.Reply, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.words = append(i.words, words)
	return i.answer()
}

func (i *inbox) Typed(_ context.Context, typed chat.Typed) (chat.Reply, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.typed = append(i.typed, typed)
	return i.answer()
}

func (i *inbox) Opened(_ context.Context, who alert.PersonKey) (chat.Home, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.opened = append(i.opened, who)
	return i.home, i.err
}

func (i *inbox) Closed(_ context.Context, words chat.Words) (chat.Reply, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = append(i.closed, words)
	return i.answer()
}

// fails makes the inbox refuse from now on, or take things again.
func (i *inbox) fails(err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.err = err
}

// desk is a receiver behind HTTP, with its inbox and the stand-in for Slack.
type desk struct {
	t        *testing.T
	slack    *server
	inbox    *inbox
	receiver *Receiver
	http     *httptest.Server
	log      *transcript
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, slack: newServer(t), inbox: &inbox{}}
	client, log := speaker(t, d.slack)
	receiver, err := NewReceiver(client, d.inbox, ReceiverOptions{SigningSecret: signingSecret})
	require.NoError(t, err)
	d.receiver, d.log = receiver, log
	mux := http.NewServeMux()
	mux.Handle("/slack/events", receiver.Events())
	mux.Handle("/slack/interactions", receiver.Interactions())
	mux.Handle("/slack/commands", receiver.Commands())
	d.http = httptest.NewServer(mux)
	t.Cleanup(d.http.Close)
	return d
}

// sign is what Slack does, see docs.slack.dev/authentication/verifying-requests-from-slack.
func sign(secret, body string, at time.Time) http.Header {
	ts := fmt.Sprint(at.Unix())
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = io.WriteString(mac, "v0:"+ts+":"+body)
	return http.Header{
		"X-Slack-Request-Timestamp": {ts},
		"X-Slack-Signature":         {"v0=" + hex.EncodeToString(mac.Sum(nil))},
	}
}

// send delivers a body and gives the status and what was answered.
func (d *desk) send(path, body string, header http.Header) (int, string) {
	d.t.Helper()
	request, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.http.URL+path, strings.NewReader(body))
	require.NoError(d.t, err)
	request.Header = header
	response, err := d.http.Client().Do(request)
	require.NoError(d.t, err)
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	require.NoError(d.t, err)
	return response.StatusCode, string(answer)
}

func (d *desk) signed(path, body string) (int, string) {
	d.t.Helper()
	return d.send(path, body, sign(signingSecret, body, time.Now()))
}

func (d *desk) interact(payload string) (int, string) {
	d.t.Helper()
	return d.signed("/slack/interactions", url.Values{"payload": {payload}}.Encode())
}

func (d *desk) stop() {
	d.t.Helper()
	require.NoError(d.t, d.receiver.Stop(d.t.Context()))
}

const press = `{"type":"block_actions","team":{"id":"T1"},"user":{"id":"U1","team_id":"T1"},"api_app_id":"A1",
 "container":{"type":"message","message_ts":"1.000001","channel_id":"D1"},"trigger_id":"trigger-1",
 "channel":{"id":"D1","name":"directmessage"},"message":{"type":"message","ts":"1.000001","text":"x"},
 "actions":[{"action_id":"yes","block_id":"b1","value":"token.mac","type":"button","action_ts":"1800000000.000200"}]}`

const submission = `{"type":"view_submission","team":{"id":"T1"},"user":{"id":"U1","team_id":"T1"},"trigger_id":"trigger-2",
 "view":{"id":"V1","hash":"h1","callback_id":"explanation","private_metadata":"prompt-token",
 "state":{"values":{"explanation":{"explanation":{"type":"plain_text_input","value":"I was <fixing> it & more"}}}}}}`

const typedEvent = `{"type":"event_callback","team_id":"T1","event_id":"Ev1","event":{"type":"message","channel_type":"im",
 "channel":"D1","user":"U1","text":"yes &amp; &lt;really&gt; <https://wiki.example/x|wiki>","ts":"1800000001.000100","thread_ts":"1.000001"}}`

func TestPressIsRecordedAckedAndAnswered(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	release := make(chan struct{})
	d.slack.on("views.open", answer{wait: release, body: `{"ok":true,"view":{"id":"V1"}}`})
	d.slack.on("chat.postEphemeral", answer{body: `{"ok":true,"message_ts":"2.000001"}`})
	d.inbox.reply = chat.Reply{Tell: "Noted <!here>", Ask: &chat.Prompt{
		Token: "prompt-token", Title: "What were you doing on the server?", Label: "In a few words",
		Placeholder: "I was …", Submit: "Send", Cancel: "Skip", Lines: true, NotifyClose: true,
	}}
	status, body := d.interact(press)
	require.Equal(t, http.StatusOK, status)
	require.Empty(t, body, "the answer doesn't wait for what follows")
	require.Equal(t, []chat.Press{{
		Delivery: "press|T1|U1|D1|1.000001|yes|1800000000.000200",
		Person:   alert.PersonKey{Team: "T1", User: "U1"},
		At:       time.Unix(1_800_000_000, 200_000).UTC(),
		Place:    chat.Ref{Channel: "D1", TS: "1.000001"},
		Action:   "yes", Value: "token.mac",
	}}, d.inbox.presses)

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, d.receiver.Stop(ended), context.Canceled, "the prompt is still under way")
	close(release)
	d.stop()
	require.JSONEq(t, `{"trigger_id":"trigger-1","view":{"type":"modal","callback_id":"explanation",
		"title":{"type":"plain_text","text":"What were you doing on …","emoji":false},
		"submit":{"type":"plain_text","text":"Send","emoji":false},"close":{"type":"plain_text","text":"Skip","emoji":false},
		"private_metadata":"prompt-token","notify_on_close":true,
		"blocks":[{"type":"input","block_id":"explanation","optional":true,"label":{"type":"plain_text","text":"In a few words","emoji":false},
		"element":{"type":"plain_text_input","action_id":"explanation","multiline":true,"max_length":3000,
		"placeholder":{"type":"plain_text","text":"I was …","emoji":false}}}]}}`, d.slack.got("views.open")[0].body)
	told := d.slack.got("chat.postEphemeral")[0].form
	require.Equal(t, "D1 U1 Noted &lt;!here&gt;", told.Get("channel")+" "+told.Get("user")+" "+told.Get("text"))
	require.NotContains(t, d.log.String(), "level=ERROR")
}

func TestPromptThatCannotOpenIsAskedInTheThread(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ payload, method, channel string }{
		"in a direct conversation": {press, "chat.postMessage", "D1"},
		"in a channel":             {strings.ReplaceAll(press, `"D1"`, `"C1"`), "chat.postEphemeral", "C1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.slack.on("views.open", said("expired_trigger_id"))
			d.slack.on(test.method, answer{body: `{"ok":true,"channel":"` + test.channel + `","ts":"2.000001","message_ts":"2.000001"}`})
			d.inbox.reply = chat.Reply{Ask: &chat.Prompt{Token: "t", Title: "Why", Label: "In a few words", Submit: "Send", Cancel: "Skip"}}
			status, _ := d.interact(test.payload)
			require.Equal(t, http.StatusOK, status)
			d.stop()
			form := d.slack.got(test.method)[0].form
			require.Equal(t, test.channel+" 1.000001 In a few words", form.Get("channel")+" "+form.Get("thread_ts")+" "+form.Get("text"))
		})
	}
}

func TestWordsAreRecordedOrStayInTheModal(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.slack.on("chat.postMessage", answer{body: `{"ok":true,"channel":"D1","ts":"2.000001"}`})
	d.inbox.fails(errors.New("no database"))
	status, body := d.interact(submission)
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{"response_action":"errors","errors":{"explanation":"That could not be saved. Please try again."}}`, body)

	d.inbox.fails(nil)
	d.inbox.reply = chat.Reply{Tell: "Thank you."}
	status, body = d.interact(submission)
	require.Equal(t, http.StatusOK, status)
	require.Empty(t, body, "an empty answer closes the modal")
	require.Equal(t, chat.Words{
		Delivery: "view|V1|h1", Person: alert.PersonKey{Team: "T1", User: "U1"},
		At: time.Unix(1_800_000_000, 0), Token: "prompt-token", Text: "I was <fixing> it & more",
	}, d.inbox.words[1])
	d.stop()
	require.Equal(t, "U1", d.slack.got("chat.postMessage")[0].form.Get("channel"), "a modal has no place: told directly")
}

func TestTypedReplyIsRecordedAsTyped(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.slack.on("chat.postEphemeral", answer{body: `{"ok":true,"message_ts":"2.000001"}`})
	d.inbox.reply = chat.Reply{Tell: "Thank you."}
	status, _ := d.signed("/slack/events", typedEvent)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, []chat.Typed{{
		Delivery: "event|Ev1", Person: alert.PersonKey{Team: "T1", User: "U1"},
		At:    time.Unix(1_800_000_001, 100_000).UTC(),
		Place: chat.Ref{Channel: "D1", TS: "1800000001.000100"}, Thread: "1.000001",
		Text: "yes & <really> wiki (https://wiki.example/x)",
	}}, d.inbox.typed)
	d.stop()
	require.Equal(t, "1.000001", d.slack.got("chat.postEphemeral")[0].form.Get("thread_ts"))
}

func TestNotRecordedIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.inbox.fails(errors.New("no database"))
	status, body := d.interact(press)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Empty(t, body)
	status, body = d.signed("/slack/events", typedEvent)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Empty(t, body)
}

func TestNothingIsAcknowledgedBeforeWeKnowWhoWeAre(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.slack.on("auth.test", answer{status: 503})
	status, _ := d.interact(press)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Empty(t, d.inbox.presses)
}

func TestWhatIsNotForTheInboxIsAcknowledged(t *testing.T) {
	t.Parallel()
	message := func(from, to string) string { return strings.Replace(typedEvent, from, to, 1) }
	for name, body := range map[string]string{
		"an event unknown":      message(`"type":"message"`, `"type":"brand_new_event"`),
		"another workspace":     message(`"team_id":"T1"`, `"team_id":"T2"`),
		"a rate limit warning":  `{"type":"app_rate_limited","team_id":"T1"}`,
		"an event without id":   message(`"event_id":"Ev1"`, `"event_id":""`),
		"an event without body": `{"type":"event_callback","team_id":"T1","event_id":"Ev1"}`,
		"no JSON":               `{`,
	} {
		t.Run("event: "+name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			status, answer := d.signed("/slack/events", body)
			require.Equal(t, http.StatusOK, status)
			require.Empty(t, answer)
			require.Empty(t, d.inbox.typed)
		})
	}
	for name, payload := range map[string]string{
		"another workspace": strings.ReplaceAll(press, `"T1"`, `"T2"`),
		"no action":         `{"type":"block_actions","team":{"id":"T1"},"user":{"id":"U1"},"actions":[]}`,
		"a shortcut":        `{"type":"shortcut","team":{"id":"T1"},"user":{"id":"U1"}}`,
		"no JSON":           `{`,
	} {
		t.Run("interaction: "+name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			status, answer := d.interact(payload)
			require.Equal(t, http.StatusOK, status)
			require.Empty(t, answer)
			require.Empty(t, d.inbox.presses)
			require.Empty(t, d.inbox.words)
		})
	}
}

func TestPressByAGuestOfAnotherWorkspaceCarriesTheirTeam(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	status, _ := d.interact(strings.Replace(press, `"team_id":"T1"`, `"team_id":"T9"`, 1))
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, alert.PersonKey{Team: "T9", User: "U1"}, d.inbox.presses[0].Person, "the inbox tells them from our U1")
}

func TestReplayReachesTheInboxUnderTheSameName(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	body := url.Values{"payload": {press}}.Encode()
	header := sign(signingSecret, body, time.Now())
	for range 2 {
		status, _ := d.send("/slack/interactions", body, header)
		require.Equal(t, http.StatusOK, status)
	}
	require.Len(t, d.inbox.presses, 2)
	require.Equal(t, d.inbox.presses[0].Delivery, d.inbox.presses[1].Delivery)
	for range 2 {
		status, _ := d.signed("/slack/events", typedEvent)
		require.Equal(t, http.StatusOK, status)
	}
	require.Equal(t, d.inbox.typed[0].Delivery, d.inbox.typed[1].Delivery)
}

func TestUnsignedIsRefusedWithoutAWord(t *testing.T) {
	t.Parallel()
	body := url.Values{"payload": {press}}.Encode()
	now := time.Now()
	without := func(name string) http.Header {
		header := sign(signingSecret, body, now)
		header.Del(name)
		return header
	}
	with := func(name, value string) http.Header {
		header := sign(signingSecret, body, now)
		header.Set(name, value)
		return header
	}
	for name, header := range map[string]http.Header{
		"nothing at all":         {},
		"no signature":           without("X-Slack-Signature"),
		"no time":                without("X-Slack-Request-Timestamp"),
		"another secret":         sign("wrong", body, now),
		"another body":           sign(signingSecret, body+"x", now),
		"another version":        with("X-Slack-Signature", "v1="+strings.Repeat("0", 64)),
		"a signature not in hex": with("X-Slack-Signature", "v0=zz"),
		"a short signature":      with("X-Slack-Signature", "v0=00"),
		"six minutes old":        sign(signingSecret, body, now.Add(-6*time.Minute)),
		"six minutes ahead":      sign(signingSecret, body, now.Add(6*time.Minute)),
		"a moved time":           with("X-Slack-Request-Timestamp", fmt.Sprint(now.Add(time.Minute).Unix())),
		"a time of letters":      with("X-Slack-Request-Timestamp", "now"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			for _, path := range []string{"/slack/events", "/slack/interactions", "/slack/commands"} {
				status, answer := d.send(path, body, header)
				require.Equal(t, http.StatusUnauthorized, status)
				require.Empty(t, answer)
			}
			require.Empty(t, d.inbox.presses)
			require.NotContains(t, d.log.String(), signingSecret)
			require.Empty(t, d.slack.got("auth.test"), "nothing is done for a stranger")
		})
	}
}

func TestWithinFiveMinutesIsTaken(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	body := url.Values{"payload": {press}}.Encode()
	for _, age := range []time.Duration{-4 * time.Minute, 4 * time.Minute} {
		status, _ := d.send("/slack/interactions", body, sign(signingSecret, body, time.Now().Add(age)))
		require.Equal(t, http.StatusOK, status)
	}
}

func TestWithoutASecretEverythingIsRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.receiver.secret = ""
	status, _ := d.send("/slack/events", typedEvent, sign("", typedEvent, time.Now()))
	require.Equal(t, http.StatusUnauthorized, status)
}

func TestHTTPDetails(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	status, answer := d.signed("/slack/events", `{"type":"url_verification","challenge":"c-1"}`)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "c-1", answer)

	status, _ = d.signed("/slack/events", strings.Repeat("x", maxDelivery+1))
	require.Equal(t, http.StatusRequestEntityTooLarge, status)

	response, err := d.http.Client().Get(d.http.URL + "/slack/events")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusMethodNotAllowed, response.StatusCode)
}

func TestAfterStopNothingIsTaken(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.stop()
	status, _ := d.interact(press)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Empty(t, d.inbox.presses)
	d.stop()
}

func TestPanicInWhatFollowsIsContained(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.receiver.after(t.Context(), func(context.Context) { panic("fell over") })
	d.stop()
	require.Contains(t, d.log.String(), "fell over")
}

func TestDecodeGivesBackWhatWasTyped(t *testing.T) {
	t.Parallel()
	for in, out := range map[string]string{
		"yes it was me":                         "yes it was me",
		"a &lt;b&gt; &amp;amp;":                 "a <b> &amp;",
		"ask <@U1> or <@U2|bob>":                "ask @U1 or @bob",
		"in <#C1|general> <#C2>":                "in #general #C2",
		"<!here> <!subteam^S1|@oncall>":         "@here @oncall",
		"<!date^1^{date}|yesterday>":            "yesterday",
		"see <https://a.example/x?y=1&amp;z>":   "see https://a.example/x?y=1&z",
		"see <http://a.example|a.example>":      "see a.example",
		"mail <mailto:a@b.example|a@b.example>": "mail a@b.example",
		"<https://a.example|docs>":              "docs (https://a.example)",
		"1 < 2":                                 "1 < 2",
	} {
		require.Equal(t, out, decode(in))
	}
}
