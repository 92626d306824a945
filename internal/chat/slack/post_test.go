package slack

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
)

func TestPostToAPerson(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("chat.postMessage", answer{body: `{"ok":true,"channel":"D1","ts":"1800000000.000100"}`})
	client, _ := speaker(t, s)
	at, err := client.Post(t.Context(), chat.Recipient{User: "U1", Thread: "1.000001"}, question(), "alert/question")
	require.NoError(t, err)
	require.Equal(t, chat.Ref{Channel: "D1", TS: "1800000000.000100"}, at)
	when, err := client.Time(at)
	require.NoError(t, err)
	require.Equal(t, time.Unix(1_800_000_000, 100_000).UTC(), when)

	form := s.got("chat.postMessage")[0].form
	require.Equal(t, "U1", form.Get("channel"))
	require.Equal(t, "1.000001", form.Get("thread_ts"))
	require.Equal(t, "false", form.Get("unfurl_links"))
	require.Equal(t, "false", form.Get("unfurl_media"))
	require.Equal(t, "none", form.Get("parse"))
	require.Equal(t, "false", form.Get("link_names"))
	require.Equal(t, "false", form.Get("mrkdwn"))
	require.Equal(t, "Did you open a root shell on web-1? &lt;!channel&gt; &amp; more hxxps://evil[.]example", form.Get("text"))
	require.JSONEq(t, `{"event_type":"securitybot","event_payload":{"key":"alert/question"}}`, form.Get("metadata"))
}

func TestEditReplacesWithFreshBlocks(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("chat.update", answer{body: `{"ok":true,"channel":"D1","ts":"1.000001"}`})
	client, _ := speaker(t, s)
	at := chat.Ref{Channel: "D1", TS: "1.000001"}
	require.NoError(t, client.Edit(t.Context(), at, question()))
	require.NoError(t, client.Edit(t.Context(), at, question()))
	calls := s.got("chat.update")
	require.Equal(t, "D1", calls[0].form.Get("channel"))
	require.Equal(t, "1.000001", calls[0].form.Get("ts"))
	require.False(t, calls[0].form.Has("metadata"), "an edit leaves it as it is")
	require.Empty(t, shared(blockIDs(t, calls[0].form.Get("blocks")), blockIDs(t, calls[1].form.Get("blocks"))))
}

func blockIDs(t *testing.T, blocks string) []string {
	t.Helper()
	var list []struct {
		ID string `json:"block_id"`
	}
	require.NoError(t, json.Unmarshal([]byte(blocks), &list))
	ids := make([]string, 0, len(list))
	for _, block := range list {
		ids = append(ids, block.ID)
	}
	require.NotEmpty(t, ids)
	return ids
}

func shared(a, b []string) []string {
	var both []string
	for _, x := range a {
		for _, y := range b {
			if x == y {
				both = append(both, x)
			}
		}
	}
	return both
}

const history = `{"ok":true,"messages":[
 {"ts":"5.000001","user":"U9","bot_id":"B9","metadata":{"event_type":"securitybot","event_payload":{"key":"k"}}},
 {"ts":"4.000001","user":"UBOT","bot_id":"BBOT","metadata":{"event_type":"other","event_payload":{"key":"k"}}},
 {"ts":"3.000001","user":"UBOT","bot_id":"BBOT","metadata":{"event_type":"securitybot","event_payload":{"key":"other"}}}
],"response_metadata":{"next_cursor":"next"}}`

const historyEnd = `{"ok":true,"messages":[
 {"ts":"2.000001","user":"UBOT","bot_id":"BBOT","metadata":{"event_type":"securitybot","event_payload":{"key":"k"}}}]}`

func TestFindLooksThroughAPersonsHistory(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("conversations.open", answer{body: `{"ok":true,"channel":{"id":"D1"}}`})
	s.on("conversations.history", answer{body: history}, answer{body: historyEnd}, answer{body: `{"ok":true,"messages":[]}`})
	client, _ := speaker(t, s)
	at, found, err := client.Find(t.Context(), chat.Recipient{User: "U1"}, "k", time.Unix(1000, 0))
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, chat.Ref{Channel: "D1", TS: "2.000001"}, at, "ours, of our kind, under that key")

	_, found, err = client.Find(t.Context(), chat.Recipient{User: "U1"}, "k", time.Unix(1000, 0))
	require.NoError(t, err)
	require.False(t, found)
	require.Len(t, s.got("conversations.open"), 1, "a direct conversation never changes")
	require.Len(t, s.got("auth.test"), 1)
	calls := s.got("conversations.history")
	require.Equal(t, "880.000000", calls[0].form.Get("oldest"), "two minutes early, for the clocks")
	require.Equal(t, "1", calls[0].form.Get("include_all_metadata"))
	require.Equal(t, "next", calls[1].form.Get("cursor"))
}

func TestFindLooksThroughAThread(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("conversations.replies", answer{body: historyEnd}, said("thread_not_found"), answer{body: `{"ok":true}`})
	client, _ := speaker(t, s)
	thread := chat.Recipient{Channel: "C1", Thread: "1.000001"}
	at, found, err := client.Find(t.Context(), thread, "k", time.Unix(1000, 0))
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, "C1", at.Channel)
	require.Equal(t, "1.000001", s.got("conversations.replies")[0].form.Get("ts"))

	_, found, err = client.Find(t.Context(), thread, "k", time.Unix(1000, 0))
	require.NoError(t, err)
	require.False(t, found, "a thread that is no more holds nothing")

	_, _, err = client.Find(t.Context(), thread, "k", time.Unix(1000, 0))
	check(t, chat.Transient, err)
}

func TestFindForSomebodyDeactivated(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("conversations.open", said("user_disabled"))
	client, _ := speaker(t, s)
	_, _, err := client.Find(t.Context(), chat.Recipient{User: "U1"}, "k", time.Unix(1000, 0))
	check(t, chat.Gone, err)
	require.Equal(t, alert.ReasonDeactivated, chat.FailureOf(err).Reason)
}

func TestFindGivesUpOnEndlessHistory(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("conversations.history", answer{body: history})
	client, _ := speaker(t, s)
	_, _, err := client.Find(t.Context(), chat.Recipient{Channel: "C1"}, "none", time.Unix(1000, 0))
	check(t, chat.Transient, err)
	require.Len(t, s.got("conversations.history"), maxPages)
}

func TestTimeOfAMessage(t *testing.T) {
	t.Parallel()
	client := &Slack{}
	for ts, want := range map[string]time.Time{
		"1700000000.000100": time.Unix(1_700_000_000, 100_000),
		"1700000000.5":      time.Unix(1_700_000_000, 500_000_000),
		"1700000000":        time.Unix(1_700_000_000, 0),
	} {
		at, err := client.Time(chat.Ref{TS: ts})
		require.NoError(t, err)
		require.Equal(t, want.UTC(), at)
	}
	for _, ts := range []string{"", "x", "-5.000001", "1.0000001", "1.00x", "1.-00001"} {
		_, err := client.Time(chat.Ref{TS: ts})
		require.Error(t, err, ts)
	}
}
