package sandbox_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
	"github.com/stretchr/testify/require"
)

// openQuestions is a Home tab with a button for each of the alerts.
func openQuestions(alerts ...string) slack.HomeTabViewRequest {
	plain := func(text string) *slack.TextBlockObject {
		return slack.NewTextBlockObject("plain_text", text, false, false)
	}
	blocks := []slack.Block{slack.NewHeaderBlock(plain("Open questions"))}
	for _, id := range alerts {
		no := slack.NewButtonBlockElement("no", "mac-"+id, plain("No, it wasn't me")).WithConfirm(
			slack.NewConfirmationBlockObject(plain("Sure?"), plain("Security will call you."), plain("Yes"), plain("Back")))
		blocks = append(blocks,
			slack.NewSectionBlock(slack.NewTextBlockObject("mrkdwn", "*sudo* on "+id+" &amp; more", false, false), nil, nil),
			slack.NewActionBlock("answers-"+id, slack.NewButtonBlockElement("yes", "mac-"+id, plain("Yes, it was me")), no))
	}
	return slack.HomeTabViewRequest{
		Type: slack.VTHomeTab, CallbackID: "home", PrivateMetadata: "v1", Blocks: slack.Blocks{BlockSet: blocks},
	}
}

func (w *world) publish(email string, view slack.HomeTabViewRequest, hash *string) (*slack.ViewResponse, error) {
	return w.slack.PublishViewContext(w.t.Context(), slack.PublishViewContextRequest{UserID: w.id(email), View: view, Hash: hash})
}

type shownHome struct {
	ID, Hash, Text string
	Actions        []struct {
		ActionID string `json:"action_id"`
		BlockID  string `json:"block_id"`
		Value    string `json:"value"`
	} `json:"actions"`
}

func (w *world) home(email string) *shownHome {
	w.t.Helper()
	var out *shownHome
	require.Equal(w.t, http.StatusOK, w.do(http.MethodGet, "home?user="+url.QueryEscape(email), nil, &out))
	return out
}

func TestAHomeTabIsPublishedAndReplaced(t *testing.T) {
	t.Parallel()
	w := start(t)
	require.Nil(t, w.home(alice))
	first, err := w.publish(alice, openQuestions("web-1", "web-2"), nil)
	require.NoError(t, err)
	seen := w.home(alice)
	require.Equal(t, first.ID, seen.ID)
	require.Equal(t, "Open questions\n*sudo* on web-1 & more\n*sudo* on web-2 & more", seen.Text)
	require.Len(t, seen.Actions, 4)
	require.Equal(t, "answers-web-2", seen.Actions[3].BlockID)
	require.Equal(t, "mac-web-2", seen.Actions[3].Value)
	require.Nil(t, w.home(bob), "a Home tab is one person's own")

	again, err := w.publish(alice, openQuestions("web-2"), &first.Hash)
	require.NoError(t, err)
	require.Equal(t, first.ID, again.ID)
	require.NotEqual(t, first.Hash, again.Hash)
	require.Len(t, w.home(alice).Actions, 2)
	require.Empty(t, w.violations())
}

func TestAHomeTabIsRefusedAsSlackRefusesIt(t *testing.T) {
	t.Parallel()
	w := start(t)
	old, err := w.publish(alice, openQuestions("web-1"), nil)
	require.NoError(t, err)
	_, err = w.publish(alice, openQuestions(), nil)
	require.NoError(t, err)
	_, err = w.publish(alice, openQuestions("web-1"), &old.Hash)
	require.Equal(t, "hash_conflict", slackError(t, err).Err, "somebody else was faster")
	_, err = w.publish(bob, openQuestions("web-1"), &old.Hash)
	require.Equal(t, "hash_conflict", slackError(t, err).Err, "there is none to replace")

	twice := openQuestions("web-1", "web-1")
	_, err = w.publish(alice, twice, nil)
	refused := slackError(t, err)
	require.Equal(t, "invalid_arguments", refused.Err)
	require.Contains(t, refused.ResponseMetadata.Messages[0], "`block_id` must be unique")
	_, err = w.slack.PublishViewContext(t.Context(), slack.PublishViewContextRequest{UserID: "U0NOBODY00", View: openQuestions()})
	require.Equal(t, "invalid_arguments", slackError(t, err).Err)
	require.Empty(t, w.home(alice).Actions, "the last one accepted stands")

	_, err = w.publish(alice, openQuestions("<!channel>"), nil)
	require.NoError(t, err)
	require.Equal(t, []string{"broadcast mention"}, w.violations())
}

func TestTheAppHearsThatAHomeTabIsOpened(t *testing.T) {
	t.Parallel()
	w := start(t)
	opened := func() *slackevents.AppHomeOpenedEvent {
		require.True(t, w.post("home", press{"user": alice}).Delivered)
		calls := w.app.wait(1)
		event, err := slackevents.ParseEvent(json.RawMessage(calls[len(calls)-1].body), slackevents.OptionNoVerifyToken())
		require.NoError(t, err)
		home, ok := event.InnerEvent.Data.(*slackevents.AppHomeOpenedEvent)
		require.True(t, ok)
		return home
	}
	first := opened()
	require.Equal(t, w.id(alice), first.User)
	require.Equal(t, "home", first.Tab)
	require.Regexp(t, `^D`, first.Channel)
	require.NotEmpty(t, first.EventTimeStamp)
	require.Nil(t, first.View)
	view, err := w.publish(alice, openQuestions("web-1"), nil)
	require.NoError(t, err)
	require.Equal(t, view.ID, opened().View.ID)
	require.Equal(t, http.StatusNotFound, w.do(http.MethodPost, "home", press{"user": "nobody@example.com"}, nil))
}

func TestAPressInAHomeTabOpensAModal(t *testing.T) {
	t.Parallel()
	w := start(t)
	view, err := w.publish(alice, openQuestions("web-1", "web-2"), nil)
	require.NoError(t, err)
	w.post("click", press{"user": alice, "view": "home", "action_id": "no", "block_id": "answers-web-2"})
	arrived := w.app.wait(1)[0]
	require.NoError(t, arrived.bad)
	call := arrived.interaction(t)
	require.Equal(t, slack.InteractionTypeBlockActions, call.Type)
	require.Equal(t, "view", call.Container.Type)
	require.Equal(t, view.ID, call.Container.ViewID)
	require.Equal(t, view.Hash, call.View.Hash)
	require.Equal(t, "v1", call.View.PrivateMetadata)
	require.Empty(t, call.Channel.ID)
	require.Empty(t, call.Message.Timestamp)
	require.Empty(t, call.ResponseURL)
	require.NotContains(t, arrived.body, url.QueryEscape(`"channel"`))
	action := call.ActionCallback.BlockActions[0]
	require.Equal(t, "mac-web-2", action.Value)
	require.Equal(t, "answers-web-2", action.BlockID)

	_, err = w.slack.OpenViewContext(t.Context(), call.TriggerID, explanation())
	require.NoError(t, err)
	require.Equal(t, "explain", w.modal(alice)["callback_id"])
}

func TestAHomeTabOfAMinuteAgoCanStillBePressed(t *testing.T) {
	t.Parallel()
	w := start(t)
	_, err := w.publish(alice, openQuestions("web-1"), nil)
	require.NoError(t, err)
	_, err = w.publish(alice, openQuestions(), nil)
	require.NoError(t, err)
	w.post("click", press{"user": alice, "view": "home", "action_id": "yes"})
	require.Equal(t, "mac-web-1", w.app.wait(1)[0].interaction(t).ActionCallback.BlockActions[0].Value)
	for _, wrong := range []press{
		{"user": alice, "view": "home", "action_id": "other"},
		{"user": alice, "view": "home", "action_id": "yes", "block_id": "other"},
		{"user": alice, "view": "modal", "action_id": "yes"},
		{"user": bob, "view": "home", "action_id": "yes"},
	} {
		require.Equal(t, http.StatusNotFound, w.do(http.MethodPost, "click", wrong, nil), wrong)
	}
}

func TestAHomeTabWorksOverTheSocketToo(t *testing.T) {
	t.Parallel()
	w := start(t)
	got := make(chan socketmode.Event, 10)
	w.connect(func(client *socketmode.Client, ev socketmode.Event) {
		_ = client.AckCtx(context.Background(), ev.Request.EnvelopeID, nil)
		got <- ev
	})
	require.True(t, w.post("home", press{"user": alice}).Delivered)
	opened := (<-got).Data.(slackevents.EventsAPIEvent).InnerEvent.Data
	require.Equal(t, w.id(alice), opened.(*slackevents.AppHomeOpenedEvent).User)
	view, err := w.publish(alice, openQuestions("web-1"), nil)
	require.NoError(t, err)
	require.True(t, w.post("click", press{"user": alice, "view": "home", "action_id": "yes"}).Delivered)
	require.Equal(t, view.ID, (<-got).Data.(slack.InteractionCallback).Container.ViewID)

	command := w.post("command", press{"user": alice, "text": "status"})
	require.True(t, command.Delivered)
	require.Empty(t, command.Error, "an acknowledgement without an answer is fine")
	require.Equal(t, "/securitybot", (<-got).Data.(slack.SlashCommand).Command)
	require.Empty(t, w.dm(alice))
}
