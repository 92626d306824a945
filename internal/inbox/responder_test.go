package inbox_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/inbox"
	"securitybot/internal/seal"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite"
	"securitybot/internal/words"
)

var (
	dana  = somebody("UDANA", "Dana Dale") // whom the cases are about, a responder as well
	sam   = somebody("USAM", "Sam Smith")  // a responder, as is Robin
	robin = somebody("UROBIN", "Robin Reed")
	mia   = somebody("UMIA", "Mia Moss") // Dana's manager, and no responder
)

func somebody(user, name string) alert.Person {
	return alert.Person{PersonKey: alert.PersonKey{Team: "T1", User: user}, Name: name, Email: user + "@example.com"}
}

// desk is where responders sit: an inbox over a real record.
type desk struct {
	*testing.T
	*inbox.Inbox
	record *store.Store
	sealer *seal.Sealer
	now    time.Time
	kicks  atomic.Int64
	count  atomic.Int64
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	path := filepath.Join(t.TempDir(), "record.db")
	require.NoError(t, sqlite.Migrate(t.Context(), path))
	backend, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, backend.Close()) })
	d := &desk{T: t, now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	d.record = store.New(backend, store.WithClock(func() time.Time { return d.now }))
	require.NoError(t, d.record.PutPeople(t.Context(), []alert.Person{dana, sam, robin, mia}))
	d.sealer, err = seal.New(seal.NewKey())
	require.NoError(t, err)
	d.Inbox = inbox.New(inbox.Options{
		Record: d.record, Sealer: d.sealer, Book: words.Default(), Policy: responders{dana, sam, robin},
		Kick: func() { d.kicks.Add(1) },
	})
	return d
}

// responders are a policy that names them.
type responders []alert.Person

func (r responders) Responder(_ context.Context, key alert.PersonKey) (alert.Person, bool, error) {
	i := slices.IndexFunc(r, func(person alert.Person) bool { return person.PersonKey == key })
	if i < 0 {
		return alert.Person{}, false, nil
	}
	return r[i], true, nil
}

func (responders) EscalateTo(context.Context, alert.PersonKey) ([]alert.Step, error) { return nil, nil }

func (responders) OptOutMost(context.Context) (time.Duration, error) { return 24 * time.Hour, nil }

// decided plans the same for every alert.
type decided alert.Plan

func (p decided) Plan(alert.Alert, alert.Person, []string, time.Time) alert.Plan {
	return alert.Plan(p)
}

// planned is an alert about Dana under a plan.
func (d *desk) planned(severity alert.Severity, plan alert.Plan) string {
	d.Helper()
	accepted, err := d.record.Accept(d.Context(), alert.Alert{
		Source: "auditd", Key: fmt.Sprint(d.count.Add(1)), Detection: "sudo_interactive", Title: "sudo to an interactive shell",
		Severity: severity, Subject: alert.Subject{Email: dana.Email},
	})
	require.NoError(d, err)
	plan.AskBy, plan.Deadline = d.now.Add(time.Hour), time.Hour
	_, err = d.record.Admit(d.Context(), accepted.Record.ID, store.Identified{Person: dana}, decided(plan))
	require.NoError(d, err)
	return accepted.Record.ID
}

// opened is a case about Dana that nobody asked her about.
func (d *desk) opened(severity alert.Severity) string {
	d.Helper()
	id := d.planned(severity, alert.Plan{
		Action: alert.Escalate, Verdict: alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonPolicy},
	})
	_, err := d.record.Settle(d.Context(), id, store.Because{})
	require.NoError(d, err)
	return id
}

func (d *desk) story(id string) store.Story {
	d.Helper()
	story, err := d.record.Story(d.Context(), id)
	require.NoError(d, err)
	return story
}

func (d *desk) last(id string) store.Entry {
	d.Helper()
	entries := d.story(id).Entries
	return entries[len(entries)-1]
}

