package slack

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	api "github.com/slack-go/slack"

	"securitybot/internal/chat"
)

const (
	metadataType = "securitybot" // of every message of ours
	metadataKey  = "key"
	skew         = 2 * time.Minute // between our clock and Slack's
	pageSize     = 100
	maxPages     = 10
)

// Post implements [chat.Chat] with chat.postMessage. A message to a person goes
// to the user id; the answer names the direct conversation, which alone can be edited.
func (s *Slack) Post(ctx context.Context, to chat.Recipient, message chat.Message, key string) (chat.Ref, error) {
	form, err := s.render(message)
	if err != nil {
		return chat.Ref{}, fmt.Errorf("render message: %w", err)
	}
	options := append(s.shown(form), api.MsgOptionDisableMarkdown(), api.MsgOptionMetadata(api.SlackMetadata{
		EventType: metadataType, EventPayload: map[string]any{metadataKey: key},
	}))
	return s.post(ctx, to, options)
}

func (s *Slack) post(ctx context.Context, to chat.Recipient, options []api.MsgOption) (chat.Ref, error) {
	if to.Thread != "" {
		options = append(options, api.MsgOptionTS(to.Thread))
	}
	channel := to.Channel
	if channel == "" {
		channel = to.User
	}
	var at chat.Ref
	err := s.call(ctx, effect{once: true, person: to.Channel == ""}, func(ctx context.Context) (err error) {
		at.Channel, at.TS, err = s.api.PostMessageContext(ctx, channel, options...)
		if err == nil && (at.Channel == "" || at.TS == "") {
			return errIncomplete
		}
		return err
	})
	if err != nil {
		return chat.Ref{}, fmt.Errorf("post message: %w", err)
	}
	if to.Channel == "" {
		s.direct.Store(to.User, at.Channel)
	}
	return at, nil
}

// shown is what posts and edits have in common: nothing is unfurled, nothing in
// the text becomes a link or a mention.
func (s *Slack) shown(form rendered) []api.MsgOption {
	return []api.MsgOption{
		api.MsgOptionText(form.text, true),
		api.MsgOptionBlocks(form.blocks...),
		api.MsgOptionDisableLinkUnfurl(), api.MsgOptionDisableMediaUnfurl(),
		api.MsgOptionParse(false), api.MsgOptionLinkNames(false),
	}
}

