package sandbox_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/stretchr/testify/require"

	"securitybot/internal/sandbox"
)

type press map[string]any

func TestAPressReachesTheAppSigned(t *testing.T) {
	t.Parallel()
	w := start(t)
	channel, ts := w.ask(alice)
	got := w.post("click", press{"user": alice, "channel": channel, "ts": ts, "action_id": "yes"})
	require.True(t, got.Delivered)
	require.Equal(t, http.StatusOK, got.Status)

	calls := w.app.wait(1)
	require.NoError(t, calls[0].bad)
	require.Equal(t, "/slack/interactions", calls[0].path)
	call := calls[0].interaction(t)
	require.Equal(t, slack.InteractionTypeBlockActions, call.Type)
	require.Equal(t, w.id(alice), call.User.ID)
	require.Equal(t, call.Team.ID, call.User.TeamID)
	require.Equal(t, channel, call.Channel.ID)
	require.Equal(t, channel, call.Container.ChannelID)
	require.Equal(t, ts, call.Container.MessageTs)
	require.Equal(t, "q1", call.Message.Metadata.EventPayload["id"])
	action := call.ActionCallback.BlockActions[0]
	require.Equal(t, "yes", action.ActionID)
	require.Equal(t, "answers", action.BlockID)
	require.Equal(t, "mac-yes", action.Value)
	require.NotEmpty(t, action.ActionTs)
	require.True(t, strings.HasPrefix(call.ResponseURL, w.url))
}

func TestThePersonLearnsWhenTheAppDidNotAcknowledge(t *testing.T) {
	t.Parallel()
	w := start(t)
	channel, ts := w.ask(alice)
	w.app.replies(func(arrival) (int, string) { return http.StatusServiceUnavailable, "" })
	got := w.post("click", press{"user": alice, "channel": channel, "ts": ts, "action_id": "yes"})
	require.False(t, got.Delivered)
	require.Equal(t, "http_error", got.Error)
	require.Len(t, w.app.wait(1), 1, "interactions are never retried")
}

func TestOnlyWhatWasShownCanBePressed(t *testing.T) {
	t.Parallel()
	w := start(t)
	channel, ts := w.ask(alice)
	_, _, _, err := w.slack.UpdateMessageContext(t.Context(), channel, ts, slack.MsgOptionText("closed", true))
	require.NoError(t, err)
	click := press{"user": bob, "channel": channel, "ts": ts, "action_id": "yes", "value": "forged"}
	require.True(t, w.post("click", click).Delivered)
	call := w.app.wait(1)[0].interaction(t)
	require.Equal(t, "forged", call.ActionCallback.BlockActions[0].Value)
	require.Equal(t, w.id(bob), call.User.ID)
	require.Equal(t, "Was it you?", call.Message.Text, "the older copy")

	for _, wrong := range []press{
		{"user": "nobody@example.com", "channel": channel, "ts": ts, "action_id": "yes"},
		{"user": alice, "channel": channel, "ts": "1.000000", "action_id": "yes"},
		{"user": alice, "channel": channel, "ts": ts, "action_id": "other"},
	} {
		require.Equal(t, http.StatusNotFound, w.do(http.MethodPost, "click", wrong, nil))
	}
}

func explanation() slack.ModalViewRequest {
	plain := func(text string) *slack.TextBlockObject {
		return slack.NewTextBlockObject("plain_text", text, false, false)
	}
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: plain("Thank you"), Submit: plain("Send"), Close: plain("Skip"),
		CallbackID: "explain", PrivateMetadata: "alert-1", NotifyOnClose: true,
		Blocks: slack.Blocks{BlockSet: []slack.Block{
			slack.NewInputBlock("why", plain("What were you doing?"), nil, slack.NewPlainTextInputBlockElement(nil, "explanation")),
		}},
	}
}

// openModal lets alice press yes and the app open a modal for her.
func (w *world) openModal() slack.InteractionCallback {
	w.t.Helper()
	channel, ts := w.ask(alice)
	w.post("click", press{"user": alice, "channel": channel, "ts": ts, "action_id": "yes"})
	call := w.app.wait(1)[0].interaction(w.t)
	view, err := w.slack.OpenViewContext(w.t.Context(), call.TriggerID, explanation())
	require.NoError(w.t, err)
	require.NotEmpty(w.t, view.ID)
	return call
}

func (w *world) modal(user string) map[string]any {
	w.t.Helper()
	var out map[string]any
	require.Equal(w.t, http.StatusOK, w.do(http.MethodGet, "modal?user="+url.QueryEscape(user), nil, &out))
	return out
}

