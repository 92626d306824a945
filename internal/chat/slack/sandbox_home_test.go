package slack_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
)

// homeOf is somebody's Home as the sandbox shows it: its blocks as JSON, and what can be pressed.
type homeOf struct {
	Blocks  json.RawMessage `json:"blocks"`
	Actions []struct {
		ActionID string `json:"action_id"`
		Value    string `json:"value"`
	} `json:"actions"`
}

func (o *office) home(email string) homeOf {
	o.t.Helper()
	var home homeOf
	o.control(http.MethodGet, "home?user="+url.QueryEscape(email), nil, &home)
	return home
}

// sees waits until somebody's Home shows a text.
func (o *office) sees(email, text string) {
	o.t.Helper()
	require.Eventually(o.t, func() bool { return strings.Contains(string(o.home(email).Blocks), text) }, patience, 5*time.Millisecond)
}

func page(title string, buttons ...chat.Button) chat.Home {
	return chat.Home{Sections: []chat.Section{
		{Title: title, Paragraphs: []chat.Paragraph{
			{Spans: []chat.Span{{Text: "Asked at "}, {At: time.Unix(1_795_255_323, 0)}, {Text: " <!channel>"}}},
			{Quoted: true, Spans: []chat.Span{{Text: "sudo -i & https://evil.example"}}},
		}, Buttons: buttons},
		{Title: "Answered", Paragraphs: []chat.Paragraph{{Spans: []chat.Span{{Text: "Nothing yet"}}}}},
	}}
}

func TestHome(t *testing.T) {
	t.Parallel()
	for name, overSocket := range map[string]bool{"over HTTP": false, "over Socket Mode": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			useHome(t, open(t, overSocket))
		})
	}
}

// useHome is somebody who opens their Home, answers there and explains.
func useHome(t *testing.T, o *office) {
	o.inbox.home = page("Root shell on web-1", chat.Button{Action: "yes", Label: "Yes, it was me", Value: "v1.mac"})
	require.True(t, o.act("home", map[string]any{"user": alice}).Delivered)
	o.sees(alice, "Root shell on web-1")
	require.Equal(t, "v1.mac", o.home(alice).Actions[0].Value)

	after := page("All answered")
	o.inbox.says(chat.Reply{Tell: "Thank you.", Home: &after, Ask: &chat.Prompt{
		Token: "prompt-1", Title: "What was it for?", Label: "In a few words", Submit: "Send", Cancel: "Skip", NotifyClose: true,
	}})
	require.True(t, o.act("click", map[string]any{"user": alice, "view": "home", "action_id": "yes"}).Delivered)
	press := o.inbox.presses[0]
	require.Equal(t, o.person(alice).PersonKey, press.Person)
	require.Equal(t, chat.Ref{}, press.Place)
	require.Equal(t, "yes v1.mac", press.Action+" "+press.Value)
	o.sees(alice, "All answered")
	require.Empty(t, o.home(alice).Actions)
	said := o.seenBy(alice)
	require.Equal(t, "Thank you.", said[len(said)-1].Text)
	require.False(t, said[len(said)-1].Ephemeral, "told in the direct conversation")

	o.inbox.says(chat.Reply{})
	require.True(t, o.act("close", map[string]any{"user": alice}).Delivered)
	require.Equal(t, "prompt-1", o.inbox.closed[0].Token)
	require.Empty(t, o.inbox.closed[0].Text)
	require.Equal(t, o.person(alice).PersonKey, o.inbox.closed[0].Person)
	o.clean()
}

func TestHomeOfWhoCannotHaveOne(t *testing.T) {
	t.Parallel()
	o := open(t, false)
	err := o.slack.PublishHome(t.Context(), "U0NOBODY00", page("Nothing is open"))
	require.Equal(t, chat.Gone, chat.FailureOf(err).Failure, "%v", err)
	require.Equal(t, alert.ReasonUnknownPerson, chat.FailureOf(err).Reason)
	require.NoError(t, o.slack.PublishHome(t.Context(), o.person(bob).User, chat.Home{}), "an empty page is one")
	o.act("faults", map[string]any{"service": "slack", "method": "views.publish", "fault": "ratelimit", "times": 1, "retry_after": 3})
	err = o.slack.PublishHome(t.Context(), o.person(bob).User, page("Nothing is open"))
	require.Equal(t, chat.RateLimited, chat.FailureOf(err).Failure, "%v", err)
}