// value is what a button of the case carries.
func (d *desk) value(id, action string) string {
	return d.sealer.Value(seal.Claim{Action: action, AlertID: id, Revision: 1}, alert.PersonKey{})
}

func (d *desk) press(who alert.Person, action, value string) chat.Reply {
	d.Helper()
	reply, err := d.Press(d.Context(), chat.Press{
		Delivery: fmt.Sprintf("press-%d", d.count.Add(1)), Person: who.PersonKey, At: d.now, Action: action, Value: value,
		Place: chat.Ref{Channel: "CSECURITY", TS: "1"},
	})
	require.NoError(d, err)
	return reply
}

func (d *desk) writes(who alert.Person, token, text string) chat.Reply {
	d.Helper()
	reply, err := d.Words(d.Context(), chat.Words{
		Delivery: fmt.Sprintf("view-%d", d.count.Add(1)), Person: who.PersonKey, At: d.now, Token: token, Text: text,
	})
	require.NoError(d, err)
	return reply
}

func TestTheButtonsOfACaseAreThese(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.opened(alert.Low)
	shown := words.Default().Case(d.story(id), noAddresses{}, d.sealer)
	require.Equal(t, d.value(id, words.ActionAck), shown.Buttons[0].Value)
	require.Equal(t, d.value(id, words.ActionResolve), shown.Buttons[1].Value)
}

type noAddresses struct{}

func (noAddresses) Alert(string) string    { return "" }
func (noAddresses) Workflow(string) string { return "" }

func TestAResponderHandlesACase(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.opened(alert.Low)
	require.Equal(t, chat.Reply{}, d.press(sam, words.ActionAck, d.value(id, words.ActionAck)))
	require.Equal(t, "Sam Smith", d.story(id).Case.AckedBy)
	require.Equal(t, int64(1), d.kicks.Load())
	require.Contains(t, d.press(robin, words.ActionAck, d.value(id, words.ActionAck)).Tell, "already")

	ask := d.press(robin, words.ActionResolve, d.value(id, words.ActionResolve)).Ask
	require.NotNil(t, ask)
	require.True(t, d.story(id).Case.ResolvedAt.IsZero(), "a reason is wanted")
	require.NotNil(t, d.writes(robin, ask.Token, "  \n").Ask, "it is asked for once more")
	require.Empty(t, d.writes(robin, ask.Token, "planned “work”\x00"))
	opened := d.story(id).Case
	require.Equal(t, "Robin Reed", opened.ResolvedBy)
	require.Equal(t, "planned “work”", opened.Resolution)
	require.Contains(t, d.writes(robin, ask.Token, "again").Tell, "already")
	require.Nil(t, d.press(sam, words.ActionResolve, d.value(id, words.ActionResolve)).Ask, "there is nothing to give a reason for")
	require.Equal(t, store.KindPressRefused, d.last(id).Kind)
}

func TestOnlyRespondersHandleCases(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.opened(alert.Low)
	for _, action := range []string{words.ActionAck, words.ActionResolve, words.ActionReviewed, words.ActionReopen} {
		reply := d.press(mia, action, d.value(id, action))
		require.Equal(t, words.Default().NotResponder(), reply.Tell, action)
		require.Nil(t, reply.Ask, action)
		require.Equal(t, store.ActorOther, d.last(id).Actor, action)
	}
	prompt := d.press(sam, words.ActionResolve, d.value(id, words.ActionResolve)).Ask
	require.NotEmpty(t, d.writes(mia, prompt.Token, "all fine").Tell, "another's prompt")
	theirs := d.sealer.Value(seal.Claim{Action: words.ActionResolve, AlertID: id, Revision: 1, About: "reason"}, mia.PersonKey)
	require.Equal(t, words.Default().NotResponder(), d.writes(mia, theirs, "all fine").Tell, "a responder no more")
	require.Equal(t, store.Case{AlertID: id, About: dana.PersonKey, OpenedAt: d.now, Rung: 1, Rank: store.RankLow}, *d.story(id).Case)
	require.Zero(t, d.kicks.Load())
}

