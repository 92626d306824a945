package words

import (
	"slices"
	"strings"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/seal"
	"securitybot/internal/store"
)

// Links are the addresses that a case points to; "" leaves one out.
type Links interface {
	Alert(id string) string
	Workflow(id string) string
}

// Case is what the security team sees: who, what, when, the answer in the
// person's own words, why it is here, and who took it. Its buttons are sealed for
// nobody in particular, with revision 1: whoever presses must be a responder.
func (b *Book) Case(story store.Story, links Links, sealer *seal.Sealer) chat.Message {
	record := story.Record
	title, why := b.caseTitle(story), b.whyListed(story)
	message := chat.Message{Title: title, Paragraphs: append(b.about(story), says(why)), Text: b.caseText(story, title, why)}
	add := func(text string, paragraphs ...chat.Paragraph) {
		message.Paragraphs = append(message.Paragraphs, paragraphs...)
		message.Text = sentences(message.Text, text)
	}
	if answer := story.Answer(); answer != nil && answer.Explanation != "" {
		whose := b.wordsOf(record)
		add(whose+" "+cut(answer.Explanation, 1500), says(whose),
			chat.Paragraph{Quoted: true, Spans: []chat.Span{{Text: cut(answer.Explanation, 2500)}}})
	}
	message.Paragraphs = append(message.Paragraphs, b.evidence(story)...)
	if lines := b.members(story); len(lines) > 0 {
		add(cut(strings.Join(lines, "; "), 1500), listed(lines))
	}
	if recent := b.confirmedLately(story); recent != "" {
		add(recent, says(recent))
	}
	if taken := b.taken(story.Case); taken != nil {
		add(plainText(taken), chat.Paragraph{Spans: taken})
	}
	if isTest(record) {
		add(b.text("case.test_note", nil), b.says("case.test_note", nil))
	}
	message.Note, message.Buttons = b.linked(record, links), b.caseButtons(story, sealer)
	return message
}

func (b *Book) caseText(story store.Story, title, why string) string {
	record := story.Record
	if record.Pile != "" {
		return b.text("pile.text", fill{"Headline": title, "Why": why})
	}
	return b.text("case.text", fill{
		"Headline": title, "Who": b.who(story), "Title": record.Title, "Detection": record.Detection,
		"Severity": b.severity(record.Severity), "Source": record.Source, "When": record.When(), "Why": why,
	})
}

// evidence is what the source reported; a pile lists what it holds instead.
func (b *Book) evidence(story store.Story) []chat.Paragraph {
	record := story.Record
	if record.Pile != "" {
		return nil
	}
	reported := b.says("case.reported", fill{"Source": bold(record.Source), "When": record.When()})
	if len(story.Joined) == 0 {
		return []chat.Paragraph{reported, quoted(record)}
	}
	reported = b.says("case.reported_several", fill{"Source": bold(record.Source), "Count": 1 + len(story.Joined)})
	return []chat.Paragraph{reported, quoted(record), b.occurrences(story)}
}

// wordsOf introduces an explanation; a thief's are not the person's own.
func (b *Book) wordsOf(record store.Record) string {
	if suspected(record) {
		return b.text("case.words_of_account", nil)
	}
	return b.text("case.words", nil)
}

func (b *Book) caseTitle(story store.Story) string {
	headline := b.text("headline."+headline(story.Record), nil)
	if story.Record.Pile != "" {
		headline = b.pileHeadline(story)
	}
	if isTest(story.Record) {
		headline = b.text("case.test", fill{"Headline": headline})
	}
	return b.text("mark."+mark(story), nil) + " " + headline
}

// mark orders cases at a glance; the words say the same.
func mark(story store.Story) string {
	record := story.Record
	switch {
	case story.Case != nil && !story.Case.ResolvedAt.IsZero():
		return "resolved"
	case suspected(record):
		return "stolen"
	case record.Verdict.Outcome == alert.Denied, record.Escalation == store.EscalationLateNo, isLostPhone(record):
		return "denied"
	case gravest(story).Rank() >= alert.High.Rank():
		return "grave"
	default:
		return "other"
	}
}

// gravest is the severity of the gravest alert that a case is about.
func gravest(story store.Story) alert.Severity {
	gravest := story.Record.Severity
	for _, member := range slices.Concat(story.Members, story.Joined) {
		if member.Severity.Rank() > gravest.Rank() {
			gravest = member.Severity
		}
	}
	return gravest
}

func headline(record store.Record) string {
	switch {
	case suspected(record):
		return "stolen"
	case isLostPhone(record):
		return "lost_phone"
	case record.Verdict.Reason == alert.ReasonSome:
		return "some"
	case record.Verdict.Outcome == alert.Denied, record.Escalation == store.EscalationLateNo:
		return "denied"
	case takenBack(record):
		return "taken_back"
	}
	switch record.Verdict.Outcome {
	case alert.Confirmed:
		return "reopened"
	case alert.Unsure, alert.NoResponse, alert.Unproven:
		return string(record.Verdict.Outcome)
	case "":
		return "told"
	default:
		return "unasked"
	}
}

