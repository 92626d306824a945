package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"securitybot/internal/alert"
	"securitybot/internal/store"
	"securitybot/internal/store/postgres"
	"securitybot/internal/store/sqlite"
	"securitybot/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// often is how often something is played: less in the short form that `make test`
// runs than in the one of `make test-long`.
func often(short, long int) int {
	if os.Getenv("SECURITYBOT_TEST_LONG") == "" {
		return short
	}
	return long
}

// bench is one record in a real database, with a clock that stands still until
// the test moves it.
type bench struct {
	*testing.T
	*store.Store
	db      store.Backend
	moment  atomic.Int64 // microseconds
	counter atomic.Int64
}

var (
	noon  = time.Date(2026, 3, 2, 12, 0, 0, 123456000, time.UTC)
	alice = alert.Person{PersonKey: alert.PersonKey{Team: "T1", User: "UALICE"}, Email: "alice@example.com", Name: "Alice Adams"}
	phone = []store.Device{{ID: "DPHONE", Name: "a phone"}}
	bob   = alert.Person{PersonKey: alert.PersonKey{Team: "T1", User: "UBOB"}, Email: "bob@example.com", Name: "Bob Brown"}
)

// onBoth runs a test on either database: both have to decide alike.
func onBoth(t *testing.T, test func(b *bench)) {
	t.Helper()
	for name, open := range map[string]func(*testing.T) store.Backend{"sqlite": openFile, "postgres": openServer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &bench{T: t, db: open(t)}
			b.moment.Store(noon.UnixMicro())
			b.Store = store.New(b.db, store.WithClock(b.clock))
			t.Cleanup(func() { require.NoError(t, b.Store.Close()) })
			test(b)
		})
	}
}

func openFile(t *testing.T) store.Backend {
	path := filepath.Join(t.TempDir(), "record.db")
	require.NoError(t, sqlite.Migrate(t.Context(), path))
	backend, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	return backend
}

func openServer(t *testing.T) store.Backend {
	url := testkit.Postgres(t)
	require.NoError(t, postgres.Migrate(t.Context(), url))
	backend, err := postgres.Open(context.Background(), url)
	require.NoError(t, err)
	return backend
}

func (b *bench) clock() time.Time { return time.UnixMicro(b.moment.Load()) }

// passes lets time go by.
func (b *bench) passes(d time.Duration) { b.moment.Add(d.Microseconds()) }

// fresh is a name that this test has not used yet.
func (b *bench) fresh(kind string) string { return fmt.Sprintf("%s-%d", kind, b.counter.Add(1)) }

// sudo is an alert of medium severity, to be answered within two hours.
func sudo(key string) alert.Alert {
	return alert.Alert{
		Source: "auditd", Key: key, Detection: "sudo_interactive", Title: "sudo to an interactive shell",
		Severity: alert.Medium, Subject: alert.Subject{Email: "alice@example.com"},
	}
}

// plans plans every alert alike, but for what a test changes: a question at once,
// and two hours to answer it. Alerts that don't say on which host never join.
type plans func(plan *alert.Plan)

func (change plans) Plan(_ alert.Alert, _ alert.Person, _ []string, now time.Time) alert.Plan {
	plan := alert.Plan{
		Revision: "built-in", Action: alert.Ask, InHours: true, Deadline: 2 * time.Hour,
		Reminders: []time.Duration{30 * time.Minute, 90 * time.Minute},
		Snooze:    time.Hour, SnoozeTimes: 2, WatchFor: 72 * time.Hour, SuppressScope: []string{"host"},
	}
	if change != nil {
		change(&plan)
	}
	if plan.NotBefore.After(now) {
		now = plan.NotBefore
	}
	plan.AskBy = now.Add(max(plan.Deadline, 10*time.Minute))
	return plan
}

// accepted is an alert that just arrived.
func (b *bench) accepted() store.Record {
	b.Helper()
	accepted, err := b.Accept(b.Context(), sudo(b.fresh("key")))
	require.NoError(b, err)
	return accepted.Record
}

// admitted is an alert about somebody who is to be asked.
func (b *bench) admitted(person alert.Person) store.Record {
	b.Helper()
	record, err := b.Admit(b.Context(), b.accepted().ID, store.Identified{Person: person}, plans(nil))
	require.NoError(b, err)
	return record
}

// on is an alert of something on a host.
func on(host string) alert.Alert {
	reported := sudo("")
	reported.Context = []byte(`{"host":"` + host + `"}`)
	return reported
}

// reports an alert about Alice that is admitted at once.
func (b *bench) reports(reported alert.Alert, change plans) store.Record {
	b.Helper()
	record, err := b.report(alice, reported, change)
	require.NoError(b, err)
	return record
}

func (b *bench) report(who alert.Person, reported alert.Alert, change plans) (store.Record, error) {
	if reported.Key == "" {
		reported.Key = b.fresh("key")
	}
	accepted, err := b.Accept(b.Context(), reported)
	if err != nil {
		return store.Record{}, err
	}
	return b.Admit(b.Context(), accepted.Record.ID, store.Identified{Person: who}, change)
}