// Dana is a responder herself, and tries everything.
func TestThePersonOfACaseCanNotHandleIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.opened(alert.Low)
	own := words.Default().OwnCase()
	require.Equal(t, own, d.press(dana, words.ActionAck, d.value(id, words.ActionAck)).Tell)
	reply := d.press(dana, words.ActionResolve, d.value(id, words.ActionResolve))
	require.Equal(t, own, reply.Tell)
	require.Nil(t, reply.Ask)
	token := d.sealer.Value(seal.Claim{Action: words.ActionResolve, AlertID: id, Revision: 1, About: "reason"}, dana.PersonKey)
	require.Equal(t, own, d.writes(dana, token, "that was me").Tell, "a prompt that was open before she joined")
	require.Equal(t, own, d.press(dana, words.ActionReviewed, d.value(id, words.ActionReviewed)).Tell)
	peer := d.sealer.Value(seal.Claim{Action: words.ActionPeerYes, AlertID: id, Revision: 1, About: "boss"}, dana.PersonKey)
	require.Equal(t, own, d.press(dana, words.ActionPeerYes, peer).Tell)
	require.Equal(t, store.Case{AlertID: id, About: dana.PersonKey, OpenedAt: d.now, Rung: 1, Rank: store.RankLow}, *d.story(id).Case)
	require.Zero(t, d.kicks.Load())
}

func TestButtonsOfCasesThatWeNeverMade(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.opened(alert.Low)
	good := d.value(id, words.ActionAck)
	for name, value := range map[string]string{
		"nothing": "", "a changed code": good[:len(good)-1] + "_", "another button's": d.value(id, words.ActionResolve),
		"a question's":                d.sealer.Value(seal.Claim{Action: words.ActionAck, AlertID: id, Revision: 1}, sam.PersonKey),
		"of an alert that isn't here": d.value("nothing", words.ActionAck),
	} {
		require.NotEmpty(t, d.press(sam, words.ActionAck, value).Tell, name)
		require.True(t, d.story(id).Case.AckedAt.IsZero(), name)
	}
	require.NotEmpty(t, d.press(mia, words.ActionPeerYes, d.value(id, words.ActionPeerYes)).Tell, "sealed for nobody")
	_, answered := d.story(id).PeerAnswer("")
	require.False(t, answered)
}

// What is grave is resolved by the responder's own phone.
func TestAGraveCaseNeedsAProof(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.opened(alert.Critical)
	token := d.press(sam, words.ActionResolve, d.value(id, words.ActionResolve)).Ask.Token
	written := chat.Words{Delivery: "view", Person: sam.PersonKey, At: d.now, Token: token, Text: "spoke to Dana"}
	reply, err := d.Words(t.Context(), written)
	require.NoError(t, err)
	require.True(t, d.story(id).Case.ResolvedAt.IsZero())
	open, err := d.record.List(t.Context(), store.Filter{Detection: alert.DetectionRequest, Limit: 10})
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.Equal(t, words.Default().ResolveNeedsProof(open[0].Code), reply.Tell)
	require.Equal(t, sam.PersonKey, open[0].Person)
	reply, err = d.Words(t.Context(), written)
	require.NoError(t, err)
	require.Empty(t, reply, "Slack delivered it twice")

	proof, turn, err := d.record.BeginProof(t.Context(), open[0].ID, 1, "duo")
	require.NoError(t, err)
	require.Equal(t, store.ProofPush, turn)
	_, err = d.record.ProofDecided(t.Context(), proof, alert.ProofApproved, "")
	require.NoError(t, err)
	_, err = d.record.Settle(t.Context(), open[0].ID, store.Because{})
	require.NoError(t, err)
	require.Equal(t, "spoke to Dana", d.story(id).Case.Resolution)
	require.Equal(t, "Sam Smith", d.story(id).Case.ResolvedBy)
}

func TestTwoRespondersClickAtOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.opened(alert.Low)
	replies := make(chan chat.Reply)
	for n, who := range []alert.Person{sam, robin} {
		go func() {
			reply, err := d.Press(t.Context(), chat.Press{
				Delivery: fmt.Sprint("at once ", n), Person: who.PersonKey, At: d.now, Action: words.ActionAck,
				Value: d.value(id, words.ActionAck), Place: chat.Ref{Channel: "CSECURITY", TS: "1"},
			})
			if err != nil {
				reply.Tell = err.Error()
			}
			replies <- reply
		}()
	}
	told := []string{(<-replies).Tell, (<-replies).Tell}
	slices.Sort(told)
	require.Empty(t, told[0])
	require.Equal(t, words.Default().Refused(store.RefusedAcked), told[1])
}

func TestAReview(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.planned(alert.Low, alert.Plan{Action: alert.Ask, Review: alert.ReviewPolicy})
	post, _, err := d.record.BeginPost(t.Context(), id, store.PurposeQuestion)
	require.NoError(t, err)
	post.Channel, post.TS, post.PostedAt = "D1", "1", d.now
	require.NoError(t, d.record.FinishPost(t.Context(), post, store.KindAsked, nil, nil))
	_, err = d.record.TakeAnswer(t.Context(), store.Said{
		Delivery: "yes", AlertID: id, Person: dana.PersonKey, At: d.now, Choice: alert.Yes, Revision: 1,
	})
	require.NoError(t, err)
	require.NotEmpty(t, d.press(sam, words.ActionReopen, d.value(id, words.ActionReopen)).Tell, "it is not confirmed yet")
	proof, _, err := d.record.BeginProof(t.Context(), id, 1, "duo")
	require.NoError(t, err)
	_, err = d.record.ProofDecided(t.Context(), proof, alert.ProofApproved, "")
	require.NoError(t, err)
	_, err = d.record.Settle(t.Context(), id, store.Because{})
	require.NoError(t, err)

	require.Equal(t, words.Default().OwnCase(), d.press(dana, words.ActionReviewed, d.value(id, words.ActionReviewed)).Tell)
	require.Empty(t, d.press(sam, words.ActionReopen, d.value(id, words.ActionReopen)))
	require.Equal(t, store.EscalationReview, d.story(id).Record.Escalation)
	require.NotEmpty(t, d.press(robin, words.ActionReviewed, d.value(id, words.ActionReviewed)).Tell)
	require.Equal(t, "Sam Smith", d.story(id).Record.ReviewedBy)
}

func TestAPeerSaysWhatTheyKnow(t *testing.T) {
	t.Parallel()
	for action, choice := range map[string]alert.Choice{
		words.ActionPeerYes: alert.Yes, words.ActionPeerNo: alert.No, words.ActionPeerUnsure: alert.NotSure,
	} {
		d := newDesk(t)
		id := d.opened(alert.Low)
		value := d.sealer.Value(seal.Claim{Action: action, AlertID: id, Revision: 1, About: "boss"}, mia.PersonKey)
		require.NotEmpty(t, d.press(robin, action, value).Tell, "she forwarded it")
		_, answered := d.story(id).PeerAnswer("boss")
		require.False(t, answered)
		require.Equal(t, words.Default().Noted(), d.press(mia, action, value).Tell)
		said, answered := d.story(id).PeerAnswer("boss")
		require.True(t, answered)
		require.Equal(t, store.PeerAnswer{Name: "Mia Moss", Choice: choice, At: d.now}, said)
		require.Empty(t, d.story(id).Answers, "it is no answer of Dana's")
		require.NotEqual(t, words.Default().Noted(), d.press(mia, action, value).Tell)
	}
}
