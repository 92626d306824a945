package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What nobody may do by a press: each attempt is answered, stands on the
// timeline where an alert is named, and changes nothing.
func TestPressesThatDoNotCount(t *testing.T) {
	t.Parallel()
	b := running(t)

	id := b.reports(alertAbout(alice))
	question := b.asked(alice)
	other := b.reports(alertAbout(bob))
	theirs := b.asked(bob)
	second := b.reports(alertAbout(alice))
	b.eventually("alice has two questions", func() bool { return len(b.questions(alice)) == 2 })
	hers := b.questionAbout(alice, second)

	forged := map[string]struct{ presser, action, value string }{
		"not a value of ours":              {alice, "yes", "yes"},
		"no value":                         {alice, "yes", ""},
		"another code":                     {alice, "yes", tampered(question.value("yes"), 4, "AAAAAAAAAAAAAAAAAAAAAAAA")},
		"no code":                          {alice, "yes", tampered(question.value("yes"), 4, "")},
		"an earlier revision":              {alice, "yes", tampered(question.value("yes"), 2, "0")},
		"a later revision":                 {alice, "yes", tampered(question.value("yes"), 2, "2")},
		"the revision in other digits":     {alice, "yes", tampered(question.value("yes"), 2, "01")},
		"the code for another alert":       {alice, "yes", tampered(question.value("yes"), 1, second)},
		"an alert that is not there":       {alice, "yes", tampered(question.value("yes"), 1, strings.Repeat("0", 64))},
		"the value of another button":      {alice, "yes", question.value("no")},
		"of another button, the other way": {alice, "no", question.value("yes")},
		"the value of a third":             {alice, "unsure", question.value("snooze")},
		"another button, another alert":    {alice, "yes", hers.value("no")},
		"about words":                      {alice, "yes", tampered(question.value("yes"), 3, "YW5zd2Vy")},
		"another version":                  {alice, "yes", tampered(question.value("yes"), 0, "v2")},
	}
	for name, press := range forged {
		t.Run("forged: "+name, func(t *testing.T) {
			b := b.in(t)
			before, tell := b.state(id, other, second), b.told(press.presser, "not made by Securitybot")
			b.forces(press.presser, question, press.action, &press.value)
			b.eventually("the presser is told", func() bool { return b.told(press.presser, "not made by Securitybot") == tell+1 })
			require.Equal(t, before, b.state(id, other, second))
		})
	}
	require.GreaterOrEqual(t, b.refused(id, "forged", ""), 8, "those that name the alert are on its timeline")

	for _, action := range []string{"yes", "no", "unsure", "snooze"} {
		t.Run("somebody else: "+action, func(t *testing.T) {
			b := b.in(t)
			before, tell, refused := b.state(id, other, second), b.told(bob, "sent to somebody else"), b.refused(id, "not_asked", b.slackID(bob))
			b.forces(bob, question, action, nil)
			b.eventually("bob is told", func() bool { return b.told(bob, "sent to somebody else") == tell+1 })
			require.Equal(t, before, b.state(id, other, second))
			require.Equal(t, refused+1, b.refused(id, "not_asked", b.slackID(bob)), "and it is on the timeline")
		})
	}

	t.Run("the value of somebody else's question", func(t *testing.T) {
		b := b.in(t)
		before, tell := b.state(id, other, second), b.told(alice, "sent to somebody else")
		value := theirs.value("yes")
		b.forces(alice, question, "yes", &value)
		b.eventually("alice is told", func() bool { return b.told(alice, "sent to somebody else") == tell+1 })
		require.Equal(t, before, b.state(id, other, second))
		require.Equal(t, 1, b.refused(other, "not_asked", b.slackID(alice)))
	})

	require.Empty(t, b.pushes(alice))
	require.Empty(t, b.pushes(bob))
	require.Empty(t, b.security())
	b.clicks(alice, question, "yes")
	b.phone(alice, "approve")
	b.settles(id, "confirmed", "")
}

