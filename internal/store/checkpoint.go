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
// and signs its root. It gives the newest checkpoint of the key; where nothing was added
// since, that is the one from before. A row of the table that the key did not sign is
// passed over and told. Errors: ErrForked, which is told as well.
func (s *Store) Checkpoint(ctx context.Context, key evidence.Key) (Checkpoint, error) {
	var err error
	for more := true; more; {
		if more, err = s.LogHeads(ctx); err != nil && !errors.Is(err, ErrForked) {
			return Checkpoint{}, err
		}
	}
	broken := err
	var signed Checkpoint
	var forked error
	err = s.inTx(ctx, func(t *tx) (err error) {
		signed, forked, err = t.signOrTell(key, broken)
		return err
	})
	return signed, errors.Join(err, forked)
}

// signOrTell signs the log, or tells that it is forked, as it is when it is broken.
func (t *tx) signOrTell(key evidence.Key, broken error) (signed Checkpoint, forked, err error) {
	if err := t.LockName(t.ctx, nameOfLog); err != nil {
		return signed, nil, fmt.Errorf("lock the log: %w", err)
	}
	before, err := t.signedBefore(key)
	if err != nil {
		return signed, nil, err
	}
	if broken == nil {
		signed, err = t.checkpoint(key, before)
		if !errors.Is(err, ErrForked) {
			return signed, nil, err
		}
		broken = err
	}
	return Checkpoint{}, broken, t.tellForked(before.signed)
}

// LogHeads takes a page of heads that grew into the log; false when there are no more.
// Errors: ErrForked, of which Checkpoint tells.
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
	return err == nil && len(heads) == logPage, err
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
	err := t.PutHashes(t.ctx, first, fresh.added)
	if errors.Is(err, ErrExists) {
		return fmt.Errorf("%w: somebody else wrote hashes beyond its end", ErrForked)
	}
	if err != nil {
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
	if errors.Is(err, ErrNotFound) {
		return nil, fmt.Errorf("%w: some of its stored hashes are missing", ErrForked)
	}
	if err != nil {
		return nil, fmt.Errorf("read the log's hashes: %w", err)
	}
	return stored, nil
}

// checkpoint signs the log as it is, unless the last checkpoint did.
func (t *tx) checkpoint(key evidence.Key, before signedBefore) (Checkpoint, error) {
	size, err := t.LogSize(t.ctx)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read the log's size: %w", err)
	}
	if err := t.tellStrange(before, size); err != nil {
		return Checkpoint{}, err
	}
	root, err := tlog.TreeHash(size, t.hashesOf(size))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("hash the log: %w", err)
	}
	if err := t.goesOn(before.signed, size, root); err != nil {
		return Checkpoint{}, err
	}
	if before.last.Size == size || before.takes(size) { // it is signed when it has grown
		return before.last, nil
	}
	return t.sign(key, size, root)
}

func (t *tx) sign(key evidence.Key, size int64, root tlog.Hash) (Checkpoint, error) {
	installation, err := t.installation()
	if err != nil {
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

// goesOn proves that a log holds all that was signed last.
func (t *tx) goesOn(signed evidence.Checkpoint, size int64, root tlog.Hash) error {
	if signed.Size == 0 {
		return nil
	}
	if signed.Size > size {
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
