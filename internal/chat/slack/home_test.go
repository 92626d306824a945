package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
)

const homeEvent = `{"type":"event_callback","team_id":"T1","event_id":"Ev2","event":{"type":"app_home_opened",
 "user":"U1","channel":"D1","tab":"home","event_ts":"1800000001.000100","view":{"id":"V9","blocks":[{"type":"brand_new"}]}}}`

const homePress = `{"type":"block_actions","team":{"id":"T1"},"user":{"id":"U1","team_id":"T1"},"api_app_id":"A1",
 "container":{"type":"view","view_id":"V9"},"trigger_id":"trigger-1",
 "view":{"id":"V9","type":"home","hash":"h1","blocks":[],"state":{"values":{}}},
 "actions":[{"action_id":"yes","block_id":"b1","value":"token.mac","type":"button","action_ts":"1800000000.000200"}]}`

// published is what a Home shows: the text of each block and the labels of buttons.
type published struct {
	User string `json:"user_id"`
	View struct {
		Type   string           `json:"type"`
		Blocks []map[string]any `json:"blocks"`
	} `json:"view"`
}

func (s *server) home() published {
	s.t.Helper()
	var home published
	require.NoError(s.t, json.Unmarshal([]byte(s.await("views.publish").body), &home))
	return home
}

func (p published) kinds() []string {
	var kinds []string
	for _, block := range p.View.Blocks {
		kinds = append(kinds, fmt.Sprint(block["type"]))
	}
	return kinds
}

// last is the last block.
func (p published) last() string {
	return fmt.Sprint(p.View.Blocks[len(p.View.Blocks)-1])
}

func paragraphs(count int) []chat.Paragraph {
	var all []chat.Paragraph
	for n := range count {
		all = append(all, chat.Paragraph{Spans: []chat.Span{{Text: fmt.Sprintf("line %d", n)}}})
	}
	return all
}

func sections(count int) chat.Home {
	var home chat.Home
	for n := range count {
		home.Sections = append(home.Sections, chat.Section{
			Title: fmt.Sprintf("Question %d", n), Paragraphs: paragraphs(1),
			Buttons: []chat.Button{{Action: "yes", Label: "Yes", Value: "v.mac"}},
		})
	}
	return home
}

func TestHomeIsShownToWhoOpensIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.slack.on("views.publish", answer{body: `{"ok":true,"view":{"id":"V9"}}`})
	d.inbox.home = sections(2)
	status, body := d.signed("/slack/events", homeEvent)
	require.Equal(t, http.StatusOK, status)
	require.Empty(t, body)
	require.Equal(t, []alert.PersonKey{{Team: "T1", User: "U1"}}, d.inbox.opened)
	home := d.slack.home()
	require.Equal(t, "U1 home", home.User+" "+home.View.Type)
	require.Equal(t, []string{"header", "rich_text", "actions", "header", "rich_text", "actions"}, home.kinds())
}

func TestHomeIsNotMadeForOtherTabsAndNotAcknowledgedWithoutOne(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, other := range []string{"messages", "about", ""} {
		status, _ := d.signed("/slack/events", strings.Replace(homeEvent, `"tab":"home"`, `"tab":"`+other+`"`, 1))
		require.Equal(t, http.StatusOK, status)
	}
	status, _ := d.signed("/slack/events", strings.Replace(homeEvent, `"team_id":"T1"`, `"team_id":"T2"`, 1))
	require.Equal(t, http.StatusOK, status)
	require.Empty(t, d.inbox.opened)

	d.inbox.fails(errors.New("no database"))
	status, _ = d.signed("/slack/events", homeEvent)
	require.Equal(t, http.StatusServiceUnavailable, status, "Slack sends it again")
	d.stop()
	require.Empty(t, d.slack.got("views.publish"))
}

func TestPressInAHomeHasNoPlaceAndIsToldDirectly(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.slack.on("chat.postMessage", answer{body: `{"ok":true,"channel":"D1","ts":"2.000001"}`})
	d.slack.on("views.publish", answer{body: `{"ok":true,"view":{"id":"V9"}}`})
	d.slack.on("views.open", said("expired_trigger_id"))
	d.inbox.reply = chat.Reply{
		Tell: "Thank you.", Home: &chat.Home{},
		Ask: &chat.Prompt{Token: "t", Title: "Why", Label: "In a few words", Submit: "Send", Cancel: "Skip"},
	}
	for range 2 {
		status, _ := d.interact(homePress)
		require.Equal(t, http.StatusOK, status)
	}
	require.Equal(t, chat.Press{
		Delivery: "press|T1|U1|V9||yes|1800000000.000200", Person: alert.PersonKey{Team: "T1", User: "U1"},
		At: time.Unix(1_800_000_000, 200_000).UTC(), Action: "yes", Value: "token.mac",
	}, d.inbox.presses[0])
	require.Equal(t, d.inbox.presses[0], d.inbox.presses[1], "a second delivery has the same name")
	d.stop()
	told := d.slack.got("chat.postMessage")
	require.Len(t, told, 4)
	require.Equal(t, "U1", told[0].form.Get("channel"))
	require.Empty(t, told[0].form.Get("thread_ts"))
	require.Empty(t, d.slack.got("chat.postEphemeral"), "there is no channel to whisper in")
	require.Empty(t, d.slack.home().View.Blocks, "an empty page is shown as one")
	require.Contains(t, d.slack.got("views.publish")[0].body, `"blocks":[]`)
}

