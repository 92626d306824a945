package inbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/inbox"
	"securitybot/internal/policy"
	"securitybot/internal/seal"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite"
	"securitybot/internal/words"
)

var (
	noon  = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) // a Monday
	alice = alert.Person{PersonKey: alert.PersonKey{Team: "T1", User: "UALICE"}, Email: "alice@example.com", Name: "Alice Adams"}
	bob   = alert.PersonKey{Team: "T1", User: "UBOB"} // whom no directory knows
	says  = words.Default()
)

// bench is an inbox over a real record, at noon until the test moves the clock.
type bench struct {
	testing.TB
	*inbox.Inbox
	backend store.Backend
	record  *store.Store
	sealer  *seal.Sealer
	now     time.Time
	most    time.Duration // for which people may opt out
	kicks   int
	count   int
}

func newBench(t testing.TB) *bench {
	t.Helper()
	path := filepath.Join(t.TempDir(), "record.db")
	require.NoError(t, sqlite.Migrate(t.Context(), path))
	backend, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, backend.Close()) })
	b := &bench{TB: t, now: noon, backend: backend, most: 24 * time.Hour}
	b.record = store.New(backend, store.WithClock(func() time.Time { return b.now }))
	require.NoError(t, b.record.PutPeople(t.Context(), []alert.Person{alice}))
	b.sealer, err = seal.New(strings.Repeat("00", 32))
	require.NoError(t, err)
	b.Inbox = inbox.New(inbox.Options{
		Record: b.record, Sealer: b.sealer, Book: says, Policy: b, Kick: func() { b.kicks++ },
	})
	return b
}

// Responder implements inbox.Policy: nobody here is one.
func (b *bench) Responder(context.Context, alert.PersonKey) (alert.Person, bool, error) {
	return alert.Person{}, false, nil
}

// EscalateTo implements inbox.Policy.
func (b *bench) EscalateTo(context.Context, alert.PersonKey) ([]alert.Step, error) {
	return []alert.Step{{Target: "leads"}}, nil
}

// OptOutMost implements inbox.Policy.
func (b *bench) OptOutMost(context.Context) (time.Duration, error) { return b.most, nil }

// changed is the default policy, changed.
type changed func(*alert.Plan)

func (change changed) Plan(admitted alert.Alert, who alert.Person, groups []string, now time.Time) alert.Plan {
	plan := policy.Defaults().Plan(admitted, who, groups, now)
	if change != nil {
		change(&plan)
	}
	return plan
}

// fresh is a number that was not used before.
func (b *bench) fresh() int {
	b.count++
	return b.count
}

// reported gives the id of an alert about Alice on a host ("" is none), admitted
// under a changed plan.
func (b *bench) reported(host string, change changed) string {
	b.Helper()
	reported := alert.Alert{
		Source: "auditd", Key: fmt.Sprint(b.fresh()), Detection: "sudo_interactive", Title: "sudo to an interactive shell",
		Severity: alert.Medium, Subject: alert.Subject{Email: alice.Email},
	}
	if host != "" {
		reported.Context = json.RawMessage(fmt.Sprintf(`{"host":%q}`, host))
	}
	accepted, err := b.record.Accept(b.Context(), reported)
	require.NoError(b, err)
	_, err = b.record.Admit(b.Context(), accepted.Record.ID, store.Identified{Person: alice}, change)
	require.NoError(b, err)
	return accepted.Record.ID
}

// asked gives the id of an alert whose question stands in D1.
func (b *bench) asked() string {
	b.Helper()
	return b.askedUnder("", nil)
}

func (b *bench) askedUnder(host string, change changed) string {
	b.Helper()
	id := b.reported(host, change)
	b.posted(id, store.PurposeQuestion, fmt.Sprint(b.fresh()))
	return id
}

func (b *bench) posted(id, purpose, ts string) {
	b.Helper()
	post, _, err := b.record.BeginPost(b.Context(), id, purpose)
	require.NoError(b, err)
	post.Channel, post.TS, post.PostedAt, post.Revision = "D1", ts, b.now, b.story(id).Record.Revision
	require.NoError(b, b.record.FinishPost(b.Context(), post, store.KindAsked, nil, nil))
}

// confirmed is an alert on a host that Alice said yes to, and her phone as well.
func (b *bench) confirmed(host string) string {
	b.Helper()
	id := b.askedUnder(host, func(plan *alert.Plan) { plan.SuppressFor = 0 })
	require.NotNil(b, b.press(alice.PersonKey, words.ActionYes, b.value(id, words.ActionYes)).Ask)
	require.True(b, b.phoneSays(id, alert.ProofApproved))
	require.Equal(b, alert.Confirmed, b.story(id).Record.Verdict.Outcome)
	return id
}

// phoneSays proves the yes of an alert as the worker would, and settles it; false
// when no push may leave.
func (b *bench) phoneSays(id string, result alert.ProofResult) bool {
	b.Helper()
	proof, turn, err := b.record.BeginProof(b.Context(), id, 1, "duo")
	require.NoError(b, err)
	if turn == store.ProofPush {
		phone := []store.Device{{ID: "DEVICE", Name: "Alice's phone"}}
		proof, err = b.record.ProofSending(b.Context(), proof, phone)
		require.NoError(b, err)
		proof.Transaction = "tx-" + id
		require.NoError(b, b.record.ProofPushed(b.Context(), proof))
		_, err = b.record.ProofDecided(b.Context(), proof, result, "")
		require.NoError(b, err)
	}
	_, err = b.record.Settle(b.Context(), id, store.Because{})
	require.NoError(b, err)
	return turn == store.ProofPush
}

