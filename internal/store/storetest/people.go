package storetest

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

func person(key alert.PersonKey, email string) alert.Person {
	return alert.Person{PersonKey: key, Email: email, SeenAt: noon}
}

func people(b *bench) {
	known := alert.Person{
		PersonKey: alice, Email: "Alice@example.com", Username: "alice", Name: "Alice Åström", Zone: "Europe/Oslo",
		FactorName: "astrom", Manager: "bob@example.com", AwayUntil: after(time.Hour), Deactivated: true, Bot: true, Foreign: true, SeenAt: noon,
	}
	b.in(func(ctx context.Context, tx store.Tx) {
		_, err := tx.FindPerson(ctx, alice)
		require.ErrorIs(b, err, store.ErrNotFound)
		require.NoError(b, tx.PutPerson(ctx, known))
		got, err := tx.FindPerson(ctx, alice)
		require.NoError(b, err)
		require.Equal(b, known, got)
		require.NoError(b, tx.PutPerson(ctx, alert.Person{PersonKey: alice}))
		got, err = tx.FindPerson(ctx, alice)
		require.NoError(b, err)
		require.Equal(b, alert.Person{PersonKey: alice}, got)
		_, err = tx.FindPerson(ctx, alert.PersonKey{Team: "T2", User: alice.User})
		require.ErrorIs(b, err, store.ErrNotFound)
	})
}

func peopleBy(b *bench) {
	first := person(alice, "Alice@Example.com")
	second := person(bob, "aLICE@example.com")
	nameless := person(alert.PersonKey{Team: "T1", User: "UCAROL"}, "")
	b.in(func(ctx context.Context, tx store.Tx) {
		for _, p := range []alert.Person{
			second, first, nameless,
			person(alert.PersonKey{Team: "T2", User: "UALICE"}, "alice@example.com"),
			person(alert.PersonKey{Team: "T1", User: "UKELVIN"}, "\u212Aalice@example.com"),
		} {
			require.NoError(b, tx.PutPerson(ctx, p))
		}
		for email, want := range map[string][]alert.Person{
			"ALICE@EXAMPLE.COM":  {first, second},
			"alice_example.com":  nil,
			"":                   nil,
			"kalice@example.com": nil,
		} {
			got, err := tx.PeopleByEmail(ctx, "T1", email)
			require.NoError(b, err)
			require.Equal(b, want, got, email)
		}
	})
}

func distrust(b *bench) {
	suspected := store.Distrust{Person: alice, AlertID: id(1), Reason: alert.ReasonFraud, Since: noon}
	b.insert(plain(1))
	b.in(func(ctx context.Context, tx store.Tx) {
		_, err := tx.FindDistrust(ctx, alice)
		require.ErrorIs(b, err, store.ErrNotFound)
		require.ErrorIs(b, tx.ClearDistrust(ctx, alice, noon, "bob", "r"), store.ErrNotFound)
		require.NoError(b, tx.InsertDistrust(ctx, suspected))
		require.ErrorIs(b, tx.InsertDistrust(ctx, suspected), store.ErrExists)
		got, err := tx.FindDistrust(ctx, alice)
		require.NoError(b, err)
		require.Equal(b, suspected, got)
		_, err = tx.FindDistrust(ctx, bob)
		require.ErrorIs(b, err, store.ErrNotFound)
	})
	again := suspected
	again.Since = after(2 * time.Hour)
	b.in(func(ctx context.Context, tx store.Tx) {
		require.NoError(b, tx.ClearDistrust(ctx, alice, after(time.Hour), "bob", "new phone"))
		_, err := tx.FindDistrust(ctx, alice)
		require.ErrorIs(b, err, store.ErrNotFound)
		require.ErrorIs(b, tx.ClearDistrust(ctx, alice, noon, "bob", "r"), store.ErrNotFound)
		require.NoError(b, tx.InsertDistrust(ctx, again))
		got, err := tx.FindDistrust(ctx, alice)
		require.NoError(b, err)
		require.Equal(b, again, got)
	})
}

func settings(b *bench) {
	b.in(func(ctx context.Context, tx store.Tx) {
		_, err := tx.Setting(ctx, "secret")
		require.ErrorIs(b, err, store.ErrNotFound)
		for range 2 {
			stands, err := tx.PutSetting(ctx, "secret", "one")
			require.NoError(b, err)
			require.Equal(b, "one", stands)
		}
		stands, err := tx.PutSetting(ctx, "secret", "two")
		require.NoError(b, err)
		require.Equal(b, "one", stands)
		require.NoError(b, tx.ReplaceSetting(ctx, "secret", "three"))
		require.NoError(b, tx.ReplaceSetting(ctx, "other", ""))
	})
	b.in(func(ctx context.Context, tx store.Tx) {
		for name, want := range map[string]string{"secret": "three", "other": ""} {
			value, err := tx.Setting(ctx, name)
			require.NoError(b, err)
			require.Equal(b, want, value)
		}
	})
}
