package store_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/evidence"
	"securitybot/internal/policy"
	"securitybot/internal/store"
)

// notices of a kind, the oldest first.
func (b *bench) notices(kind string) []store.Notice {
	b.Helper()
	var notices []store.Notice
	require.NoError(b, b.db.InTx(b.Context(), func(tx store.Tx) (err error) {
		notices, err = tx.Notices(b.Context(), kind, noon)
		return err
	}))
	return notices
}

// slips in a row among the checkpoints, which the application's role may.
func (v *vault) slips(row store.Checkpoint) {
	v.Helper()
	require.NoError(v, v.db.InTx(v.Context(), func(tx store.Tx) error { return tx.InsertCheckpoint(v.Context(), row) }))
}

// grows the log by an alert, and signs it.
func (v *vault) grows() store.Checkpoint {
	v.Helper()
	v.asked(alice)
	v.passes(time.Hour)
	return v.checkpoints()
}

// Whatever somebody with the application's rights writes among the checkpoints, the log
// is signed on from the last one that is ours, and evidence can be had.
func TestAStrangeCheckpointIsPassedOver(t *testing.T) {
	t.Parallel()
	for name, forge := range map[string]func(v *vault, last store.Checkpoint) store.Checkpoint{
		"nonsense far ahead": func(_ *vault, last store.Checkpoint) store.Checkpoint {
			return store.Checkpoint{Size: last.Size + 1_000_000, At: last.At, Note: "signed"}
		},
		"nonsense of the next size": func(_ *vault, last store.Checkpoint) store.Checkpoint {
			return store.Checkpoint{Size: last.Size + 1, At: last.At, Note: "signed"}
		},
		"a true one in another place": func(_ *vault, last store.Checkpoint) store.Checkpoint {
			return store.Checkpoint{Size: last.Size + 2, At: last.At, Note: last.Note}
		},
		"a stranger's far ahead": func(v *vault, last store.Checkpoint) store.Checkpoint {
			return v.forged(last, last.Size+1_000_000, newKey(v.T))
		},
		"another installation's with the same key": func(v *vault, last store.Checkpoint) store.Checkpoint {
			note, err := evidence.Checkpoint{Origin: "securitybot/other", Size: last.Size + 1_000_000, At: last.At}.Sign(v.key)
			require.NoError(v, err)
			return store.Checkpoint{Size: last.Size + 1_000_000, At: last.At, Note: note}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBothAsOwner(t, func(v *vault) {
				id := v.proven()
				v.grows()
				last := v.grows()
				row := forge(v, last)
				v.slips(row)
				v.checkpoints()
				last, ok, err := v.LastCheckpoint(v.Context(), v.key)
				require.NoError(v, err)
				require.True(v, ok)
				require.EqualValues(v, 3, last.Size)
				require.EqualValues(v, 3, v.exports(id).Checkpoint.Size)
				for range 3 {
					last = v.grows()
				}
				require.EqualValues(v, 6, last.Size, "signing goes on")
				require.EqualValues(v, 6, v.exports(id).Checkpoint.Size)

				told := v.notices(store.NoticeStrangeCheckpoint)
				require.Len(v, told, 1, "once, however often it is met")
				require.JSONEq(v, fmt.Sprintf(`{"size":%d}`, row.Size), string(told[0].Data))
				require.Empty(v, v.notices(store.NoticeLogForked))
				found := v.audits()
				require.Len(v, found, 1, strings.Join(found, "\n"))
				require.Contains(v, found[0], fmt.Sprintf("checkpoint of %d leaves: ", row.Size))
			})
		})
	}
}

// forged is a checkpoint that somebody else signed in our name.
func (v *vault) forged(like store.Checkpoint, size int64, key evidence.Key) store.Checkpoint {
	v.Helper()
	says, err := evidence.ReadCheckpoint(like.Note)
	require.NoError(v, err)
	says.Size = size
	note, err := says.Sign(key)
	require.NoError(v, err)
	return store.Checkpoint{Size: size, At: says.At, Note: note}
}

// A thousand rows say no more than one.
func TestAFloodOfStrangeCheckpoints(t *testing.T) {
	t.Parallel()
	onBothAsOwner(t, func(v *vault) {
		last := v.grows()
		for i := range int64(40) {
			v.slips(store.Checkpoint{Size: 100 + i, At: last.At, Note: "signed"})
		}
		v.grows()
		require.EqualValues(v, 3, v.grows().Size)
		require.Len(v, v.notices(store.NoticeStrangeCheckpoint), 5)
		found := v.audits()
		require.Len(v, found, 6)
		require.Contains(v, found[5], "35 more")
	})
}

// A change of keys is nothing strange.
func TestCheckpointsOfAFormerKeyAreNotTold(t *testing.T) {
	t.Parallel()
	onBothAsOwner(t, func(v *vault) {
		v.grows()
		v.grows()
		v.key = newKey(v.T)
		v.checkpoints()
		require.EqualValues(v, 3, v.grows().Size)
		require.Empty(v, v.notices(store.NoticeStrangeCheckpoint))
	})
}

