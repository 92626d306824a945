package words

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"securitybot/internal/chat"
	"securitybot/internal/store"
)

// mostOccurrences is how many are shown one by one.
const mostOccurrences = 5

// occurrences are the alerts that one question or case is about, one in a line.
func (b *Book) occurrences(story store.Story) chat.Paragraph {
	all := append([]store.Record{story.Record}, story.Joined...)
	var spans []chat.Span
	for i, record := range all[:min(len(all), mostOccurrences)] {
		if i > 0 {
			spans = append(spans, chat.Span{Text: "\n"})
		}
		spans = append(spans, chat.Span{At: record.When()})
		if what := apart(record, story.Record); what != "" {
			spans = append(spans, chat.Span{Text: " · " + what})
		}
	}
	if more := len(all) - mostOccurrences; more > 0 {
		spans = append(spans, chat.Span{Text: "\n" + b.text("list.more", fill{"Count": more})})
	}
	return chat.Paragraph{Quoted: true, Spans: spans}
}

// apart is what tells an occurrence from others: its title if it has another one
// than the first, and the fields of its scope.
func apart(record, first store.Record) string {
	var parts []string
	if record.Title != first.Title {
		parts = append(parts, cut(record.Title, 120))
	}
	if first.Plan != nil {
		parts = append(parts, scope(record.Context, first.Plan.SuppressScope)...)
	}
	return strings.Join(parts, " · ")
}

// scope are the named plain values of a context, in the order of the names.
func scope(context json.RawMessage, names []string) []string {
	var fields map[string]any
	if json.Unmarshal(context, &fields) != nil {
		return nil
	}
	var parts []string
	for _, name := range names[:min(len(names), mostDetails)] {
		switch value := fields[name].(type) {
		case string, float64, bool:
			parts = append(parts, cut(fmt.Sprintf("%s: %v", name, value), detailLength))
		}
	}
	return parts
}

// quoted is what the source says, set apart: none of it is our words.
func quoted(record store.Record) chat.Paragraph {
	spans := []chat.Span{{Text: cut(record.Title, 200), Bold: true}}
	if record.Description != "" {
		spans = append(spans, chat.Span{Text: "\n" + cut(record.Description, 600)})
	}
	if lines := details(record.Context); len(lines) > 0 {
		spans = append(spans, chat.Span{Text: "\n" + strings.Join(lines, " · ")})
	}
	return chat.Paragraph{Quoted: true, Spans: spans}
}

// plainText is what spans say in plain letters.
func plainText(spans []chat.Span) string {
	var out strings.Builder
	for _, span := range spans {
		if span.At.IsZero() {
			out.WriteString(span.Text)
		} else {
			out.WriteString(when(span.At))
		}
	}
	return out.String()
}

// mostLines is how many lines a list shows before it counts the rest.
const mostLines = 20

// list is lines, the rest of which are counted.
func (b *Book) list(lines []string) []string {
	if len(lines) <= mostLines {
		return lines
	}
	return append(slices.Clone(lines[:mostLines]), b.text("list.more", fill{"Count": len(lines) - mostLines}))
}

// listed is a list as a quoted paragraph: most of it came with alerts.
func listed(lines []string) chat.Paragraph {
	return chat.Paragraph{Quoted: true, Spans: []chat.Span{{Text: strings.Join(lines, "\n")}}}
}
