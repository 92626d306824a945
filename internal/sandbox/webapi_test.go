package sandbox_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"
)

func TestTheBotKnowsWhoItIs(t *testing.T) {
	t.Parallel()
	w := start(t)
	me, err := w.slack.AuthTestContext(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, me.TeamID)
	require.NotEmpty(t, me.UserID)
	require.NotEmpty(t, me.BotID)
	for name, token := range map[string]string{"invalid_auth": "xoxb-wrong", "not_allowed_token_type": appToken} {
		api := slack.New(token, slack.OptionAPIURL(w.sb.SlackAPIURL()), slack.OptionHTTPClient(w.http))
		_, err := api.AuthTestContext(t.Context())
		require.Equal(t, name, slackError(t, err).Err)
	}
}

func TestPeopleAreFoundByEmailUnlessDeactivated(t *testing.T) {
	t.Parallel()
	w := start(t)
	u, err := w.slack.GetUserByEmailContext(t.Context(), "Alice@Example.com")
	require.NoError(t, err)
	require.Equal(t, alice, u.Profile.Email)
	require.Equal(t, "Europe/Berlin", u.TZ)
	require.False(t, u.Deleted)
	for _, email := range []string{frank, "nobody@example.com"} {
		_, err = w.slack.GetUserByEmailContext(t.Context(), email)
		require.Equal(t, "users_not_found", slackError(t, err).Err)
	}
}

func TestTheListOfPeopleComesInPages(t *testing.T) {
	t.Parallel()
	w := start(t)
	all, err := w.slack.GetUsersContext(t.Context(), slack.GetUsersOptionLimit(2))
	require.NoError(t, err)
	byName := map[string]slack.User{}
	for _, u := range all {
		byName[u.Name] = u
	}
	require.Len(t, byName, len(all))
	require.True(t, byName["frank"].Deleted)
	require.True(t, byName["securitybot"].IsBot)
	require.Equal(t, "dave@example.com", byName["dave"].Profile.Email)
	require.Contains(t, byName, "slackbot")
}

func TestAQuestionIsPostedUpdatedAndFoundAgain(t *testing.T) {
	t.Parallel()
	w := start(t)
	ctx := t.Context()
	channel, ts := w.ask(alice)
	require.Regexp(t, `^D`, channel)
	require.Regexp(t, `^\d{10}\.\d{6}$`, ts)

	seen := w.dm(alice)
	require.Len(t, seen, 1)
	require.Equal(t, []shownAction{
		{"yes", "Yes, it was me", "mac-yes"}, {"no", "No, it wasn't me", "mac-no"},
	}, seen[0].Actions)
	require.Empty(t, seen[0].ThreadTS)

	_, reminder, err := w.slack.PostMessageContext(ctx, channel, slack.MsgOptionText("Still there?", true),
		slack.MsgOptionTS(ts), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
	require.NoError(t, err)
	require.Greater(t, reminder, ts)

	history, err := w.slack.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
		ChannelID: channel, IncludeAllMetadata: true,
	})
	require.NoError(t, err)
	require.Len(t, history.Messages, 1)
	require.Equal(t, "q1", history.Messages[0].Metadata.EventPayload["id"])
	require.Equal(t, 1, history.Messages[0].ReplyCount)
	thread, _, _, err := w.slack.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
		ChannelID: channel, Timestamp: ts,
	})
	require.NoError(t, err)
	require.Len(t, thread, 2)

	_, _, _, err = w.slack.UpdateMessageContext(ctx, channel, ts, slack.MsgOptionText("Answered.", true))
	require.NoError(t, err)
	seen = w.dm(alice)
	require.Equal(t, "Answered.", seen[0].Text)
	require.Empty(t, seen[0].Blocks, "text without blocks removes the blocks")
	require.True(t, seen[0].Edited)
	require.Equal(t, "q1", seen[0].Metadata["event_payload"].(map[string]any)["id"], "metadata stays")
	require.Equal(t, ts, seen[1].ThreadTS)
	require.Empty(t, w.violations())
}

