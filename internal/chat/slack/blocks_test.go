package slack

import (
	"encoding/json"
	"flag"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	api "github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"securitybot/internal/chat"
)

var update = flag.Bool("update", false, "write the golden files anew")

// question is a message with everything in it, and hostile text wherever it can be.
func question() chat.Message {
	at := time.Date(2026, 11, 21, 10, 2, 3, 0, time.UTC)
	return chat.Message{
		Text:  "Did you open a root shell on web-1? <!channel> & more https://evil.example",
		Title: "Root shell on <web-1>\n\u202Ehidden",
		Paragraphs: []chat.Paragraph{
			{Spans: []chat.Span{
				{Text: "Hello <@U1>, was this "},
				{Text: "you", Bold: true},
				{Text: " at "},
				{At: at},
				{Text: "? "},
			}},
			{Quoted: true, Spans: []chat.Span{{Text: "*click* <https://evil.example/x|here> <@U2> `now`\nor not"}}},
			{Spans: []chat.Span{{Text: "\u200B"}}},
		},
		Buttons: []chat.Button{
			{Action: "yes", Label: "Yes, it was me", Value: "v1.mac", Style: chat.Primary},
			{Action: "no", Label: "No, it wasn't me", Value: "v2.mac", Style: chat.Danger, Confirm: &chat.Confirm{
				Title: "Tell the security team?", Text: "They are called at once.", Yes: "Yes, tell them", No: "Go back",
			}},
			{Action: "unsure", Label: "Not sure", Value: "v3.mac"},
		},
		Note: []chat.Span{{Text: "Reported by <falco> & `co`, answer by "}, {At: at.Add(time.Hour)}, {Text: " to <@U3>"}},
	}
}

// counted gives block ids that a golden file can hold.
func counted() func() string {
	count := 0
	return func() string {
		count++
		return "block-" + strconv.Itoa(count)
	}
}