func TestAModalIsFilledInCorrectedAndSent(t *testing.T) {
	t.Parallel()
	w := start(t)
	call := w.openModal()
	_, err := w.slack.OpenViewContext(t.Context(), call.TriggerID, explanation())
	require.Equal(t, "exchanged_trigger_id", slackError(t, err).Err)
	require.Equal(t, "explain", w.modal(alice)["callback_id"])
	require.Nil(t, w.modal(bob))

	empty := w.post("submit", press{"user": alice, "values": press{"explanation": ""}})
	require.False(t, empty.Delivered)
	require.Equal(t, "Please complete this required field.", empty.Errors["why"])

	w.app.replies(func(arrival) (int, string) {
		return http.StatusOK, `{"response_action":"errors","errors":{"why":"A little more, please"}}`
	})
	refused := w.post("submit", press{"user": alice, "values": press{"explanation": "x"}})
	require.Equal(t, "errors", refused.ResponseAction)
	require.Equal(t, map[string]any{"why": "A little more, please"}, w.modal(alice)["errors"])

	w.app.replies(func(arrival) (int, string) { return http.StatusOK, "" })
	sent := w.post("submit", press{"user": alice, "values": press{"explanation": "Rotating <keys> & logs"}})
	require.True(t, sent.Delivered)
	require.Nil(t, w.modal(alice))
	calls := w.app.wait(2)
	last := calls[len(calls)-1].interaction(t)
	require.Equal(t, slack.InteractionTypeViewSubmission, last.Type)
	require.Equal(t, "alert-1", last.View.PrivateMetadata)
	require.Equal(t, "Rotating <keys> & logs", last.View.State.Values["why"]["explanation"].Value)
	require.Equal(t, http.StatusNotFound, w.do(http.MethodPost, "submit", press{"user": alice, "values": press{}}, nil))
}

func TestAModalIsCancelledUpdatedAndStacked(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.openModal()
	id, hash := w.modal(alice)["id"].(string), w.modal(alice)["hash"].(string)
	_, err := w.slack.UpdateViewContext(t.Context(), explanation(), "", "stale", id)
	require.Equal(t, "hash_conflict", slackError(t, err).Err)
	_, err = w.slack.UpdateViewContext(t.Context(), explanation(), "", hash, id)
	require.NoError(t, err)

	second, err := json.Marshal(explanation())
	require.NoError(t, err)
	w.app.replies(func(arrival) (int, string) {
		return http.StatusOK, `{"response_action":"push","view":` + string(second) + `}`
	})
	require.Equal(t, "push", w.post("submit", press{"user": alice, "values": press{"explanation": "why"}}).ResponseAction)
	require.Equal(t, id, w.modal(alice)["previous_view_id"])

	w.post("close", press{"user": alice})
	require.Equal(t, id, w.modal(alice)["id"], "the first one is there again")
	w.app.replies(func(arrival) (int, string) { return http.StatusOK, "" })
	w.post("close", press{"user": alice})
	require.Nil(t, w.modal(alice))
	calls := w.app.wait(3)
	require.Equal(t, slack.InteractionTypeViewClosed, calls[len(calls)-1].interaction(t).Type)
}

func TestATriggerIsGoodForThreeSeconds(t *testing.T) {
	t.Parallel()
	var clock hand
	clock.set(time.Now())
	opt := options(t)
	opt.Clock = clock.now
	w := startWith(t, opt)
	channel, ts := w.ask(alice)
	w.post("click", press{"user": alice, "channel": channel, "ts": ts, "action_id": "no"})
	call := w.app.wait(1)[0].interaction(t)
	clock.set(clock.now().Add(3*time.Second + time.Millisecond))
	_, err := w.slack.OpenViewContext(t.Context(), call.TriggerID, explanation())
	require.Equal(t, "expired_trigger_id", slackError(t, err).Err)
}

func TestWhatAPersonWritesBecomesAnEvent(t *testing.T) {
	t.Parallel()
	w := start(t)
	channel, ts := w.ask(alice)
	sent := w.post("reply", press{"user": alice, "text": "yes & no <b> https://x.example/a", "thread_ts": ts})
	require.True(t, sent.Delivered)
	require.Equal(t, channel, sent.Channel)

	call := w.app.wait(1)[0]
	require.NoError(t, call.bad)
	require.Equal(t, "/slack/events", call.path)
	require.Empty(t, call.header.Get("X-Slack-Retry-Num"))
	event, err := slackevents.ParseEvent(json.RawMessage(call.body), slackevents.OptionNoVerifyToken())
	require.NoError(t, err)
	message, ok := event.InnerEvent.Data.(*slackevents.MessageEvent)
	require.True(t, ok)
	require.Equal(t, "im", message.ChannelType)
	require.Equal(t, w.id(alice), message.User)
	require.Equal(t, "yes &amp; no &lt;b&gt; <https://x.example/a>", message.Text)
	require.Equal(t, ts, message.ThreadTimeStamp)
	require.Equal(t, sent.TS, message.TimeStamp)
	require.Equal(t, 1, w.dm(alice)[0].ReplyCount)
}

