package slack

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	api "github.com/slack-go/slack"

	"securitybot/internal/chat"
)

// Slack's limits, in characters after escaping, and in pieces.
// See docs.slack.dev/reference/block-kit and /reference/methods/chat.update.
const (
	maxText        = 4000 // chat.update refuses more
	maxHeader      = 150
	maxParagraph   = 3000
	maxAllText     = 12000 // undocumented; msg_blocks_too_long was seen near 13,200
	maxNote        = 2000
	maxBlocks      = 50
	maxButtons     = 25
	maxLabel       = 75
	maxSpoken      = 75
	maxValue       = 2000
	maxAction      = 255
	maxAsk         = 100
	maxAskText     = 300
	maxAskButton   = 30
	maxModalButton = 24
	maxModalLabel  = 2000
	maxPlaceholder = 150
	maxPrivate     = 3000
	maxInput       = 3000
)

// dateFormat shows a moment in the reader's own zone.
const dateFormat = "{date_short_pretty} at {time}"

// freshBlockID is a new id for each block of each edit, as Slack asks for.
func freshBlockID() string { return rand.Text()[:16] }

// rendered is a message in Slack's own form.
type rendered struct {
	text   string // not yet escaped
	blocks []api.Block
}

// painter builds the blocks of one message.
type painter struct {
	id   func() string
	left int // characters that the message still has room for
}

// render turns a message into blocks. Long texts are cut; what must stay whole
// and doesn't fit is refused.
func (s *Slack) render(message chat.Message) (rendered, error) {
	text := fit(defang(clean(message.Text)), maxText)
	if strings.TrimSpace(text) == "" {
		return rendered{}, refused("no_text")
	}
	p := &painter{id: s.blockID, left: maxAllText}
	blocks := p.header(message.Title)
	tail := p.note(message.Note)
	if len(message.Buttons) > 0 {
		actions, err := p.actions(message.Buttons, message.Title)
		if err != nil {
			return rendered{}, err
		}
		tail = append(tail, actions)
	}
	blocks = append(blocks, p.paragraphs(message.Paragraphs, maxBlocks-len(blocks)-len(tail))...)
	return rendered{text: text, blocks: append(blocks, tail...)}, nil
}

// Rendered implements [chat.Chat]. Block ids are left out: they say nothing, and are
// others each time.
func (s *Slack) Rendered(message chat.Message) (chat.Rendering, error) {
	message.Buttons = slices.Clone(message.Buttons)
	for i := range message.Buttons {
		message.Buttons[i].Value = ""
	}
	form, err := (&Slack{blockID: func() string { return "" }}).render(message)
	if err != nil {
		return chat.Rendering{}, fmt.Errorf("render message: %w", err)
	}
	blocks, err := json.Marshal(form.blocks)
	if err != nil {
		return chat.Rendering{}, fmt.Errorf("write blocks: %w", err)
	}
	return chat.Rendering{Text: form.text, Blocks: blocks}, nil
}

func refused(reason string) *chat.Error {
	return &chat.Error{Failure: chat.Refused, Reason: reason}
}

func (p *painter) header(title string) []api.Block {
	title = fit(line(title), maxHeader)
	if title == "" {
		return nil
	}
	return []api.Block{api.NewHeaderBlock(plain(title), api.HeaderBlockOptionBlockID(p.id()))}
}

// paragraphs shows as many as there is room for, and says how many it left out.
func (p *painter) paragraphs(all []chat.Paragraph, room int) []api.Block {
	var blocks []api.Block
	for i, paragraph := range all {
		if p.left == 0 || (len(blocks) == room-1 && i < len(all)-1) {
			return append(blocks, p.more(len(all)-i))
		}
		if elements := p.elements(paragraph); len(elements) > 0 {
			blocks = append(blocks, p.paragraph(paragraph.Quoted, elements))
		}
	}
	return blocks
}

// more says how much is not shown.
func (p *painter) more(count int) api.Block {
	text := api.NewRichTextSectionTextElement(fmt.Sprintf("… and %d more", count), nil)
	return p.paragraph(false, []api.RichTextSectionElement{text})
}

func (p *painter) paragraph(quoted bool, elements []api.RichTextSectionElement) api.Block {
	if quoted {
		return api.NewRichTextBlock(p.id(), &api.RichTextQuote{Type: api.RTEQuote, Elements: elements})
	}
	return api.NewRichTextBlock(p.id(), api.NewRichTextSection(elements...))
}

