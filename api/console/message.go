package console

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
)

// message is one of ours as people saw it, from its Block Kit form. What we don't
// know of Block Kit is left out, as the text alone carries the full meaning.
type message struct {
	Text   string
	Blocks []block
}

// block is one block. Kind is header, text, quote, list, code, small, pairs,
// buttons or line.
type block struct {
	Kind    string
	Spans   []span
	Items   [][]span // of a list, and of pairs
	Buttons []button
}

// span is a run of text. Link is a sign that it led somewhere: it is shown, and
// leads nowhere here.
type span struct {
	Text string
	Bold bool
	Link string
	At   time.Time
}

// button is one that was there to be pressed.
type button struct {
	Label string
	Style string // primary, danger or nothing
}

// rawText is a text object of Block Kit.
type rawText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// rawElement is an element of Block Kit's, of any kind.
type rawElement struct {
	Type      string          `json:"type"`
	Text      json.RawMessage `json:"text"`
	URL       string          `json:"url"`
	UserID    string          `json:"user_id"`
	ChannelID string          `json:"channel_id"`
	Name      string          `json:"name"`
	Fallback  string          `json:"fallback"`
	Timestamp int64           `json:"timestamp"`
	Style     json.RawMessage `json:"style"`
	Elements  []rawElement    `json:"elements"`
	Fields    []rawText       `json:"fields"`
}

// messageOf reads a message as it was sent. Blocks that can't be read leave its text.
func messageOf(text string, blocks json.RawMessage) message {
	read := message{Text: text}
	var list []rawElement
	if json.Unmarshal(blocks, &list) != nil {
		return read
	}
	for _, each := range list {
		read.Blocks = append(read.Blocks, blocksOf(each)...)
	}
	return read
}

func blocksOf(raw rawElement) []block {
	switch raw.Type {
	case "header":
		return []block{{Kind: "header", Spans: raw.text()}}
	case "section":
		return sectionOf(raw)
	case "context":
		small := block{Kind: "small"}
		for _, each := range raw.Elements {
			small.Spans = append(small.Spans, each.text()...)
		}
		return []block{small}
	case "actions":
		return []block{{Kind: "buttons", Buttons: buttonsOf(raw.Elements)}}
	case "divider":
		return []block{{Kind: "line"}}
	case "rich_text":
		var blocks []block
		for _, each := range raw.Elements {
			blocks = append(blocks, richOf(each))
		}
		return blocks
	default:
		return nil
	}
}

func sectionOf(raw rawElement) []block {
	var blocks []block
	if spans := raw.text(); len(spans) > 0 {
		blocks = append(blocks, block{Kind: "text", Spans: spans})
	}
	if len(raw.Fields) > 0 {
		pairs := block{Kind: "pairs"}
		for _, each := range raw.Fields {
			pairs.Items = append(pairs.Items, each.spans())
		}
		blocks = append(blocks, pairs)
	}
	return blocks
}

// richOf reads a part of a rich text.
func richOf(raw rawElement) block {
	switch raw.Type {
	case "rich_text_quote":
		return block{Kind: "quote", Spans: spansOf(raw.Elements)}
	case "rich_text_preformatted":
		return block{Kind: "code", Spans: spansOf(raw.Elements)}
	case "rich_text_list":
		list := block{Kind: "list"}
		for _, each := range raw.Elements {
			list.Items = append(list.Items, spansOf(each.Elements))
		}
		return list
	default:
		return block{Kind: "text", Spans: spansOf(raw.Elements)}
	}
}

func spansOf(elements []rawElement) []span {
	var spans []span
	for _, each := range elements {
		var text string
		_ = json.Unmarshal(each.Text, &text) // what has no text has something else
		var style struct{ Bold bool }
		_ = json.Unmarshal(each.Style, &style) // what has no style is plain
		switch each.Type {
		case "text":
			spans = append(spans, span{Text: text, Bold: style.Bold})
		case "link":
			if text == "" {
				text = each.URL
			}
			spans = append(spans, span{Text: text, Bold: style.Bold, Link: each.URL})
		case "date":
			spans = append(spans, span{At: time.Unix(each.Timestamp, 0)})
		case "user":
			spans = append(spans, span{Text: "@" + each.UserID})
		case "channel":
			spans = append(spans, span{Text: "#" + each.ChannelID})
		case "emoji":
			spans = append(spans, span{Text: ":" + each.Name + ":"})
		}
	}
	return spans
}

func buttonsOf(elements []rawElement) []button {
	var buttons []button
	for _, each := range elements {
		var label rawText
		if each.Type != "button" || json.Unmarshal(each.Text, &label) != nil {
			continue
		}
		var style string
		_ = json.Unmarshal(each.Style, &style) // a plain one has none
		if !slices.Contains([]string{"primary", "danger"}, style) {
			style = ""
		}
		buttons = append(buttons, button{Label: label.Text, Style: style})
	}
	return buttons
}

// text is that of a block, or of an element that is a text object itself.
func (raw rawElement) text() []span {
	var whole rawText
	if json.Unmarshal(raw.Text, &whole) == nil {
		return whole.spans()
	}
	if json.Unmarshal(raw.Text, &whole.Text) != nil {
		return nil
	}
	whole.Type = raw.Type
	return whole.spans()
}

func (t rawText) spans() []span {
	if t.Type != "mrkdwn" {
		return []span{{Text: t.Text}}
	}
	return markup(t.Text)
}

// reference is what Slack's markup puts between angle brackets: a link, somebody
// or a place, and perhaps the text that stands for it.
var reference = regexp.MustCompile(`<([^<>|]+)(?:\|([^<>]*))?>`)

var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// markup shows Slack's markup as text: letters are as people saw them, links are
// told by their text.
func markup(text string) []span {
	var spans []span
	add := func(said, link string) {
		if said != "" {
			spans = append(spans, span{Text: unescape.Replace(said), Link: unescape.Replace(link)})
		}
	}
	end := 0
	for _, found := range reference.FindAllStringSubmatchIndex(text, -1) {
		add(text[end:found[0]], "")
		target, said := text[found[2]:found[3]], ""
		if found[4] >= 0 {
			said = text[found[4]:found[5]]
		}
		switch {
		case strings.ContainsAny(target[:1], "@#!"):
			if said == "" {
				said = target
			}
			add(said, "")
		case said == "":
			add(target, target)
		default:
			add(said, target)
		}
		end = found[1]
	}
	add(text[end:], "")
	return spans
}