// Edit implements [chat.Chat] with chat.update. Its metadata stays as it was.
func (s *Slack) Edit(ctx context.Context, at chat.Ref, message chat.Message) error {
	form, err := s.render(message)
	if err != nil {
		return fmt.Errorf("render message: %w", err)
	}
	err = s.call(ctx, effect{edit: true}, func(ctx context.Context) error {
		_, ts, _, err := s.api.UpdateMessageContext(ctx, at.Channel, at.TS, s.shown(form)...)
		if err == nil && ts == "" {
			return errIncomplete
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("edit message: %w", err)
	}
	return nil
}

// Time implements [chat.Chat]: a message's ts is its time, to the microsecond.
func (s *Slack) Time(at chat.Ref) (time.Time, error) { return parseTS(at.TS) }

// parseTS reads "1700000000.000100".
func parseTS(ts string) (time.Time, error) {
	whole, fraction, _ := strings.Cut(ts, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || seconds <= 0 || len(fraction) > 6 {
		return time.Time{}, fmt.Errorf("read Slack time %q: not a time stamp", ts)
	}
	micro, err := strconv.ParseUint((fraction + "000000")[:6], 10, 32)
	if err != nil {
		return time.Time{}, fmt.Errorf("read Slack time %q: not a time stamp", ts)
	}
	return time.Unix(seconds, int64(micro)*1000).UTC(), nil
}

func formatTS(at time.Time) string {
	return fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/1000)
}

// Find implements [chat.Chat]. It reads a conversation's history, or a thread's,
// and needs the history scope of that kind of conversation.
func (s *Slack) Find(ctx context.Context, to chat.Recipient, key string, since time.Time) (chat.Ref, bool, error) {
	me, err := s.me(ctx)
	if err != nil {
		return chat.Ref{}, false, err
	}
	if to.Channel == "" {
		if to.Channel, err = s.open(ctx, to.User); err != nil {
			return chat.Ref{}, false, err
		}
	} else if to.Channel, err = s.channelID(ctx, to.Channel); err != nil {
		return chat.Ref{}, false, err
	}
	cursor, oldest := "", formatTS(since.Add(-skew))
	for range maxPages {
		messages, next, err := s.page(ctx, to, oldest, cursor)
		if gone(err, "thread_not_found") {
			return chat.Ref{}, false, nil
		}
		if err != nil {
			return chat.Ref{}, false, fmt.Errorf("look for message: %w", err)
		}
		for _, message := range messages {
			if ours(me, message, key) {
				return chat.Ref{Channel: to.Channel, TS: message.Timestamp}, true, nil
			}
		}
		if cursor = next; cursor == "" {
			return chat.Ref{}, false, nil
		}
	}
	return chat.Ref{}, false, &chat.Error{Failure: chat.Transient, Reason: "history_too_long"}
}

func gone(err error, reason string) bool {
	var failed *chat.Error
	return errors.As(err, &failed) && failed.Failure == chat.Gone && failed.Reason == reason
}

// ours tells that we posted a message under that key: metadata alone could be
// anybody's, the author could not.
func ours(me *identity, message api.Message, key string) bool {
	author := message.User == me.user || (me.bot != "" && message.BotID == me.bot)
	return author && message.Metadata.EventType == metadataType &&
		message.Metadata.EventPayload[metadataKey] == key
}

func (s *Slack) page(ctx context.Context, to chat.Recipient, oldest, cursor string) ([]api.Message, string, error) {
	var messages []api.Message
	var next string
	err := s.call(ctx, effect{person: strings.HasPrefix(to.Channel, "D")}, func(ctx context.Context) (err error) {
		if to.Thread != "" {
			messages, next, err = s.replies(ctx, to, oldest, cursor)
			return err
		}
		history, err := s.api.GetConversationHistoryContext(ctx, &api.GetConversationHistoryParameters{
			ChannelID: to.Channel, Cursor: cursor, Oldest: oldest, Limit: pageSize, IncludeAllMetadata: true,
		})
		if err != nil {
			return err
		}
		if !history.Ok {
			return errIncomplete
		}
		messages, next = history.Messages, history.ResponseMetaData.NextCursor
		return nil
	})
	return messages, next, err
}

// replies reads a page of a thread. Its first page holds at least the message it hangs on.
func (s *Slack) replies(ctx context.Context, to chat.Recipient, oldest, cursor string) ([]api.Message, string, error) {
	messages, _, next, err := s.api.GetConversationRepliesContext(ctx, &api.GetConversationRepliesParameters{
		ChannelID: to.Channel, Timestamp: to.Thread, Cursor: cursor, Oldest: oldest,
		Limit: pageSize, IncludeAllMetadata: true,
	})
	if err == nil && messages == nil {
		return nil, "", errIncomplete
	}
	return messages, next, err
}

// open asks for the direct conversation with a person, which never changes.
func (s *Slack) open(ctx context.Context, user string) (string, error) {
	known, _ := s.direct.Load(user)
	if channel, ok := known.(string); ok {
		return channel, nil
	}
	var channel string
	err := s.call(ctx, effect{person: true}, func(ctx context.Context) error {
		answer, _, _, err := s.api.OpenConversationContext(ctx, &api.OpenConversationParameters{Users: []string{user}})
		if err != nil {
			return err
		}
		if answer == nil || answer.ID == "" {
			return errIncomplete
		}
		channel = answer.ID
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("open direct conversation: %w", err)
	}
	s.direct.Store(user, channel)
	return channel, nil
}
