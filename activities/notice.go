package activities

import (
	"cmp"
	"context"
	"errors"
	"time"

	"securitybot/internal/chat"
	"securitybot/internal/conversation"
	"securitybot/internal/sink"
	"securitybot/internal/store"
)

// PostNotice says something once: to a person, to a target, or in the channel of the
// security team. What a channel refuses for good goes to the second target.
func (a *Activities) PostNotice(ctx context.Context, in conversation.NoticeRef) error {
	notice, turn, err := a.Record.BeginNotice(ctx, in.NoticeID)
	if err != nil {
		return missing(err)
	}
	switch turn {
	case store.TurnStands:
		return nil
	case store.TurnWait:
		return busy(notice.Post)
	default:
		return a.postNotice(ctx, notice, turn)
	}
}

func (a *Activities) postNotice(ctx context.Context, notice store.Notice, turn store.Turn) error {
	to, first, err := a.addressee(ctx, notice)
	if err != nil {
		return errors.Join(err, a.Record.ReleaseNotice(ctx, notice, turn == store.TurnLook))
	}
	message := a.Book.Notice(notice)
	if first != nil {
		return a.sinkNotice(ctx, notice, message, first)
	}
	sending, cancel := context.WithTimeout(ctx, store.PostWithin)
	defer cancel()
	ref, err := a.sendNotice(sending, notice, turn, to, message)
	if err != nil {
		return a.noticeFailed(ctx, notice, turn, message, err)
	}
	notice.Channel, notice.TS = ref.Channel, ref.TS
	if notice.PostedAt, err = a.Chat.Time(ref); err != nil {
		return err
	}
	return a.Record.FinishNotice(ctx, notice)
}

// noticeFailed gives the claim back, and has the second target take what a channel
// does not.
func (a *Activities) noticeFailed(ctx context.Context, notice store.Notice, turn store.Turn, message chat.Message, err error) error {
	happened := turn == store.TurnLook || chat.FailureOf(err).Failure == chat.Ambiguous
	if released := a.Record.ReleaseNotice(context.WithoutCancel(ctx), notice, happened); released != nil {
		return errors.Join(err, released)
	}
	if a.Second != nil && notice.Person.User == "" && lost(notice.CreatedAt, err) {
		return a.sinkNotice(ctx, notice, message, a.Second)
	}
	a.Logger.Warn("a notice is not said yet", "notice_id", notice.ID, "kind", notice.Kind, "reason", chat.FailureOf(err).Reason)
	return a.failed("post a notice", err)
}

// addressee is whom a notice is for, or the sink that its target is. What a target
// alone may know is not said in the security channel instead.
func (a *Activities) addressee(ctx context.Context, notice store.Notice) (chat.Recipient, sink.CaseTarget, error) {
	if notice.Person.User != "" {
		return chat.Recipient{User: notice.Person.User}, nil, a.mayContact(ctx)
	}
	known, err := a.targets(ctx)
	if err != nil {
		return chat.Recipient{}, nil, err
	}
	target := a.target(known, cmp.Or(notice.Target, securityTarget))
	if !target.asks() {
		return chat.Recipient{Channel: target.Slack}, target.Sink, nil
	}
	who, ok, err := a.peer(ctx, store.Story{}, target)
	if err != nil || ok {
		return chat.Recipient{User: who.User}, nil, err
	}
	return chat.Recipient{Channel: a.Channel}, nil, nil
}

// sendNotice posts a notice, or finds it where an earlier try may have left it.
func (a *Activities) sendNotice(ctx context.Context, notice store.Notice, turn store.Turn, to chat.Recipient, message chat.Message) (chat.Ref, error) {
	key := "notice/" + notice.ID
	if turn == store.TurnLook {
		ref, found, err := a.Chat.Find(ctx, to, key, notice.IntendedAt.Add(-lookBack))
		if err != nil || found {
			return ref, err
		}
	}
	return a.Chat.Post(ctx, to, message, key)
}

// sinkNotice tells a notice to the second target as what it takes: a note.
func (a *Activities) sinkNotice(ctx context.Context, notice store.Notice, message chat.Message, target sink.CaseTarget) error {
	id := "notice-" + notice.ID
	err := target.Send(ctx, sink.Case{
		ID: id, CaseID: id, Kind: sink.Noted, At: notice.CreatedAt, OpenedAt: notice.CreatedAt,
		Title: message.Title, Note: message.Text,
	})
	if err != nil {
		return notTaken(err)
	}
	notice.Channel, notice.TS, notice.PostedAt = secondChannel, id, time.Now().UTC()
	return a.Record.FinishNotice(ctx, notice)
}
