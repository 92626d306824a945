package slack

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
)

// types sends "/securitybot text" as U1 does in a channel.
func (d *desk) types(text string) (int, string) {
	d.t.Helper()
	return d.signed("/slack/commands", url.Values{
		"team_id": {"T1"}, "user_id": {"U1"}, "channel_id": {"C1"}, "command": {"/securitybot"}, "text": {text},
		"trigger_id": {"trigger-1"}, "response_url": {"http://127.0.0.1:1/elsewhere"},
	}.Encode())
}

func TestCommandIsRecordedAndAnsweredAlone(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.inbox.reply = chat.Reply{Tell: "You have no open <questions>."}
	status, body := d.types("status &lt;now&gt; &amp; <@U2|bob>")
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{"response_type":"ephemeral","mrkdwn":false,"text":"You have no open &lt;questions&gt;."}`, body)
	require.Equal(t, []chat.Typed{{
		Delivery: "command|T1|U1|trigger-1", Person: alert.PersonKey{Team: "T1", User: "U1"},
		At: time.Unix(1_800_000_000, 0), Place: chat.Ref{Channel: "C1"},
		Text: "status <now> & @bob", Command: true,
	}}, d.inbox.typed)
	d.stop()
	require.Empty(t, d.slack.got("chat.postMessage"), "the acknowledgement said it")
	require.Empty(t, d.slack.got("chat.postEphemeral"))
}

func TestCommandAloneReachesTheInbox(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	status, body := d.types(" ")
	require.Equal(t, http.StatusOK, status)
	require.Empty(t, body, "nothing to tell, nothing shown")
	require.Len(t, d.inbox.typed, 1)
	require.True(t, d.inbox.typed[0].Command)
}

func TestCommandOpensAPromptAndShowsTheHomeAnew(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.slack.on("views.open", answer{body: `{"ok":true,"view":{"id":"V1"}}`})
	d.slack.on("views.publish", answer{body: `{"ok":true,"view":{"id":"V2"}}`})
	d.inbox.reply = chat.Reply{
		Ask:  &chat.Prompt{Token: "t", Title: "Why", Label: "In a few words", Submit: "Send", Cancel: "Skip"},
		Home: &chat.Home{Sections: []chat.Section{{Title: "Nothing is open"}}},
	}
	status, _ := d.types("lost phone")
	require.Equal(t, http.StatusOK, status)
	d.stop()
	opened := d.slack.got("views.open")[0].body
	require.Contains(t, opened, `"trigger_id":"trigger-1"`)
	require.NotContains(t, opened, `"multiline":true`, "a prompt of one line")
	require.NotContains(t, opened, `"notify_on_close":true`)
	require.Contains(t, d.slack.got("views.publish")[0].body, `"user_id":"U1"`)
}

func TestCommandThatIsNotRecordedIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.inbox.fails(errors.New("no database"))
	status, body := d.types("stop")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Empty(t, body)
}

func TestCommandThatNobodyGaveIsForgotten(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]url.Values{
		"nobody":            {"team_id": {"T1"}, "trigger_id": {"t-1"}, "text": {"stop"}},
		"nothing to tell":   {"team_id": {"T1"}, "user_id": {"U1"}, "text": {"stop"}},
		"another workspace": {"team_id": {"T2"}, "user_id": {"U1"}, "trigger_id": {"t-1"}, "text": {"stop"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			status, body := d.signed("/slack/commands", form.Encode())
			require.Equal(t, http.StatusOK, status)
			require.Empty(t, body)
			require.Empty(t, d.inbox.typed)
		})
	}
}

func TestAnAnswerToACommandFitsWhatSocketModeCarries(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"<", "&", "\"", "\n", "界", "😀", "\u2028", "http://a.b ", "\\"} {
		body, err := json.Marshal(whispered(strings.Repeat(part, 40_000)))
		require.NoError(t, err)
		require.Less(t, len(body), 20_000, part)
	}
}
