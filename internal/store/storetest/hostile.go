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

// nasty is text as people and their systems may send it.
const nasty = `'; DROP TABLE cases; -- " \ % _ ? $1 :x @y {{.}} ` + "\u202egnp.exe \u0007 \r\n\t 👍🏽 ＡＢＣ ß"

// nastyJSON is an object whose text a database must not read.
const nastyJSON = `{"nul":"\u0000","lone":"\ud800","a":1,"a":2,"n":1e400,"s":"'\" 👍🏽"}`

func hostileRows(b *bench) {
	who := alert.PersonKey{Team: nasty, User: nasty}
	long := nasty + strings.Repeat("x", 100_000)
	b.insert(plain(1))
	opened := store.Case{AlertID: id(1), About: who, OpenedAt: noon, AckedBy: nasty, ResolvedBy: nasty, Resolution: long}
	covers := covering(nasty, noon, after(time.Hour))
	covers.Person, covers.Detection, covers.Scope, covers.AlertID = who, nasty, json.RawMessage(nastyJSON), nasty
	covers.By, covers.Reason, covers.RevokedBy, covers.Revocation = nasty, long, nasty, long
	out := store.OptOut{Person: who, Since: noon, Until: after(time.Hour), By: nasty, Reason: long}
	device := store.Device{Person: who, Factor: nasty, ID: nasty, Name: long, FirstSeen: noon}
	said := notice(nasty, nasty, noon)
	said.Target, said.Person, said.Data, said.Channel, said.TS = nasty, who, json.RawMessage(nastyJSON), nasty, nasty
	text := store.PolicyText{Revision: nasty, Text: long, LoadedAt: noon, LoadedBy: nasty}
	b.in(func(ctx context.Context, tx store.Tx) {
		require.NoError(b, tx.PutCase(ctx, opened))
		require.NoError(b, tx.PutSuppression(ctx, covers))
		require.NoError(b, tx.PutOptOut(ctx, out))
		require.NoError(b, tx.PutDevice(ctx, device))
		require.NoError(b, tx.InsertNotice(ctx, said))
		require.NoError(b, tx.InsertPolicy(ctx, text))
		require.NoError(b, tx.PutGroup(ctx, nasty, nasty, []string{nasty, `{"a",NULL}`, "NULL"}))
	})
	b.in(func(ctx context.Context, tx store.Tx) {
		gotCase, err := tx.FindCase(ctx, id(1))
		require.NoError(b, err)
		require.Equal(b, opened, gotCase)
		gotCover, err := tx.SuppressionsOf(ctx, who, noon)
		require.NoError(b, err)
		require.Equal(b, []store.Suppression{covers}, gotCover)
		gotOut, err := tx.FindOptOut(ctx, who, noon)
		require.NoError(b, err)
		require.Equal(b, out, gotOut)
		gotDevices, err := tx.Devices(ctx, who, nasty)
		require.NoError(b, err)
		require.Equal(b, []store.Device{device}, gotDevices)
		gotNotices, err := tx.Notices(ctx, nasty, noon)
		require.NoError(b, err)
		require.Equal(b, []store.Notice{said}, gotNotices)
		gotPolicy, err := tx.FindPolicy(ctx, nasty)
		require.NoError(b, err)
		require.Equal(b, text, gotPolicy)
	})
	b.inGroups(who, nasty)
	b.inGroups(alert.PersonKey{Team: nasty, User: "NULL"}, nasty)
}

func rowInvariants(b *bench) {
	b.insert(plain(1))
	spoilt := func(spoil func(*store.Suppression)) func(context.Context, store.Tx) error {
		suppression := covering("s1", noon, after(time.Hour))
		spoil(&suppression)
		return func(ctx context.Context, tx store.Tx) error { return tx.PutSuppression(ctx, suppression) }
	}
	for name, put := range map[string]func(context.Context, store.Tx) error{
		"a suppression without an id":     spoilt(func(s *store.Suppression) { s.ID = "" }),
		"a suppression of no kind":        spoilt(func(s *store.Suppression) { s.Kind = "always" }),
		"a suppression of nobody":         spoilt(func(s *store.Suppression) { s.Person = alert.PersonKey{Team: "T1"} }),
		"a suppression of everything":     spoilt(func(s *store.Suppression) { s.Detection = "" }),
		"a suppression of any scope":      spoilt(func(s *store.Suppression) { s.Scope = nil }),
		"a suppression of any severity":   spoilt(func(s *store.Suppression) { s.Severity = "" }),
		"a suppression by nobody":         spoilt(func(s *store.Suppression) { s.By = "" }),
		"a suppression without end":       spoilt(func(s *store.Suppression) { s.Most = 0 }),
		"a suppression used up backwards": spoilt(func(s *store.Suppression) { s.Used = -1 }),
		"a case of no alert": func(ctx context.Context, tx store.Tx) error {
			return tx.PutCase(ctx, store.Case{AlertID: id(9), OpenedAt: noon})
		},
		"a rung below the ladder": func(ctx context.Context, tx store.Tx) error {
			return tx.PutCase(ctx, store.Case{AlertID: id(1), OpenedAt: noon, Rung: -1})
		},
		"an opt-out of nobody": func(ctx context.Context, tx store.Tx) error {
			return tx.PutOptOut(ctx, store.OptOut{Since: noon, Until: after(time.Hour)})
		},
		"a device of nobody": func(ctx context.Context, tx store.Tx) error {
			return tx.PutDevice(ctx, store.Device{Factor: "duo", ID: "D1", FirstSeen: noon})
		},
		"a device without an id": func(ctx context.Context, tx store.Tx) error {
			return tx.PutDevice(ctx, store.Device{Person: alice, Factor: "duo", FirstSeen: noon})
		},
		"a notice without a kind": func(ctx context.Context, tx store.Tx) error {
			return tx.InsertNotice(ctx, notice("n1", "", noon))
		},
		"a notice without a state": func(ctx context.Context, tx store.Tx) error {
			return tx.InsertNotice(ctx, store.Notice{ID: "n1", Kind: "held", Data: json.RawMessage(`{}`), CreatedAt: noon})
		},
		"a policy without a revision": func(ctx context.Context, tx store.Tx) error {
			return tx.InsertPolicy(ctx, store.PolicyText{Text: "x", LoadedAt: noon})
		},
		"a group without a name": func(ctx context.Context, tx store.Tx) error {
			return tx.PutGroup(ctx, "T1", "", []string{"UALICE"})
		},
		"a member without an id": func(ctx context.Context, tx store.Tx) error {
			return tx.PutGroup(ctx, "T1", "S1", []string{"UALICE", ""})
		},
	} {
		err := b.db.InTx(b.Context(), func(tx store.Tx) error { return put(b.Context(), tx) })
		require.Error(b, err, name)
		require.NotErrorIs(b, err, store.ErrExists, name)
	}
	b.inGroups(alice)
}