// Before the first checkpoint of a key there is none to go on from.
func TestAStrangeCheckpointBeforeTheFirst(t *testing.T) {
	t.Parallel()
	onBothAsOwner(t, func(v *vault) {
		v.slips(store.Checkpoint{Size: 70, At: noon, Note: "signed"})
		require.EqualValues(v, 1, v.grows().Size)
		require.EqualValues(v, 2, v.grows().Size)
		require.Len(v, v.notices(store.NoticeStrangeCheckpoint), 1)
	})
}

// A log that is another one than was signed is not signed again, and the channel hears
// of it once, not each hour anew. That holds where it has the same length too.
func TestAForkedLogIsToldOnce(t *testing.T) {
	t.Parallel()
	for name, further := range map[string]bool{"as long as before": false, "longer": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBothAsOwner(t, func(v *vault) {
				v.grows()
				signed, err := evidence.ReadCheckpoint(v.grows().Note)
				require.NoError(v, err)
				v.slips(store.Checkpoint{Size: 70, At: noon, Note: "signed"})
				v.unguarded()
				v.alters("DELETE FROM log_leaves", "DELETE FROM log_hashes", "UPDATE chains SET logged_seq = 0")
				for _, id := range v.column("SELECT id FROM alerts") { // so that their heads are other ones by now
					require.NoError(v, v.TellRefusal(v.Context(), v.said(id, bob, alert.No), store.RefusedForged))
				}
				for range 3 {
					if further {
						v.asked(alice)
					}
					_, err := v.Checkpoint(v.Context(), v.key)
					require.ErrorIs(v, err, store.ErrForked)
					v.passes(time.Hour)
				}
				told := v.notices(store.NoticeLogForked)
				require.Len(v, told, 1)
				require.JSONEq(v, fmt.Sprintf(`{"size":2,"at":%q,"root":%q}`, signed.At.Format(time.RFC3339), signed.Root), string(told[0].Data))
				require.Len(v, v.notices(store.NoticeStrangeCheckpoint), 1, "one does not hide the other")
			})
		})
	}
}

// Leaves and hashes that somebody adds with the application's rights keep the log from
// going on; that is told as well.
func TestALogThatCantGoOnIsToldOnce(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"a leaf far ahead": "INSERT INTO log_leaves SELECT position + 1000, alert_id, seq, hash FROM log_leaves WHERE position = 1",
		"the next leaf":    "INSERT INTO log_leaves SELECT position + 1, alert_id, seq, hash FROM log_leaves WHERE position = 1",
		"the next hash":    "INSERT INTO log_hashes SELECT idx + 3, hash FROM log_hashes WHERE idx = 0",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBothAsOwner(t, func(v *vault) {
				v.grows()
				v.grows()
				v.alters(statement)
				var last error
				for range 3 {
					v.asked(alice)
					v.passes(time.Hour)
					_, last = v.Checkpoint(v.Context(), v.key)
				}
				require.ErrorIs(v, last, store.ErrForked)
				require.Len(v, v.notices(store.NoticeLogForked), 1)
			})
		})
	}
}

// An audit of many alerts says how far it is, page by page.
func TestAnAuditTellsHowFarItIs(t *testing.T) {
	t.Parallel()
	onBothAsOwner(t, func(v *vault) {
		for range 201 { // one more than a page
			v.accepted()
		}
		v.checkpoints()
		var leaves []int64
		var alerts []int
		audit, err := v.Audit(v.Context(), v.known(), func(far store.Audit) {
			leaves, alerts = append(leaves, far.Leaves), append(alerts, far.Alerts)
		})
		require.NoError(v, err)
		require.Empty(v, audit.Faults)
		require.Equal(v, []int64{200, 201, 201, 201}, leaves)
		require.Equal(v, []int{0, 0, 200, 201}, alerts)
	})
}

// A policy that was changed in the record is found at what was planned by it, and
// evidence of that proves nothing.
func TestAPolicyThatWasChangedIsFound(t *testing.T) {
	t.Parallel()
	onBothAsOwner(t, func(v *vault) {
		const text = "version: 1\n"
		revision := policy.Digest([]byte(text))
		_, err := v.LoadPolicy(v.Context(), store.PolicyText{Revision: revision, Text: text}, false,
			func(store.PolicyText) json.RawMessage { return json.RawMessage("{}") })
		require.NoError(v, err)
		id := v.accepted().ID
		_, err = v.Admit(v.Context(), id, store.Identified{Person: alice}, plans(func(plan *alert.Plan) { plan.Revision = revision }))
		require.NoError(v, err)
		v.proven()
		require.Empty(v, v.audits())
		require.Equal(v, text, v.exports(id).Bundle.Policy.Text)

		v.alters("UPDATE policies SET body = 'version: 1 '")
		const changed = "the policy's text is not that of revision "
		require.Equal(v, []string{
			fmt.Sprintf("alert %s, what stands beside the timeline: %s%q", id, changed, revision),
		}, v.audits())
		bundle, err := v.Evidence(v.Context(), id)
		require.NoError(v, err)
		file, err := evidence.Sign(bundle, v.key)
		require.NoError(v, err)
		_, err = evidence.Verify(file, v.key.Public())
		require.ErrorContains(v, err, changed)
	})
}
