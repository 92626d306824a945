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

func peopleList(b *bench) {
	of := func(user, email, name, username string) alert.Person {
		return alert.Person{PersonKey: alert.PersonKey{Team: "T1", User: user}, Email: email, Name: name, Username: username}
	}
	alpha, beta := of("U3", "Alpha@example.com", "Zoë Quinn", "zq"), of("U2", "beta@example.com", "Alan 100%", "al_an")
	same, nameless := of("U4", "BETA@example.com", "", ""), of("U1", "", "", "")
	everybody := []alert.Person{nameless, alpha, beta, same}
	b.in(func(ctx context.Context, tx store.Tx) {
		for _, each := range []alert.Person{same, beta, alpha, nameless, {PersonKey: stranger, Email: "beta@example.com"}} {
			require.NoError(b, tx.PutPerson(ctx, each))
		}
		for prefix, want := range map[string][]alert.Person{
			"": everybody, "AL": {alpha, beta}, "al_": {beta}, "al%": nil, "%": nil, "_": nil, "beta@": {beta, same},
			"zo": {alpha}, "ZOË": nil, "Zoë q": {alpha}, "zq": {alpha}, "quinn": nil, "'": nil, nasty: nil,
		} {
			got, err := tx.People(ctx, "T1", prefix, "", 9)
			require.NoError(b, err)
			require.Equal(b, want, got, "%q", prefix)
		}
		for limit := 1; limit <= 5; limit++ {
			var got []alert.Person
			for last := ""; len(got) < 9; last = got[len(got)-1].User {
				page, err := tx.People(ctx, "T1", "", last, limit)
				require.NoError(b, err)
				if len(page) == 0 {
					break
				}
				got = append(got, page...)
			}
			require.Equal(b, everybody, got, "limit %d", limit)
		}
		_, err := tx.People(ctx, "T1", "", "UNOBODY", 1)
		require.ErrorIs(b, err, store.ErrNotFound)
	})
}

func distrustList(b *bench) {
	of := func(person alert.PersonKey, since, cleared time.Time) store.Distrust {
		return store.Distrust{Person: person, AlertID: id(1), Reason: alert.ReasonFraud, Since: since, ClearedAt: cleared}
	}
	inForce := []store.Distrust{of(bob, after(time.Hour), time.Time{}), of(alice, noon, time.Time{})}
	cleared := []store.Distrust{of(stranger, after(2*time.Hour), after(3*time.Hour)), of(alice, after(-time.Hour), noon)}
	b.in(func(ctx context.Context, tx store.Tx) {
		for _, each := range []store.Distrust{cleared[1], inForce[1], cleared[0], inForce[0]} {
			require.NoError(b, tx.InsertDistrust(ctx, each))
		}
		got, err := tx.Distrusts(ctx, 9)
		require.NoError(b, err)
		require.Equal(b, append(inForce, cleared...), got)
		got, err = tx.Distrusts(ctx, 1)
		require.NoError(b, err)
		require.Equal(b, inForce[:1], got)
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
