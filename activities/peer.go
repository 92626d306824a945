package activities

import (
	"context"
	"encoding/json"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/store"
	"securitybot/internal/words"
)

// askPeer asks somebody beside the person what they know. Where there is nobody,
// the ladder goes on at once.
func (a *Activities) askPeer(ctx context.Context, story store.Story, rung rung, before store.Post) error {
	if before.State == store.PostDone {
		return a.showPeer(ctx, story, rung, before)
	}
	if seenTo(story) {
		return nil
	}
	if err := a.mayContact(ctx); err != nil {
		return err
	}
	who, ok, err := a.peer(ctx, story, rung.Target)
	if err != nil {
		return err
	}
	if ok {
		if ok, err = a.postPeer(ctx, story, rung, who); err != nil {
			return err
		}
	}
	if !ok {
		return a.Record.Climbed(ctx, story.Record.ID, rung.index, store.ClimbedNobody)
	}
	return nil
}

// postPeer posts the question; false when its recipient can't be reached for good.
func (a *Activities) postPeer(ctx context.Context, story store.Story, rung rung, who alert.Person) (bool, error) {
	_, err := a.post(ctx, story.Record.ID, draft{
		purpose: rung.purpose,
		to:      chat.Recipient{User: who.User},
		message: a.Book.Peer(story, a.Sealer, who, rung.name),
		kind:    store.KindPeerAsked,
		data:    store.Fields{"target": rung.name},
		shown:   store.Fields{"chat_id": who.User},
	})
	if err == nil {
		return true, nil
	}
	failed := chat.FailureOf(err).Failure
	if failed == chat.Gone || failed == chat.Refused {
		return false, nil
	}
	return false, err
}

// showPeer takes the buttons off a question that was answered, or that nobody
// waits for any more.
func (a *Activities) showPeer(ctx context.Context, story store.Story, rung rung, at store.Post) error {
	answer, answered := story.PeerAnswer(rung.name)
	if !answered && (story.Case == nil || story.Case.ResolvedAt.IsZero()) {
		return nil
	}
	who := alert.Person{Name: answer.Name}
	if !answered {
		known, _, err := a.Finder.Known(ctx, alert.Subject{SlackID: askedPeer(story, rung.name)})
		if err != nil {
			return err
		}
		who = known.Person
	}
	return a.edit(ctx, chat.Ref{Channel: at.Channel, TS: at.TS}, a.Book.PeerClosed(story, who, peerAction(answer.Choice)))
}

// peerAction is the button that an answer was given by; "" of none.
func peerAction(choice alert.Choice) string {
	switch choice {
	case alert.Yes:
		return words.ActionPeerYes
	case alert.No:
		return words.ActionPeerNo
	case alert.NotSure:
		return words.ActionPeerUnsure
	default:
		return ""
	}
}

// peerNotes tell the security team what peers answered.
func (a *Activities) peerNotes(story store.Story, rungs []rung) []words.LateNote {
	var notes []words.LateNote
	for _, rung := range rungs {
		if answer, ok := story.PeerAnswer(rung.name); ok && rung.asks() {
			who := alert.Person{Name: answer.Name}
			notes = append(notes, words.LateNote{
				Name: "peer-" + rung.name, Message: a.Book.PeerSaid(story, who, peerAction(answer.Choice)),
			})
		}
	}
	return notes
}

// askedPeer is the chat id of whom a target's question went to.
func askedPeer(story store.Story, target string) string {
	for _, entry := range story.Entries {
		var asked struct {
			Target string `json:"target"`
			ChatID string `json:"chat_id"`
		}
		if entry.Kind == store.KindPeerAsked && json.Unmarshal(entry.Data, &asked) == nil && asked.Target == target {
			_ = json.Unmarshal(entry.Personal, &asked) // it may be erased
			return asked.ChatID
		}
	}
	return ""
}

// seenTo tells that a responder has the case, or is done with it.
func seenTo(story store.Story) bool {
	return story.Case != nil && (!story.Case.AckedAt.IsZero() || !story.Case.ResolvedAt.IsZero())
}
