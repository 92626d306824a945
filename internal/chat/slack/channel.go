package slack

import (
	"context"
	"fmt"
	"regexp"

	api "github.com/slack-go/slack"

	"securitybot/internal/chat"
)

// conversationID is how Slack's ids of channels and direct conversations look.
var conversationID = regexp.MustCompile(`^[CDG][A-Z0-9]+$`) // names are lower case

// channelID gives the id of a channel that may be known by its name: posting
// takes either, reading only the id. A private channel is found by its id alone.
func (s *Slack) channelID(ctx context.Context, channel string) (string, error) {
	if conversationID.MatchString(channel) {
		return channel, nil
	}
	known, _ := s.channels.Load(channel)
	if id, ok := known.(string); ok {
		return id, nil
	}
	cursor := ""
	for range maxPages {
		found, next, err := s.channelPage(ctx, cursor)
		if err != nil {
			return "", fmt.Errorf("look for channel %s: %w", channel, err)
		}
		for _, candidate := range found {
			if candidate.Name == channel {
				s.channels.Store(channel, candidate.ID)
				return candidate.ID, nil
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	return "", &chat.Error{Failure: chat.Refused, Reason: "channel_not_found"}
}

func (s *Slack) channelPage(ctx context.Context, cursor string) (found []api.Channel, next string, err error) {
	err = s.call(ctx, effect{}, func(ctx context.Context) (err error) {
		found, next, err = s.api.GetConversationsContext(ctx, &api.GetConversationsParameters{
			Cursor: cursor, ExcludeArchived: true, Limit: 1000, Types: []string{"public_channel"},
		})
		return err
	})
	return found, next, err
}
