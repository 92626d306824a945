package storetest

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

func entry(alertID string, seq int) store.Entry {
	return store.Entry{
		AlertID: alertID, Seq: seq, At: after(time.Duration(seq) * time.Second), Kind: "asked", Actor: "securitybot",
		Data: json.RawMessage(`{"b": 1.0,  "a": 2}`), Personal: json.RawMessage(`{"name": "Alice"}`),
		Salt: []byte{0, 1, 255}, Digest: strings.Repeat("1", 64), Previous: strings.Repeat("2", 64),
		Hash: strings.Repeat("3", 64),
	}
}

func timeline(b *bench) {
	bare := store.Entry{AlertID: id(1), Seq: 2, At: noon, Kind: "settled", Data: json.RawMessage{}, Salt: []byte{}}
	b.insert(plain(1), plain(2))
	b.in(func(ctx context.Context, tx store.Tx) {
		_, err := tx.LastEntry(ctx, id(1))
		require.ErrorIs(b, err, store.ErrNotFound)
		require.NoError(b, tx.AppendEntry(ctx, entry(id(1), 1)))
		require.NoError(b, tx.AppendEntry(ctx, bare))
		require.NoError(b, tx.AppendEntry(ctx, entry(id(1), 3)))
		require.NoError(b, tx.AppendEntry(ctx, entry(id(2), 1)))
		require.ErrorIs(b, tx.AppendEntry(ctx, entry(id(1), 2)), store.ErrExists)
	})
	bare.Data, bare.Salt = nil, nil
	b.in(func(ctx context.Context, tx store.Tx) {
		last, err := tx.LastEntry(ctx, id(1))
		require.NoError(b, err)
		require.Equal(b, entry(id(1), 3), last)
		entries, err := tx.Entries(ctx, id(1))
		require.NoError(b, err)
		require.Equal(b, []store.Entry{entry(id(1), 1), bare, entry(id(1), 3)}, entries)
		entries, err = tx.Entries(ctx, id(3))
		require.NoError(b, err)
		require.Empty(b, entries)
	})
	err := b.db.InTx(b.Context(), func(tx store.Tx) error { return tx.AppendEntry(b.Context(), entry(id(3), 1)) })
	require.Error(b, err, "an entry of no alert")
}

func posts(b *bench) {
	question := store.Post{
		AlertID: id(1), Purpose: "question", State: store.PostIntended, ClaimedUntil: after(time.Minute),
		IntendedAt: noon, Tries: 1,
	}
	reminder := store.Post{
		AlertID: id(1), Purpose: "reminder-1", State: store.PostDone, IntendedAt: after(time.Second), Tries: 2,
		Channel: "D1", TS: "2.000200", PostedAt: after(2 * time.Second),
	}
	b.insert(plain(1), plain(2))
	b.in(func(ctx context.Context, tx store.Tx) {
		_, err := tx.FindPost(ctx, id(1), "question")
		require.ErrorIs(b, err, store.ErrNotFound)
		require.NoError(b, tx.PutPost(ctx, reminder))
		require.NoError(b, tx.PutPost(ctx, question))
		got, err := tx.FindPost(ctx, id(1), "question")
		require.NoError(b, err)
		require.Equal(b, question, got)
	})
	question.State, question.ClaimedUntil, question.Tries = store.PostDone, time.Time{}, 2
	question.Channel, question.TS, question.PostedAt = "D1", "1.000100", after(time.Second)
	b.in(func(ctx context.Context, tx store.Tx) {
		_, err := tx.PostAt(ctx, "D1", "1.000100")
		require.ErrorIs(b, err, store.ErrNotFound)
		require.NoError(b, tx.PutPost(ctx, question))
		got, err := tx.PostAt(ctx, "D1", "1.000100")
		require.NoError(b, err)
		require.Equal(b, question, got)
		_, err = tx.PostAt(ctx, "D2", "1.000100")
		require.ErrorIs(b, err, store.ErrNotFound)
		all, err := tx.Posts(ctx, id(1))
		require.NoError(b, err)
		require.Equal(b, []store.Post{question, reminder}, all)
	})
}

func answer(n string, choice alert.Choice) alert.Answer {
	return alert.Answer{
		ID: n, AlertID: id(1), Person: alice, Choice: choice, Revision: 2,
		At: after(time.Second), RecordedAt: after(2 * time.Second),
	}
}

