package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"go.temporal.io/sdk/temporal"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/conversation"
	"securitybot/internal/store"
)

// lookBack is how much earlier than our own intent a message may be dated.
const lookBack = time.Minute

// draft is a message of an alert before it stands.
type draft struct {
	purpose string
	to      chat.Recipient
	message chat.Message
	kind    string // of the timeline entry
	data    store.Fields
	shown   store.Fields // personal, beside the message itself

	revision int // of a question
}

// post puts a message where it belongs exactly once, whoever else tries and
// whatever became of earlier tries. It gives what stands.
func (a *Activities) post(ctx context.Context, alertID string, draft draft) (store.Post, error) {
	post, turn, err := a.Record.BeginPost(ctx, alertID, draft.purpose)
	if err != nil {
		return post, err
	}
	if turn == store.TurnStands {
		return post, nil
	}
	if turn == store.TurnWait {
		return post, busy(post)
	}
	sending, cancel := context.WithTimeout(ctx, store.PostWithin)
	defer cancel()
	post.Revision = draft.revision
	ref, found, err := a.send(sending, post, turn, draft)
	if found {
		post.Revision = min(draft.revision, 1) // nobody knows which one that was
	}
	if err != nil {
		failed := chat.FailureOf(err)
		happened := turn == store.TurnLook || failed.Failure == chat.Ambiguous
		return post, errors.Join(err, a.Record.ReleasePost(context.WithoutCancel(ctx), post, happened))
	}
	return a.stands(ctx, post, ref, draft)
}

// send posts the message, or finds it where an earlier try may have left it.
func (a *Activities) send(ctx context.Context, post store.Post, turn store.Turn, draft draft) (ref chat.Ref, found bool, err error) {
	if turn == store.TurnLook {
		if ref, found, err = a.find(ctx, post, draft); err != nil || found {
			return ref, found, err
		}
	}
	ref, err = a.Chat.Post(ctx, draft.to, draft.message, keyOf(post))
	return ref, false, err
}

func (a *Activities) find(ctx context.Context, post store.Post, draft draft) (chat.Ref, bool, error) {
	return a.Chat.Find(ctx, draft.to, keyOf(post), post.IntendedAt.Add(-lookBack))
}

// keyOf is the opaque id that a message carries.
func keyOf(post store.Post) string { return post.AlertID + "/" + post.Purpose }

func (a *Activities) stands(ctx context.Context, post store.Post, ref chat.Ref, draft draft) (store.Post, error) {
	at, err := a.Chat.Time(ref)
	if err != nil {
		return post, err
	}
	post.Channel, post.TS, post.PostedAt = ref.Channel, ref.TS, at
	message, err := a.Chat.Rendered(draft.message)
	if err != nil { // it stands all the same
		message = chat.Rendering{Text: draft.message.Text}
	}
	shown := store.Fields{"channel": ref.Channel, "ts": ref.TS, "text": message.Text, "blocks": message.Blocks}
	maps.Copy(shown, draft.shown)
	return post, a.Record.FinishPost(ctx, post, draft.kind, draft.data, shown)
}

// Ask posts the question, and gives what the record has come to hold of it.
func (a *Activities) Ask(ctx context.Context, in conversation.AlertRef) (conversation.Question, error) {
	story, err := a.Record.Story(ctx, in.AlertID)
	if err != nil {
		return conversation.Question{}, missing(err)
	}
	if !story.Record.Verdict.Decided() {
		if err := a.mayAsk(ctx, story); err != nil {
			return conversation.Question{}, err
		}
		if _, err = a.post(ctx, in.AlertID, a.question(story)); err != nil {
			return conversation.Question{}, a.notAsked(in.AlertID, err)
		}
	}
	story, err = a.Record.Story(ctx, in.AlertID)
	return questionOf(story), err
}

// mayContact is an error while nobody is to be contacted: what was to be said is
// tried again later, as long as it makes sense.
func (a *Activities) mayContact(ctx context.Context) error {
	paused, err := a.Record.Paused(ctx)
	if err != nil || !paused {
		return err
	}
	return temporal.NewApplicationErrorWithOptions("contact with people is paused", errPaused, temporal.ApplicationErrorOptions{
		NextRetryDelay: whilePaused, Category: temporal.ApplicationErrorCategoryBenign,
	})
}

