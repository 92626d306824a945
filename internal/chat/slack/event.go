package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/slack-go/slack/slackevents"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
)

// homeTab is the tab of app_home_opened that views.publish fills.
const homeTab = "home"

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

// homeOpened is what we read of an app_home_opened event.
type homeOpened struct {
	User string `json:"user"`
	Tab  string `json:"tab"`
}

// event takes one event_callback. An error means: not recorded, don't acknowledge.
func (r *Receiver) event(ctx context.Context, payload []byte) (delivered, error) {
	var outer envelope
	var inner struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(payload, &outer) != nil {
		return delivered{}, errMalformed
	}
	if outer.Type != slackevents.CallbackEvent {
		r.log.WarnContext(ctx, "Slack sent something that is not an event", "type", line(outer.Type))
		return delivered{}, nil
	}
	if json.Unmarshal(outer.Event, &inner) != nil || outer.ID == "" {
		return delivered{}, errMalformed
	}
	me, err := r.workspace(ctx, outer.Team)
	if err != nil {
		return delivered{}, err
	}
	switch inner.Type {
	case string(slackevents.Message):
		return r.message(ctx, me, outer)
	case string(slackevents.AppHomeOpened):
		return r.opened(ctx, me, outer)
	}
	return delivered{}, nil
}

// opened shows somebody their Home. The tab with the messages needs nothing of us.
func (r *Receiver) opened(ctx context.Context, me *identity, outer envelope) (delivered, error) {
	var opened homeOpened
	if json.Unmarshal(outer.Event, &opened) != nil {
		return delivered{}, errMalformed
	}
	if opened.Tab != homeTab || opened.User == "" {
		return delivered{}, nil
	}
	home, err := r.inbox.Opened(ctx, alert.PersonKey{Team: me.team, User: opened.User})
	if err != nil {
		return delivered{}, fmt.Errorf("make home: %w", err)
	}
	return delivered{next: r.carry(presser{user: opened.User}, chat.Reply{Home: &home})}, nil
}

// message takes what somebody wrote to us.
func (r *Receiver) message(ctx context.Context, me *identity, outer envelope) (delivered, error) {
	var message typedMessage
	if json.Unmarshal(outer.Event, &message) != nil {
		return delivered{}, errMalformed
	}
	if !fromPerson(me, message) || strings.TrimSpace(clean(message.Text)) == "" {
		return delivered{}, nil
	}
	return r.typed(ctx, me, outer.ID, message)
}

// ownWords are the subtypes of messages that somebody wrote as they stand: none,
// with a file, or in a thread and shown outside it as well.
var ownWords = []string{"", "file_share", "thread_broadcast"}

// fromPerson tells that a message is somebody's own words in a direct conversation,
// not ours, not a bot's, not an edit or a removal.
func fromPerson(me *identity, message typedMessage) bool {
	return message.ChannelType == "im" && slices.Contains(ownWords, message.SubType) && message.BotID == "" &&
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