func TestPostsAreRefusedAsSlackRefusesThem(t *testing.T) {
	t.Parallel()
	w := start(t)
	users, err := w.slack.GetUsersContext(t.Context())
	require.NoError(t, err)
	ids := map[string]string{}
	for _, u := range users {
		ids[u.Name] = u.ID
	}
	hello := slack.MsgOptionText("hello", true)
	for _, c := range []struct {
		name, target, want string
		options            []slack.MsgOption
	}{
		{"deactivated", ids["frank"], "user_disabled", []slack.MsgOption{hello}},
		{"a bot", ids["ci-bot"], "cannot_dm_bot", []slack.MsgOption{hello}},
		{"unknown", "U0NOBODY00", "channel_not_found", []slack.MsgOption{hello}},
		{"not invited", "general", "not_in_channel", []slack.MsgOption{hello}},
		{"empty", ids["alice"], "no_text", nil},
		{"a long block", ids["alice"], "invalid_blocks", []slack.MsgOption{hello, question(strings.Repeat("x", 3001))}},
	} {
		_, _, err := w.slack.PostMessageContext(t.Context(), c.target, c.options...)
		refused := slackError(t, err)
		require.Equal(t, c.want, refused.Err, c.name)
		if c.want == "invalid_blocks" {
			require.Equal(t, []string{"[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"},
				refused.ResponseMetadata.Messages)
		}
	}
	_, _, _, err = w.slack.OpenConversationContext(t.Context(), &slack.OpenConversationParameters{Users: []string{ids["frank"]}})
	require.Equal(t, "user_disabled", slackError(t, err).Err)
	resp, err := w.http.Post(w.sb.SlackAPIURL()+"no.such", "application/json", strings.NewReader(`{}`))
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.JSONEq(t, `{"ok":false,"error":"unknown_method"}`, string(body))
}

func TestAScopeThatTheTokenLacksIsNamed(t *testing.T) {
	t.Parallel()
	opt := options(t)
	opt.Scopes = []string{"chat:write", "users:read"}
	w := startWith(t, opt)
	_, err := w.slack.GetUserByEmailContext(t.Context(), alice)
	refused := slackError(t, err)
	require.Equal(t, "missing_scope", refused.Err)
	require.Equal(t, "users:read.email", refused.Needed)
	users, err := w.slack.GetUsersContext(t.Context())
	require.NoError(t, err)
	require.Empty(t, users[0].Profile.Email)
}

func TestMoreThanAMessageASecondInOneChannelIsTooMany(t *testing.T) {
	t.Parallel()
	now := time.Now()
	opt := options(t)
	opt.Clock = func() time.Time { return now } // no tokens come back
	w := startWith(t, opt)
	post := func(channel string) error {
		_, _, err := w.slack.PostMessageContext(t.Context(), channel, slack.MsgOptionText("one more", true))
		return err
	}
	for range 5 {
		require.NoError(t, post("security"))
	}
	var limited *slack.RateLimitedError
	require.ErrorAs(t, post("security"), &limited)
	require.Equal(t, time.Second, limited.RetryAfter)
	require.NoError(t, post(w.id(alice)), "another channel has its own limit")
}

func TestTimeStampsOfMessagesAlwaysIncrease(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	opt := options(t)
	opt.Clock = func() time.Time { return now }
	w := startWith(t, opt)
	for range 3 {
		_, _, err := w.slack.PostMessageContext(t.Context(), "security", slack.MsgOptionText("tick", true))
		require.NoError(t, err)
	}
	for i, m := range w.channel("security") {
		require.Equal(t, "1800000000.00000"+strconv.Itoa(i), m.TS)
	}
}

func TestCarelessPostsAreNoted(t *testing.T) {
	t.Parallel()
	w := start(t)
	ctx := t.Context()
	id := w.id(alice)
	_, _, err := w.slack.PostMessageContext(ctx, id, slack.MsgOptionText("wake up <!channel>", false),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
	require.NoError(t, err)
	_, _, err = w.slack.PostMessageContext(ctx, id, question("no fallback"),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
	require.NoError(t, err)
	_, _, err = w.slack.PostMessageContext(ctx, id, slack.MsgOptionText("a & b <i>", true))
	require.NoError(t, err)
	require.Equal(t, []string{"broadcast mention", "empty fallback text", "unfurls not off", "unfurls not off"}, w.violations())
	require.Equal(t, "a & b <i>", w.dm(alice)[2].Text, "as she reads it")

	resp, err := w.http.Get(w.sb.SlackAPIURL() + "auth.test?token=" + botToken)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Contains(t, w.violations(), "token in URL")
}

func TestTheRequestLogHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.ask(alice)
	var log []struct {
		Method string            `json:"method"`
		Args   map[string]string `json:"args"`
		Status int               `json:"status"`
	}
	require.Equal(t, http.StatusOK, w.do(http.MethodGet, "requests?service=slack", nil, &log))
	require.Len(t, log, 2)
	require.Equal(t, "users.lookupByEmail", log[0].Method)
	require.Equal(t, "chat.postMessage", log[1].Method)
	require.Equal(t, "Was it you?", log[1].Args["text"])
	for _, entry := range log {
		require.Equal(t, http.StatusOK, entry.Status)
		for _, v := range entry.Args {
			require.NotContains(t, v, botToken)
		}
	}
}

func TestEphemeralMessagesAreForOnePerson(t *testing.T) {
	t.Parallel()
	w := start(t)
	ctx := t.Context()
	channel, ts := w.ask(alice)
	_, err := w.slack.PostEphemeralContext(ctx, channel, w.id(alice), slack.MsgOptionText("only you", true))
	require.NoError(t, err)
	seen := w.dm(alice)
	require.True(t, seen[1].Ephemeral)
	_, err = w.slack.PostEphemeralContext(ctx, channel, w.id(bob), slack.MsgOptionText("not here", true))
	require.Equal(t, "user_not_in_channel", slackError(t, err).Err)
	_, _, _, err = w.slack.UpdateMessageContext(ctx, channel, seen[1].TS, slack.MsgOptionText("changed", true))
	require.Equal(t, "message_not_found", slackError(t, err).Err)

	link, err := w.slack.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: channel, Ts: ts})
	require.NoError(t, err)
	require.Contains(t, link, strings.ReplaceAll(ts, ".", ""))
	_, _, err = w.slack.DeleteMessageContext(ctx, channel, ts)
	require.NoError(t, err)
	require.Len(t, w.dm(alice), 1)
}

