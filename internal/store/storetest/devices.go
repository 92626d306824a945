package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

func devices(b *bench) {
	phone := store.Device{Person: alice, Factor: "duo", ID: "DPHONE", Name: "Alice's phone", FirstSeen: after(time.Hour), Original: true}
	tablet := store.Device{Person: alice, Factor: "duo", ID: "DTABLET", FirstSeen: noon}
	twin := store.Device{Person: alice, Factor: "duo", ID: "DPAD", FirstSeen: noon}
	b.in(func(ctx context.Context, tx store.Tx) {
		for _, each := range []store.Device{
			phone, tablet, twin,
			{Person: bob, Factor: "duo", ID: "DPHONE", FirstSeen: noon},
			{Person: stranger, Factor: "duo", ID: "DPHONE", FirstSeen: noon},
			{Person: alice, Factor: "okta", ID: "DPHONE", FirstSeen: noon},
		} {
			require.NoError(b, tx.PutDevice(ctx, each))
		}
		got, err := tx.Devices(ctx, alice, "duo")
		require.NoError(b, err)
		require.Equal(b, []store.Device{twin, tablet, phone}, got)
		got, err = tx.Devices(ctx, bob, "okta")
		require.NoError(b, err)
		require.Empty(b, got)
	})
	renamed, seenAgain := phone, tablet
	renamed.Name, renamed.FirstSeen, renamed.Original = "", after(2*time.Hour), false
	seenAgain.Name, seenAgain.FirstSeen, seenAgain.Original = "kitchen", after(-time.Hour), true
	b.in(func(ctx context.Context, tx store.Tx) {
		require.NoError(b, tx.PutDevice(ctx, renamed))
		require.NoError(b, tx.PutDevice(ctx, seenAgain))
		got, err := tx.Devices(ctx, alice, "duo")
		require.NoError(b, err)
		phone.Name, tablet.Name = "", "kitchen"
		require.Equal(b, []store.Device{twin, tablet, phone}, got, "the name alone changed")
	})
}

// inGroups expects a person's groups.
func (b *bench) inGroups(person alert.PersonKey, want ...string) {
	b.Helper()
	b.in(func(ctx context.Context, tx store.Tx) {
		got, err := tx.GroupsOf(ctx, person)
		require.NoError(b, err)
		require.Equal(b, want, got, person)
	})
}

func (b *bench) putGroup(team, group string, members ...string) {
	b.Helper()
	b.in(func(ctx context.Context, tx store.Tx) { require.NoError(b, tx.PutGroup(ctx, team, group, members)) })
}

func groups(b *bench) {
	b.inGroups(alice)
	b.putGroup("T1", "Sb", "UALICE", "UBOB", "UALICE")
	b.putGroup("T1", "SA", "UALICE")
	b.putGroup("T1", "Sa", "UALICE")
	b.putGroup("T2", "Sb", "UALICE")
	b.inGroups(alice, "SA", "Sa", "Sb")
	b.inGroups(bob, "Sb")
	b.inGroups(stranger, "Sb")

	b.putGroup("T1", "Sb", "UBOB", "UCAROL")
	b.inGroups(alice, "SA", "Sa")
	b.inGroups(bob, "Sb")
	b.inGroups(alert.PersonKey{Team: "T1", User: "UCAROL"}, "Sb")
	b.putGroup("T1", "Sb")
	b.inGroups(bob)
	b.inGroups(stranger, "Sb")
}

func groupReplacedWhole(b *bench) {
	member := func(n int, which string) alert.PersonKey {
		return alert.PersonKey{Team: "T1", User: fmt.Sprint("U", n, which)}
	}
	for range rounds {
		errs := b.together(func(n int) error {
			return b.db.InTx(b.Context(), func(tx store.Tx) error {
				return tx.PutGroup(b.Context(), "T1", "S1", []string{member(n, "A").User, "UALL", member(n, "B").User})
			})
		})
		require.NoError(b, errors.Join(errs...))
		b.inGroups(alert.PersonKey{Team: "T1", User: "UALL"}, "S1")
		whole := 0
		b.in(func(ctx context.Context, tx store.Tx) {
			for n := range crowdSize {
				first, err := tx.GroupsOf(ctx, member(n, "A"))
				require.NoError(b, err)
				second, err := tx.GroupsOf(ctx, member(n, "B"))
				require.NoError(b, err)
				require.Equal(b, first, second)
				whole += len(first)
			}
		})
		require.Equal(b, 1, whole)
	}
}