// about names the person and how grave it is; a flood is about many people.
func (b *Book) about(story store.Story) []chat.Paragraph {
	if story.Record.Pile == store.PileFlood {
		return nil
	}
	return []chat.Paragraph{b.says("case.about", fill{"Who": bold(b.who(story)), "Severity": b.severity(gravest(story))})}
}

func (b *Book) severity(severity alert.Severity) string {
	if key := "severity." + string(severity); known(key) {
		return b.text(key, nil)
	}
	return string(severity)
}

// who names the person, or what the alert said of them.
func (b *Book) who(story store.Story) string {
	if story.Person.User == "" {
		return b.subject(story.Record)
	}
	return fullName(story.Person)
}

func fullName(person alert.Person) string {
	return cut(strings.TrimSpace(person.Name+" ("+person.Email+")"), 150)
}

// subject is what an alert says of its person.
func (b *Book) subject(record store.Record) string {
	for _, said := range []string{record.Subject.Email, record.Subject.Username, record.Subject.SlackID} {
		if said != "" {
			return cut(said, 100)
		}
	}
	return b.text("case.nobody", nil)
}

// confirmedLately lists what a person now under distrust confirmed before.
func (b *Book) confirmedLately(story store.Story) string {
	if !suspected(story.Record) {
		return ""
	}
	if len(story.Recent) == 0 {
		return b.text("case.recent_none", nil)
	}
	var titles []string
	for _, record := range story.Recent {
		titles = append(titles, cut(record.Title, 80)+" ("+when(record.SettledAt)+")")
	}
	return b.text("case.recent", fill{"List": strings.Join(b.list(titles), "; ")})
}

// suspected tells that the phone spoke against the chat account, before the verdict
// or after it.
func suspected(record store.Record) bool {
	return record.Verdict.Suspicious() ||
		record.Escalation == alert.ReasonFraud || record.Escalation == alert.ReasonContradicted
}

// isTest tells of an alert that somebody made about themselves, to try us out.
func isTest(record store.Record) bool {
	return record.Source == alert.OwnSource && record.Detection == alert.DetectionTest
}

// isLostPhone tells of the report of a lost phone, and of what that reopened.
func isLostPhone(record store.Record) bool {
	return record.Verdict.Reason == alert.ReasonLostPhone || record.Escalation == alert.ReasonLostPhone
}

// taken says who took a case, or what became of it; nil while nobody did.
func (b *Book) taken(standing *store.Case) []chat.Span {
	switch {
	case standing == nil:
		return nil
	case !standing.ResolvedAt.IsZero():
		return b.spans("case.resolved", fill{
			"By": cut(standing.ResolvedBy, 100), "When": standing.ResolvedAt, "Reason": cut(standing.Resolution, 1000),
		})
	case !standing.AckedAt.IsZero():
		return b.spans("case.acknowledged", fill{"By": cut(standing.AckedBy, 100), "When": standing.AckedAt})
	default:
		return nil
	}
}

func (b *Book) caseButtons(story store.Story, sealer *seal.Sealer) []chat.Button {
	if story.Case == nil || !story.Case.ResolvedAt.IsZero() {
		return nil
	}
	resolve := b.responderButton(story.Record, sealer, ActionResolve, "case.resolve", chat.Plain)
	if !story.Case.AckedAt.IsZero() {
		return []chat.Button{resolve}
	}
	return []chat.Button{b.responderButton(story.Record, sealer, ActionAck, "case.ack", chat.Primary), resolve}
}

// responderButton is a button that anybody may press who is a responder.
func (b *Book) responderButton(record store.Record, sealer *seal.Sealer, action, key string, style chat.Style) chat.Button {
	claim := seal.Claim{Action: action, AlertID: record.ID, Revision: 1}
	return chat.Button{Action: action, Label: b.text(key, nil), Style: style, Value: sealer.Value(claim, alert.PersonKey{})}
}

func (b *Book) linked(record store.Record, links Links) []chat.Span {
	note := b.spans("case.note", fill{"Detection": record.Detection, "ID": short(record.ID)})
	if address := links.Alert(record.ID); address != "" {
		note = append(note, chat.Span{Text: " · "}, chat.Span{Text: b.text("case.link_alert", nil), Link: address})
	}
	if address := links.Workflow(record.ID); address != "" {
		note = append(note, chat.Span{Text: " · "}, chat.Span{Text: b.text("case.link_workflow", nil), Link: address})
	}
	return note
}

func short(id string) string { return id[:min(len(id), 12)] }
