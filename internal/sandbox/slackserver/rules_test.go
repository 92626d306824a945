package slackserver

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The signature example of docs.slack.dev/authentication/verifying-requests-from-slack.
func TestSignatureOfTheDocumentation(t *testing.T) {
	t.Parallel()
	body := "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V" +
		"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=" +
		"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN" +
		"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	require.Equal(t, "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
		Sign("8f742231b10e8888abcd99yyyzzz85a5", "1531420618", []byte(body)))
}

func TestTextIsStoredAsSlackStoresIt(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain":                           "plain",
		"a & b < c > d":                   "a &amp; b &lt; c &gt; d",
		"already &amp; &lt;done&gt;":      "already &amp; &lt;done&gt;",
		"<@U1|al> in <#C1> <!here>":       "<@U1|al> in <#C1> <!here>",
		"<https://x.example?a&b|link> &c": "<https://x.example?a&b|link> &amp;c",
		"<script>":                        "&lt;script&gt;",
	} {
		require.Equal(t, want, normalize(in), in)
	}
}

func TestWhatAPersonTypesNeverMentionsAnybody(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"<!channel> & <@U1>":       "&lt;!channel&gt; &amp; &lt;@U1&gt;",
		"see https://x.example/a,": "see <https://x.example/a,>",
		"ask bob@example.com":      "ask <mailto:bob@example.com|bob@example.com>",
		"👍 “yes”":                  "👍 “yes”",
	} {
		require.Equal(t, want, typed(in), in)
	}
}

func plain(n int) object { return object{"type": "plain_text", "text": strings.Repeat("ä", n)} }

func button(change object) object {
	b := object{"type": "button", "action_id": "yes", "text": plain(4)}
	maps.Copy(b, change)
	return object{"type": "actions", "elements": []any{b}}
}

func TestBlockLimits(t *testing.T) {
	t.Parallel()
	many := func(n int, b object) []object {
		out := make([]object, n)
		for i := range out {
			out[i] = b
		}
		return out
	}
	for _, c := range []struct {
		name    string
		blocks  []object
		problem string // empty: accepted
	}{
		{"a section", []object{{"type": "section", "text": plain(3000)}}, ""},
		{"a long section", []object{{"type": "section", "text": plain(3001)}}, "less than 3001 characters [json-pointer:/blocks/0/text/text]"},
		{"a long field", []object{{"type": "section", "fields": []any{plain(2001)}}}, "/blocks/0/fields/0/text"},
		{"an empty section", []object{{"type": "section"}}, "missing required field: text"},
		{"empty text", []object{{"type": "section", "text": plain(0)}}, "more than 0 characters"},
		{"a header", []object{{"type": "header", "text": plain(150)}}, ""},
		{"a long header", []object{{"type": "header", "text": plain(151)}}, "less than 151 characters"},
		{"a header in mrkdwn", []object{{"type": "header", "text": object{"type": "mrkdwn", "text": "x"}}}, "unsupported type: mrkdwn"},
		{"50 blocks", many(50, object{"type": "divider"}), ""},
		{"51 blocks", many(51, object{"type": "divider"}), "no more than 50 items"},
		{"the same block id twice", many(2, object{"type": "divider", "block_id": "x"}), "`block_id` must be unique"},
		{"an unknown block", []object{{"type": "hologram"}}, "unsupported type: hologram"},
		{"a button", []object{button(nil)}, ""},
		{"a long label", []object{button(object{"text": plain(76)})}, "less than 76 characters"},
		{"a long value", []object{button(object{"value": strings.Repeat("x", 2001)})}, "less than 2001 characters"},
		{"an unknown style", []object{button(object{"style": "loud"})}, "valid enum value"},
		{"a half confirm", []object{button(object{"confirm": object{"title": plain(1)}})}, "/confirm/deny"},
		{"a long confirm", []object{button(object{"confirm": object{
			"title": plain(101), "text": plain(1), "confirm": plain(1), "deny": plain(1),
		}})}, "less than 101 characters"},
		{"no elements", []object{{"type": "actions", "elements": []any{}}}, "more than 0 items"},
		{"a context of 11", []object{{"type": "context", "elements": []any{
			plain(1), plain(1), plain(1), plain(1), plain(1), plain(1), plain(1), plain(1), plain(1), plain(1), plain(1),
		}}}, "no more than 10 items"},
		{"the same action twice", []object{{"type": "actions", "elements": []any{
			object{"type": "button", "action_id": "a", "text": plain(1)}, object{"type": "button", "action_id": "a", "text": plain(1)},
		}}}, "`action_id` must be unique"},
	} {
		raw, err := json.Marshal(c.blocks)
		require.NoError(t, err)
		blocks, err := readBlocks(string(raw))
		if c.problem == "" {
			require.NoError(t, err, c.name)
			require.NotEmpty(t, blocks[0]["block_id"], "Slack names what the app did not")
			continue
		}
		var refused *apiError
		require.ErrorAs(t, err, &refused, c.name)
		require.Equal(t, "invalid_blocks", refused.code)
		require.Contains(t, fmt.Sprint(refused.messages), c.problem, c.name)
	}
}

