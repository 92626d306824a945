// Package inbox takes what people do in a chat: it checks who pressed or wrote
// what, has it recorded, and says what they are told. Nothing else turns a
// press into an answer.
package inbox

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/seal"
	"securitybot/internal/store"
	"securitybot/internal/words"
)

// Record is what the inbox needs of the record.
type Record interface {
	Now() time.Time
	Alert(ctx context.Context, id string) (store.Record, error)
	Story(ctx context.Context, id string) (store.Story, error)
	Person(ctx context.Context, key alert.PersonKey) (alert.Person, bool, error)
	Distrusted(ctx context.Context, person alert.PersonKey) (bool, error)
	OpenOf(ctx context.Context, person alert.PersonKey) ([]store.Record, error)
	AnsweredOf(ctx context.Context, person alert.PersonKey, limit int) ([]store.Record, error)
	PostAt(ctx context.Context, channel, ts string) (store.Post, bool, error)
	LastConfirmed(ctx context.Context, person alert.PersonKey) (store.Record, bool, error)
	CodeOf(ctx context.Context, person alert.PersonKey, code string) (store.Record, bool, error)
	OptOutOf(ctx context.Context, person alert.PersonKey) (store.OptOut, bool, error)

	TakeAnswer(ctx context.Context, said store.Said) (store.Heard, error)
	TakeSnooze(ctx context.Context, said store.Said) (store.Heard, error)
	TakePushAgain(ctx context.Context, said store.Said) (store.Heard, error)
	Explain(ctx context.Context, answerID string, said store.Said) (store.Heard, error)
	Unexplained(ctx context.Context, answerID string, said store.Said) error
	TellRefusal(ctx context.Context, said store.Said, refusal store.Refusal) error

	TakeAck(ctx context.Context, said store.Said, by string) (store.Heard, error)
	TakeResolve(ctx context.Context, said store.Said, by, reason string) (store.Heard, error)
	TakeReview(ctx context.Context, said store.Said, by string, fine bool) (store.Heard, error)
	TakePeerAnswer(ctx context.Context, said store.Said, target, name string) (store.Heard, error)

	Test(ctx context.Context, person alert.PersonKey, title, description string) (store.Refusal, error)
	Request(ctx context.Context, wish store.Wish) (store.Record, store.Refusal, error)
	OptOut(ctx context.Context, optOut store.OptOut, name string) (store.Refusal, error)
	OptIn(ctx context.Context, person alert.PersonKey, name, by string) (store.Refusal, error)
	LostPhone(ctx context.Context, said store.Said, title string, escalateTo []alert.Step) error
	Notify(ctx context.Context, notice store.Notice) error
}

// Policy is what the inbox needs of the policy in force.
type Policy interface {
	// Responder tells whether somebody may handle cases, and who they are.
	Responder(ctx context.Context, person alert.PersonKey) (alert.Person, bool, error)
	// EscalateTo is where a case of ours about somebody goes.
	EscalateTo(ctx context.Context, person alert.PersonKey) ([]alert.Step, error)
	// OptOutMost is for how long people may want no questions by themselves.
	OptOutMost(ctx context.Context) (time.Duration, error)
}

// Options are what the inbox works with.
type Options struct {
	Record Record
	Sealer *seal.Sealer
	Book   *words.Book
	Policy Policy
	Kick   func() // called after something was recorded that has to reach Temporal
}

// Inbox implements chat.Inbox.
type Inbox struct {
	record Record
	sealer *seal.Sealer
	book   *words.Book
	policy Policy
	kick   func()
}

// New gives an inbox.
func New(options Options) *Inbox {
	return &Inbox{
		record: options.Record, sealer: options.Sealer, book: options.Book, policy: options.Policy, kick: options.Kick,
	}
}

var _ chat.Inbox = (*Inbox)(nil)

// Press takes the press of a button of ours. One on the presser's Home shows
// that anew.
func (i *Inbox) Press(ctx context.Context, press chat.Press) (chat.Reply, error) {
	reply, err := i.press(ctx, press)
	if err != nil || press.Place != (chat.Ref{}) {
		return reply, err
	}
	home, err := i.Opened(ctx, press.Person)
	if err != nil {
		return reply, nil //nolint:nilerr // the press is taken; the page is shown anew when it is opened
	}
	reply.Home = &home
	return reply, nil
}

