// Package inbox takes what people do in a chat: it checks who pressed or wrote
// what, has it recorded, and says what they are told. Nothing else turns a
// press into an answer.
package inbox

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/seal"
	"securitybot/internal/store"
	"securitybot/internal/words"
)

// Record is what the inbox needs of the record.
type Record interface {
	Alert(ctx context.Context, id string) (store.Record, error)
	Story(ctx context.Context, id string) (store.Story, error)
	OpenOf(ctx context.Context, person alert.PersonKey) ([]store.Record, error)
	PostAt(ctx context.Context, channel, ts string) (store.Post, bool, error)
	TakeAnswer(ctx context.Context, said store.Said) (store.Heard, error)
	TakeSnooze(ctx context.Context, said store.Said) (store.Heard, error)
	TakePushAgain(ctx context.Context, said store.Said) (store.Heard, error)
	Explain(ctx context.Context, answerID string, said store.Said) (store.Heard, error)
	TellRefusal(ctx context.Context, said store.Said, refusal store.Refusal) error
}

// Inbox implements chat.Inbox.
type Inbox struct {
	record Record
	sealer *seal.Sealer
	kick   func()
}

// New gives an inbox; kick is called after something was recorded that has to
// reach Temporal.
func New(record Record, sealer *seal.Sealer, kick func()) *Inbox {
	return &Inbox{record: record, sealer: sealer, kick: kick}
}

var _ chat.Inbox = (*Inbox)(nil)

// Press takes the press of a button of ours.
func (i *Inbox) Press(ctx context.Context, press chat.Press) (chat.Reply, error) {
	said := store.Said{Delivery: press.Delivery, Person: press.Person, At: press.At, Choice: alert.Choice(press.Action)}
	_, record, refusal, err := i.claim(ctx, press.Action, press.Value, &said)
	if err != nil || refusal != "" {
		return chat.Reply{Tell: words.Refused(refusal)}, err
	}
	switch press.Action {
	case words.ActionYes, words.ActionNo, words.ActionUnsure:
		return i.answer(ctx, said)
	case words.ActionSnooze:
		said.Choice = ""
		return i.snooze(ctx, said)
	case words.ActionPushAgain:
		said.Choice = ""
		return i.pushAgain(ctx, said)
	default:
		return chat.Reply{}, fmt.Errorf("press of an unknown button %q of alert %.12s", press.Action, record.ID)
	}
}

// claim reads what a value of ours stands for, and refuses what we never made
// for the person asked, or not for what the question shows now.
func (i *Inbox) claim(ctx context.Context, action, value string, said *store.Said) (seal.Claim, store.Record, store.Refusal, error) {
	claim, err := seal.Read(action, value)
	if err != nil {
		return claim, store.Record{}, store.RefusedForged, nil //nolint:nilerr // the refusal says it
	}
	record, err := i.record.Alert(ctx, claim.AlertID)
	if errors.Is(err, store.ErrNotFound) {
		return claim, record, store.RefusedForged, nil
	}
	if err != nil {
		return claim, record, "", fmt.Errorf("read alert: %w", err)
	}
	said.AlertID, said.Revision = record.ID, claim.Revision
	switch {
	case i.sealer.Check(value, claim, record.Person) != nil:
		return claim, record, store.RefusedForged, i.record.TellRefusal(ctx, *said, store.RefusedForged)
	case claim.Revision != record.Revision:
		return claim, record, store.RefusedStale, i.record.TellRefusal(ctx, *said, store.RefusedStale)
	}
	return claim, record, "", nil
}

func (i *Inbox) answer(ctx context.Context, said store.Said) (chat.Reply, error) {
	heard, err := i.record.TakeAnswer(ctx, said)
	if err != nil || heard.Refusal != "" {
		return chat.Reply{Tell: words.Refused(heard.Refusal)}, err
	}
	i.kick()
	prompt := words.Explain(heard.Record, said.Choice, i.token(heard))
	return chat.Reply{Ask: &prompt}, nil
}

// token lets the person of an answer, and nobody else, add words to it.
func (i *Inbox) token(heard store.Heard) string {
	return i.sealer.Value(seal.Claim{
		Action: words.ActionExplain, AlertID: heard.Record.ID,
		Revision: heard.Record.Revision, About: heard.Answer.ID,
	}, heard.Record.Person)
}

