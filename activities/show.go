package activities

import (
	"context"
	"strings"

	"securitybot/internal/chat"
	"securitybot/internal/conversation"
	"securitybot/internal/store"
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
		if err := a.edit(ctx, ref, a.Book.Question(story, a.Sealer)); err != nil {
			return err
		}
		if story.Record.Revision > story.Record.ShownRevision {
			if err := a.Record.Shown(ctx, in.AlertID, story.Record.Revision); err != nil {
				return err
			}
		}
	}
	if err := a.withdrawOffers(ctx, story); err != nil {
		return err
	}
	if err := a.review(ctx, story); err != nil {
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
		if err := a.edit(ctx, chat.Ref{Channel: post.Channel, TS: post.TS}, a.Book.PushOver()); err != nil {
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
