package words

import (
	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/seal"
	"securitybot/internal/store"
)

// ResolvePrompt asks a responder why a case is resolved.
func (b *Book) ResolvePrompt(token string) chat.Prompt {
	return chat.Prompt{
		Token: token, Title: b.text("resolve.title", nil), Submit: b.text("resolve.send", nil), Cancel: b.text("resolve.cancel", nil),
		Label: b.text("resolve.label", nil), Placeholder: b.text("resolve.placeholder", nil), Lines: true,
	}
}

// NotResponder refuses somebody who may not see to cases.
func (b *Book) NotResponder() string { return b.text("resolve.not_responder", nil) }

// OwnCase refuses the person that a case is about.
func (b *Book) OwnCase() string { return b.Refused(store.RefusedOwnCase) }

// ResolveNeedsProof says that the responder's own phone must agree.
func (b *Book) ResolveNeedsProof(code string) string {
	return b.text("resolve.needs_proof", fill{"Code": code})
}

// Review shows a confirmed alert to responders: a proof shows who it was, not
// whether they were allowed. Its buttons are sealed as a case's are.
func (b *Book) Review(story store.Story, links Links, sealer *seal.Sealer) chat.Message {
	record := story.Record
	why := b.text("review.why", nil)
	if record.Plan != nil && record.Plan.Review == alert.ReviewSample {
		why = b.text("review.why_sample", nil)
	}
	message := chat.Message{
		Title:      b.text("review.title", nil),
		Paragraphs: append(append(b.about(story), says(why)), b.evidence(story)...),
		Note:       b.linked(record, links),
		Text: b.text("review.text", fill{
			"Who": b.who(story), "Title": record.Title, "Detection": record.Detection, "When": record.When(), "Why": why,
		}),
	}
	explanation := b.text("review.no_words", nil)
	if answer := story.Answer(); answer != nil && answer.Explanation != "" {
		explanation = b.text("case.words", nil)
		message.Paragraphs = append(message.Paragraphs, says(explanation),
			chat.Paragraph{Quoted: true, Spans: []chat.Span{{Text: cut(answer.Explanation, 2500)}}})
		explanation += " " + cut(answer.Explanation, 1500)
	} else {
		message.Paragraphs = append(message.Paragraphs, says(explanation))
	}
	message.Text = sentences(message.Text, explanation)
	return b.reviewed(message, record, sealer)
}

// reviewed adds the buttons, or who looked at it.
func (b *Book) reviewed(message chat.Message, record store.Record, sealer *seal.Sealer) chat.Message {
	key := "review.reviewed"
	switch {
	case !record.EscalatedAt.IsZero():
		key = "review.reopened"
	case record.ReviewedAt.IsZero():
		message.Buttons = []chat.Button{
			b.responderButton(record, sealer, ActionReviewed, "review.right", chat.Primary),
			b.responderButton(record, sealer, ActionReopen, "review.reopen", chat.Plain),
		}
		return message
	}
	done := b.spans(key, fill{"By": cut(record.ReviewedBy, 100), "When": record.ReviewedAt})
	message.Paragraphs = append(message.Paragraphs, chat.Paragraph{Spans: done})
	message.Text = sentences(message.Text, plainText(done))
	return message
}

// Peer asks somebody else what they know of an alert: a manager, a named peer.
// The buttons are sealed for them, with revision 1, about the target's name.
func (b *Book) Peer(story store.Story, sealer *seal.Sealer, who alert.Person, name string) chat.Message {
	message := b.toPeer(story, who)
	for _, button := range []struct {
		action, key string
		style       chat.Style
	}{
		{ActionPeerYes, "peer.yes", chat.Primary},
		{ActionPeerNo, "peer.no", chat.Danger},
		{ActionPeerUnsure, "peer.unsure", chat.Plain},
	} {
		claim := seal.Claim{Action: button.action, AlertID: story.Record.ID, Revision: 1, About: name}
		message.Buttons = append(message.Buttons, chat.Button{
			Action: button.action, Label: b.text(button.key, nil), Style: button.style, Value: sealer.Value(claim, who.PersonKey),
		})
	}
	return message
}

// PeerClosed is a question to somebody else that was answered, or that nobody
// waits for any more (action is "").
func (b *Book) PeerClosed(story store.Story, who alert.Person, action string) chat.Message {
	message := b.toPeer(story, who)
	done := b.text("peer.over", nil)
	if action != "" {
		done = b.text("peer.thanks", fill{"Answer": b.peerAnswer(action)})
	}
	message.Paragraphs = append(message.Paragraphs, says(done))
	message.Text = b.text("closed.text", fill{"Title": cut(story.Record.Title, 200), "Outcome": done})
	return message
}

// PeerSaid tells the security team what somebody else answered.
func (b *Book) PeerSaid(story store.Story, who alert.Person, action string) chat.Message {
	return oneLine(b.text("peer.said", fill{
		"Peer": fullName(who), "Answer": b.peerAnswer(action), "Who": b.who(story), "Title": cut(story.Record.Title, 200),
	}))
}

func (b *Book) peerAnswer(action string) string {
	switch action {
	case ActionPeerYes:
		return b.text("peer.yes", nil)
	case ActionPeerNo:
		return b.text("peer.no", nil)
	default:
		return b.text("peer.unsure", nil)
	}
}

func (b *Book) toPeer(story store.Story, who alert.Person) chat.Message {
	record, about := story.Record, cut(story.Person.Name, 100)
	if about == "" {
		about = b.who(story)
	}
	values := fill{
		"Name": b.called(who), "Who": about, "Source": record.Source, "Title": record.Title, "When": record.When(),
	}
	text := b.text("peer.text", values)
	values["Who"], values["Source"] = bold(about), bold(record.Source)
	return chat.Message{
		Title: b.text("peer.title", fill{"Who": cut(about, 60)}),
		Text:  text,
		Paragraphs: []chat.Paragraph{
			b.says("peer.asked", values), quoted(record), b.says("peer.promise", fill{"Who": about}),
		},
	}
}