func TestTooMuchTextInAllBlocks(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal([]object{
		{"type": "section", "text": plain(3000)},
		{"type": "section", "text": plain(3000)},
		{"type": "section", "text": plain(3000)},
		{"type": "section", "text": plain(3000)},
		{"type": "section", "text": plain(3000)},
	})
	require.NoError(t, err)
	_, err = readBlocks(string(raw))
	require.EqualError(t, err, "msg_blocks_too_long")
	_, err = readBlocks(`{"type":"divider"}`)
	require.EqualError(t, err, "invalid_blocks_format")
}

func TestModalLimits(t *testing.T) {
	t.Parallel()
	modal := func(change object) string {
		view := object{"type": "modal", "title": plain(24), "submit": plain(24), "blocks": []any{
			object{"type": "input", "label": plain(5), "element": object{"type": "plain_text_input", "action_id": "explanation"}},
		}}
		maps.Copy(view, change)
		raw, err := json.Marshal(view)
		require.NoError(t, err)
		return string(raw)
	}
	_, err := readView(modal(nil), "modal")
	require.NoError(t, err)
	for name, change := range map[string]object{
		"a long title":       {"title": plain(25)},
		"no submit":          {"submit": nil},
		"a long close":       {"close": plain(25)},
		"much metadata":      {"private_metadata": strings.Repeat("x", 3001)},
		"a home":             {"type": "home"},
		"no blocks":          {"blocks": nil},
		"an input of 3001":   {"blocks": []any{object{"type": "input", "label": plain(1), "element": object{"type": "plain_text_input", "max_length": 3001}}}},
		"an unlabelled one":  {"blocks": []any{object{"type": "input", "element": object{"type": "plain_text_input"}}}},
		"a block of nothing": {"blocks": []any{"text"}},
	} {
		_, err := readView(modal(change), "modal")
		require.EqualError(t, err, "invalid_arguments", name)
	}
	_, err = readView(modal(object{"padding": strings.Repeat("x", maxViewSize)}), "modal")
	require.EqualError(t, err, "view_too_large")
}

func TestABucketRefills(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	l := newLimiter(func() time.Time { return now })
	for range 5 {
		_, ok := l.take("post:C1", perChannel)
		require.True(t, ok)
	}
	wait, ok := l.take("post:C1", perChannel)
	require.False(t, ok)
	require.Equal(t, 1, wait)
	now = now.Add(time.Duration(wait) * time.Second)
	_, ok = l.take("post:C1", perChannel)
	require.True(t, ok)
}

func TestTimeStampsRoundTrip(t *testing.T) {
	t.Parallel()
	for _, ts := range []string{"1800000000.000001", "0.000000", "1531420618.123456"} {
		require.Equal(t, ts, formatTS(parseTS(ts)))
	}
	require.Equal(t, int64(5_500_000), parseTS("5.5"))
}
