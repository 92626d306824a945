// Package words is what we say: to the person asked, on their phone, and to the
// security team. Polite, short, never blaming; the text of each message alone
// carries its full meaning.
package words

import (
	"fmt"
	"strings"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/seal"
	"securitybot/internal/store"
)

// The actions of our buttons.
const (
	ActionYes       = "yes"
	ActionNo        = "no"
	ActionUnsure    = "unsure"
	ActionSnooze    = "snooze"
	ActionPushAgain = "push_again"
	ActionExplain   = "explanation"
)

// Question is what the person sees: the question while it is open, and after it
// what became of it.
func Question(story store.Story, sealer *seal.Sealer) chat.Message {
	record := story.Record
	if record.Verdict.Decided() && !openLate(story) {
		return closed(story)
	}
	hello := "Hi " + called(story.Person)
	before, code, after := promise(record)
	message := chat.Message{
		Title: "Was this you?",
		Paragraphs: []chat.Paragraph{
			reportedBy(hello+", ", " reported this, ", record), quoted(record),
			{Spans: []chat.Span{{Text: before}, {Text: code, Bold: true}, {Text: after}}},
		},
		Buttons: answers(story, sealer),
		Note:    answerBy(story),
	}
	message.Text = fmt.Sprintf("%s, was this you? %s reported: %s (%s). Please answer yes, no or not sure. %s",
		hello, record.Source, record.Title, when(record.When()), before+code+after)
	if record.Verdict.Decided() {
		return late(message)
	}
	return message
}

// late says of a question that nobody waits for it any more, and why it stays.
func late(message chat.Message) chat.Message {
	const text = "We did not hear from you in time, so the security team has this now. Your answer still helps them."
	message.Paragraphs = append([]chat.Paragraph{says(text)}, message.Paragraphs...)
	message.Text, message.Note = text+" "+message.Text, nil
	return message
}

// openLate tells that nobody answered in time, and a late answer is still taken.
func openLate(story store.Story) bool {
	return story.Record.Verdict.Outcome == alert.NoResponse && len(story.Answers) == 0 &&
		story.Record.FinishedAt.IsZero() && story.At.Before(story.Record.WatchUntil)
}

// promise is what a yes leads to, in three parts: the code in the middle is what
// to compare.
func promise(record store.Record) (before, code, after string) {
	if record.Plan.Unprovable {
		return "If you say yes, the security team still has a look. We never ask for a password.", "", ""
	}
	return "If you say yes, your phone shows ", record.Code, ". We never ask for a password."
}

func answers(story store.Story, sealer *seal.Sealer) []chat.Button {
	record := story.Record
	buttons := []chat.Button{
		button(record, sealer, ActionYes, "Yes, it was me", chat.Primary),
		button(record, sealer, ActionNo, "No, it wasn't me", chat.Danger),
		button(record, sealer, ActionUnsure, "Not sure", chat.Plain),
	}
	buttons[1].Confirm = &chat.Confirm{
		Title: "It wasn't you?", Text: "The security team will be told at once.",
		Yes: "Yes, tell them", No: "Go back",
	}
	if record.Verdict.Decided() || record.Snoozes >= record.Plan.SnoozeTimes || record.Plan.Snooze <= 0 {
		return buttons
	}
	label := fmt.Sprintf("Remind me in %s (answer by %s)", brief(record.Plan.Snooze), clock(answerUntil(story), story.Person.Zone))
	return append(buttons, button(record, sealer, ActionSnooze, label, chat.Plain))
}

// answerUntil is the deadline; before the question stands, what it will be.
func answerUntil(story store.Story) time.Time {
	if story.Record.Deadline.IsZero() {
		return story.At.Add(story.Record.Plan.Deadline)
	}
	return story.Record.Deadline
}

func button(record store.Record, sealer *seal.Sealer, action, label string, style chat.Style) chat.Button {
	claim := seal.Claim{Action: action, AlertID: record.ID, Revision: record.Revision}
	return chat.Button{Action: action, Label: label, Style: style, Value: sealer.Value(claim, record.Person)}
}