func TestWhatElseClientsAskFor(t *testing.T) {
	t.Parallel()
	w := start(t)
	ctx := t.Context()
	presence, err := w.slack.GetUserPresenceContext(ctx, w.id(alice))
	require.NoError(t, err)
	require.Equal(t, "active", presence.Presence)
	user := w.id(alice)
	dnd, err := w.slack.GetDNDInfoContext(ctx, &user)
	require.NoError(t, err)
	require.Greater(t, dnd.NextEndTimestamp, dnd.NextStartTimestamp)
	channels, _, err := w.slack.GetConversationsContext(ctx, &slack.GetConversationsParameters{})
	require.NoError(t, err)
	require.Len(t, channels, 3)
	for _, c := range channels {
		info, err := w.slack.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: c.ID})
		require.NoError(t, err)
		require.Equal(t, c.Name != "general", info.IsMember)
	}
	members, _, err := w.slack.GetUsersInConversationContext(ctx, &slack.GetUsersInConversationParameters{ChannelID: channels[0].ID})
	require.NoError(t, err)
	require.Contains(t, members, user)
	im, _, open, err := w.slack.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{user}})
	require.NoError(t, err)
	require.False(t, open)
	again, _, open, err := w.slack.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{user}})
	require.NoError(t, err)
	require.True(t, open)
	require.Equal(t, im.ID, again.ID)
	_, err = w.slack.GetUserInfoContext(ctx, "U0NOBODY00")
	require.Equal(t, "user_not_found", slackError(t, err).Err)
}

func TestHistoryComesInPagesFromTheNewestOn(t *testing.T) {
	t.Parallel()
	w := start(t)
	var stamps []string
	for _, text := range []string{"one", "two", "three"} {
		_, ts, err := w.slack.PostMessageContext(t.Context(), "security", slack.MsgOptionText(text, true))
		require.NoError(t, err)
		stamps = append(stamps, ts)
	}
	channel := w.channel("security")[0].Channel
	page := func(p slack.GetConversationHistoryParameters) ([]string, *slack.GetConversationHistoryResponse) {
		p.ChannelID = channel
		got, err := w.slack.GetConversationHistoryContext(t.Context(), &p)
		require.NoError(t, err)
		var texts []string
		for _, m := range got.Messages {
			texts = append(texts, m.Text)
		}
		return texts, got
	}
	first, got := page(slack.GetConversationHistoryParameters{Limit: 2})
	require.Equal(t, []string{"three", "two"}, first)
	require.True(t, got.HasMore)
	rest, got := page(slack.GetConversationHistoryParameters{Limit: 2, Cursor: got.ResponseMetaData.NextCursor})
	require.Equal(t, []string{"one"}, rest)
	require.False(t, got.HasMore)
	since, _ := page(slack.GetConversationHistoryParameters{Oldest: stamps[1]})
	require.Equal(t, []string{"three"}, since, "oldest itself is left out")
	since, _ = page(slack.GetConversationHistoryParameters{Oldest: stamps[1], Inclusive: true})
	require.Equal(t, []string{"three", "two"}, since)
	until, _ := page(slack.GetConversationHistoryParameters{Latest: stamps[1]})
	require.Equal(t, []string{"one"}, until)
}

func TestAThreadWithoutItsParentStandsAlone(t *testing.T) {
	t.Parallel()
	w := start(t)
	channel, ts := w.ask(alice)
	_, _, err := w.slack.DeleteMessageContext(t.Context(), channel, ts)
	require.NoError(t, err)
	_, _, posted, err := w.slack.PostMessageWithResponseContext(t.Context(), channel, slack.MsgOptionText("reminder", true), slack.MsgOptionTS(ts))
	require.NoError(t, err)
	require.Empty(t, posted.ThreadTimestamp)
}