func TestClosedPromptIsToldToTheInbox(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.slack.on("chat.postMessage", answer{body: `{"ok":true,"channel":"D1","ts":"2.000001"}`})
	d.inbox.reply = chat.Reply{Tell: "Nothing was changed."}
	closing := strings.Replace(submission, "view_submission", "view_closed", 1)
	status, body := d.interact(closing)
	require.Equal(t, http.StatusOK, status)
	require.Empty(t, body)
	require.Empty(t, d.inbox.words, "what was half written was not sent")
	require.Equal(t, []chat.Words{{
		Delivery: "closed|V1|h1", Person: alert.PersonKey{Team: "T1", User: "U1"}, At: time.Unix(1_800_000_000, 0), Token: "prompt-token",
	}}, d.inbox.closed)
	require.Equal(t, "U1", d.slack.await("chat.postMessage").form.Get("channel"))

	d.inbox.fails(errors.New("no database"))
	status, _ = d.interact(closing)
	require.Equal(t, http.StatusServiceUnavailable, status)
}

func TestHomeThatIsTooLongSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	long := chat.Paragraph{Spans: []chat.Span{{Text: strings.Repeat("x", maxParagraph)}}}
	for name, test := range map[string]struct {
		home   chat.Home
		blocks int
		last   string
	}{
		"as much as there is room for": {sections(33), 99, "type:actions"},
		"one section more":             {sections(34), 100, "… and 1 more"},
		"a hundred sections":           {sections(100), 100, "… and 67 more"},
		"one long section":             {chat.Home{Sections: []chat.Section{{Title: "Answers", Paragraphs: paragraphs(150)}}}, 100, "… and 52 more"},
		"a long section, then another": {chat.Home{Sections: append(sections(32).Sections, // 96 blocks
			chat.Section{Paragraphs: paragraphs(9)}, chat.Section{Paragraphs: paragraphs(1)})}, 100, "line 0"},
		"a long section, then one that doesn't fit": {chat.Home{Sections: append(sections(32).Sections,
			chat.Section{Paragraphs: paragraphs(9)}, chat.Section{Title: "Answers", Paragraphs: paragraphs(1)})}, 100, "… and 1 more"},
		"very long texts": {chat.Home{Sections: []chat.Section{
			{Paragraphs: []chat.Paragraph{long, long, long, long, long, long, long, long, long, long, long, long, long, long}},
			{Title: "Never shown"},
		}}, 15, "… and 1 more"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.on("views.publish", answer{body: `{"ok":true,"view":{"id":"V9"}}`})
			client, _ := speaker(t, s)
			require.NoError(t, client.PublishHome(t.Context(), "U1", test.home))
			home := s.home()
			require.Len(t, home.View.Blocks, test.blocks)
			require.Contains(t, home.last(), test.last)
		})
	}
}

func TestHomeKeepsTokensWholeAndTextPlain(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("views.publish", answer{body: `{"ok":true,"view":{"id":"V9"}}`})
	client, _ := speaker(t, s)
	hostile := chat.Home{Sections: []chat.Section{{
		Title:      "Root shell\u202e on <!channel>",
		Paragraphs: []chat.Paragraph{{Quoted: true, Spans: []chat.Span{{Text: "<!here> http://evil.example"}}}},
		Buttons:    []chat.Button{{Action: "yes", Label: "Yes", Value: strings.Repeat("v", maxValue)}},
	}}}
	require.NoError(t, client.PublishHome(t.Context(), "U1", hostile))
	body := s.got("views.publish")[0].body
	require.NotContains(t, body, "mrkdwn")
	require.NotContains(t, body, "\u202e")
	require.NotContains(t, body, "http://evil")
	require.Contains(t, body, `"Yes: Root shell on \u003c!channel\u003e"`, "a screen reader says what the button is about")

	hostile.Sections[0].Buttons[0].Value += "v"
	check(t, chat.Refused, client.PublishHome(t.Context(), "U1", hostile))
	hostile.Sections[0].Buttons = make([]chat.Button, maxButtons+1)
	check(t, chat.Refused, client.PublishHome(t.Context(), "U1", hostile))
	require.Len(t, s.got("views.publish"), 1)
}

func TestWhatAFailureToShowAHomeMeans(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer answer
		want   chat.Failure
		reason string
	}{
		"nobody": {
			answer{body: "{\"ok\":false,\"error\":\"invalid_arguments\",\"response_metadata\":{\"messages\":[\"invalid `user_id`\"]}}"},
			chat.Gone, alert.ReasonUnknownPerson,
		},
		"other arguments": {
			answer{body: `{"ok":false,"error":"invalid_arguments","response_metadata":{"messages":["[ERROR] no more than 100 items"]}}`},
			chat.Refused, "invalid_arguments",
		},
		"who left":           {said("user_disabled"), chat.Gone, alert.ReasonDeactivated},
		"no Home tab":        {said("not_enabled"), chat.Operator, "not_enabled"},
		"a revoked token":    {said("token_revoked"), chat.Operator, "token_revoked"},
		"too large":          {said("view_too_large"), chat.Refused, "view_too_large"},
		"an outage":          {answer{status: 503}, chat.Transient, "http_503"},
		"no answer":          {answer{reset: true}, chat.Transient, "unreachable"},
		"a rate limit":       {answer{status: 429, header: map[string]string{"Retry-After": "3"}}, chat.RateLimited, "ratelimited"},
		"an answer with nil": {answer{body: `{"ok":true}`}, chat.Transient, "incomplete_answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.on("views.publish", test.answer)
			client, _ := speaker(t, s)
			err := client.PublishHome(t.Context(), "U1", sections(1))
			check(t, test.want, err)
			require.Equal(t, test.reason, chat.FailureOf(err).Reason)
		})
	}
}
