package activities

import (
	"context"
	"errors"
	"strings"
	"time"

	"securitybot/internal/chat"
	"securitybot/internal/conversation"
	"securitybot/internal/sink"
	"securitybot/internal/store"
	"securitybot/internal/words"
)

// ShowQuestion renders the question as the record has it now: a late edit is
// harmless. With the last one the alert is finished.
func (a *Activities) ShowQuestion(ctx context.Context, in conversation.AlertRef) error {
	story, err := a.Record.Story(ctx, in.AlertID)
	if err != nil {
		return missing(err)
	}
	if story, err = a.adopt(ctx, story); err != nil {
		return err
	}
	question, ok := story.Posts[store.PurposeQuestion]
	if ok && question.State == store.PostDone {
		ref := chat.Ref{Channel: question.Channel, TS: question.TS}
		if err := a.edit(ctx, ref, words.Question(story, a.Sealer)); err != nil {
			return err
		}
	}
	if err := a.withdrawOffers(ctx, story); err != nil {
		return err
	}
	return a.Record.Finish(ctx, in.AlertID)
}

// withdrawOffers takes the buttons off the offers of another push, once there is
// nothing left to prove.
func (a *Activities) withdrawOffers(ctx context.Context, story store.Story) error {
	if !story.Record.Verdict.Decided() {
		return nil
	}
	for purpose, post := range story.Posts {
		if !strings.HasPrefix(purpose, store.PurposePushAgain) || post.State != store.PostDone {
			continue
		}
		if err := a.edit(ctx, chat.Ref{Channel: post.Channel, TS: post.TS}, words.PushOver()); err != nil {
			return err
		}
	}
	return nil
}

// edit takes a message that is gone, or that can't be edited any more, for shown.
func (a *Activities) edit(ctx context.Context, at chat.Ref, message chat.Message) error {
	err := a.Chat.Edit(ctx, at, message)
	if err == nil {
		return nil
	}
	if failed := chat.FailureOf(err).Failure; failed == chat.Gone || failed == chat.Refused {
		return nil
	}
	return a.failed("edit a message", err)
}

// secondAfter is how long the chat system may be away before the second target
// of cases is used.
const secondAfter = 5 * time.Minute

// Case brings the security channel up to date: the case, the words that joined
// it, and what came late.
func (a *Activities) Case(ctx context.Context, in conversation.AlertRef) error {
	story, err := a.Record.Story(ctx, in.AlertID)
	if err != nil {
		return missing(err)
	}
	if story.Record.EscalatedAt.IsZero() {
		return a.Record.Finish(ctx, in.AlertID)
	}
	if err := a.openCase(ctx, story); err != nil {
		return a.untold(in.AlertID, err)
	}
	if err := a.raise(ctx, story); err != nil {
		return a.untold(in.AlertID, err)
	}
	return a.Record.Finish(ctx, in.AlertID)
}

// openCase posts the case, or renders it anew where it stands.
func (a *Activities) openCase(ctx context.Context, story store.Story) error {
	before := story.Posts[store.PurposeCase]
	if before.State == store.PostDone {
		return a.addToCase(ctx, story, before)
	}
	post, err := a.post(ctx, story.Record.ID, draft{
		purpose: store.PurposeCase,
		to:      chat.Recipient{Channel: a.Channel},
		message: words.Case(story, a.Links),
		kind:    store.KindCaseOpened,
		data:    store.Fields{"reason": story.Record.Escalation},
	})
	if err != nil && a.useSecond(story, err) {
		return a.toSecond(ctx, post, caseOf(story, a.Links))
	}
	return err
}