// Which of several presses of the right person counts.
func TestPressesOneAfterTheOther(t *testing.T) {
	t.Parallel()
	b := running(t)

	t.Run("the same once more, then everything else after a yes", func(t *testing.T) {
		b := b.in(t)
		id := b.reports(alertAbout(alice))
		question := b.answers(alice, "yes")
		b.eventually("her phone lights up", func() bool { return len(b.pushes(alice)) == 1 })
		answer := b.alert(id).Answer
		for _, action := range []string{"yes", "unsure", "snooze"} {
			before := b.told(alice, "answered this already")
			b.forces(alice, question, action, nil)
			b.eventually("she is told", func() bool { return b.told(alice, "answered this already") == before+1 })
		}
		require.Equal(t, answer, b.alert(id).Answer)
		require.Equal(t, 1, b.alert(id).count("answered"))
		b.phone(alice, "approve")
		b.settles(id, "confirmed", "")
		require.Len(t, b.pushes(alice), 1)
		require.Empty(t, b.security())

		b.eventually("the buttons vanish", func() bool { return len(b.questionAbout(alice, id).Actions) == 0 })
		before := b.state(id)
		for _, action := range []string{"yes", "unsure", "snooze"} {
			told := b.told(alice, "question is closed")
			b.forces(alice, question, action, nil)
			b.eventually("she is told", func() bool { return b.told(alice, "question is closed") == told+1 })
		}
		require.Equal(t, before, b.state(id), "a press after the end")
	})

	t.Run("a no while the push waits wins", func(t *testing.T) {
		b := b.in(t)
		id := b.reports(alertAbout(bob))
		question := b.answers(bob, "yes")
		b.eventually("his phone lights up", func() bool { return len(b.pushes(bob)) == 1 })
		b.forces(bob, question, "no", nil)
		view := b.settles(id, "denied", "")
		require.Equal(t, "no", view.Answer.Choice)
		b.eventually("a case", func() bool { return b.alert(id).has("case_opened") })
		b.phone(bob, "approve")
		b.eventually("the phone's word is recorded", func() bool { return b.alert(id).has("proof") })
		b.stays(2*time.Second, "the no stands", func() bool { return b.alert(id).Verdict == "denied" })
		require.Len(t, b.security(), 1)
	})

	t.Run("nothing comes after a no", func(t *testing.T) {
		b := b.in(t)
		id := b.reports(alertAbout(carol))
		question := b.answers(carol, "no")
		b.settles(id, "denied", "")
		b.eventually("a case", func() bool { return b.alert(id).has("case_opened") })
		cases := len(b.security())
		for _, action := range []string{"yes", "no", "unsure"} {
			told := b.told(carol, "You said that it wasn't you")
			b.forces(carol, question, action, nil)
			b.eventually("she is told", func() bool { return b.told(carol, "You said that it wasn't you") == told+1 })
		}
		require.Equal(t, 1, b.alert(id).count("answered"))
		require.Empty(t, b.pushes(carol))
		require.Len(t, b.security(), cases)
	})

	t.Run("a no after it was confirmed", func(t *testing.T) {
		b := b.in(t)
		cases := len(b.security())
		id := b.reports(alertAbout(dave))
		question := b.answers(dave, "yes")
		b.phone(dave, "approve")
		b.settles(id, "confirmed", "")
		b.forces(dave, question, "no", nil)
		b.eventually("a case", func() bool { return len(b.security()) > cases })
		view := b.alert(id)
		require.Equal(t, "confirmed", view.Verdict, "the first verdict stands")
		require.Equal(t, "escalated", view.Status)
		require.Equal(t, "late_no", view.Escalation.Reason)
	})
}

