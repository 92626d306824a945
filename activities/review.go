package activities

import (
	"context"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/store"
)

// review shows a confirmed alert to the responders where policy wants that: proof
// shows who it was, not whether they were allowed to.
func (a *Activities) review(ctx context.Context, story store.Story) error {
	record := story.Record
	if record.Plan == nil || record.Plan.Review == "" || record.Verdict.Outcome != alert.Confirmed {
		return nil
	}
	message := a.Book.Review(story, a.Links, a.Sealer)
	if before := story.Posts[store.PurposeReview]; before.State == store.PostDone {
		return a.edit(ctx, chat.Ref{Channel: before.Channel, TS: before.TS}, message)
	}
	known, err := a.targets(ctx)
	if err != nil {
		return err
	}
	channel := a.target(known, securityTarget).Slack
	if channel == "" {
		channel = a.Channel
	}
	_, err = a.post(ctx, record.ID, draft{
		purpose: store.PurposeReview,
		to:      chat.Recipient{Channel: channel},
		message: message,
		kind:    store.KindReviewAsked,
		data:    store.Fields{"why": record.Plan.Review},
	})
	if err != nil {
		return a.untold(record.ID, err)
	}
	return nil
}
