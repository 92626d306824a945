package words

import (
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/factor"
	"securitybot/internal/store"
)

// closed is the question after its verdict: no buttons, and what happens next.
func (b *Book) closed(story store.Story) chat.Message {
	record, outcome := story.Record, b.outcome(story)
	message := chat.Message{
		Title: b.questionTitle(story),
		Text:  b.text("closed.text", fill{"Title": record.Title, "Outcome": outcome}),
	}
	switch {
	case record.Plan != nil && record.Plan.Request != nil:
		message.Paragraphs = b.requested(story)
		message.Text = b.text("closed.text", fill{"Title": b.wish(story), "Outcome": outcome})
	case len(story.Joined) > 0:
		message.Paragraphs = []chat.Paragraph{
			b.says("closed.reported_several", fill{"Source": bold(record.Source), "Count": 1 + len(story.Joined)}),
			quoted(record), b.occurrences(story),
		}
	default:
		message.Paragraphs = []chat.Paragraph{
			b.says("closed.reported", fill{"Source": bold(record.Source), "When": record.When()}), quoted(record),
		}
	}
	message.Paragraphs = append(message.Paragraphs, says(outcome))
	return message
}

// outcome says what happens next. To an account that may be a thief's it says no
// more than that the matter is in other hands.
func (b *Book) outcome(story store.Story) string {
	record, verdict := story.Record, story.Record.Verdict
	switch {
	case verdict.Suspicious(), story.Distrust != nil:
		return b.text("closed.handed", nil)
	case verdict.Reason == alert.ReasonSome:
		return b.text("closed.some", nil) + " " + b.text("closed.next", nil)
	case verdict.Outcome == alert.Denied, record.Escalation == store.EscalationLateNo:
		return b.text("closed.denied", nil) + " " + b.text("closed.next", nil)
	case record.Plan != nil && record.Plan.Request != nil && verdict.Outcome != alert.Withdrawn:
		return b.requestOutcome(story)
	default:
		return b.text("closed."+closedAs(story), nil)
	}
}

// closedAs is the text for a verdict that says nothing against the answer.
func closedAs(story store.Story) string {
	record := story.Record
	switch record.Verdict.Outcome {
	case alert.Confirmed:
		if record.EscalatedAt.IsZero() {
			return "confirmed"
		}
	case alert.Unsure:
		return "unsure"
	case alert.Unproven:
		return unproven(record.Plan)
	case alert.NoResponse:
		if len(story.Answers) > 0 {
			return "late"
		}
	case alert.Withdrawn:
		return "withdrawn"
	case alert.Denied, alert.Unreachable, alert.Unasked, alert.Observed, alert.Suppressed: // nothing that the person has to know
	}
	return "handed"
}

// unproven is the text for a yes without a proof: wanted so, not to be had, not given.
func unproven(plan *alert.Plan) string {
	switch {
	case plan == nil || provable(plan) && !plan.RecordUnproven:
		return "unproven"
	case plan.RecordUnproven:
		return "noted"
	default:
		return "unproved"
	}
}

// Wish is what a request asks for, as its title says it: about the alert with a
// title, and for how long if that is limited.
func (b *Book) Wish(kind alert.RequestKind, title string, length time.Duration) string {
	if kind == alert.RequestIgnore {
		return b.text("request.ignore", fill{"Title": cut(title, 120), "For": span(length)})
	}
	return b.text("request.resolve", fill{"Title": cut(title, 120)})
}

func (b *Book) wish(story store.Story) string {
	request, title := story.Record.Plan.Request, ""
	if story.Subject != nil {
		title = story.Subject.Title
	}
	return b.Wish(request.Kind, title, request.For)
}

// requested is a request with what it is about.
func (b *Book) requested(story store.Story) []chat.Paragraph {
	asked := b.says("request.asked", fill{
		"Name": b.called(story.Person), "Wish": b.wish(story), "When": story.Record.When(),
	})
	if story.Subject == nil {
		return []chat.Paragraph{asked}
	}
	return []chat.Paragraph{asked, quoted(*story.Subject)}
}

func (b *Book) requestOutcome(story store.Story) string {
	record := story.Record
	switch {
	case record.Verdict.Outcome != alert.Confirmed:
		return b.text("request.unproven", nil)
	case record.Plan.Request.Kind == alert.RequestIgnore:
		until := record.SettledAt.Add(record.Plan.Request.For)
		return b.text("request.ignored", fill{"Until": day(until, record.SettledAt, story.Person.Zone)})
	default:
		return b.text("request.resolved", nil)
	}
}

// Push is what the phone shows: that a yes was given, about what, and the code
// that the chat showed.
func (b *Book) Push(story store.Story) factor.Prompt {
	record := story.Record
	notice, about, at := "push.notice", cut(record.Title, 120), record.When()
	switch {
	case record.Plan != nil && record.Plan.Request != nil:
		notice, about = "push.requested", cut(b.wish(story), 160)
	case len(story.Joined) > 0:
		about = b.text("push.several", fill{"Title": about, "Count": len(story.Joined)})
	}
	return factor.Prompt{Type: b.text("push.type", nil), Rows: []factor.Row{
		{Name: b.text("push.notice_row", nil), Value: b.text(notice, nil)},
		{Name: b.text("push.about_row", nil), Value: about},
		{Name: b.text("push.when_row", nil), Value: when(at)},
		{Name: b.text("push.code_row", nil), Value: record.Code},
	}}
}
