package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"securitybot/internal/evidence"
)

const (
	logPage     = 500 // heads that enter the log in one transaction
	nameOfLog   = "log of evidence"
	installName = "installation"
)

// Installation is the name of this record, made up when it is first asked for.
func (s *Store) Installation(ctx context.Context) (string, error) {
	var name string
	err := s.inTx(ctx, func(t *tx) (err error) {
		name, err = t.installation()
		return err
	})
	return name, err
}

func (t *tx) installation() (string, error) {
	name, err := t.PutSetting(t.ctx, installName, strings.ToLower(rand.Text()))
	if err != nil {
		return "", fmt.Errorf("name the installation: %w", err)
	}
	return name, nil
}

// Checkpoint takes the heads of all timelines that grew into the log, page by page,
// and signs its root. It gives the newest checkpoint; where nothing was added since,
// that is the one from before.
func (s *Store) Checkpoint(ctx context.Context, key evidence.Key) (Checkpoint, error) {
	for more := true; more; {
		var err error
		if more, err = s.LogHeads(ctx); err != nil {
			return Checkpoint{}, err
		}
	}
	var signed Checkpoint
	err := s.inTx(ctx, func(t *tx) (err error) {
		signed, err = t.checkpoint(key)
		return err
	})
	return signed, err
}

// LogHeads takes a page of heads that grew into the log; false when there are no more.
func (s *Store) LogHeads(ctx context.Context) (more bool, err error) {
	var heads []Head
	err = s.inTx(ctx, func(t *tx) error {
		if err := t.LockName(ctx, nameOfLog); err != nil {
			return fmt.Errorf("lock the log: %w", err)
		}
		size, err := t.LogSize(ctx)
		if err != nil {
			return fmt.Errorf("read the log's size: %w", err)
		}
		if heads, err = t.Unlogged(ctx, logPage); err != nil || len(heads) == 0 {
			return err
		}
		if err := t.AppendLeaves(ctx, size, heads); err != nil {
			return fmt.Errorf("append to the log: %w", err)
		}
		return t.storeHashes(size, heads)
	})
	return len(heads) == logPage, err
}

// storeHashes keeps the hashes of the tree that new leaves complete.
func (t *tx) storeHashes(size int64, heads []Head) error {
	first := tlog.StoredHashCount(size)
	fresh := &hashes{tx: t, first: first}
	for i, head := range heads {
		more, err := tlog.StoredHashesForRecordHash(size+int64(i), leafOf(head), fresh)
		if err != nil {
			return fmt.Errorf("hash the log: %w", err)
		}
		for _, hash := range more {
			fresh.added = append(fresh.added, hash[:])
		}
	}
	if err := t.PutHashes(t.ctx, first, fresh.added); err != nil {
		return fmt.Errorf("keep the log's hashes: %w", err)
	}
	return nil
}

func leafOf(head Head) tlog.Hash { return evidence.LeafHash(head.AlertID, head.Seq, head.Hash) }

// hashes reads the tree's stored hashes, with those that are not written yet.
type hashes struct {
	tx    *tx
	first int64 // index of added
	added [][]byte
}

var _ tlog.HashReader = (*hashes)(nil)

// ReadHashes implements [tlog.HashReader].
func (h *hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var missing []int64
	for _, index := range indexes {
		if index < h.first {
			missing = append(missing, index)
		}
	}
	stored, err := h.stored(missing)
	if err != nil {
		return nil, err
	}
	read := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= h.first {
			copy(read[i][:], h.added[index-h.first])
			continue
		}
		copy(read[i][:], stored[0])
		stored = stored[1:]
	}
	return read, nil
}

// stored reads what was written before; most new leaves need nothing of it.
func (h *hashes) stored(indexes []int64) ([][]byte, error) {
	if len(indexes) == 0 {
		return nil, nil
	}
	stored, err := h.tx.Hashes(h.tx.ctx, indexes)
	if err != nil {
		return nil, fmt.Errorf("read the log's hashes: %w", err)
	}
	if len(stored) != len(indexes) {
		return nil, errMissingHashes
	}
	return stored, nil
}

var errMissingHashes = errors.New("stored hashes of the log are missing")

// checkpoint signs the log as it is, unless the last checkpoint did.
func (t *tx) checkpoint(key evidence.Key) (Checkpoint, error) {
	if err := t.LockName(t.ctx, nameOfLog); err != nil {
		return Checkpoint{}, fmt.Errorf("lock the log: %w", err)
	}
	size, err := t.LogSize(t.ctx)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read the log's size: %w", err)
	}
	last, _, err := found(t.LastCheckpoint(t.ctx))
	if err != nil || last.Size == size {
		return last, err
	}
	installation, err := t.installation()
	if err != nil {
		return Checkpoint{}, err
	}
	root, err := tlog.TreeHash(size, t.hashesOf(size))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("hash the log: %w", err)
	}
	if err := t.goesOn(last, size, root); err != nil {
		return Checkpoint{}, err
	}
	at := t.now.Truncate(time.Second)
	signed := Checkpoint{Size: size, At: at}
	signed.Note, err = evidence.Checkpoint{
		Origin: evidence.Origin(installation), Size: size, Root: root, At: at,
	}.Sign(key)
	if err != nil {
		return Checkpoint{}, err
	}
	if err := t.InsertCheckpoint(t.ctx, signed); err != nil {
		return Checkpoint{}, fmt.Errorf("insert checkpoint: %w", err)
	}
	return signed, nil
}

// ErrForked is a log that is not the one that was signed before: it was changed, or a
// part of it lost. It is not signed again.
var ErrForked = errors.New("the log is not the one that was signed before; `securitybot audit verify` tells more")

// goesOn proves that a log holds all that the last checkpoint signed, and more.
func (t *tx) goesOn(last Checkpoint, size int64, root tlog.Hash) error {
	if last.Size == 0 {
		return nil
	}
	signed, err := evidence.ReadCheckpoint(last.Note)
	if err != nil || signed.Size != last.Size || signed.Size > size {
		return ErrForked
	}
	proof, err := tlog.ProveTree(size, signed.Size, t.hashesOf(size))
	if err != nil {
		return fmt.Errorf("prove that the log goes on: %w", err)
	}
	if err := tlog.CheckTree(proof, size, root, signed.Size, signed.Root); err != nil {
		return ErrForked
	}
	return nil
}

// hashesOf reads the stored hashes of a log of a size.
func (t *tx) hashesOf(size int64) *hashes {
	return &hashes{tx: t, first: tlog.StoredHashCount(size)}
}

// Checkpoints lists the newest first.
func (s *Store) Checkpoints(ctx context.Context, limit int) ([]Checkpoint, error) {
	var list []Checkpoint
	err := s.inTx(ctx, func(t *tx) (err error) {
		list, err = t.Tx.Checkpoints(ctx, limit)
		return err
	})
	return list, err
}

// LastCheckpoint is the newest one; false before the first.
func (s *Store) LastCheckpoint(ctx context.Context) (Checkpoint, bool, error) {
	var last Checkpoint
	var ok bool
	err := s.inTx(ctx, func(t *tx) (err error) {
		last, ok, err = found(t.Tx.LastCheckpoint(ctx))
		return err
	})
	return last, ok, err
}
