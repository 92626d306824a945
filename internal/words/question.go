package words

import (
	"cmp"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/seal"
	"securitybot/internal/store"
)

// The actions of our buttons.
const (
	ActionYes        = "yes"
	ActionNo         = "no"
	ActionUnsure     = "unsure"
	ActionSome       = "some_not"
	ActionSnooze     = "snooze"
	ActionPushAgain  = "push_again"
	ActionExplain    = "explanation"
	ActionAck        = "acknowledge"
	ActionResolve    = "resolve"
	ActionReviewed   = "reviewed"
	ActionReopen     = "reopen"
	ActionPeerYes    = "peer_yes"
	ActionPeerNo     = "peer_no"
	ActionPeerUnsure = "peer_unsure"
)

// Question is what the person sees: the question while it is open, and after it
// what became of it.
func (b *Book) Question(story store.Story, sealer *seal.Sealer) chat.Message {
	record := story.Record
	if record.Verdict.Decided() && !openLate(story) {
		return b.closed(story)
	}
	message := chat.Message{
		Title:      b.questionTitle(story),
		Paragraphs: append(b.asked(story, b.called(story.Person)), chat.Paragraph{Spans: b.promised(story)}),
		Buttons:    b.answers(story, sealer),
		Note:       b.spans(untilKey(story), fill{"Until": answerUntil(story)}),
		Text:       b.questionText(story),
	}
	if story.First {
		first := b.first()
		message.Paragraphs = append(message.Paragraphs, says(first))
		message.Text = sentences(message.Text, first)
	}
	if record.Verdict.Decided() {
		return b.late(message)
	}
	return message
}

func untilKey(story store.Story) string {
	if story.Record.Plan.Request != nil {
		return "request.until"
	}
	return "question.until"
}

func (b *Book) questionTitle(story store.Story) string {
	switch {
	case story.Record.Plan != nil && story.Record.Plan.Request != nil:
		return b.text("request.title", nil)
	case len(story.Joined) > 0:
		return b.text("question.title_several", fill{"Count": 1 + len(story.Joined)})
	default:
		return b.text("question.title", nil)
	}
}

// asked is what the question is about: who reported what, each occurrence.
func (b *Book) asked(story store.Story, name string) []chat.Paragraph {
	record := story.Record
	if record.Plan != nil && record.Plan.Request != nil {
		return b.requested(story)
	}
	if len(story.Joined) == 0 {
		return []chat.Paragraph{
			b.says("question.reported", fill{"Name": name, "Source": bold(record.Source), "When": record.When()}),
			quoted(record),
		}
	}
	return []chat.Paragraph{
		b.says("question.reported_several", fill{"Name": name, "Source": bold(record.Source), "Count": 1 + len(story.Joined)}),
		quoted(record), b.occurrences(story),
	}
}

func (b *Book) questionText(story store.Story) string {
	record := story.Record
	values := fill{
		"Name": b.called(story.Person), "Source": record.Source, "Title": record.Title,
		"When": record.When(), "Promise": plainText(b.promised(story)),
	}
	switch {
	case record.Plan.Request != nil:
		values["Wish"] = b.wish(story)
		return b.text("request.text", values)
	case len(story.Joined) > 0:
		values["Count"], values["Last"] = 1+len(story.Joined), story.Joined[len(story.Joined)-1].When()
		return b.text("question.text_several", values)
	default:
		return b.text("question.text", values)
	}
}

// first is said below the first question that a person ever gets.
func (b *Book) first() string { return b.text("question.first", fill{"Kept": b.kept()}) }

func (b *Book) kept() string {
	return b.text("question.kept", fill{"ReadBy": cmp.Or(b.readBy, b.text("question.read_by", nil)), "KeptFor": b.keptFor})
}

// late says of a question that nobody waits for it any more, and why it stays.
func (b *Book) late(message chat.Message) chat.Message {
	text := b.text("question.late", nil)
	message.Paragraphs = append([]chat.Paragraph{says(text)}, message.Paragraphs...)
	message.Text, message.Note = text+" "+message.Text, nil
	return message
}

// openLate tells that nobody answered in time, and a late answer is still taken.
func openLate(story store.Story) bool {
	return story.Record.Verdict.Outcome == alert.NoResponse && len(story.Answers) == 0 &&
		story.Record.FinishedAt.IsZero() && story.At.Before(story.Record.WatchUntil)
}

