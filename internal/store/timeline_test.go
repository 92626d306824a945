package store_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// told is a timeline of somebody with personal fields in it.
func (b *bench) told(who alert.Person) []store.Entry {
	b.Helper()
	id := b.asked(who).ID
	said := b.said(id, who, alert.Yes)
	said.Words = "I was fixing the cron job"
	_, err := b.TakeAnswer(b.Context(), said)
	require.NoError(b, err)
	b.phoneSays(b.pushes(id, 1), alert.ProofDenied)
	b.settles(id)
	return b.story(id).Entries
}

func TestAnyChangeOfATimelineIsFound(t *testing.T) {
	t.Parallel()
	changes := map[string]func(*store.Entry){
		"alert":           func(e *store.Entry) { e.AlertID = "other" },
		"number":          func(e *store.Entry) { e.Seq++ },
		"time":            func(e *store.Entry) { e.At = e.At.Add(time.Microsecond) },
		"kind":            func(e *store.Entry) { e.Kind += "s" },
		"actor":           func(e *store.Entry) { e.Actor = "nobody" },
		"actor into kind": func(e *store.Entry) { e.Kind, e.Actor = e.Kind+e.Actor[:1], e.Actor[1:] },
		"data":            func(e *store.Entry) { e.Data = []byte(`{"verdict":"confirmed"}`) },
		"data cleared":    func(e *store.Entry) { e.Data = nil },
		"data followed":   func(e *store.Entry) { e.Data = append(bytes.Clone(e.Data), `{"verdict":"confirmed"}`...) },
		"digest":          func(e *store.Entry) { e.Digest = "00" },
		"previous":        func(e *store.Entry) { e.Previous = "00" },
		"hash":            func(e *store.Entry) { e.Hash = "00" },
	}
	onBoth(t, func(b *bench) {
		entries := b.told(alice)
		for name, change := range changes {
			for i := range entries {
				changed := slices.Clone(entries)
				change(&changed[i])
				require.Error(b, store.VerifyChain(changed), "%s of entry %d", name, i+1)
			}
		}
	})
}

func TestRemovedAndReorderedEntriesAreFound(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		entries := b.told(alice)
		for i := range len(entries) - 1 {
			removed := slices.Delete(slices.Clone(entries), i, i+1)
			require.ErrorIs(b, store.VerifyChain(removed), store.ErrBrokenChain, "entry %d removed", i+1)
			swapped := slices.Clone(entries)
			swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
			require.ErrorIs(b, store.VerifyChain(swapped), store.ErrBrokenChain, "entry %d put off", i+1)
		}
		require.ErrorIs(b, store.VerifyChain(slices.Insert(slices.Clone(entries), 2, entries[1])), store.ErrBrokenChain)
		require.ErrorIs(b, store.VerifyChain(append(slices.Clone(entries), b.told(bob)...)), store.ErrBrokenChain, "another alert's")
	})
}

func TestPersonalFields(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		entries := b.told(alice)
		personal := 0
		for i := range entries {
			require.NotContains(b, string(entries[i].Data), "cron")
			require.NotContains(b, string(entries[i].Data), "alice@")
			if len(entries[i].Personal) == 0 {
				require.Empty(b, entries[i].Digest)
				continue
			}
			personal++
			erased := slices.Clone(entries)
			erased[i].Personal, erased[i].Salt = nil, nil
			require.ErrorIs(b, store.VerifyChain(erased), store.ErrBrokenChain, "nothing says that it was erased")
			told := store.Entry{AlertID: erased[i].AlertID, Seq: len(erased) + 1, At: b.Now(), Kind: store.KindErased}
			require.NoError(b, told.Seal(erased[len(erased)-1].Hash))
			require.NoError(b, store.VerifyChain(append(erased, told)), "what was erased still verifies")

			changed := slices.Clone(entries)
			changed[i].Personal = []byte(`{"explanation":"it wasn't me"}`)
			require.ErrorIs(b, store.VerifyChain(changed), store.ErrBrokenChain)
			salted := slices.Clone(entries)
			salted[i].Salt = []byte("another salt")
			require.ErrorIs(b, store.VerifyChain(salted), store.ErrBrokenChain)
		}
		require.Equal(b, 3, personal, "the person, the answer and the device")
	})
}

// The same words leave different digests, so that nobody can try out what was said.
func TestDigestsAreSalted(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		first, second := b.story(b.asked(alice).ID).Entries[1], b.story(b.asked(alice).ID).Entries[1]
		require.Equal(b, store.KindIdentified, first.Kind)
		require.JSONEq(b, string(first.Personal), string(second.Personal))
		require.NotEqual(b, first.Digest, second.Digest)
	})
}

func TestAWordAddedToAnErasedEntryIsFound(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		entries := b.told(alice)
		require.Empty(b, entries[0].Personal)
		entries[0].Personal = []byte(`{"explanation":"planted"}`)
		require.ErrorIs(b, store.VerifyChain(entries), store.ErrBrokenChain)
	})
}