func TestAnEventIsRetriedThreeTimesAndNoMore(t *testing.T) {
	t.Parallel()
	w := start(t, func(o *sandbox.Options) {
		o.EventRetries = []time.Duration{0, time.Millisecond, time.Millisecond}
	})
	w.app.replies(func(arrival) (int, string) { return http.StatusInternalServerError, "" })
	require.False(t, w.post("reply", press{"user": alice, "text": "hello"}).Delivered)
	calls := w.app.wait(4)
	ids := map[any]bool{}
	for i, call := range calls {
		var body map[string]any
		require.NoError(t, json.Unmarshal([]byte(call.body), &body))
		ids[body["event_id"]] = true
		if i > 0 {
			require.Equal(t, string(rune('0'+i)), call.header.Get("X-Slack-Retry-Num"))
			require.Equal(t, "http_error", call.header.Get("X-Slack-Retry-Reason"))
		}
	}
	require.Len(t, ids, 1, "one event, whatever the number of deliveries")
	w.app.replies(func(arrival) (int, string) { return http.StatusOK, "" })
	require.True(t, w.post("reply", press{"user": alice, "text": "again"}).Delivered)
	require.Len(t, w.app.wait(1), 5)
}

func TestEditsAndDeletionsAreEventsToo(t *testing.T) {
	t.Parallel()
	w := start(t)
	sent := w.post("reply", press{"user": alice, "text": "no"})
	w.post("edit", press{"channel": sent.Channel, "ts": sent.TS, "text": "yes"})
	_, ts := w.ask(alice)
	require.Equal(t, http.StatusOK, w.do(http.MethodDelete, "messages", press{"channel": sent.Channel, "ts": ts}, nil))
	_, _, _, err := w.slack.UpdateMessageContext(t.Context(), sent.Channel, ts, slack.MsgOptionText("gone", true))
	require.Equal(t, "message_not_found", slackError(t, err).Err)
	calls := w.app.wait(3)
	for i, subtype := range []string{"", "message_changed", "message_deleted"} {
		event, err := slackevents.ParseEvent(json.RawMessage(calls[i].body), slackevents.OptionNoVerifyToken())
		require.NoError(t, err)
		require.Equal(t, subtype, event.InnerEvent.Data.(*slackevents.MessageEvent).SubType)
	}
}

func TestACommandIsAnsweredToItsUserAlone(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.app.replies(func(arrival) (int, string) {
		return http.StatusOK, `{"response_type":"ephemeral","text":"nothing open"}`
	})
	require.True(t, w.post("command", press{"user": bob, "command": "/securitybot", "text": "list"}).Delivered)
	call := w.app.wait(1)[0]
	require.NoError(t, call.bad)
	require.Equal(t, "/slack/commands", call.path)
	form, err := url.ParseQuery(call.body)
	require.NoError(t, err)
	require.Equal(t, "/securitybot", form.Get("command"))
	require.Equal(t, "list", form.Get("text"))
	require.Equal(t, w.id(bob), form.Get("user_id"))
	seen := w.dm(bob)
	require.Len(t, seen, 1)
	require.Equal(t, "nothing open", seen[0].Text)
	require.True(t, seen[0].Ephemeral)
}

func TestAResponseURLWorksFiveTimes(t *testing.T) {
	t.Parallel()
	w := start(t)
	channel, ts := w.ask(alice)
	w.post("click", press{"user": bob, "channel": channel, "ts": ts, "action_id": "yes"})
	hook := w.app.wait(1)[0].interaction(t).ResponseURL
	say := func(options ...slack.MsgOption) error {
		_, _, _, err := w.slack.SendMessageContext(t.Context(), channel, options...)
		return err
	}
	private := slack.MsgOptionResponseURL(hook, slack.ResponseTypeEphemeral)
	require.NoError(t, say(private, slack.MsgOptionText("not yours", true)))
	require.Equal(t, "not yours", w.dm(bob)[0].Text, "the presser is told, though it isn't their conversation")
	require.Len(t, w.dm(alice), 1)
	require.NoError(t, say(slack.MsgOptionReplaceOriginal(hook), slack.MsgOptionText("replaced", true)))
	require.Equal(t, "replaced", w.dm(alice)[0].Text)
	for range 3 {
		require.NoError(t, say(private, slack.MsgOptionText("again", true)))
	}
	require.Error(t, say(private, slack.MsgOptionText("once too often", true)))
}