// addToCase renders a case anew where it stands. The second target, which can't
// be edited, is told of words that came later.
func (a *Activities) addToCase(ctx context.Context, story store.Story, opened store.Post) error {
	if opened.Channel != secondChannel {
		return a.edit(ctx, chat.Ref{Channel: opened.Channel, TS: opened.TS}, words.Case(story, a.Links))
	}
	answer := story.Answer()
	if answer == nil || !answer.ExplainedAt.After(opened.IntendedAt) || a.Second == nil {
		return nil
	}
	post, turn, err := a.Record.BeginPost(ctx, story.Record.ID, store.PurposeNote+"words")
	switch {
	case err != nil, turn == store.TurnStands:
		return err
	case turn == store.TurnWait:
		return busy(post)
	}
	err = a.toSecond(ctx, post, noteOf(story, a.Links, "words", answer.ExplainedAt, ""))
	if err != nil {
		return errors.Join(err, a.Record.ReleasePost(context.WithoutCancel(ctx), post, true))
	}
	return nil
}

// raise says once more, in the channel itself, what came after the verdict and
// weighs more than it.
func (a *Activities) raise(ctx context.Context, story store.Story) error {
	for _, late := range words.Late(story) {
		post, err := a.post(ctx, story.Record.ID, draft{
			purpose: store.PurposeRaised + late.Name,
			to:      a.lateRecipient(story, late),
			message: late.Message,
			kind:    store.KindCaseNoted,
			data:    store.Fields{"about": late.Name},
		})
		if err != nil && a.useSecond(story, err) {
			err = a.toSecond(ctx, post, noteOf(story, a.Links, late.Name, post.IntendedAt, late.Message.Text))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lateRecipient is the channel for what must be seen, the case's thread for the rest.
func (a *Activities) lateRecipient(story store.Story, late words.LateNote) chat.Recipient {
	opened := story.Posts[store.PurposeCase]
	if late.Loud || opened.TS == "" || opened.Channel == secondChannel {
		return chat.Recipient{Channel: a.Channel}
	}
	return chat.Recipient{Channel: opened.Channel, Thread: opened.TS}
}

// secondChannel stands for the second target where a post's channel would.
const secondChannel = "webhook"

// useSecond tells whether the chat system refuses for good, or has been away for long.
func (a *Activities) useSecond(story store.Story, err error) bool {
	if a.Second == nil {
		return false
	}
	failed := chat.FailureOf(err).Failure
	lasting := time.Since(story.Record.EscalatedAt) > secondAfter
	return lasting || failed == chat.Refused || failed == chat.Gone || failed == chat.Operator
}

func (a *Activities) toSecond(ctx context.Context, post store.Post, told sink.Case) error {
	if err := a.Second.Send(ctx, told); err != nil {
		return notTaken(err)
	}
	post.Channel, post.TS, post.PostedAt = secondChannel, told.ID, time.Now().UTC()
	return a.Record.FinishPost(ctx, post, store.KindWebhookSent, store.Fields{"target": a.Second.Name()}, nil)
}

// noteOf is what was added to a case, with all that is known of it by now.
func noteOf(story store.Story, links Links, name string, at time.Time, note string) sink.Case {
	noted := caseOf(story, links)
	noted.ID += "-" + name
	noted.Kind, noted.At, noted.Note = sink.Noted, at, note
	return noted
}

func caseOf(story store.Story, links Links) sink.Case {
	record := story.Record
	opened := sink.Case{
		ID: "case-" + record.ID, Kind: sink.Opened, At: record.EscalatedAt, AlertID: record.ID,
		Verdict: string(record.Verdict.Outcome), Reason: record.Verdict.Reason,
		Severity: string(record.Severity), Detection: record.Detection, Title: record.Title,
		Person:   sink.Person{Email: story.Person.Email, Name: story.Person.Name},
		OpenedAt: record.EscalatedAt,
		Links:    map[string]string{"alert": links.Alert(record.ID), "workflow": links.Workflow(record.ID)},
	}
	if answer := story.Answer(); answer != nil {
		opened.Answer, opened.Explanation = string(answer.Choice), answer.Explanation
	}
	return opened
}