func (i *Inbox) press(ctx context.Context, press chat.Press) (chat.Reply, error) {
	switch press.Action {
	case words.ActionAck, words.ActionResolve, words.ActionReviewed, words.ActionReopen:
		return i.responderPress(ctx, press)
	case words.ActionPeerYes, words.ActionPeerNo, words.ActionPeerUnsure:
		return i.peerPress(ctx, press)
	}
	said := store.Said{Delivery: press.Delivery, Person: press.Person, At: press.At}
	_, record, refusal, err := i.claim(ctx, press.Action, press.Value, &said)
	if err != nil || refusal != "" {
		return chat.Reply{Tell: i.book.Refused(refusal)}, err
	}
	switch press.Action {
	case words.ActionYes, words.ActionNo, words.ActionUnsure, words.ActionSome:
		said.Choice = alert.Choice(press.Action)
		return i.answer(ctx, said)
	case words.ActionSnooze:
		return i.snooze(ctx, said)
	case words.ActionPushAgain:
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
	case record.Person != said.Person: // whatever it is, the record refuses it
	case claim.Revision > record.Revision || record.JoinedTo != "":
		return claim, record, store.RefusedStale, i.record.TellRefusal(ctx, *said, store.RefusedStale)
	}
	return claim, record, "", nil
}

func (i *Inbox) answer(ctx context.Context, said store.Said) (chat.Reply, error) {
	heard, err := i.record.TakeAnswer(ctx, said)
	if err != nil || heard.Refusal != "" {
		return chat.Reply{Tell: i.book.Refused(heard.Refusal)}, err
	}
	i.kick()
	prompt, wanted := i.book.Explain(heard.Record, said.Choice, i.token(heard))
	if !wanted {
		return chat.Reply{Tell: i.book.TypedAnswer(heard.Record, said.Choice)}, nil
	}
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
		return chat.Reply{Tell: i.book.Refused(heard.Refusal)}, err
	}
	i.kick()
	story, err := i.record.Story(ctx, said.AlertID)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("read alert: %w", err)
	}
	return chat.Reply{Tell: i.book.Snoozed(story)}, nil
}

func (i *Inbox) pushAgain(ctx context.Context, said store.Said) (chat.Reply, error) {
	heard, err := i.record.TakePushAgain(ctx, said)
	if err != nil || heard.Refusal != "" {
		return chat.Reply{Tell: i.book.Refused(heard.Refusal)}, err
	}
	i.kick()
	return chat.Reply{Tell: i.book.PushComing(heard.Record)}, nil
}

// Words takes what somebody wrote into a prompt of ours: words about their answer,
// or a responder's reason.
func (i *Inbox) Words(ctx context.Context, written chat.Words) (chat.Reply, error) {
	if claim, err := seal.Read(words.ActionResolve, written.Token); err == nil && i.sealer.Check(written.Token, claim, written.Person) == nil {
		return i.resolveWords(ctx, written, claim)
	}
	said := store.Said{Delivery: written.Delivery, Person: written.Person, At: written.At, Words: storable(written.Text)}
	claim, record, refusal, err := i.claim(ctx, words.ActionExplain, written.Token, &said)
	if err != nil || refusal != "" {
		return chat.Reply{Tell: i.book.Refused(refusal)}, err
	}
	if strings.TrimSpace(said.Words) == "" {
		return chat.Reply{}, i.unexplained(ctx, claim.About, record, said)
	}
	return i.explain(ctx, claim.About, said, "")
}

// Closed has a yes go on that waited for words and gets none.
func (i *Inbox) Closed(ctx context.Context, written chat.Words) (chat.Reply, error) {
	said := store.Said{Delivery: written.Delivery, Person: written.Person, At: written.At}
	claim, record, refusal, err := i.claim(ctx, words.ActionExplain, written.Token, &said)
	if err != nil || refusal != "" {
		return chat.Reply{}, err
	}
	return chat.Reply{}, i.unexplained(ctx, claim.About, record, said)
}

func (i *Inbox) unexplained(ctx context.Context, answerID string, record store.Record, said store.Said) error {
	if record.Person != said.Person {
		return nil
	}
	if err := i.record.Unexplained(ctx, answerID, said); err != nil {
		return err
	}
	i.kick()
	return nil
}

func (i *Inbox) explain(ctx context.Context, answerID string, said store.Said, thanks string) (chat.Reply, error) {
	heard, err := i.record.Explain(ctx, answerID, said)
	if err != nil || heard.Refusal != "" {
		return chat.Reply{Tell: i.book.Refused(heard.Refusal)}, err
	}
	i.kick()
	return chat.Reply{Tell: thanks}, nil
}

// storable is text as it was written, but for what no database can keep.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}
