package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"securitybot/internal/evidence"
)

const (
	fewCheckpoints = 16 // are read at first: one is enough, unless somebody wrote to the table
	// mostStrange is how many strange checkpoints are told, and how many are named by an
	// audit. The application's role can add any number, and a thousand say no more.
	mostStrange = 5
	// mostTried is how many checkpoints are tried for one that a bundle can bring.
	mostTried = 100
)

// LastCheckpoint is the newest one that a key signed; false before the first.
func (s *Store) LastCheckpoint(ctx context.Context, key evidence.Key) (Checkpoint, bool, error) {
	var before signedBefore
	err := s.inTx(ctx, func(t *tx) (err error) {
		before, err = t.signedBefore(key)
		return err
	})
	return before.last, before.last.Size > 0, err
}

// signedBefore is what the table of checkpoints is to one who has a key. Whoever has the
// application's rights can add rows to it, and can't sign them.
type signedBefore struct {
	last    Checkpoint          // the newest that the key signed; the zero one without any
	signed  evidence.Checkpoint // what it says
	strange []Checkpoint        // newer rows that the key did not sign, the newest first
}

func (t *tx) signedBefore(key evidence.Key) (signedBefore, error) {
	known, err := evidence.Keys(key.Public())
	if err != nil {
		return signedBefore{}, err
	}
	installation, err := t.installation()
	if err != nil {
		return signedBefore{}, err
	}
	for limit := fewCheckpoints; ; limit *= fewCheckpoints {
		list, err := t.Checkpoints(t.ctx, limit)
		if err != nil {
			return signedBefore{}, fmt.Errorf("list checkpoints: %w", err)
		}
		for i, row := range list {
			if signed, what := row.read(known, evidence.Origin(installation)); what == "" {
				return signedBefore{last: row, signed: signed, strange: list[:i]}, nil
			}
		}
		if len(list) < limit || limit >= mostCheckpoints {
			return signedBefore{strange: list}, nil
		}
	}
}

// read opens the note of a row, and tells what is wrong with it as such; "" when
// nothing is.
func (c Checkpoint) read(known note.Verifiers, origin string) (evidence.Checkpoint, string) {
	signed, err := evidence.OpenCheckpoint(c.Note, known)
	switch {
	case err != nil:
		return signed, err.Error()
	case signed.Origin != origin:
		return signed, "it is another installation's"
	case signed.Size != c.Size || !signed.At.Equal(c.At):
		return signed, "its row says something else than what was signed"
	default:
		return signed, ""
	}
}

// takes tells that a row stands where a checkpoint of a size would.
func (b signedBefore) takes(size int64) bool {
	for _, row := range b.strange {
		if row.Size == size {
			return true
		}
	}
	return false
}

// tellStrange tells of rows that the key did not sign, of each once. Before the first
// that it did, those of a former key are none: the log bears them out.
func (t *tx) tellStrange(before signedBefore, size int64) error {
	for _, row := range before.strange[:min(len(before.strange), mostStrange)] {
		if before.last.Size == 0 {
			fits, err := t.fits(row, size)
			if err != nil {
				return err
			}
			if fits {
				continue
			}
		}
		sum := sha256.Sum256([]byte(row.Note))
		id := fmt.Sprintf("strange-checkpoint-%d-%s", row.Size, hex.EncodeToString(sum[:8]))
		if err := t.notifyOf(id, NoticeStrangeCheckpoint, Fields{"size": row.Size}); err != nil {
			return err
		}
	}
	return nil
}

// fits tells whether a log of a size holds what a checkpoint says, whoever signed it.
func (t *tx) fits(row Checkpoint, size int64) (bool, error) {
	says, err := evidence.ReadCheckpoint(row.Note)
	if err != nil || says.Size != row.Size || says.Size > size {
		return false, nil //nolint:nilerr // what can't be read does not fit
	}
	root, err := tlog.TreeHash(says.Size, t.hashesOf(says.Size))
	if errors.Is(err, ErrForked) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("hash the log: %w", err)
	}
	return root == says.Root, nil
}

// newestFitting is the newest checkpoint that the log bears out; false without one.
func (t *tx) newestFitting() (Checkpoint, bool, error) {
	size, err := t.LogSize(t.ctx)
	if err != nil {
		return Checkpoint{}, false, fmt.Errorf("read the log's size: %w", err)
	}
	list, err := t.Checkpoints(t.ctx, mostTried)
	if err != nil {
		return Checkpoint{}, false, fmt.Errorf("list checkpoints: %w", err)
	}
	for _, row := range list {
		if fits, err := t.fits(row, size); err != nil || fits {
			return row, fits, err
		}
	}
	return Checkpoint{}, false, nil
}

// tellForked tells, once, that the log is not the one that was signed last.
func (t *tx) tellForked(signed evidence.Checkpoint) error {
	said := Fields{}
	if signed.Size > 0 {
		said = Fields{"size": signed.Size, "at": signed.At, "root": signed.Root.String()}
	}
	return t.notifyOf(fmt.Sprintf("log-forked-%d-%s", signed.Size, hex.EncodeToString(signed.Root[:8])), NoticeLogForked, said)
}