func (i *Inbox) snooze(ctx context.Context, said store.Said) (chat.Reply, error) {
	heard, err := i.record.TakeSnooze(ctx, said)
	if err != nil || heard.Refusal != "" {
		return chat.Reply{Tell: words.Refused(heard.Refusal)}, err
	}
	i.kick()
	story, err := i.record.Story(ctx, said.AlertID)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("read alert: %w", err)
	}
	return chat.Reply{Tell: words.Snoozed(story)}, nil
}

func (i *Inbox) pushAgain(ctx context.Context, said store.Said) (chat.Reply, error) {
	heard, err := i.record.TakePushAgain(ctx, said)
	if err != nil || heard.Refusal != "" {
		return chat.Reply{Tell: words.Refused(heard.Refusal)}, err
	}
	i.kick()
	return chat.Reply{Tell: words.PushComing(heard.Record)}, nil
}

// Words adds what somebody wrote into a prompt to their answer.
func (i *Inbox) Words(ctx context.Context, written chat.Words) (chat.Reply, error) {
	said := store.Said{Delivery: written.Delivery, Person: written.Person, At: written.At, Words: storable(written.Text)}
	claim, _, refusal, err := i.claim(ctx, words.ActionExplain, written.Token, &said)
	if err != nil || refusal != "" {
		return chat.Reply{Tell: words.Refused(refusal)}, err
	}
	if said.Words == "" {
		return chat.Reply{}, nil
	}
	return i.explain(ctx, claim.About, said, "")
}

func (i *Inbox) explain(ctx context.Context, answerID string, said store.Said, thanks string) (chat.Reply, error) {
	heard, err := i.record.Explain(ctx, answerID, said)
	if err != nil || heard.Refusal != "" {
		return chat.Reply{Tell: words.Refused(heard.Refusal)}, err
	}
	i.kick()
	return chat.Reply{Tell: thanks}, nil
}

// Typed takes a message: an answer in its first words, or words that explain an
// answer given before. In a question's thread it is about that question, outside
// about the only one that is open.
func (i *Inbox) Typed(ctx context.Context, typed chat.Typed) (chat.Reply, error) {
	id, tell, err := i.meant(ctx, typed)
	if err != nil || id == "" {
		return chat.Reply{Tell: tell}, err
	}
	story, err := i.record.Story(ctx, id)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("read alert: %w", err)
	}
	said := store.Said{
		Delivery: typed.Delivery, AlertID: id, Person: typed.Person, At: typed.At, Revision: story.Record.Revision,
	}
	choice, rest, understood := words.Choice(typed.Text)
	answer := story.Answer()
	switch {
	case answer != nil && (!understood || (choice == answer.Choice && rest != "")):
		said.Words = storable(typed.Text)
		return i.explain(ctx, answer.ID, said, words.Noted)
	case !understood:
		return chat.Reply{Tell: words.NotUnderstood}, nil
	}
	said.Choice, said.Words = choice, storable(rest)
	return i.typedAnswer(ctx, said)
}

func (i *Inbox) typedAnswer(ctx context.Context, said store.Said) (chat.Reply, error) {
	heard, err := i.record.TakeAnswer(ctx, said)
	if err != nil || heard.Refusal != "" {
		return chat.Reply{Tell: words.Refused(heard.Refusal)}, err
	}
	i.kick()
	return chat.Reply{Tell: words.TypedAnswer(heard.Record, said.Choice)}, nil
}

// meant is the alert that a typed message is about, or what to tell instead.
func (i *Inbox) meant(ctx context.Context, typed chat.Typed) (id, tell string, err error) {
	if typed.Thread != "" {
		post, ok, err := i.record.PostAt(ctx, typed.Place.Channel, typed.Thread)
		if err != nil {
			return "", "", fmt.Errorf("read thread: %w", err)
		}
		if ok {
			return post.AlertID, "", nil
		}
	}
	open, err := i.record.OpenOf(ctx, typed.Person)
	if err != nil {
		return "", "", fmt.Errorf("list open questions: %w", err)
	}
	var asked []string
	for _, record := range open {
		if !record.AskedAt.IsZero() {
			asked = append(asked, record.ID)
		}
	}
	switch len(asked) {
	case 0:
		return "", words.NothingOpen, nil
	case 1:
		return asked[0], "", nil
	default:
		return "", words.WhichOne, nil
	}
}

// storable is text as it was written, but for what no database can keep.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}