// promised is what a yes leads to, with the code to compare, and what it covers.
func (b *Book) promised(story store.Story) []chat.Span {
	var spans []chat.Span
	if len(story.Joined) > 0 {
		spans = append(b.spans("question.covers", fill{"Count": 1 + len(story.Joined)}), chat.Span{Text: " "})
	}
	switch plan := story.Record.Plan; {
	case provable(plan):
		return append(spans, b.spans("question.promise", fill{"Code": bold(story.Record.Code)})...)
	case plan.RecordUnproven:
		return append(spans, b.spans("question.promise_noted", nil)...)
	default:
		return append(spans, b.spans("question.promise_unproved", nil)...)
	}
}

// provable tells whether a yes leads to a push.
func provable(plan *alert.Plan) bool {
	return !plan.Unprovable && !plan.FactorOff && !plan.FactorDoubted
}

func (b *Book) answers(story store.Story, sealer *seal.Sealer) []chat.Button {
	record := story.Record
	yes, no := "answer.yes", "answer.no"
	switch {
	case record.Plan.Request != nil:
		yes, no = "request.yes", "request.no"
	case len(story.Joined) > 0:
		yes, no = "answer.yes_several", "answer.no_several"
	}
	refuse := b.button(record, sealer, ActionNo, no, chat.Danger)
	refuse.Confirm = b.confirm("answer.no_title")
	buttons := []chat.Button{b.button(record, sealer, ActionYes, yes, chat.Primary), refuse}
	if len(story.Joined) > 0 {
		some := b.button(record, sealer, ActionSome, "answer.some", chat.Danger)
		some.Confirm = b.confirm("answer.some_title")
		buttons = append(buttons, some)
	}
	if record.Plan.Request == nil {
		buttons = append(buttons, b.button(record, sealer, ActionUnsure, "answer.unsure", chat.Plain))
	}
	if record.Verdict.Decided() || record.Snoozes >= record.Plan.SnoozeTimes || record.Plan.Snooze <= 0 {
		return buttons
	}
	snooze := b.button(record, sealer, ActionSnooze, "answer.snooze", chat.Plain)
	snooze.Label = b.text("answer.snooze", fill{
		"Left": brief(record.Plan.Snooze), "Until": day(answerUntil(story), story.At, story.Person.Zone),
	})
	return append(buttons, snooze)
}

func (b *Book) confirm(title string) *chat.Confirm {
	return &chat.Confirm{
		Title: b.text(title, nil), Text: b.text("answer.no_text", nil),
		Yes: b.text("answer.no_yes", nil), No: b.text("answer.no_back", nil),
	}
}

// answerUntil is the deadline; before the question stands, what it will be.
func answerUntil(story store.Story) time.Time {
	if story.Record.Deadline.IsZero() {
		return story.Record.Plan.After(story.At, story.Record.Plan.Deadline)
	}
	return story.Record.Deadline
}

func (b *Book) button(record store.Record, sealer *seal.Sealer, action, key string, style chat.Style) chat.Button {
	claim := seal.Claim{Action: action, AlertID: record.ID, Revision: record.Revision}
	return chat.Button{Action: action, Label: b.text(key, nil), Style: style, Value: sealer.Value(claim, record.Person)}
}

// Reminder is written below a question that is still open.
func (b *Book) Reminder(story store.Story) chat.Message {
	record, zone := story.Record, story.Person.Zone
	values := fill{"Name": b.called(story.Person), "Left": span(record.Deadline.Sub(story.At)), "Until": day(record.Deadline, story.At, zone)}
	if values["Until"] != clock(record.Deadline, zone) {
		return oneLine(b.text("reminder.other_day", values))
	}
	return oneLine(b.text("reminder.today", values))
}

// PushAgain offers to send the push once more.
func (b *Book) PushAgain(story store.Story, sealer *seal.Sealer) chat.Message {
	key := "push_again.timed_out"
	if last := story.Proof(); last != nil && last.Result == alert.ProofLost {
		key = "push_again.lost"
	}
	message := oneLine(b.text(key, fill{"Code": story.Record.Code}))
	message.Buttons = []chat.Button{b.button(story.Record, sealer, ActionPushAgain, "push_again.send", chat.Primary)}
	return message
}

// PushOver is an offer of another push after the verdict.
func (b *Book) PushOver() chat.Message { return oneLine(b.text("push_again.over", nil)) }

func (b *Book) called(person alert.Person) string {
	return cmp.Or(person.FirstName(), b.text("question.nameless", nil))
}
