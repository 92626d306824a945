package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/slack-go/slack/slackevents"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
)

// envelope is the outer form of what the Events API delivers.
type envelope struct {
	Type      string          `json:"type"`
	Challenge string          `json:"challenge"`
	Team      string          `json:"team_id"`
	ID        string          `json:"event_id"`
	Event     json.RawMessage `json:"event"`
}

// typedMessage is what we read of a message event. The library's own type fails
// as a whole on any block it doesn't know; somebody's words must not be lost to that.
type typedMessage struct {
	Type        string `json:"type"`
	SubType     string `json:"subtype"`
	ChannelType string `json:"channel_type"`
	Channel     string `json:"channel"`
	User        string `json:"user"`
	UserTeam    string `json:"user_team"`
	BotID       string `json:"bot_id"`
	Text        string `json:"text"`
	TS          string `json:"ts"`
	ThreadTS    string `json:"thread_ts"`
}

// event takes one event_callback. An error means: not recorded, don't acknowledge.
func (r *Receiver) event(ctx context.Context, payload []byte) (delivered, error) {
	var outer envelope
	var message typedMessage
	if json.Unmarshal(payload, &outer) != nil {
		return delivered{}, errMalformed
	}
	if outer.Type != slackevents.CallbackEvent {
		r.log.WarnContext(ctx, "Slack sent something that is not an event", "type", line(outer.Type))
		return delivered{}, nil
	}
	if json.Unmarshal(outer.Event, &message) != nil || outer.ID == "" {
		return delivered{}, errMalformed
	}
	me, err := r.workspace(ctx, outer.Team)
	if err != nil || !fromPerson(me, message) {
		return delivered{}, err
	}
	return r.typed(ctx, me, outer.ID, message)
}

// fromPerson tells that a message is somebody's own words in a direct conversation,
// not ours, not a bot's, not an edit or a removal.
func fromPerson(me *identity, message typedMessage) bool {
	return message.Type == string(slackevents.Message) && message.ChannelType == "im" && message.SubType == "" && message.BotID == "" &&
		message.User != "" && message.User != me.user
}

func (r *Receiver) typed(ctx context.Context, me *identity, event string, message typedMessage) (delivered, error) {
	thread := message.ThreadTS
	if thread == message.TS {
		thread = ""
	}
	place := chat.Ref{Channel: message.Channel, TS: message.TS}
	reply, err := r.inbox.Typed(ctx, chat.Typed{
		Delivery: "event|" + event,
		Person:   alert.PersonKey{Team: first(message.UserTeam, me.team), User: message.User},
		At:       r.moment(message.TS),
		Place:    place,
		Thread:   thread,
		Text:     decode(message.Text),
	})
	if err != nil {
		return delivered{}, fmt.Errorf("record typed reply: %w", err)
	}
	return delivered{next: r.carry(presser{user: message.User, place: place, thread: thread}, reply)}, nil
}

var (
	reference = regexp.MustCompile(`<([^<>]*)>`)
	scheme    = regexp.MustCompile(`^(https?://|mailto:|tel:)`)
	unescaper = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
)

// decode gives back what a person typed from how Slack encodes it: references in
// angle brackets and three characters escaped, see
// docs.slack.dev/messaging/formatting-message-text.
func decode(text string) string {
	return unescaper.Replace(reference.ReplaceAllStringFunc(text, func(found string) string {
		return dereference(found[1 : len(found)-1])
	}))
}

func dereference(inner string) string {
	target, label, labelled := strings.Cut(inner, "|")
	switch {
	case strings.HasPrefix(target, "!date^"):
		return label
	case strings.HasPrefix(target, "@"), strings.HasPrefix(target, "#"), strings.HasPrefix(target, "!"):
		mark := strings.Replace(target[:1], "!", "@", 1)
		return mark + strings.TrimLeft(first(label, target[1:]), "@#")
	case !labelled:
		return target
	case label == scheme.ReplaceAllString(target, ""): // typed as it is shown
		return label
	}
	return label + " (" + target + ")"
}
