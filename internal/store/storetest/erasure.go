package storetest

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

func erasable(b *bench) {
	of := func(n int, caseOf string) store.Record {
		record := plain(n)
		record.FinishedAt, record.CaseOf = after(time.Hour), caseOf
		record.Verdict, record.SettledAt = alert.Verdict{Outcome: alert.Denied}, noon
		return record
	}
	unfinished, undecided, joined := plain(5), of(9, ""), of(10, "")
	undecided.Verdict, undecided.SettledAt = alert.Verdict{}, time.Time{}
	joined.JoinedTo = id(2)
	b.insert(of(1, ""), of(2, ""), of(3, ""), of(4, ""), unfinished, of(6, id(2)), of(7, id(3)), of(8, ""), undecided, joined)
	open, resolved := store.Case{AlertID: id(2), OpenedAt: noon}, store.Case{AlertID: id(3), OpenedAt: noon, ResolvedAt: noon}
	b.in(func(ctx context.Context, tx store.Tx) {
		require.NoError(b, tx.PutCase(ctx, open))
		require.NoError(b, tx.PutCase(ctx, resolved))
		require.NoError(b, tx.EraseAlert(ctx, id(4), noon))
		got, err := tx.Erasable(ctx, plain(11).ReceivedAt, 9)
		require.NoError(b, err)
		require.Equal(b, idsOf(1, 3, 7, 8), got)
		got, err = tx.Erasable(ctx, plain(8).ReceivedAt, 9)
		require.NoError(b, err)
		require.Equal(b, idsOf(1, 3, 7), got, "what came before")
		got, err = tx.Erasable(ctx, plain(8).ReceivedAt, 2)
		require.NoError(b, err)
		require.Equal(b, idsOf(1, 3), got)
	})
}

// private is a word that stands in every field that says something of a person.
const private = "secretword"

// told is an alert with a private word in every field that can have one.
func told(n int) store.Record {
	record := full(n)
	record.Key, record.Title, record.Description, record.URL = private, private, private, "https://x/"+private
	record.Context = json.RawMessage(`{"` + private + `":1}`)
	record.Subject = alert.Subject{Email: private, Username: private, SlackID: private}
	record.Person, record.Verdict = alert.PersonKey{Team: private, User: private}, alert.Verdict{Outcome: alert.Confirmed}
	record.Plan.Request.Reason = private
	return record
}

func (b *bench) tell(n int) {
	b.Helper()
	record := told(n)
	b.insert(record)
	first := entry(record.ID, 1)
	first.Personal = json.RawMessage(`{"said":"` + private + `"}`)
	sent := payload(n)
	sent.Body = []byte(private)
	who := record.Person
	b.in(func(ctx context.Context, tx store.Tx) {
		require.NoError(b, tx.AppendEntry(ctx, first))
		require.NoError(b, tx.InsertPayload(ctx, sent))
		require.NoError(b, tx.PutCase(ctx, store.Case{AlertID: record.ID, About: who, OpenedAt: noon, ResolvedAt: noon, Resolution: private}))
		require.NoError(b, tx.InsertAnswer(ctx, alert.Answer{
			ID: record.ID, AlertID: record.ID, Person: who, Choice: alert.Yes, At: noon, RecordedAt: noon, Explanation: private,
		}))
		require.NoError(b, tx.PutProof(ctx, alert.Proof{
			AlertID: record.ID, Attempt: 1, Person: who, Device: private, Transaction: "tx", Result: alert.ProofApproved, BegunAt: noon,
		}))
	})
}

// Erased is for backends to call with what gives every row of every table as
// text: nothing of what an alert said is left.
func Erased(t *testing.T, db store.Backend, rows func() string) {
	t.Helper()
	b := &bench{T: t, db: db}
	b.tell(1)
	require.Contains(t, rows(), private)
	b.in(func(ctx context.Context, tx store.Tx) { require.NoError(b, tx.EraseAlert(ctx, id(1), noon)) })
	require.NotContains(t, strings.ToLower(rows()), private)
}

func eraseAlert(b *bench) {
	b.tell(1)
	b.tell(2)
	b.in(func(ctx context.Context, tx store.Tx) {
		require.NoError(b, tx.EraseAlert(ctx, id(1), after(time.Hour)))
		require.ErrorIs(b, tx.EraseAlert(ctx, id(9), noon), store.ErrNotFound)
	})
	erased := told(1)
	erased.Alert = alert.Alert{
		ID: id(1), Source: "siem", Detection: "sudo_interactive", Severity: alert.High,
		OccurredAt: erased.OccurredAt, ReceivedAt: erased.ReceivedAt,
	}
	erased.PayloadDigest, erased.Person = "", alert.PersonKey{User: "erased"}
	erased.Plan.Request.Reason = ""
	erased.ErasedAt = after(time.Hour)
	b.stands(erased)
	b.stands(told(2))
	b.finds(store.Filter{Text: private}, 2)
	b.in(func(ctx context.Context, tx store.Tx) {
		entries, err := tx.Entries(ctx, id(1))
		require.NoError(b, err)
		bare := entry(id(1), 1)
		bare.Personal, bare.Salt = nil, nil
		require.Equal(b, []store.Entry{bare}, entries, "the entry stays, with its digest")
		_, err = tx.Payload(ctx, id(1))
		require.ErrorIs(b, err, store.ErrNotFound)
		answers, err := tx.Answers(ctx, id(1))
		require.NoError(b, err)
		require.Equal(b, alert.PersonKey{User: "erased"}, answers[0].Person)
		require.Empty(b, answers[0].Explanation)
		proofs, err := tx.Proofs(ctx, id(1))
		require.NoError(b, err)
		require.Empty(b, proofs[0].Device)
		require.Equal(b, "tx", proofs[0].Transaction)
		resolved, err := tx.FindCase(ctx, id(1))
		require.NoError(b, err)
		require.Equal(b, store.Case{AlertID: id(1), OpenedAt: noon, ResolvedAt: noon}, resolved)
		kept, err := tx.Entries(ctx, id(2))
		require.NoError(b, err)
		require.NotEmpty(b, kept[0].Personal)
	})
	b.in(func(ctx context.Context, tx store.Tx) {
		require.NoError(b, tx.EraseAlert(ctx, id(1), after(time.Hour)), "twice is once")
		require.NoError(b, tx.AppendEntry(ctx, entry(id(1), 2)), "the chain goes on")
	})
}

