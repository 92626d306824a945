package words

import (
	"fmt"
	"slices"
	"strings"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/factor"
	"securitybot/internal/store"
)

// Push is what the phone shows: that a yes was given, about what, and the code
// that the chat showed.
func Push(story store.Story) factor.Prompt {
	return factor.Prompt{Type: "Security check", Rows: []factor.Row{
		{Name: "Notice", Value: "Somebody answered YES in Slack as you"},
		{Name: "About", Value: cut(story.Record.Title, 120)},
		{Name: "When", Value: when(story.Record.When())},
		{Name: "Code", Value: story.Record.Code},
	}}
}

// Links are the addresses that a case points to; "" leaves one out.
type Links interface {
	Alert(id string) string
	Workflow(id string) string
}

// Case is what the security team sees: who, what, when, the answer in the
// person's own words, and why it is here.
func Case(story store.Story, links Links) chat.Message {
	record := story.Record
	title := gravity(record) + headline(record)
	message := chat.Message{Title: title, Paragraphs: []chat.Paragraph{about(story), says(why(story))}}
	text := fmt.Sprintf("%s. %s. %s (%s, %s, reported by %s). %s",
		title, who(story), record.Title, record.Detection, record.Severity, record.Source, why(story))
	if answer := story.Answer(); answer != nil && answer.Explanation != "" {
		whose := wordsOf(record)
		message.Paragraphs = append(message.Paragraphs, says(whose),
			chat.Paragraph{Quoted: true, Spans: []chat.Span{{Text: cut(answer.Explanation, 2500)}}})
		text += " " + whose + " " + cut(answer.Explanation, 1500)
	}
	message.Paragraphs = append(message.Paragraphs, reportedBy("", " reported, ", record), quoted(record))
	if recent := confirmedLately(story); recent != "" {
		message.Paragraphs = append(message.Paragraphs, says(recent))
		text += " " + recent
	}
	message.Text, message.Note = text, linked(record, links)
	return message
}

// wordsOf introduces an explanation; a thief's are not the person's own.
func wordsOf(record store.Record) string {
	if suspected(record) {
		return "That yes came with these words:"
	}
	return "In their own words:"
}

// gravity orders cases at a glance; the words say the same.
func gravity(record store.Record) string {
	switch {
	case suspected(record):
		return "🚨 "
	case record.Verdict.Outcome == alert.Denied, record.Escalation == store.EscalationLateNo:
		return "🔴 "
	case record.Severity.Rank() >= alert.High.Rank():
		return "🟠 "
	default:
		return "🟡 "
	}
}

func headline(record store.Record) string {
	switch {
	case suspected(record):
		return "Chat account may be stolen"
	case record.Verdict.Outcome == alert.Denied, record.Escalation == store.EscalationLateNo:
		return "It wasn't them"
	case record.Verdict.Outcome == alert.Unsure:
		return "Not sure it was them"
	case record.Verdict.Outcome == alert.NoResponse:
		return "No answer"
	case record.Verdict.Outcome == alert.Unproven:
		return "Said yes, not proved"
	case takenBack(record):
		return "Question taken back"
	default:
		return "Could not be asked"
	}
}

func about(story store.Story) chat.Paragraph {
	return chat.Paragraph{Spans: []chat.Span{
		{Text: who(story), Bold: true},
		{Text: fmt.Sprintf(" · %s severity", story.Record.Severity)},
	}}
}

// who names the person, or what the alert said of them.
func who(story store.Story) string {
	if story.Person.User != "" {
		return strings.TrimSpace(story.Person.Name + " (" + story.Person.Email + ")")
	}
	subject := story.Record.Subject
	for _, said := range []string{subject.Email, subject.Username, subject.SlackID} {
		if said != "" {
			return cut(said, 100)
		}
	}
	return "nobody"
}

// confirmedLately lists what a person now under distrust confirmed before.
func confirmedLately(story store.Story) string {
	if !suspected(story.Record) {
		return ""
	}
	if len(story.Recent) == 0 {
		return "They confirmed nothing else in the 24 hours before."
	}
	var titles []string
	for _, record := range story.Recent {
		titles = append(titles, cut(record.Title, 80)+" ("+when(record.SettledAt)+")")
	}
	return "In the 24 hours before, they confirmed: " + strings.Join(titles, "; ") + "."
}

// suspected tells that the phone spoke against the chat account, before the verdict
// or after it.
func suspected(record store.Record) bool {
	return record.Verdict.Suspicious() ||
		record.Escalation == alert.ReasonFraud || record.Escalation == alert.ReasonContradicted
}

func linked(record store.Record, links Links) []chat.Span {
	note := []chat.Span{{Text: record.Detection + " · alert " + record.ID[:12]}}
	if address := links.Alert(record.ID); address != "" {
		note = append(note, chat.Span{Text: " · "}, chat.Span{Text: "everything about it", Link: address})
	}
	if address := links.Workflow(record.ID); address != "" {
		note = append(note, chat.Span{Text: " · "}, chat.Span{Text: "its workflow", Link: address})
	}
	return note
}

// LateNote is something that came after the verdict.
type LateNote struct {
	Name    string // of its kind; each is said once
	Loud    bool   // to be seen in the channel itself, not in the case's thread
	Message chat.Message
}

// Late lists what came after the verdict and is not part of the case itself.
func Late(story store.Story) []LateNote {
	var notes []LateNote
	for _, answer := range story.Answers {
		if note, ok := lateAnswer(story, answer); ok {
			notes = append(notes, note)
		}
	}
	for _, proof := range story.Proofs {
		if note, ok := lateProof(story, proof); ok {
			notes = append(notes, note)
		}
	}
	return notes
}

func lateAnswer(story store.Story, answer alert.Answer) (LateNote, bool) {
	if !answer.Late || story.Record.Verdict.Outcome == alert.Confirmed {
		return LateNote{}, false
	}
	note := LateNote{Name: string(answer.Choice), Loud: answer.Choice == alert.No}
	text := fmt.Sprintf("%s answered late: %s.", who(story), said(answer.Choice))
	if note.Loud {
		text = fmt.Sprintf("🔴 %s now says that it was not them: %s.", who(story), cut(story.Record.Title, 200))
	}
	note.Message = chat.Message{Text: text, Paragraphs: []chat.Paragraph{says(text)}}
	return note, true
}

func lateProof(story store.Story, proof alert.Proof) (LateNote, bool) {
	settled := story.Record.SettledAt
	late := proof.DecidedAt.After(settled) || ofLateAnswer(story, proof)
	if settled.IsZero() || !late || proof.Result == alert.ProofPending {
		return LateNote{}, false
	}
	loud := proof.Result == alert.ProofFraud || proof.Result == alert.ProofDenied
	text := fmt.Sprintf("The push to %s: %s.", who(story), proofWords(proof))
	if loud {
		text = "🚨 " + text + " Their chat account may be stolen: until somebody clears it, Securitybot asks them nothing."
	}
	return LateNote{
		Name: fmt.Sprintf("proof-%d", proof.Attempt), Loud: loud,
		Message: chat.Message{Text: text, Paragraphs: []chat.Paragraph{says(text)}},
	}, true
}

func ofLateAnswer(story store.Story, proof alert.Proof) bool {
	return slices.ContainsFunc(story.Answers, func(answer alert.Answer) bool {
		return answer.Late && answer.ID != "" && answer.ID == proof.AnswerID
	})
}