// Callbacks that Slack never sent, or sent before.
func TestCallbacksOfNobody(t *testing.T) {
	t.Parallel()
	b := running(t)
	id := b.reports(alertAbout(alice))
	question := b.asked(alice)
	press := b.pressPayload(alice, question, "no")
	typed := map[string]any{
		"type": "event_callback", "team_id": b.team(), "event_id": "Ev0FORGED",
		"event": map[string]any{
			"type": "message", "channel_type": "im", "channel": question.Channel, "user": b.slackID(alice), "text": "no", "ts": slackTime(),
		},
	}
	untrue, stale, ahead := false, time.Now().Add(-6*time.Minute).Unix(), time.Now().Add(6*time.Minute).Unix()
	before := b.state(id)
	for path, payload := range map[string]map[string]any{"/slack/interactions": press, "/slack/events": typed, "/slack/commands": {"team_id": b.team()}} {
		for name, raw := range map[string]callback{
			"unsigned":       {Sign: &untrue},
			"signed before":  {Timestamp: &stale},
			"signed ahead":   {Timestamp: &ahead},
			"another secret": {Secret: "guessed"},
		} {
			t.Run(path+" "+name, func(t *testing.T) {
				raw.Path, raw.Payload = path, payload
				require.Equal(t, http.StatusUnauthorized, b.in(t).callback(raw).Status)
			})
		}
	}
	require.Equal(t, before, b.state(id), "and none of it left a trace")

	t.Run("of another workspace", func(t *testing.T) {
		b := b.in(t)
		foreign := b.pressPayload(alice, question, "no")
		foreign["team"] = map[string]string{"id": "T0FOREIGN"}
		foreign["user"] = map[string]string{"id": b.slackID(alice), "team_id": "T0FOREIGN"}
		b.callback(callback{Path: "/slack/interactions", Payload: foreign})
		guest := b.pressPayload(alice, question, "no")
		guest["user"] = map[string]string{"id": b.slackID(alice), "team_id": "T0FOREIGN"}
		b.callback(callback{Path: "/slack/interactions", Payload: guest})
		require.Equal(t, 1, b.refused(id, "not_asked", ""), "the same id elsewhere is somebody else")
		require.Equal(t, before, b.state(id))
	})

	t.Run("what is not Slack's shape", func(t *testing.T) {
		b := b.in(t)
		for _, odd := range []map[string]any{
			{},
			{"type": "block_actions"},
			{"type": "block_actions", "team": map[string]string{"id": b.team()}},
			{"type": "view_submission", "team": map[string]string{"id": b.team()}},
			{"type": "nonsense", "team": map[string]string{"id": b.team()}},
		} {
			receipt := b.callback(callback{Path: "/slack/interactions", Payload: odd})
			require.Less(t, receipt.Status, 500, "%v", odd)
			receipt = b.callback(callback{Path: "/slack/events", Payload: odd})
			require.Less(t, receipt.Status, 500, "%v", odd)
		}
		require.Equal(t, before, b.state(id))
	})

	b.clicks(alice, question, "yes")
	b.eventually("her phone lights up", func() bool { return len(b.pushes(alice)) == 1 })
	answered := b.alert(id)
	yes := b.pressPayload(alice, question, "yes")
	for range 2 { // a capture, sent again with a true signature
		require.Equal(t, http.StatusOK, b.callback(callback{Path: "/slack/interactions", Payload: yes}).Status)
	}
	require.Equal(t, 1, b.refused(id, "answered", ""), "one delivery is heard once")
	refused := b.refused(id, "", "")
	b.post("/sandbox/control/deliver", map[string]string{"kind": "duplicate"})
	require.Equal(t, answered.Answer, b.alert(id).Answer)
	require.Equal(t, 1, b.alert(id).count("answered"))
	require.Equal(t, refused, b.refused(id, "", ""), "a repetition is not told twice")
	require.Len(t, b.pushes(alice), 1)
	b.phone(alice, "approve")
	b.settles(id, "confirmed", "")
	require.Empty(t, b.security())
}

// The words of a modal belong to the one who answered.
func TestWordsOfSomebodyElse(t *testing.T) {
	t.Parallel()
	b := running(t)
	id := b.reports(alertAbout(alice))
	b.answers(alice, "yes")
	var modal map[string]any
	b.eventually("the modal opens", func() bool {
		b.get("/sandbox/control/modal?user="+url.QueryEscape(alice), &modal)
		return modal != nil
	})
	token, _ := modal["private_metadata"].(string)
	require.NotEmpty(t, token)

	tell := b.told(bob, "sent to somebody else")
	b.callback(callback{Path: "/slack/interactions", Payload: b.wordsPayload(bob, token, "It was fine, trust me")})
	b.eventually("bob is told", func() bool { return b.told(bob, "sent to somebody else") == tell+1 })
	require.Equal(t, 1, b.refused(id, "not_asked", b.slackID(bob)))
	for name, forged := range map[string]string{
		"another code": tampered(token, 4, "AAAAAAAAAAAAAAAAAAAAAAAA"), "about another answer": tampered(token, 3, "YW5zd2Vy"),
		"of a button": b.questionAbout(alice, id).value("no"), "nothing": "",
	} {
		t.Run(name, func(t *testing.T) {
			b := b.in(t)
			told := b.told(alice, "not made by Securitybot")
			b.callback(callback{Path: "/slack/interactions", Payload: b.wordsPayload(alice, forged, "forged words")})
			b.eventually("the writer is told", func() bool { return b.told(alice, "not made by Securitybot") == told+1 })
		})
	}
	require.Empty(t, b.alert(id).Answer.Explanation)
	b.explains(alice, "my own words")
	require.Equal(t, "my own words", b.alert(id).Answer.Explanation)
	b.callback(callback{Path: "/slack/interactions", Payload: b.wordsPayload(alice, token, "other words")})
	require.Equal(t, "my own words\nother words", b.alert(id).Answer.Explanation, "the first words stand")
	b.phone(alice, "approve")
	b.settles(id, "confirmed", "")
}

// callback is one that the sandbox's Slack would not send.
type callback struct {
	Path      string         `json:"path"`
	Payload   map[string]any `json:"payload"`
	Timestamp *int64         `json:"timestamp,omitempty"`
	Sign      *bool          `json:"sign,omitempty"`
	Secret    string         `json:"secret,omitempty"`
}

type receipt struct {
	Delivered bool
	Status    int
}