// asks the question of an alert that has its turn.
func (b *bench) asks(record store.Record) store.Record {
	b.Helper()
	require.Equal(b, alert.Ask, record.Plan.Action)
	require.NotEqual(b, alert.Held, b.reads(record.ID).Status)
	b.posts(record.ID, store.PurposeQuestion, b.Now())
	return b.reads(record.ID)
}

// proves a yes by the phone.
func (b *bench) approves(id string) store.Record {
	b.Helper()
	b.phoneSays(b.pushes(id, 1), alert.ProofApproved)
	return b.settles(id)
}

// asked is an alert whose question stands since this moment.
func (b *bench) asked(person alert.Person) store.Record {
	b.Helper()
	id := b.admitted(person).ID
	b.posts(id, store.PurposeQuestion, b.Now())
	return b.reads(id)
}

// posts a message, from the claim to its place.
func (b *bench) posts(id, purpose string, at time.Time) store.Post {
	b.Helper()
	post, turn, err := b.BeginPost(b.Context(), id, purpose)
	require.NoError(b, err)
	require.NotEqual(b, store.TurnWait, turn)
	post.Channel, post.TS, post.PostedAt, post.Revision = "C1", b.fresh("ts"), at, b.reads(id).Revision
	require.NoError(b, b.FinishPost(b.Context(), post, store.KindAsked, nil, nil))
	return post
}

func (b *bench) reads(id string) store.Record {
	b.Helper()
	record, err := b.Alert(b.Context(), id)
	require.NoError(b, err)
	return record
}

func (b *bench) story(id string) store.Story {
	b.Helper()
	story, err := b.Story(b.Context(), id)
	require.NoError(b, err)
	require.NoError(b, store.VerifyChain(story.Entries))
	return story
}

// said is what a person does about an alert now.
func (b *bench) said(id string, who alert.Person, choice alert.Choice) store.Said {
	return store.Said{
		Delivery: b.fresh("press"), AlertID: id, Person: who.PersonKey, At: b.Now(), Choice: choice, Revision: 1,
	}
}

// answers a question now.
func (b *bench) answers(id string, who alert.Person, choice alert.Choice) store.Heard {
	b.Helper()
	heard, err := b.TakeAnswer(b.Context(), b.said(id, who, choice))
	require.NoError(b, err)
	return heard
}

// pushes the first or next push and learns its transaction.
func (b *bench) pushes(id string, attempt int) alert.Proof {
	b.Helper()
	proof, turn, err := b.BeginProof(b.Context(), id, attempt, "duo")
	require.NoError(b, err)
	require.Equal(b, store.ProofPush, turn)
	proof, err = b.ProofSending(b.Context(), proof, phone)
	require.NoError(b, err)
	proof.Transaction = b.fresh("tx")
	require.NoError(b, b.ProofPushed(b.Context(), proof))
	return proof
}

// phoneSays what a push ends with.
func (b *bench) phoneSays(proof alert.Proof, result alert.ProofResult) {
	b.Helper()
	_, err := b.ProofDecided(b.Context(), proof, result, "")
	require.NoError(b, err)
}

// settles and gives the record as it stands.
func (b *bench) settles(id string) store.Record {
	b.Helper()
	record, err := b.Settle(b.Context(), id, store.Because{})
	require.NoError(b, err)
	return record
}

// confirmed is an alert with a proven yes.
func (b *bench) confirmed(person alert.Person) store.Record {
	b.Helper()
	record := b.asked(person)
	b.answers(record.ID, person, alert.Yes)
	b.phoneSays(b.pushes(record.ID, 1), alert.ProofApproved)
	settled := b.settles(record.ID)
	require.Equal(b, alert.Verdict{Outcome: alert.Confirmed}, settled.Verdict)
	return settled
}

// kinds are what a timeline tells.
func (b *bench) kinds(id string) string {
	b.Helper()
	var kinds []string
	for _, entry := range b.story(id).Entries {
		kinds = append(kinds, entry.Kind)
	}
	return strings.Join(kinds, " ")
}

// waiting is what Temporal has yet to hear of an alert, taken away by looking.
func (b *bench) waiting(id string) []string {
	b.Helper()
	entries, err := b.ClaimOutgoing(b.Context(), time.Minute, 1000)
	require.NoError(b, err)
	kinds := []string{}
	for _, entry := range entries {
		require.NoError(b, b.Delivered(b.Context(), entry.ID))
		if entry.AlertID == id {
			kinds = append(kinds, strings.TrimRight(entry.Kind+" "+entry.Choice, " "))
		}
	}
	return kinds
}

// together runs f many times at once; none may fail.
func together[T any](b *bench, times int, f func(n int) (T, error)) []T {
	b.Helper()
	type result struct {
		value T
		err   error
	}
	results := make(chan result)
	for n := range times {
		go func() {
			value, err := f(n)
			results <- result{value, err}
		}()
	}
	var values []T
	for range times {
		got := <-results
		require.NoError(b, got.err)
		values = append(values, got.value)
	}
	return values
}