func TestForgedAndRepeatedCallbacksCanBeSent(t *testing.T) {
	t.Parallel()
	w := start(t)
	require.Equal(t, http.StatusNotFound, w.do(http.MethodPost, "deliver", press{"kind": "duplicate"}, nil))
	channel, ts := w.ask(alice)
	w.post("click", press{"user": alice, "channel": channel, "ts": ts, "action_id": "yes"})
	w.post("deliver", press{"kind": "duplicate"})
	calls := w.app.wait(2)
	require.Equal(t, calls[0].body, calls[1].body)

	forged := press{"path": "/slack/interactions", "payload": press{"type": "block_actions"}}
	forged["sign"] = false
	w.post("callback", forged)
	forged["sign"], forged["timestamp"] = true, time.Now().Add(-6*time.Minute).Unix()
	w.post("callback", forged)
	delete(forged, "timestamp")
	forged["secret"] = "guessed"
	w.post("callback", forged)
	calls = w.app.wait(3)
	require.ErrorIs(t, calls[2].bad, slack.ErrMissingHeaders)
	require.ErrorIs(t, calls[3].bad, slack.ErrExpiredTimestamp)
	require.ErrorIs(t, calls[4].bad, slack.ErrInvalidSignature)
	forged["path"] = "/v1/alerts"
	require.Equal(t, http.StatusBadRequest, w.do(http.MethodPost, "callback", forged, nil))
}

func TestAPersonCanLeaveTheCompany(t *testing.T) {
	t.Parallel()
	w := start(t)
	id := w.id(bob)
	w.do(http.MethodPost, "deactivate", press{"user": bob, "deactivated": true}, nil)
	for range 2 {
		_, _, err := w.slack.PostMessageContext(t.Context(), id, slack.MsgOptionText("bob?", true))
		require.Equal(t, "user_disabled", slackError(t, err).Err)
	}
	require.Equal(t, []string{"repeated post to a deactivated user"}, w.violations())
	w.do(http.MethodPost, "deactivate", press{"user": bob, "deactivated": false}, nil)
	require.Equal(t, id, w.id(bob))
}

func TestASubmissionsTriggerPushesAnotherModal(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.openModal()
	w.app.replies(func(got arrival) (int, string) {
		_, err := w.slack.PushViewContext(context.Background(), got.interaction(t).TriggerID, explanation())
		if err != nil {
			return http.StatusInternalServerError, ""
		}
		return http.StatusOK, `{"response_action":"errors","errors":{}}`
	})
	require.True(t, w.post("submit", press{"user": alice, "values": press{"explanation": "why"}}).Delivered)
	require.NotEmpty(t, w.modal(alice)["previous_view_id"])
	w.app.replies(func(arrival) (int, string) { return http.StatusOK, `{"response_action":"clear"}` })
	require.Equal(t, "clear", w.post("submit", press{"user": alice, "values": press{"explanation": "why"}}).ResponseAction)
	require.Nil(t, w.modal(alice))
}

func TestAChoiceFromAMenuReachesTheApp(t *testing.T) {
	t.Parallel()
	w := start(t)
	label := func(text string) *slack.TextBlockObject {
		return slack.NewTextBlockObject("plain_text", text, false, false)
	}
	menu := slack.NewOptionsSelectBlockElement("static_select", label("Remind me"), "snooze",
		slack.NewOptionBlockObject("15m", label("in 15 minutes"), nil), slack.NewOptionBlockObject("1h", label("in an hour"), nil))
	channel, ts, err := w.slack.PostMessageContext(t.Context(), w.id(alice), slack.MsgOptionText("later?", true),
		slack.MsgOptionBlocks(slack.NewActionBlock("later", menu)))
	require.NoError(t, err)
	w.post("click", press{"user": alice, "channel": channel, "ts": ts, "action_id": "snooze", "value": "1h"})
	action := w.app.wait(1)[0].interaction(t).ActionCallback.BlockActions[0]
	require.Equal(t, "1h", action.SelectedOption.Value)
	require.Equal(t, "in an hour", action.SelectedOption.Text.Text)
}

func TestPeopleAlsoWriteInChannels(t *testing.T) {
	t.Parallel()
	w := start(t)
	sent := w.post("reply", press{"user": bob, "text": "looking at it", "channel": "#security"})
	require.False(t, sent.Delivered, "the app hears of direct messages only")
	require.Equal(t, "looking at it", w.channel("security")[0].Text)
	_, _, _, err := w.slack.UpdateMessageContext(t.Context(), sent.Channel, sent.TS, slack.MsgOptionText("x", true))
	require.Equal(t, "cant_update_message", slackError(t, err).Err)
	require.Equal(t, http.StatusNotFound, w.do(http.MethodPost, "reply", press{"user": bob, "text": "x", "channel": "nowhere"}, nil))
}