func erasePerson(b *bench) {
	put := func(ctx context.Context, tx store.Tx, key alert.PersonKey) {
		require.NoError(b, tx.PutPerson(ctx, alert.Person{PersonKey: key, Email: private}))
		require.NoError(b, tx.PutDevice(ctx, store.Device{Person: key, Factor: "duo", ID: "D1", Name: private, FirstSeen: noon}))
		require.NoError(b, tx.PutGroup(ctx, key.Team, "S"+key.User, []string{key.User}))
		require.NoError(b, tx.PutOptOut(ctx, store.OptOut{Person: key, Since: noon, Until: after(time.Hour), Reason: private}))
		covers := covering("of "+key.Team+key.User, noon, after(time.Hour))
		covers.Person, covers.Reason = key, private
		require.NoError(b, tx.PutSuppression(ctx, covers))
		said := notice("to "+key.Team+key.User, "held", noon)
		said.Person = key
		require.NoError(b, tx.InsertNotice(ctx, said))
	}
	about := notice("about her", "held", noon)
	about.Data = json.RawMessage(`{"person":"UALICE","name":"` + private + `"}`)
	naming := notice("naming her", "held", noon)
	naming.Data = json.RawMessage(`{"who":"S` + private[1:] + `"}`) // letter case is none of an address
	b.in(func(ctx context.Context, tx store.Tx) {
		put(ctx, tx, alice)
		put(ctx, tx, bob)
		require.NoError(b, tx.InsertNotice(ctx, about))
		require.NoError(b, tx.InsertNotice(ctx, naming))
		require.NoError(b, tx.ErasePerson(ctx, alice))
		require.NoError(b, tx.ErasePerson(ctx, alert.PersonKey{Team: "T9", User: "UNOBODY"}))
	})
	b.in(func(ctx context.Context, tx store.Tx) {
		for key, left := range map[alert.PersonKey]int{alice: 0, bob: 1} {
			_, err := tx.FindPerson(ctx, key)
			require.Equal(b, left == 0, err != nil)
			devices, err := tx.Devices(ctx, key, "duo")
			require.NoError(b, err)
			require.Len(b, devices, left)
			groups, err := tx.GroupsOf(ctx, key)
			require.NoError(b, err)
			require.Len(b, groups, left)
			_, err = tx.FindOptOut(ctx, key, noon)
			require.Equal(b, left == 0, err != nil)
			covers, err := tx.SuppressionsOf(ctx, key, noon)
			require.NoError(b, err)
			require.Equal(b, left == 0, covers[0].Reason == "", "it still covers, without words")
		}
		said, err := tx.Notices(ctx, "held", noon)
		require.NoError(b, err)
		require.Len(b, said, 1)
		require.Equal(b, bob, said[0].Person)
	})
}

func dropped(b *bench) {
	b.in(func(ctx context.Context, tx store.Tx) {
		for name, until := range map[string]time.Time{"old": noon, "new": after(time.Hour)} {
			require.NoError(b, tx.PutSuppression(ctx, covering(name, noon, until)))
			require.NoError(b, tx.PutOptOut(ctx, store.OptOut{Person: alert.PersonKey{Team: "T1", User: name}, Since: after(-time.Hour), Until: until}))
			require.NoError(b, tx.InsertNotice(ctx, notice(name, "held", until)))
			suspect := alert.PersonKey{Team: "T1", User: name}
			require.NoError(b, tx.InsertDistrust(ctx, store.Distrust{Person: suspect, AlertID: id(1), Reason: "fraud", Since: noon}))
			require.NoError(b, tx.ClearDistrust(ctx, suspect, until, "Sam", "a new phone"))
		}
		require.NoError(b, tx.DropEnded(ctx, after(time.Second)))
		require.NoError(b, tx.DropNotices(ctx, after(time.Second)))
		covers, err := tx.Suppressions(ctx, time.Time{}, 9)
		require.NoError(b, err)
		require.Len(b, covers, 1)
		require.Equal(b, "new", covers[0].ID)
		outs, err := tx.OptOuts(ctx, after(-time.Minute))
		require.NoError(b, err)
		require.Len(b, outs, 1)
		said, err := tx.Notices(ctx, "held", time.Time{})
		require.NoError(b, err)
		require.Len(b, said, 1)
		require.Equal(b, "new", said[0].ID)
		distrusts, err := tx.Distrusts(ctx, 9)
		require.NoError(b, err)
		require.Len(b, distrusts, 1)
		require.Equal(b, "new", distrusts[0].Person.User)
	})
}