// mayAsk is an error while nobody is to be contacted, and a lasting one for a person
// who wants no questions since this one was planned: the record says what follows.
func (a *Activities) mayAsk(ctx context.Context, story store.Story) error {
	if err := a.mayContact(ctx); err != nil || story.Record.Plan.Quiet {
		return err
	}
	_, out, err := a.Record.OptOutOf(ctx, story.Record.Person)
	if err != nil || !out {
		return err
	}
	return temporal.NewNonRetryableApplicationError("the person wants no questions", conversation.UndeliverableError, nil, alert.ReasonUndelivered)
}

// whilePaused is how often somebody who waits looks whether the pause is over.
const whilePaused = 15 * time.Second

// question is the question as it is asked.
func (a *Activities) question(story store.Story) draft {
	story.Record.Verdict = alert.Verdict{}
	return draft{
		purpose: store.PurposeQuestion,
		to:      chat.Recipient{User: story.Record.Person.User},
		message: a.Book.Question(story, a.Sealer),
		kind:    store.KindAsked,
		data:    store.Fields{"revision": story.Record.Revision, "code": story.Record.Code},

		revision: story.Record.Revision,
	}
}

// adopt finds a question whose posting was cut off, and posts none: somebody may
// have answered it before we knew that it stands.
func (a *Activities) adopt(ctx context.Context, story store.Story) (store.Story, error) {
	if story.Posts[store.PurposeQuestion].State != store.PostIntended {
		return story, nil
	}
	id := story.Record.ID
	post, turn, err := a.Record.BeginPost(ctx, id, store.PurposeQuestion)
	if err != nil {
		return story, err
	}
	if turn == store.TurnWait {
		return story, busy(post)
	}
	if turn == store.TurnSend {
		return story, a.Record.ReleasePost(ctx, post, false)
	}
	asked := a.question(story)
	ref, found, err := a.find(ctx, post, asked)
	if err != nil || !found {
		return story, errors.Join(a.failed("look for the question", err), a.Record.ReleasePost(ctx, post, true))
	}
	post.Revision = 1
	if _, err := a.stands(ctx, post, ref, asked); err != nil {
		return story, err
	}
	return a.Record.Story(ctx, id)
}

// Remind writes below a question that is still open. It sends no reminder that
// neither the plan nor a snooze knows of.
func (a *Activities) Remind(ctx context.Context, in conversation.RemindInput) error {
	story, open, err := a.openQuestion(ctx, in.AlertID)
	if err != nil || !open || len(story.Answers) > 0 || !slices.Contains(reminders(story.Record), in.Reminder) {
		return err
	}
	if _, out, err := a.Record.OptOutOf(ctx, story.Record.Person); err != nil || out {
		return err // the question stays, its deadline too
	}
	if err := a.mayContact(ctx); err != nil {
		return err
	}
	_, err = a.post(ctx, in.AlertID, draft{
		purpose: store.PurposeReminder + in.Reminder,
		to:      a.thread(story),
		message: a.Book.Reminder(story),
		kind:    store.KindReminded,
		data:    store.Fields{"reminder": in.Reminder},
	})
	return a.failed("remind", err)
}

// reminders are the names of those that may be sent.
func reminders(record store.Record) []string {
	var names []string
	for i := range record.Plan.Reminders {
		names = append(names, strconv.Itoa(i+1))
	}
	for i := range record.Snoozes {
		names = append(names, fmt.Sprintf("snooze-%d", i+1))
	}
	return names
}

// OfferPush shows a button that sends the push once more.
func (a *Activities) OfferPush(ctx context.Context, in conversation.ProveInput) error {
	story, open, err := a.openQuestion(ctx, in.AlertID)
	if err != nil || !open {
		return err
	}
	if last := story.Proof(); last == nil || last.Attempt != in.Attempt || !last.Result.Again() {
		return nil
	}
	if err := a.mayContact(ctx); err != nil {
		return err
	}
	_, err = a.post(ctx, in.AlertID, draft{
		purpose: store.PurposePushAgain + strconv.Itoa(in.Attempt),
		to:      a.thread(story),
		message: a.Book.PushAgain(story, a.Sealer),
		kind:    store.KindPushOffered,
		data:    store.Fields{"attempt": in.Attempt},
	})
	return a.failed("offer another push", err)
}

// openQuestion tells whether there is a question and no verdict yet.
func (a *Activities) openQuestion(ctx context.Context, id string) (store.Story, bool, error) {
	story, err := a.Record.Story(ctx, id)
	if err != nil {
		return story, false, missing(err)
	}
	return story, !story.Record.Verdict.Decided() && !story.Record.AskedAt.IsZero(), nil
}

func (a *Activities) thread(story store.Story) chat.Recipient {
	question := story.Posts[store.PurposeQuestion]
	return chat.Recipient{Channel: question.Channel, Thread: question.TS}
}
