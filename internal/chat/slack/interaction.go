package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	api "github.com/slack-go/slack"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
)

// errMalformed is a delivery that isn't what Slack documents. Slack sent it all
// the same, so it is acknowledged and forgotten.
var errMalformed = errors.New("delivery is malformed")

// saveFailed is what a modal shows when its words were not recorded.
const saveFailed = "That could not be saved. Please try again."

// interaction takes one interaction payload. An error means: not recorded, don't acknowledge.
func (r *Receiver) interaction(ctx context.Context, payload []byte) (delivered, error) {
	var callback api.InteractionCallback
	if err := json.Unmarshal(payload, &callback); err != nil {
		return delivered{}, errMalformed
	}
	me, err := r.workspace(ctx, first(callback.Team.ID, callback.User.TeamID))
	if err != nil {
		return delivered{}, err
	}
	who := alert.PersonKey{Team: first(callback.User.TeamID, me.team), User: callback.User.ID}
	switch callback.Type {
	case api.InteractionTypeBlockActions:
		return r.press(ctx, me, who, callback)
	case api.InteractionTypeViewSubmission:
		return r.words(ctx, who, callback), nil
	case api.InteractionTypeViewClosed:
		return r.closed(ctx, who, callback)
	}
	return delivered{}, nil // what we never asked for
}

// press takes one press of a button. On a Home there is no message that it is on:
// its view names the press, and its place stays empty.
func (r *Receiver) press(ctx context.Context, me *identity, who alert.PersonKey, callback api.InteractionCallback) (delivered, error) {
	if len(callback.ActionCallback.BlockActions) == 0 {
		return delivered{}, nil
	}
	action := callback.ActionCallback.BlockActions[0]
	place := chat.Ref{
		Channel: first(callback.Container.ChannelID, callback.Channel.ID),
		TS:      first(callback.Container.MessageTs, callback.Message.Timestamp),
	}
	surface := first(place.Channel, callback.Container.ViewID, callback.View.ID)
	reply, err := r.inbox.Press(ctx, chat.Press{
		Delivery: strings.Join([]string{"press", me.team, who.User, surface, place.TS, action.ActionID, action.ActionTs}, "|"),
		Person:   who,
		At:       r.moment(action.ActionTs),
		Place:    place,
		Action:   action.ActionID,
		Value:    action.Value,
	})
	if err != nil {
		return delivered{}, fmt.Errorf("record press: %w", err)
	}
	thread := first(callback.Container.ThreadTs, callback.Message.ThreadTimestamp)
	if thread == place.TS { // the message that a thread hangs on is not in it
		thread = ""
	}
	return delivered{next: r.carry(presser{user: who.User, place: place, thread: thread, trigger: callback.TriggerID}, reply)}, nil
}

// words takes what was written into a prompt. Where it can't be recorded the modal
// stays open and says so, with the words still in it.
func (r *Receiver) words(ctx context.Context, who alert.PersonKey, callback api.InteractionCallback) delivered {
	reply, err := r.inbox.Words(ctx, chat.Words{
		Delivery: strings.Join([]string{"view", callback.View.ID, callback.View.Hash}, "|"),
		Person:   who,
		At:       r.slack.now(),
		Token:    callback.View.PrivateMetadata,
		Text:     written(callback.View.State),
	})
	if err != nil {
		r.log.ErrorContext(ctx, "words not recorded", "error", err)
		return delivered{body: api.NewErrorsViewSubmissionResponse(map[string]string{inputName: saveFailed})}
	}
	return delivered{next: r.carry(presser{user: who.User, trigger: callback.TriggerID}, reply)}
}

// closed takes that a prompt was closed without words.
func (r *Receiver) closed(ctx context.Context, who alert.PersonKey, callback api.InteractionCallback) (delivered, error) {
	reply, err := r.inbox.Closed(ctx, chat.Words{
		Delivery: strings.Join([]string{"closed", callback.View.ID, callback.View.Hash}, "|"),
		Person:   who,
		At:       r.slack.now(),
		Token:    callback.View.PrivateMetadata,
	})
	if err != nil {
		return delivered{}, fmt.Errorf("record closed prompt: %w", err)
	}
	return delivered{next: r.carry(presser{user: who.User}, reply)}, nil
}

func written(state *api.ViewState) string {
	if state == nil {
		return ""
	}
	return state.Values[inputName][inputName].Value
}