func TestCommands(t *testing.T) {
	t.Parallel()
	for name, overSocket := range map[string]bool{"over HTTP": false, "over Socket Mode": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t, overSocket)
			o.inbox.says(chat.Reply{Tell: "You have no open <questions>."})
			require.True(t, o.act("command", map[string]any{"user": alice, "text": "status"}).Delivered)
			typed := o.inbox.typed[0]
			require.True(t, typed.Command)
			require.Equal(t, "status", typed.Text)
			require.Equal(t, o.person(alice).PersonKey, typed.Person)
			require.True(t, whispered(o.seenBy(alice), "You have no open <questions>."))

			o.inbox.says(chat.Reply{Ask: &chat.Prompt{Token: "t-1", Title: "Why?", Label: "In a few words", Submit: "Send", Cancel: "Skip"}})
			require.True(t, o.act("command", map[string]any{"user": alice, "text": "lost phone"}).Delivered)
			require.NotEqual(t, typed.Delivery, o.inbox.typed[1].Delivery)
			require.True(t, o.act("submit", map[string]any{"user": alice, "values": map[string]any{"explanation": "in a taxi"}}).Delivered)
			require.Equal(t, "t-1 in a taxi", o.inbox.words[0].Token+" "+o.inbox.words[0].Text)
			o.clean()
		})
	}
}

// sent is where a person's message went.
type sent struct{ Channel, TS string }

func TestOnlyWhatIsWrittenToUsIsTyped(t *testing.T) {
	t.Parallel()
	o := open(t, false)
	write := func(path string, in map[string]any) (out sent) {
		o.control(http.MethodPost, path, in, &out)
		return out
	}
	first := write("reply", map[string]any{"user": alice, "text": "no"})
	write("edit", map[string]any{"user": alice, "channel": first.Channel, "ts": first.TS, "text": "yes"})
	write("delete", map[string]any{"user": alice, "channel": first.Channel, "ts": first.TS})
	write("reply", map[string]any{"user": alice, "text": "yes", "channel": "general"})
	write("reply", map[string]any{"user": alice, "text": "", "file": true})
	require.Len(t, o.inbox.typed, 1, "an edit never turns a no into a yes")
	require.Equal(t, "no", o.inbox.typed[0].Text)

	write("reply", map[string]any{"user": alice, "text": "see the picture", "file": true})
	require.Equal(t, "see the picture", o.inbox.typed[1].Text)
	long := strings.Repeat("ab & <c> ", 40_000/len("ab &amp; &lt;c&gt; "))
	write("reply", map[string]any{"user": alice, "text": long})
	require.Equal(t, strings.TrimSpace(long), strings.TrimSpace(o.inbox.typed[2].Text))
	o.clean()
}

func TestWhoIsAwayAndWhoResponds(t *testing.T) {
	t.Parallel()
	o := open(t, false)
	require.Zero(t, o.person(alice).AwayUntil)
	o.act("person", map[string]any{"user": alice, "status": map[string]any{"text": "Back on Monday", "emoji": ":palm_tree:", "expires_in_seconds": 7200}})
	require.WithinDuration(t, time.Now().Add(2*time.Hour), o.person(alice).AwayUntil, time.Minute)
	o.act("person", map[string]any{"user": alice, "status": map[string]any{"text": "out of office"}})
	require.WithinDuration(t, time.Now().Add(24*time.Hour), o.person(alice).AwayUntil, time.Minute)
	o.act("person", map[string]any{"user": alice, "status": map[string]any{"text": "In a meeting"}})
	require.Zero(t, o.person(alice).AwayUntil)

	members, err := o.slack.Group(t.Context(), "S_RESPONDERS")
	require.NoError(t, err)
	require.ElementsMatch(t, []string{o.person("sam@example.com").User, o.person("kim@example.com").User}, members)
	_, err = o.slack.Group(t.Context(), "S0NOBODY00")
	require.Equal(t, chat.Refused, chat.FailureOf(err).Failure, "%v", err)
	require.Equal(t, "no_such_subteam", chat.FailureOf(err).Reason)
}