func (b *bot) callback(raw callback) receipt {
	b.Helper()
	var got receipt
	require.NoError(b, json.Unmarshal(b.post("/sandbox/control/callback", raw), &got))
	return got
}

// pressPayload is the press of a button as Slack tells of it.
func (b *bot) pressPayload(email string, message shown, action string) map[string]any {
	b.Helper()
	return map[string]any{
		"type": "block_actions", "team": map[string]string{"id": b.team()},
		"user":      map[string]string{"id": b.slackID(email), "team_id": b.team()},
		"container": map[string]string{"type": "message", "channel_id": message.Channel, "message_ts": message.TS},
		"channel":   map[string]string{"id": message.Channel},
		"actions": []map[string]string{{
			"type": "button", "block_id": "answers", "action_id": action, "value": message.value(action), "action_ts": slackTime(),
		}},
	}
}

// wordsPayload is a submitted modal.
func (b *bot) wordsPayload(email, token, words string) map[string]any {
	b.Helper()
	return map[string]any{
		"type": "view_submission", "team": map[string]string{"id": b.team()},
		"user": map[string]string{"id": b.slackID(email), "team_id": b.team()},
		"view": map[string]any{
			"id": "V0FORGED", "hash": slackTime(), "callback_id": "explanation", "private_metadata": token,
			"state": map[string]any{"values": map[string]any{"explanation": map[string]any{
				"explanation": map[string]string{"type": "plain_text_input", "value": words},
			}}},
		},
	}
}

// slackTime is the present as Slack writes it.
func slackTime() string {
	now := time.Now()
	return fmt.Sprintf("%d.%06d", now.Unix(), now.Nanosecond()/1000)
}

// forces presses a button also on a copy that is no longer shown, with a value
// of one's own if there is one.
func (b *bot) forces(email string, message shown, action string, value *string) {
	b.Helper()
	b.post("/sandbox/control/click", map[string]any{
		"user": email, "channel": message.Channel, "ts": message.TS, "action_id": action, "value": value,
	})
}

func (s shown) value(action string) string {
	for _, offered := range s.Actions {
		if offered.ActionID == action {
			return offered.Value
		}
	}
	return ""
}

// tampered is a value with one of its parts replaced.
func tampered(value string, part int, with string) string {
	parts := strings.Split(value, ".")
	parts[part] = with
	return strings.Join(parts, ".")
}

// questionAbout is the message that asks about an alert.
func (b *bot) questionAbout(email, id string) shown {
	b.Helper()
	for _, entry := range b.alert(id).Timeline {
		if entry["kind"] != "asked" {
			continue
		}
		for _, message := range b.dm(email) {
			if message.TS == entry["ts"] {
				return message
			}
		}
	}
	return shown{}
}

// state is all that a press could have changed, but for the timeline.
func (b *bot) state(ids ...string) []any {
	b.Helper()
	var state []any
	for _, id := range ids {
		view := b.alert(id)
		view.Timeline = nil
		state = append(state, view)
	}
	for _, email := range []string{alice, bob} {
		buttons := 0
		for _, message := range b.dm(email) {
			buttons += len(message.Actions)
		}
		state = append(state, buttons, len(b.pushes(email)))
	}
	return append(state, len(b.security()))
}

// refused counts the presses on an alert's timeline that were refused, for a
// reason and by somebody, if given.
func (b *bot) refused(id, reason, who string) int {
	b.Helper()
	count := 0
	for _, entry := range b.alert(id).Timeline {
		if entry["kind"] == "press_refused" && (reason == "" || entry["reason"] == reason) && (who == "" || entry["chat_id"] == who) {
			count++
		}
	}
	return count
}

// told counts the messages to a person that say something.
func (b *bot) told(email, text string) int {
	b.Helper()
	count := 0
	for _, message := range b.dm(email) {
		if strings.Contains(message.Text, text) {
			count++
		}
	}
	return count
}

func (b *bot) slackID(email string) string {
	b.Helper()
	var people []struct{ ID, Email string }
	b.get("/sandbox/control/users", &people)
	for _, person := range people {
		if person.Email == email {
			return person.ID
		}
	}
	require.FailNow(b, "nobody has the address "+email)
	return ""
}

// team is the id of the sandbox's workspace.
func (b *bot) team() string {
	b.Helper()
	var list struct{ Alerts []struct{ ID string } }
	b.get("/v1/alerts", &list)
	for _, alert := range list.Alerts {
		var detail struct{ Person *struct{ Team string } }
		b.get("/v1/alerts/"+alert.ID, &detail)
		if detail.Person != nil {
			return detail.Person.Team
		}
	}
	require.FailNow(b, "no alert is about anybody yet")
	return ""
}
