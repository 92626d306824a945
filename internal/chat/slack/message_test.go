package slack

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// direct is a message event in U1's direct conversation, with fields changed.
func direct(fields map[string]any) string {
	event := map[string]any{
		"type": "message", "channel_type": "im", "channel": "D1", "user": "U1", "text": "yes", "ts": "1800000001.000100",
	}
	for name, value := range fields {
		if value == nil {
			delete(event, name)
			continue
		}
		event[name] = value
	}
	body, err := json.Marshal(map[string]any{"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": event})
	if err != nil {
		panic(err)
	}
	return string(body)
}

func TestOwnWordsAreTyped(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("界", 40_000)
	for name, test := range map[string]struct {
		fields map[string]any
		text   string
	}{
		"a few words": {nil, "yes"},
		"words with a file": {
			map[string]any{"subtype": "file_share", "text": "yes, see here", "files": []any{map[string]any{"id": "F1"}}}, "yes, see here",
		},
		"a reply in a thread, shown outside too": {map[string]any{"subtype": "thread_broadcast", "thread_ts": "1.000001"}, "yes"},
		"blocks that nobody knows":               {map[string]any{"blocks": []any{map[string]any{"type": "brand_new"}}}, "yes"},
		"40,000 characters":                      {map[string]any{"text": long, "blocks": []any{map[string]any{"type": "rich_text", "text": long}}}, long},
		"40,000 of what is escaped":              {map[string]any{"text": strings.Repeat("&lt;", 40_000)}, strings.Repeat("<", 40_000)},
		"40,000 of what begins a reference":      {map[string]any{"text": strings.Repeat("<@", 20_000)}, strings.Repeat("<@", 20_000)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			status, _ := d.signed("/slack/events", direct(test.fields))
			require.Equal(t, http.StatusOK, status)
			require.Len(t, d.inbox.typed, 1)
			require.Equal(t, test.text, d.inbox.typed[0].Text)
			require.False(t, d.inbox.typed[0].Command)
		})
	}
}

func TestWhatNobodySaysToUsIsNotTyped(t *testing.T) {
	t.Parallel()
	said := map[string]any{"type": "message", "user": "U1", "text": "yes", "ts": "1.000001"}
	for name, fields := range map[string]map[string]any{
		"our own message":        {"user": "UBOT"},
		"a bot's message":        {"bot_id": "B2"},
		"a bot's, by its kind":   {"subtype": "bot_message"},
		"an edit":                {"subtype": "message_changed", "message": said, "previous_message": said, "user": nil, "text": nil},
		"an edit with an author": {"subtype": "message_changed", "message": said},
		"a removal":              {"subtype": "message_deleted", "deleted_ts": "1.000001", "previous_message": said, "user": nil},
		"a change of the thread": {"subtype": "message_replied", "message": said},
		"somebody joining":       {"subtype": "channel_join"},
		"a channel":              {"channel_type": "channel", "channel": "C1"},
		"a private channel":      {"channel_type": "group", "channel": "G1"},
		"several people":         {"channel_type": "mpim", "channel": "G2"},
		"no kind of channel":     {"channel_type": nil},
		"nobody":                 {"user": nil},
		"nothing":                {"text": ""},
		"blanks":                 {"text": " \n\t\u00a0"},
		"what can't be seen":     {"text": "\u200b\u2060\u202e"},
		"a file alone":           {"subtype": "file_share", "text": ""},
		"a text that is no text": {"text": map[string]any{"yes": true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			status, body := d.signed("/slack/events", direct(fields))
			require.Equal(t, http.StatusOK, status, "or Slack sends it again")
			require.Empty(t, body)
			require.Empty(t, d.inbox.typed)
			d.stop()
			require.Empty(t, d.slack.got("chat.postEphemeral"))
		})
	}
}