func (b *bench) story(id string) store.Story {
	b.Helper()
	story, err := b.record.Story(b.Context(), id)
	require.NoError(b, err)
	return story
}

// own lists the alerts that we made ourselves of one detection, newest first.
func (b *bench) own(detection string) []store.Record {
	b.Helper()
	var own []store.Record
	require.NoError(b, b.backend.InTx(b.Context(), func(tx store.Tx) (err error) {
		own, err = tx.ListAlerts(b.Context(), store.Filter{Source: alert.OwnSource, Detection: detection, Limit: 1000})
		return err
	}))
	return own
}

// notices are what the channel is told of a kind.
func (b *bench) notices(kind string) []string {
	b.Helper()
	var told []string
	require.NoError(b, b.backend.InTx(b.Context(), func(tx store.Tx) error {
		notices, err := tx.Notices(b.Context(), kind, time.Time{})
		for _, notice := range notices {
			told = append(told, says.Notice(notice).Text)
		}
		return err
	}))
	return told
}

// silences are the suppressions in force.
func (b *bench) silences() []store.Suppression {
	b.Helper()
	inForce, err := b.record.Suppressions(b.Context(), b.now, 1000)
	require.NoError(b, err)
	return inForce
}

// thread is where the question of an alert stands.
func (b *bench) thread(id string) string {
	b.Helper()
	return b.story(id).Posts[store.PurposeQuestion].TS
}

// value is what a button carries.
func (b *bench) value(id, action string) string {
	b.Helper()
	for _, button := range says.Question(b.story(id), b.sealer).Buttons {
		if button.Action == action {
			return button.Value
		}
	}
	return b.sealer.Value(seal.Claim{Action: action, AlertID: id, Revision: 1}, alice.PersonKey)
}

// press a button of a message.
func (b *bench) press(who alert.PersonKey, action, value string) chat.Reply {
	b.Helper()
	return b.pressAt(chat.Ref{Channel: "D1", TS: "x"}, who, action, value)
}

func (b *bench) pressAt(place chat.Ref, who alert.PersonKey, action, value string) chat.Reply {
	b.Helper()
	reply, err := b.Press(b.Context(), chat.Press{
		Delivery: fmt.Sprintf("press-%d", b.fresh()), Person: who, At: b.now, Action: action, Value: value, Place: place,
	})
	require.NoError(b, err)
	return reply
}

// types a message, in a thread or outside.
func (b *bench) types(who alert.PersonKey, thread, text string) string {
	b.Helper()
	reply, err := b.Typed(b.Context(), chat.Typed{
		Delivery: fmt.Sprintf("event-%d", b.fresh()), Person: who, At: b.now, Thread: thread, Text: text,
		Place: chat.Ref{Channel: "D1", TS: "x"},
	})
	require.NoError(b, err)
	require.Nil(b, reply.Ask)
	return reply.Tell
}

// commands writes /securitybot and a text.
func (b *bench) commands(who alert.PersonKey, text string) string {
	b.Helper()
	reply, err := b.Typed(b.Context(), chat.Typed{
		Delivery: fmt.Sprintf("command-%d", b.fresh()), Person: who, At: b.now, Text: text,
		Place: chat.Ref{Channel: "CANYWHERE"}, Command: true,
	})
	require.NoError(b, err)
	return reply.Tell
}

func (b *bench) writes(who alert.PersonKey, token, text string) chat.Reply {
	b.Helper()
	reply, err := b.Words(b.Context(), chat.Words{
		Delivery: fmt.Sprintf("view-%d", b.fresh()), Person: who, At: b.now, Token: token, Text: text,
	})
	require.NoError(b, err)
	return reply
}

// closes a prompt without words.
func (b *bench) closes(who alert.PersonKey, token string) {
	b.Helper()
	reply, err := b.Closed(b.Context(), chat.Words{
		Delivery: fmt.Sprintf("closed-%d", b.fresh()), Person: who, At: b.now, Token: token,
	})
	require.NoError(b, err)
	require.Equal(b, chat.Reply{}, reply)
}

func (b *bench) opens(who alert.PersonKey) chat.Home {
	b.Helper()
	home, err := b.Opened(b.Context(), who)
	require.NoError(b, err)
	return home
}

// waking is what Temporal may be told of an alert by now, as "kind choice".
func (b *bench) waking(id string) []string {
	b.Helper()
	claimed, err := b.record.ClaimOutgoing(b.Context(), time.Minute, 1000)
	require.NoError(b, err)
	var told []string
	for _, entry := range claimed {
		if entry.AlertID == id {
			told = append(told, strings.TrimSpace(entry.Kind+" "+entry.Choice))
		}
		require.NoError(b, b.record.Delivered(b.Context(), entry.ID))
	}
	return told
}

// last is the newest line of a timeline.
func (b *bench) last(id string) store.Entry {
	b.Helper()
	entries := b.story(id).Entries
	return entries[len(entries)-1]
}
