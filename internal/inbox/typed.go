package inbox

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/store"
	"securitybot/internal/words"
)

// Typed takes a message: a command in so many words, an answer in its first
// words, or words that explain an answer given before. In a question's thread it is
// about that question and never a command, outside about the only one that is open.
func (i *Inbox) Typed(ctx context.Context, typed chat.Typed) (chat.Reply, error) {
	if strings.TrimSpace(typed.Text) == "" && !typed.Command {
		return chat.Reply{}, nil
	}
	above, below, err := i.above(ctx, typed)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("read thread: %w", err)
	}
	asked, commanded := words.Command(typed.Text)
	switch {
	case commanded && !below:
		return i.command(ctx, typed, asked)
	case typed.Command:
		return chat.Reply{Tell: i.book.Help()}, nil
	case below:
		return i.typedBelow(ctx, typed, above)
	default:
		return i.typedOutside(ctx, typed)
	}
}

// above is the message of ours that a typed one stands below; false of none.
func (i *Inbox) above(ctx context.Context, typed chat.Typed) (store.Post, bool, error) {
	if typed.Thread == "" {
		return store.Post{}, false, nil
	}
	return i.record.PostAt(ctx, typed.Place.Channel, typed.Thread)
}

func (i *Inbox) typedBelow(ctx context.Context, typed chat.Typed, above store.Post) (chat.Reply, error) {
	story, err := i.record.Story(ctx, above.AlertID)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("read alert: %w", err)
	}
	if target, ok := strings.CutPrefix(above.Purpose, store.PurposePeer); ok {
		return i.typedByPeer(ctx, typed, story, target)
	}
	return i.typedAbout(ctx, typed, story)
}

// typedOutside takes what was written in no question's thread: it is about the
// only question that is open.
func (i *Inbox) typedOutside(ctx context.Context, typed chat.Typed) (chat.Reply, error) {
	open, err := i.record.OpenOf(ctx, typed.Person)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("list open questions: %w", err)
	}
	asked := asking(open)
	switch len(asked) {
	case 0:
		return chat.Reply{Tell: i.book.NothingOpen()}, nil
	case 1:
		story, err := i.record.Story(ctx, asked[0].ID)
		if err != nil {
			return chat.Reply{}, fmt.Errorf("read alert: %w", err)
		}
		return i.typedAbout(ctx, typed, story)
	default:
		return chat.Reply{Tell: i.book.WhichOne()}, nil
	}
}

// typedAbout takes an answer to a question, or more words about one. It covers
// what its person was certainly shown.
func (i *Inbox) typedAbout(ctx context.Context, typed chat.Typed, story store.Story) (chat.Reply, error) {
	said := store.Said{
		Delivery: typed.Delivery, AlertID: story.Record.ID, Person: typed.Person, At: typed.At,
		Revision: story.Record.ShownRevision,
	}
	choice, rest, understood := words.Choice(typed.Text)
	answer := story.Answer()
	switch {
	case answer != nil && (!understood || (choice == answer.Choice && rest != "")):
		said.Words = storable(typed.Text)
		return i.explain(ctx, answer.ID, said, i.unlessCommand(typed, i.book.Noted()))
	case !understood:
		return chat.Reply{Tell: i.unlessCommand(typed, i.book.NotUnderstood())}, nil
	}
	said.Choice, said.Words = choice, storable(rest)
	return i.typedAnswer(ctx, said)
}

func (i *Inbox) typedAnswer(ctx context.Context, said store.Said) (chat.Reply, error) {
	heard, err := i.record.TakeAnswer(ctx, said)
	if err != nil || heard.Refusal != "" {
		return chat.Reply{Tell: i.book.Refused(heard.Refusal)}, err
	}
	i.kick()
	prompt, _ := i.book.Explain(heard.Record, said.Choice, "")
	if prompt.NotifyClose && said.Words == "" { // words are required, and here no prompt can open
		return chat.Reply{Tell: prompt.Label + " " + prompt.Placeholder}, nil
	}
	return chat.Reply{Tell: i.book.TypedAnswer(heard.Record, said.Choice)}, nil
}

// unlessCommand is what is told below a question of somebody whose words look
// like a command.
func (i *Inbox) unlessCommand(typed chat.Typed, tell string) string {
	if _, commanded := words.Command(typed.Text); commanded {
		return i.book.CommandInQuestion()
	}
	return tell
}

// typedByPeer takes what somebody beside the person wrote below the question that
// we asked them.
func (i *Inbox) typedByPeer(ctx context.Context, typed chat.Typed, story store.Story, target string) (chat.Reply, error) {
	said := store.Said{Delivery: typed.Delivery, AlertID: story.Record.ID, Person: typed.Person, At: typed.At}
	if !askedPeer(story, target, typed.Person) {
		return chat.Reply{Tell: i.book.Refused(store.RefusedOther)}, i.record.TellRefusal(ctx, said, store.RefusedOther)
	}
	choice, _, understood := words.Choice(typed.Text)
	if !understood {
		return chat.Reply{Tell: i.unlessCommand(typed, i.book.NotUnderstood())}, nil
	}
	action := peerAction(choice)
	who, _, err := i.record.Person(ctx, typed.Person)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("read person: %w", err)
	}
	who.PersonKey, said.Choice = typed.Person, peerChoice(action)
	heard, err := i.record.TakePeerAnswer(ctx, said, target, called(who))
	if err != nil || heard.Refusal != "" {
		return chat.Reply{Tell: i.refused(heard.Refusal)}, err
	}
	i.kick()
	return chat.Reply{Tell: i.book.PeerClosed(story, who, action).Text}, nil
}

func peerAction(choice alert.Choice) string {
	switch choice {
	case alert.Yes:
		return words.ActionPeerYes
	case alert.No, alert.SomeNot:
		return words.ActionPeerNo
	default:
		return words.ActionPeerUnsure
	}
}

// askedPeer tells whether a target's question went to somebody.
func askedPeer(story store.Story, target string, who alert.PersonKey) bool {
	for _, entry := range story.Entries {
		var asked struct {
			Target string `json:"target"`
			ChatID string `json:"chat_id"`
		}
		if entry.Kind == store.KindPeerAsked && json.Unmarshal(entry.Data, &asked) == nil && asked.Target == target {
			_ = json.Unmarshal(entry.Personal, &asked) // it may be erased
			return asked.ChatID == who.User
		}
	}
	return false
}
