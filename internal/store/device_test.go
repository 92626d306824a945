package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// picks claims a push for a fresh yes, of somebody with these devices now, and
// tells which one is pushed to; "" when none may be.
func (b *bench) picks(devices ...store.Device) string {
	b.Helper()
	b.passes(time.Hour) // keeps within the budget of pushes
	id := b.saidYes(alice)
	proof, turn := b.proves(id, 1)
	require.Equal(b, store.ProofPush, turn)
	proof, err := b.ProofSending(b.Context(), proof, devices)
	require.NoError(b, err)
	if proof.Result == alert.ProofPending {
		require.Equal(b, b.Now(), proof.SendingAt)
		b.phoneSays(proof, alert.ProofTimedOut)
		return proof.Device
	}
	require.Equal(b, alert.ProofUnavailable, proof.Result)
	require.Equal(b, alert.Verdict{Outcome: alert.Unproven, Reason: proof.Reason}, b.settles(id).Verdict)
	require.Equal(b, alert.ReasonNewDevice, proof.Reason)
	return ""
}

func TestANewDeviceProvesNothingForThreeDays(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		old, tablet, stolen := store.Device{ID: "D1", Name: "phone"}, store.Device{ID: "D2", Name: "tablet"}, store.Device{ID: "D3", Name: "new phone"}
		require.Equal(b, "D2", b.picks(tablet, old), "those of the first look, in the vendor's order")
		require.Equal(b, "D1", b.picks(stolen, old), "the oldest is pushed to")
		require.Empty(b, b.picks(stolen), "the old ones were removed")
		require.Equal(b, "D1", b.picks(stolen, old), "one that comes back is known")
		b.passes(68*time.Hour - time.Minute)
		require.Empty(b, b.picks(stolen), "almost three days")
		b.passes(time.Minute)
		require.Equal(b, "D3", b.picks(stolen))
		require.Equal(b, "D2", b.picks(stolen, tablet), "known from the start goes before known for three days")
	})
}

func TestARenamedDeviceIsTheSame(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		require.Equal(b, "D1", b.picks(store.Device{ID: "D1", Name: "phone"}))
		require.Equal(b, "D1", b.picks(store.Device{ID: "D1", Name: "Alice's phone"}, store.Device{ID: "D2", Name: "phone"}))
		require.NoError(b, b.db.InTx(b.Context(), func(tx store.Tx) error {
			known, err := tx.Devices(b.Context(), alice.PersonKey, "duo")
			require.Len(b, known, 2)
			for _, device := range known {
				require.Equal(b, device.ID == "D1", device.Original)
				require.Equal(b, device.ID == "D1", device.Name == "Alice's phone")
			}
			return err
		}))
	})
}

// Whoever enrols the first device of somebody who had none may be a thief.
func TestTheFirstDeviceOfSomebodyWhoHadNoneIsNew(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{alert.ReasonNotEnrolled, alert.ReasonNoPushDevice} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(b *bench) {
				proof, _ := b.proves(b.saidYes(alice), 1)
				_, err := b.ProofDecided(b.Context(), proof, alert.ProofUnavailable, reason)
				require.NoError(b, err)
				require.Empty(b, b.picks(store.Device{ID: "D1"}))
				b.passes(72 * time.Hour)
				require.Equal(b, "D1", b.picks(store.Device{ID: "D1"}))
			})
		})
	}
}

func TestNoDeviceAtAllIsNotPushedTo(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) { require.Empty(b, b.picks()) })
}

// What happens between the claim of an attempt and its push.
func TestAPushThatIsNotWantedAnyMore(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		for _, happens := range []func(id string){
			func(id string) { b.answers(id, alice, alert.No) },
			func(string) { b.contradicts(alice) },
		} {
			id := b.saidYes(alice)
			proof, _ := b.proves(id, 1)
			happens(id)
			proof, err := b.ProofSending(b.Context(), proof, phone)
			require.NoError(b, err)
			require.Equal(b, alert.ProofUnavailable, proof.Result)
			require.True(b, proof.SendingAt.IsZero())
		}
	})
}

// Whoever reads the result may not have seen everything that was recorded.
func TestAResultKeepsWhatIsRecordedOfItsPush(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		id := b.saidYes(alice)
		claimed, _ := b.proves(id, 1)
		pushed := b.pushes(id, 1)
		b.phoneSays(claimed, alert.ProofApproved)
		proof := b.story(id).Proof()
		require.Equal(b, pushed.Transaction, proof.Transaction)
		require.Equal(b, "DPHONE", proof.Device)
		require.Equal(b, noon, proof.PushedAt)
	})
}
