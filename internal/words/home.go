package words

import (
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/seal"
	"securitybot/internal/store"
)

// mostAnswered is how many answered questions a Home shows.
const mostAnswered = 10

// Home is a person's own page: their open questions with working buttons, what
// they answered lately (newest first), and whether they asked not to be asked.
func (b *Book) Home(
	open []store.Story, answered []store.Record, optOut *store.OptOut, now time.Time, zone string, sealer *seal.Sealer,
) chat.Home {
	var home chat.Home
	if optOut != nil && optOut.EndedAt.IsZero() && now.Before(optOut.Until) {
		home.Sections = append(home.Sections, chat.Section{
			Title:      b.text("home.stopped_title", nil),
			Paragraphs: []chat.Paragraph{b.says("home.stopped", fill{"Until": day(optOut.Until, now, zone)})},
		})
	}
	if len(open) == 0 {
		home.Sections = append(home.Sections, chat.Section{
			Title: b.text("home.open_title", nil), Paragraphs: []chat.Paragraph{b.says("home.nothing_open", nil)},
		})
	}
	for _, story := range open {
		question := b.Question(story, sealer)
		section := chat.Section{Title: question.Title, Paragraphs: question.Paragraphs, Buttons: question.Buttons}
		if len(question.Note) > 0 {
			section.Paragraphs = append(section.Paragraphs, chat.Paragraph{Spans: question.Note})
		}
		home.Sections = append(home.Sections, section)
	}
	if len(answered) > 0 {
		home.Sections = append(home.Sections, b.answered(answered))
	}
	home.Sections = append(home.Sections, chat.Section{
		Title: b.text("home.about_title", nil), Paragraphs: []chat.Paragraph{says(b.kept()), b.says("home.about", nil)},
	})
	return home
}

func (b *Book) answered(records []store.Record) chat.Section {
	section := chat.Section{Title: b.text("home.answered_title", nil)}
	for _, record := range records[:min(len(records), mostAnswered)] {
		section.Paragraphs = append(section.Paragraphs, b.says("home.answered", fill{
			"Title": bold(cut(record.Title, 120)), "What": b.became(record), "When": record.SettledAt,
		}))
	}
	return section
}

// became is what became of an answered question, for the person who answered: an
// account that may be a thief's learns no more than from the question itself.
func (b *Book) became(record store.Record) string {
	switch {
	case record.Verdict.Outcome == alert.Confirmed && record.EscalatedAt.IsZero():
		return b.text("home.confirmed", nil)
	case record.Verdict.Outcome == alert.Unproven && record.Plan != nil && record.Plan.RecordUnproven:
		return b.text("home.noted", nil)
	default:
		return b.text("home.handed", nil)
	}
}