func answerBy(story store.Story) []chat.Span {
	return []chat.Span{
		{Text: "Open until "},
		{At: answerUntil(story)},
		{Text: ". After that the security team has a look."},
	}
}

// Reminder is written below a question that is still open.
func Reminder(story store.Story) chat.Message {
	left := story.Record.Deadline.Sub(story.At)
	text := fmt.Sprintf("A friendly reminder, %s: this is still open. In %s the security team will have a look.",
		called(story.Person), span(left))
	return chat.Message{Text: text, Paragraphs: []chat.Paragraph{says(text)}}
}

// PushAgain offers to send the push once more.
func PushAgain(story store.Story, sealer *seal.Sealer) chat.Message {
	text := "We sent a push to your phone and got no reply. Shall we send it again?"
	if last := story.Proof(); last != nil && last.Result == alert.ProofLost {
		text = "We lost track of the push to your phone. Shall we send it again?"
	}
	text += fmt.Sprintf(" It shows the code %s.", story.Record.Code)
	return chat.Message{
		Text: text, Paragraphs: []chat.Paragraph{says(text)},
		Buttons: []chat.Button{button(story.Record, sealer, ActionPushAgain, "Send it again", chat.Primary)},
	}
}

// PushOver is an offer of another push after the verdict.
func PushOver() chat.Message {
	const text = "There is nothing more to confirm on your phone."
	return chat.Message{Text: text, Paragraphs: []chat.Paragraph{says(text)}}
}

// closed is the question after its verdict: no buttons, and what happens next.
func closed(story store.Story) chat.Message {
	outcome := outcomeFor(story)
	return chat.Message{
		Title:      "Was this you?",
		Paragraphs: []chat.Paragraph{reportedBy("", " reported this, ", story.Record), quoted(story.Record), says(outcome)},
		Text:       fmt.Sprintf("%s: %s", story.Record.Title, outcome),
	}
}

// outcomeFor says what happens next. To an account that may be a thief's it
// says no more than that the matter is in other hands.
func outcomeFor(story store.Story) string {
	verdict := story.Record.Verdict
	const handed = "The security team has taken this over and will get in touch."
	switch {
	case verdict.Suspicious(), story.Distrust != nil:
		return handed
	case verdict.Outcome == alert.Confirmed && story.Record.EscalatedAt.IsZero():
		return "Thank you! Your phone confirmed your yes. Nothing more to do."
	case verdict.Outcome == alert.Denied, story.Record.Escalation == store.EscalationLateNo:
		return "Thank you for telling us that it wasn't you. The security team knows and will get in touch soon. " +
			"Please leave the computer as it is until then."
	case verdict.Outcome == alert.Unsure:
		return "Thank you. You weren't sure, so the security team will have a look and may get in touch."
	case verdict.Outcome == alert.Unproven:
		return "Thank you. You said yes, but it could not be confirmed on your phone, so the security team will have a look."
	case verdict.Outcome == alert.NoResponse && len(story.Answers) > 0:
		return "Thank you. Your answer came late, and the security team has it now."
	default:
		return handed
	}
}

func called(person alert.Person) string {
	if name := person.FirstName(); name != "" {
		return name
	}
	return "there"
}

func says(text string) chat.Paragraph {
	return chat.Paragraph{Spans: []chat.Span{{Text: text}}}
}

// reportedBy leads to what the source says, and says who that is.
func reportedBy(before, after string, record store.Record) chat.Paragraph {
	var spans []chat.Span
	if before != "" {
		spans = append(spans, chat.Span{Text: before})
	}
	return chat.Paragraph{Spans: append(spans, chat.Span{Text: record.Source, Bold: true},
		chat.Span{Text: after}, chat.Span{At: record.When()}, chat.Span{Text: ":"})}
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