func TestRenderGolden(t *testing.T) {
	t.Parallel()
	for name, message := range map[string]chat.Message{
		"question": question(),
		"closed": {
			Text:       "You said yes.",
			Paragraphs: []chat.Paragraph{{Spans: []chat.Span{{Text: "Thank you."}}}},
			Note:       []chat.Span{{Text: "Nothing else"}, {Text: " to do <here>."}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			form, err := (&Slack{blockID: counted()}).render(message)
			require.NoError(t, err)
			got, err := json.MarshalIndent(map[string]any{"text": form.text, "blocks": form.blocks}, "", "  ")
			require.NoError(t, err)
			file := "testdata/" + name + ".json"
			if *update {
				require.NoError(t, os.WriteFile(file, append(got, '\n'), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.JSONEq(t, string(want), string(got))
		})
	}
}

func TestRenderKeepsSlacksLimits(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("<&>é", 5000)
	message := chat.Message{Text: huge, Title: huge, Note: []chat.Span{{Text: huge}, {At: time.Unix(1, 0)}}}
	for range 120 {
		message.Paragraphs = append(message.Paragraphs, chat.Paragraph{Spans: []chat.Span{{Text: "x"}, {Text: huge[:50]}}})
	}
	message.Paragraphs[0].Spans[1].Text = huge
	for range maxButtons {
		message.Buttons = append(message.Buttons, chat.Button{
			Action: "yes", Label: huge, Value: strings.Repeat("v", maxValue),
			Confirm: &chat.Confirm{Title: huge, Text: huge, Yes: huge, No: huge},
		})
	}
	form, err := (&Slack{blockID: freshBlockID}).render(message)
	require.NoError(t, err)
	require.LessOrEqual(t, len(escape(form.text)), 2*maxText) // é is two bytes
	require.LessOrEqual(t, countEscaped(form.text), maxText)
	require.Len(t, form.blocks, maxBlocks)
	ids := map[string]bool{}
	for _, block := range form.blocks {
		require.NotEmpty(t, block.ID())
		ids[block.ID()] = true
		checkLimits(t, block)
	}
	require.Len(t, ids, maxBlocks)
	last := form.blocks[maxBlocks-3].(*api.RichTextBlock).Elements[0].(*api.RichTextSection)
	require.Equal(t, "… and 74 more", last.Elements[0].(*api.RichTextSectionTextElement).Text)
}

func checkLimits(t *testing.T, block api.Block) {
	t.Helper()
	switch block := block.(type) {
	case *api.HeaderBlock:
		require.LessOrEqual(t, countEscaped(block.Text.Text), maxHeader)
	case *api.RichTextBlock:
		total := 0
		for _, element := range block.Elements[0].(*api.RichTextSection).Elements {
			total += countEscaped(element.(*api.RichTextSectionTextElement).Text)
		}
		require.LessOrEqual(t, total, maxParagraph)
	case *api.ActionBlock:
		for _, element := range block.Elements.ElementSet {
			button := element.(*api.ButtonBlockElement)
			require.LessOrEqual(t, countEscaped(button.Text.Text), maxLabel)
			require.LessOrEqual(t, countEscaped(button.AccessibilityLabel), maxSpoken)
			require.LessOrEqual(t, countEscaped(button.Confirm.Title.Text), maxAsk)
			require.LessOrEqual(t, countEscaped(button.Confirm.Text.Text), maxAskText)
			require.LessOrEqual(t, countEscaped(button.Confirm.Deny.Text), maxAskButton)
		}
	case *api.ContextBlock:
		require.LessOrEqual(t, countEscaped(block.ContextElements.Elements[0].(*api.TextBlockObject).Text), 5*maxNote)
	default:
		require.Fail(t, "unexpected block", "%T", block)
	}
}

func TestRenderAllTextTogether(t *testing.T) {
	t.Parallel()
	message := chat.Message{Text: "long"}
	for range 10 {
		message.Paragraphs = append(message.Paragraphs, chat.Paragraph{Spans: []chat.Span{{Text: strings.Repeat("x", 2900)}}})
	}
	form, err := (&Slack{blockID: freshBlockID}).render(message)
	require.NoError(t, err)
	require.Len(t, form.blocks, 6, "four whole paragraphs, a cut one, and how many are left")
}

func TestRenderRefusesWhatMustStayWhole(t *testing.T) {
	t.Parallel()
	button := chat.Button{Action: "yes", Label: "Yes", Value: "v"}
	long, silent := button, button
	long.Value = strings.Repeat("v", maxValue+1)
	silent.Label = "\u200B"
	for name, test := range map[string]struct {
		message chat.Message
		reason  string
	}{
		"no text":          {chat.Message{Title: "x", Text: " \u200B"}, "no_text"},
		"a value too long": {chat.Message{Text: "x", Buttons: []chat.Button{long}}, "invalid_button"},
		"no label":         {chat.Message{Text: "x", Buttons: []chat.Button{silent}}, "invalid_button"},
		"too many buttons": {chat.Message{Text: "x", Buttons: make([]chat.Button, maxButtons+1)}, "too_many_buttons"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := (&Slack{blockID: freshBlockID}).render(test.message)
			var failed *chat.Error
			require.ErrorAs(t, err, &failed)
			require.Equal(t, chat.Refused, failed.Failure)
			require.Equal(t, test.reason, failed.Reason)
		})
	}
}

// What is kept of a message is what people saw of it: no ids of blocks, and nothing
// that a button carries.
func TestRenderedIsWhatPeopleSee(t *testing.T) {
	t.Parallel()
	message := question()
	form, err := (&Slack{blockID: freshBlockID}).render(message)
	require.NoError(t, err)
	sent, err := json.Marshal(form.blocks)
	require.NoError(t, err)
	shown, err := (&Slack{blockID: freshBlockID}).Rendered(message)
	require.NoError(t, err)
	require.Equal(t, form.text, shown.Text)
	require.JSONEq(t, without(t, sent), string(shown.Blocks))
	for _, button := range message.Buttons {
		require.NotEmpty(t, button.Value, "the message itself stays as it is")
		require.NotContains(t, string(shown.Blocks), button.Value)
		require.Contains(t, string(shown.Blocks), button.Label)
	}
}

// without takes ids of blocks and the values of buttons out of blocks.
func without(t *testing.T, blocks []byte) string {
	t.Helper()
	var all []map[string]any
	require.NoError(t, json.Unmarshal(blocks, &all))
	for _, block := range all {
		delete(block, "block_id")
		elements, _ := block["elements"].([]any)
		for _, element := range elements {
			delete(element.(map[string]any), "value")
		}
	}
	text, err := json.Marshal(all)
	require.NoError(t, err)
	return string(text)
}