func (p *painter) elements(paragraph chat.Paragraph) []api.RichTextSectionElement {
	var elements []api.RichTextSectionElement
	room := min(maxParagraph, p.left)
	for _, span := range paragraph.Spans {
		switch {
		case !span.At.IsZero():
			fallback := utc(span.At)
			elements = append(elements, api.NewRichTextSectionDateElement(span.At.Unix(), dateFormat, nil, &fallback))
		case span.Link != "":
			elements = append(elements, api.NewRichTextSectionLinkElement(span.Link, line(span.Text), style(span)))
		default:
			text := spanText(span, paragraph.Quoted)
			if room == 0 || text == "" {
				continue
			}
			text = fit(text, room)
			room = max(0, room-countEscaped(text))
			p.left = max(0, p.left-countEscaped(text))
			elements = append(elements, api.NewRichTextSectionTextElement(text, style(span)))
		}
	}
	return elements
}

func spanText(span chat.Span, quoted bool) string {
	text := clean(span.Text)
	if quoted {
		text = defang(text)
	}
	return text
}

func countEscaped(text string) int {
	count := 0
	for _, r := range text {
		count += escapedLen(r)
	}
	return count
}

func style(span chat.Span) *api.RichTextSectionTextStyle {
	if !span.Bold {
		return nil
	}
	return &api.RichTextSectionTextStyle{Bold: true}
}

// note is small print. It is plain text unless it shows a moment or a link, which
// context blocks only know as mrkdwn; then the rest of it is escaped.
func (p *painter) note(spans []chat.Span) []api.Block {
	var plainText, marked strings.Builder
	special := false
	for _, span := range spans {
		switch {
		case !span.At.IsZero():
			special = true
			fmt.Fprintf(&marked, "<!date^%d^%s|%s>", span.At.Unix(), dateFormat, utc(span.At))
		case span.Link != "":
			special = true
			fmt.Fprintf(&marked, "<%s|%s>", escape(strings.ReplaceAll(span.Link, "|", "%7C")), escape(line(span.Text)))
		default:
			text := fit(clean(span.Text), max(1, maxNote-marked.Len()))
			plainText.WriteString(text)
			marked.WriteString(escape(strings.ReplaceAll(text, "`", "ˋ")))
		}
	}
	if marked.Len() == 0 {
		return nil
	}
	element := plain(plainText.String())
	if special {
		element = api.NewTextBlockObject(api.MarkdownType, marked.String(), false, true)
	}
	return []api.Block{api.NewContextBlock(p.id(), element)}
}

// actions builds the buttons. A value is never cut: it carries a MAC.
func (p *painter) actions(buttons []chat.Button, title string) (api.Block, error) {
	if len(buttons) > maxButtons {
		return nil, refused("too_many_buttons")
	}
	elements := make([]api.BlockElement, 0, len(buttons))
	for _, button := range buttons {
		if len(button.Value) > maxValue || len(button.Action) > maxAction || line(button.Label) == "" {
			return nil, refused("invalid_button")
		}
		element := api.NewButtonBlockElement(button.Action, button.Value, plain(fit(line(button.Label), maxLabel)))
		element.Style = api.Style(button.Style)
		element.Confirm = confirmation(button)
		element.AccessibilityLabel = spoken(button.Label, title)
		elements = append(elements, element)
	}
	return api.NewActionBlock(p.id(), elements...), nil
}

// spoken is what a screen reader says of a button: its label and what it is about.
func spoken(label, title string) string {
	if title = line(title); title != "" {
		return fit(line(label)+": "+title, maxSpoken)
	}
	return fit(line(label), maxSpoken)
}

func confirmation(button chat.Button) *api.ConfirmationBlockObject {
	if button.Confirm == nil {
		return nil
	}
	confirm := api.NewConfirmationBlockObject(
		plain(fit(line(button.Confirm.Title), maxAsk)),
		plain(fit(clean(button.Confirm.Text), maxAskText)),
		plain(fit(line(button.Confirm.Yes), maxAskButton)),
		plain(fit(line(button.Confirm.No), maxAskButton)))
	confirm.Style = api.Style(button.Style)
	return confirm
}

func plain(text string) *api.TextBlockObject {
	return api.NewTextBlockObject(api.PlainTextType, text, false, false)
}

// utc is the fallback of a date for clients that can't show it in the reader's zone.
func utc(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }
