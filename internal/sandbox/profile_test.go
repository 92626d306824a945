package sandbox_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/stretchr/testify/require"
)

func (w *world) person(email string) *slack.User {
	w.t.Helper()
	u, err := w.slack.GetUserInfoContext(w.t.Context(), w.id(email))
	require.NoError(w.t, err)
	return u
}

func TestRespondersAreAUserGroup(t *testing.T) {
	t.Parallel()
	w := start(t)
	ctx := t.Context()
	groups, err := w.slack.GetUserGroupsContext(ctx, slack.GetUserGroupsOptionIncludeUsers(true), slack.GetUserGroupsOptionIncludeCount(true))
	require.NoError(t, err)
	require.Len(t, groups, 1)
	require.Equal(t, "S_RESPONDERS", groups[0].ID)
	require.Equal(t, "security-responders", groups[0].Handle)
	require.Equal(t, []string{w.id(sam), w.id(kim)}, groups[0].Users)
	require.Equal(t, 2, groups[0].UserCount)
	gone := w.id(kim)
	require.Equal(t, http.StatusOK, w.do(http.MethodPost, "deactivate", press{"user": kim, "deactivated": true}, nil))
	members, err := w.slack.GetUserGroupMembersContext(ctx, groups[0].ID)
	require.NoError(t, err)
	require.Equal(t, []string{w.id(sam)}, members)
	require.NotContains(t, members, gone, "who has left is no responder")
	_, err = w.slack.GetUserGroupMembersContext(ctx, "S0NOTHING0")
	require.Equal(t, "no_such_subteam", slackError(t, err).Err)
}

func TestAStatusIsShownUntilItExpires(t *testing.T) {
	t.Parallel()
	var clock hand
	clock.set(time.Unix(1_800_000_000, 0))
	opt := options(t)
	opt.Clock = clock.now
	w := startWith(t, opt)
	away := press{"text": "On holiday", "emoji": ":palm_tree:", "expires_in_seconds": 3600}
	require.Equal(t, http.StatusOK, w.do(http.MethodPost, "person", press{"user": alice, "status": away}, nil))
	shown := w.person(alice).Profile
	require.Equal(t, "On holiday", shown.StatusText)
	require.Equal(t, ":palm_tree:", shown.StatusEmoji)
	require.Equal(t, 1_800_003_600, shown.StatusExpiration)
	clock.set(clock.now().Add(time.Hour))
	shown = w.person(alice).Profile
	require.Empty(t, shown.StatusText+shown.StatusEmoji)
	require.Zero(t, shown.StatusExpiration)

	forever := press{"text": "Parental leave", "emoji": ":baby:"}
	require.Equal(t, http.StatusOK, w.do(http.MethodPost, "person", press{"user": bob, "status": forever}, nil))
	clock.set(clock.now().Add(1000 * time.Hour))
	require.Equal(t, "Parental leave", w.person(bob).Profile.StatusText)
	require.Equal(t, http.StatusOK, w.do(http.MethodPost, "person", press{"user": bob, "status": press{}}, nil))
	require.Empty(t, w.person(bob).Profile.StatusText)
}

func TestAPersonMovesToAnotherZone(t *testing.T) {
	t.Parallel()
	w := start(t)
	require.Equal(t, http.StatusOK, w.do(http.MethodPost, "person", press{"user": alice, "tz": "Asia/Kolkata"}, nil))
	u := w.person(alice)
	require.Equal(t, "Asia/Kolkata", u.TZ)
	require.Equal(t, 19_800, u.TZOffset)
	require.Equal(t, http.StatusOK, w.do(http.MethodPost, "person", press{"user": alice, "tz_label": "India Standard Time"}, nil))
	require.Equal(t, "India Standard Time", w.person(alice).TZLabel)
	for change, want := range map[string]int{
		`{"user":"alice@example.com","tz":"Mars/Olympus"}`:       http.StatusBadRequest,
		`{"user":"alice@example.com","tz":"Local"}`:              http.StatusBadRequest,
		`{"user":"alice@example.com","status":{"txt":"x"}}`:      http.StatusBadRequest,
		`{"user":"nobody@example.com","tz":"Asia/Kolkata"}`:      http.StatusNotFound,
		`{"user":"alice","factor":"auth"}`:                       http.StatusOK, // Duo's own name for her
		`{"user":"alice@example.com","tz":"","factor":"bypass"}`: http.StatusOK,
	} {
		require.Equal(t, want, w.do(http.MethodPost, "person", json.RawMessage(change), nil), change)
	}
	require.Empty(t, w.person(alice).TZ, "Slack doesn't know everybody's zone")
}

