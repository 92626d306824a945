package console

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAMessageAsItWasSeen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		blocks string
		want   []block
	}{
		"a header":             {`[{"type":"header","text":{"type":"plain_text","text":"Was it *you*?"}}]`, []block{{Kind: "header", Spans: []span{{Text: "Was it *you*?"}}}}},
		"a section":            {`[{"type":"section","text":{"type":"mrkdwn","text":"a &lt;b&gt; <https://x.example.com|here>!"}}]`, []block{{Kind: "text", Spans: []span{{Text: "a <b> "}, {Text: "here", Link: "https://x.example.com"}, {Text: "!"}}}}},
		"somebody mentioned":   {`[{"type":"section","text":{"type":"mrkdwn","text":"<@U1> <!channel> <https://x.example.com>"}}]`, []block{{Kind: "text", Spans: []span{{Text: "@U1"}, {Text: " "}, {Text: "!channel"}, {Text: " "}, {Text: "https://x.example.com", Link: "https://x.example.com"}}}}},
		"fields":               {`[{"type":"section","fields":[{"type":"mrkdwn","text":"host"},{"type":"plain_text","text":"<web-1>"}]}]`, []block{{Kind: "pairs", Items: [][]span{{{Text: "host"}}, {{Text: "<web-1>"}}}}}},
		"small print":          {`[{"type":"context","elements":[{"type":"plain_text","text":"by falco"},{"type":"mrkdwn","text":"&amp; us"}]}]`, []block{{Kind: "small", Spans: []span{{Text: "by falco"}, {Text: "& us"}}}}},
		"rich text":            {`[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"code "},{"type":"text","text":"482","style":{"bold":true}},{"type":"date","timestamp":1772625600,"format":"{time}"}]},{"type":"rich_text_quote","elements":[{"type":"text","text":"<b>"}]}]}]`, []block{{Kind: "text", Spans: []span{{Text: "code "}, {Text: "482", Bold: true}, {At: time.Unix(1772625600, 0)}}}, {Kind: "quote", Spans: []span{{Text: "<b>"}}}}},
		"buttons":              {`[{"type":"actions","elements":[{"type":"button","style":"danger","text":{"type":"plain_text","text":"No"}},{"type":"button","style":"\"><x","text":{"type":"plain_text","text":"Yes"}}]}]`, []block{{Kind: "buttons", Buttons: []button{{Label: "No", Style: "danger"}, {Label: "Yes"}}}}},
		"what nobody knows":    {`[{"type":"video"},{"type":"divider"}]`, []block{{Kind: "line"}}},
		"nothing that is JSON": {`]`, nil},
		"something else":       {`{"a":1}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, message{Text: "all of it", Blocks: c.want}, messageOf("all of it", json.RawMessage(c.blocks)))
		})
	}
}
