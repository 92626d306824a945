// Package words is what we say: to the person asked, on their phone, and to the
// security team; and what people mean by what they type. The sentences are in
// messages.yaml, and an operator may overlay them; which of them are said, and
// what stands beside them, is here. Polite, short, never blaming; the text of
// each message alone carries its full meaning.
package words

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"text/template"
	"time"
	"unicode/utf8"

	"securitybot/internal/chat"
)

// Book holds the text of everything that people read.
type Book struct {
	texts   map[string]*template.Template
	spare   map[string]*template.Template // the embedded ones, for a text that fails with real values
	readBy  string
	keptFor string
}

// Load gives the embedded texts, overlaid by an operator's YAML: any subset of
// the keys of messages.yaml. Its error is a Faults: all that is wrong, by line.
func Load(override []byte) (*Book, error) {
	embedded, err := embeddedTexts()
	if err != nil {
		return nil, fmt.Errorf("read the embedded texts: %w", err)
	}
	own, faults := read(override)
	if len(faults) > 0 {
		return nil, faults
	}
	book := &Book{texts: make(map[string]*template.Template, len(embedded)), spare: embedded}
	for key, text := range embedded {
		book.texts[key] = text
		if changed, ok := own[key]; ok {
			book.texts[key] = changed
		}
	}
	return book, nil
}

// Default is the embedded book.
func Default() *Book { return defaultBook() }

var defaultBook = sync.OnceValue(func() *Book {
	book, err := Load(nil)
	if err != nil {
		panic(err) // the tests read what is embedded
	}
	return book
})

// With is the book with what a first message says of answers: who reads them, as
// in "the security team" ("" is the book's own word), and for how long they are
// kept; 0 leaves that out.
func (b *Book) With(readBy string, keptFor time.Duration) *Book {
	book := *b
	book.readBy, book.keptFor = readBy, ""
	if keptFor > 0 {
		book.keptFor = span(keptFor)
	}
	return &book
}

// fill is what a text may name. A time.Time is a moment and a bold stands out;
// all values are data, whatever they look like.
type fill map[string]any

type bold string

// text is a text in plain letters.
func (b *Book) text(key string, with fill) string {
	values := make(map[string]any, len(with))
	for name, value := range with {
		switch value := value.(type) {
		case bold:
			values[name] = string(value)
		case time.Time:
			if values[name] = ""; !value.IsZero() {
				values[name] = when(value)
			}
		default:
			values[name] = value
		}
	}
	return b.run(key, values)
}

// spans is a text with its moments and what stands out. Their places are held by
// numbers between NULs, which no other value keeps.
func (b *Book) spans(key string, with fill) []chat.Span {
	values := make(map[string]any, len(with))
	var special []chat.Span
	hold := func(span chat.Span) string {
		special = append(special, span)
		return "\x00" + strconv.Itoa(len(special)-1) + "\x00"
	}
	for name, value := range with {
		switch value := value.(type) {
		case bold:
			if values[name] = ""; value != "" {
				values[name] = hold(chat.Span{Text: string(value), Bold: true})
			}
		case time.Time:
			if values[name] = ""; !value.IsZero() {
				values[name] = hold(chat.Span{At: value})
			}
		case string:
			values[name] = strings.ReplaceAll(value, "\x00", "")
		default:
			values[name] = value
		}
	}
	return split(b.run(key, values), special)
}

func split(text string, special []chat.Span) []chat.Span {
	var spans []chat.Span
	for i, part := range strings.Split(text, "\x00") {
		number, err := strconv.Atoi(part)
		switch {
		case i%2 == 1 && err == nil && number < len(special):
			spans = append(spans, special[number])
		case part != "":
			spans = append(spans, chat.Span{Text: part})
		}
	}
	return spans
}

// says is a text as a paragraph.
func (b *Book) says(key string, with fill) chat.Paragraph {
	return chat.Paragraph{Spans: b.spans(key, with)}
}

// run fills a text in. An operator's text that fails with these values gives way
// to ours: a message is always sent.
func (b *Book) run(key string, values map[string]any) string {
	for _, texts := range []map[string]*template.Template{b.texts, b.spare} {
		var out strings.Builder
		if text := texts[key]; text != nil && text.Execute(&out, values) == nil {
			if said := strings.TrimSpace(out.String()); said != "" {
				return said
			}
		}
	}
	return "[" + key + "]"
}

// known tells whether there is such a text.
func known(key string) bool {
	_, ok := forms[key]
	return ok
}

func says(text string) chat.Paragraph {
	return chat.Paragraph{Spans: []chat.Span{{Text: text}}}
}

// sentences puts what is said next behind what was said.
func sentences(text, next string) string {
	if last, _ := utf8.DecodeLastRuneInString(text); !strings.ContainsRune(".:;!?…", last) {
		text += "."
	}
	return text + " " + next
}

// oneLine is a message of one paragraph.
func oneLine(text string) chat.Message {
	return chat.Message{Text: text, Paragraphs: []chat.Paragraph{says(text)}}
}