// heard is the message event of the n-th callback.
func (got arrival) heard(t *testing.T) *slackevents.MessageEvent {
	t.Helper()
	event, err := slackevents.ParseEvent(json.RawMessage(got.body), slackevents.OptionNoVerifyToken())
	require.NoError(t, err)
	return event.InnerEvent.Data.(*slackevents.MessageEvent)
}

func TestAPersonChangesAndTakesBackTheirOwnWords(t *testing.T) {
	t.Parallel()
	w := start(t)
	sent := w.post("reply", press{"user": alice, "text": "no"})
	w.post("edit", press{"user": alice, "ts": sent.TS, "text": "yes <b>"})
	changed := w.app.wait(2)[1].heard(t)
	require.Equal(t, "message_changed", changed.SubType)
	require.Equal(t, sent.Channel, changed.Channel)
	require.Equal(t, "im", changed.ChannelType)
	require.Equal(t, "yes &lt;b&gt;", changed.Message.Text)
	require.Equal(t, sent.TS, changed.Message.Timestamp)
	require.Equal(t, w.id(alice), changed.Message.Edited.User)
	require.Equal(t, "no", changed.PreviousMessage.Text)
	require.Equal(t, "yes <b>", w.dm(alice)[0].Text)

	_, question := w.ask(alice)
	for path, wrong := range map[string]press{
		"edit":   {"user": bob, "channel": sent.Channel, "ts": sent.TS, "text": "not mine"},
		"delete": {"user": alice, "ts": question},
	} {
		require.Equal(t, http.StatusNotFound, w.do(http.MethodPost, path, wrong, nil), path)
	}
	w.post("delete", press{"user": alice, "ts": sent.TS})
	deleted := w.app.wait(1)[2].heard(t)
	require.Equal(t, "message_deleted", deleted.SubType)
	require.Equal(t, sent.TS, deleted.DeletedTimeStamp)
	require.Len(t, w.dm(alice), 1)
}

func TestAPersonWritesABook(t *testing.T) {
	t.Parallel()
	w := start(t)
	book := strings.Repeat("yes, ü & ", 40_000/9)
	book += strings.Repeat("!", 40_000-utf8.RuneCountInString(book))
	require.True(t, w.post("reply", press{"user": alice, "text": book}).Delivered)
	require.Equal(t, strings.ReplaceAll(book, "&", "&amp;"), w.app.wait(1)[0].heard(t).Text)
	require.Equal(t, http.StatusBadRequest, w.do(http.MethodPost, "reply", press{"user": alice, "text": book + "!"}, nil))
	require.Len(t, w.dm(alice), 1)
}

func TestAPictureMayComeWithoutWords(t *testing.T) {
	t.Parallel()
	w := start(t)
	channel, ts := w.ask(alice)
	require.True(t, w.post("reply", press{"user": alice, "text": "", "file": true, "thread_ts": ts}).Delivered)
	got := w.app.wait(1)[0].heard(t)
	require.Equal(t, "file_share", got.SubType)
	require.Empty(t, got.Text)
	require.Equal(t, ts, got.ThreadTimeStamp)
	require.Equal(t, "image/png", got.Message.Files[0].Mimetype)
	thread, _, _, err := w.slack.GetConversationRepliesContext(t.Context(), &slack.GetConversationRepliesParameters{ChannelID: channel, Timestamp: ts})
	require.NoError(t, err)
	require.Len(t, thread[1].Files, 1)
}