func answers(b *bench) {
	late := answer("a1", alert.No)
	late.Late, late.Explanation, late.ExplainedAt = true, "It wasn't me", after(time.Minute)
	earlier := answer("b2", alert.Yes)
	earlier.RecordedAt = after(time.Second)
	b.insert(plain(1), plain(2))
	b.in(func(ctx context.Context, tx store.Tx) {
		for _, fresh := range []bool{true, false} {
			inserted, err := tx.InsertDelivery(ctx, "Ev1", noon)
			require.NoError(b, err)
			require.Equal(b, fresh, inserted)
		}
		require.NoError(b, tx.InsertAnswer(ctx, answer("c3", alert.NotSure)))
		require.NoError(b, tx.InsertAnswer(ctx, late))
		require.NoError(b, tx.InsertAnswer(ctx, earlier))
		require.ErrorIs(b, tx.InsertAnswer(ctx, answer("a1", alert.Yes)), store.ErrExists)
	})
	b.in(func(ctx context.Context, tx store.Tx) {
		found, err := tx.FindAnswer(ctx, "a1")
		require.NoError(b, err)
		require.Equal(b, late, found)
		_, err = tx.FindAnswer(ctx, "a9")
		require.ErrorIs(b, err, store.ErrNotFound)
		require.NoError(b, tx.Explain(ctx, "b2", "deploying 'x'", after(time.Hour)))
		require.ErrorIs(b, tx.Explain(ctx, "a9", "", noon), store.ErrNotFound)
		earlier.Explanation, earlier.ExplainedAt = "deploying 'x'", after(time.Hour)
		all, err := tx.Answers(ctx, id(1))
		require.NoError(b, err)
		require.Equal(b, []alert.Answer{answer("c3", alert.NotSure), late, earlier}, all, "in the order recorded")
		all, err = tx.Answers(ctx, id(2))
		require.NoError(b, err)
		require.Empty(b, all)
	})
}

func deliveriesPruned(b *bench) {
	b.in(func(ctx context.Context, tx store.Tx) {
		for n, delivery := range []string{"old", "edge", "new"} {
			_, err := tx.InsertDelivery(ctx, delivery, after(time.Duration(n)*time.Hour))
			require.NoError(b, err)
		}
		require.NoError(b, tx.PruneDeliveries(ctx, after(time.Hour)))
		for delivery, forgotten := range map[string]bool{"old": true, "edge": false, "new": false} {
			fresh, err := tx.InsertDelivery(ctx, delivery, noon)
			require.NoError(b, err)
			require.Equal(b, forgotten, fresh, delivery)
		}
	})
}

func proof(alertID string, attempt int) alert.Proof {
	return alert.Proof{
		AlertID: alertID, Attempt: attempt, AnswerID: "a1", Person: alice, Factor: "duo", Device: "D-PHONE",
		Transaction: "tx-1", Code: "482", Result: alert.ProofUnavailable, Reason: "not_enrolled",
		BegunAt: noon, SendingAt: after(time.Millisecond), PushedAt: after(time.Second), DecidedAt: after(time.Minute),
	}
}

func proofs(b *bench) {
	bare := alert.Proof{AlertID: id(1), Attempt: 1, Person: alice, Result: alert.ProofPending, BegunAt: noon}
	b.insert(plain(1), plain(2))
	b.in(func(ctx context.Context, tx store.Tx) {
		require.NoError(b, tx.PutProof(ctx, proof(id(1), 2)))
		require.NoError(b, tx.PutProof(ctx, bare))
		require.NoError(b, tx.PutProof(ctx, proof(id(2), 1)))
		all, err := tx.Proofs(ctx, id(1))
		require.NoError(b, err)
		require.Equal(b, []alert.Proof{bare, proof(id(1), 2)}, all)
		require.NoError(b, tx.PutProof(ctx, proof(id(1), 1)))
		require.NoError(b, tx.DropProof(ctx, id(1), 2))
		require.NoError(b, tx.DropProof(ctx, id(1), 2), "it is gone already")
		all, err = tx.Proofs(ctx, id(1))
		require.NoError(b, err)
		require.Equal(b, []alert.Proof{proof(id(1), 1)}, all)
	})
}

func pushesOf(b *bench) {
	begun := func(alertID string, attempt int, person alert.PersonKey, at time.Time) alert.Proof {
		p := proof(alertID, attempt)
		p.Person, p.BegunAt = person, at
		return p
	}
	old := begun(id(1), 1, alice, after(-time.Hour))
	edge := begun(id(1), 2, alice, noon)
	newest := begun(id(2), 1, alice, after(time.Minute))
	b.insert(plain(1), plain(2))
	b.in(func(ctx context.Context, tx store.Tx) {
		for _, p := range []alert.Proof{newest, old, edge, begun(id(1), 3, bob, noon)} {
			require.NoError(b, tx.PutProof(ctx, p))
		}
		got, err := tx.PushesOf(ctx, alice, noon)
		require.NoError(b, err)
		require.Equal(b, []alert.Proof{newest, edge}, got)
	})
}
