package disk_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"securitybot/internal/sandbox/disk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type note struct{ Text string }

func open(t *testing.T, file string) *disk.Disk {
	t.Helper()
	d, err := disk.Open(t.Context(), file)
	require.NoError(t, err)
	return d
}

func TestWhatWasFlushedIsThereForTheNextReader(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "sandbox.db")
	d := open(t, file)
	d.Put("note", "b", note{"second"})
	d.Put("note", "a", note{"draft"})
	d.Put("note", "a", note{"first"})
	d.Put("note", "c", note{"third"})
	d.Put("other", "a", note{"elsewhere"})
	d.Delete("note", "c")
	require.NoError(t, d.Flush(t.Context()))

	other := open(t, file) // while the first one still has it open, as after a kill
	notes, err := disk.Load[note](t.Context(), other, "note")
	require.NoError(t, err)
	require.Equal(t, []*note{{"first"}, {"second"}}, notes)
	require.NoError(t, other.Close())
	require.NoError(t, d.Close())
}

func TestManyWritersShareTheirSyncs(t *testing.T) {
	t.Parallel()
	d := open(t, filepath.Join(t.TempDir(), "sandbox.db"))
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			d.Put("note", fmt.Sprintf("%02d", i), note{"x"})
			if err := d.Flush(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	notes, err := disk.Load[note](t.Context(), d, "note")
	require.NoError(t, err)
	require.Len(t, notes, 50)
	require.NoError(t, d.Close())
}

func TestAClosedDiskPromisesNothing(t *testing.T) {
	t.Parallel()
	d := open(t, filepath.Join(t.TempDir(), "sandbox.db"))
	d.Put("note", "a", note{"written by Close"})
	require.NoError(t, d.Close())
	require.NoError(t, d.Flush(t.Context()))
	d.Put("note", "b", note{"too late"})
	require.ErrorIs(t, d.Flush(t.Context()), disk.ErrClosed)
}

func TestWhatCannotBeEncodedFailsLoudly(t *testing.T) {
	t.Parallel()
	d := open(t, filepath.Join(t.TempDir(), "sandbox.db"))
	d.Put("note", "a", func() {})
	require.ErrorContains(t, d.Flush(t.Context()), "encode note a")
	require.NoError(t, d.Close())
}

func TestAPlaceThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	_, err := disk.Open(t.Context(), filepath.Join(t.TempDir(), "no", "such", "folder", "sandbox.db"))
	require.Error(t, err)
}
