package sqlite

import (
	"context"
	"fmt"

	"securitybot/internal/store"
	"securitybot/internal/store/sqlite/litedb"
)

func (t *tx) InsertPayload(ctx context.Context, p store.Payload) error {
	return inserted(t.q.InsertPayload(ctx, litedb.InsertPayloadParams(p)))
}

func (t *tx) Payload(ctx context.Context, alertID string) (store.Payload, error) {
	row, err := t.q.FindPayloadOf(ctx, alertID)
	return one(row, err, func(row litedb.Payload) store.Payload { return store.Payload(row) })
}

func (t *tx) HeadOf(ctx context.Context, alertID string) (store.Head, int, error) {
	row, err := t.q.HeadOf(ctx, alertID)
	head, err := one(row, err, func(row litedb.Chain) store.Head {
		return store.Head{AlertID: row.AlertID, Seq: int(row.Seq), Hash: row.Head}
	})
	return head, int(row.LoggedSeq), err
}

func (t *tx) Unlogged(ctx context.Context, limit int) ([]store.Head, error) {
	rows, err := t.q.Unlogged(ctx, int64(limit))
	return all(rows, err, func(row litedb.UnloggedRow) store.Head {
		return store.Head{AlertID: row.AlertID, Seq: int(row.Seq), Hash: row.Head}
	})
}

func (t *tx) AppendLeaves(ctx context.Context, from int64, heads []store.Head) error {
	for i, head := range heads {
		if err := inserted(t.q.InsertLeaf(ctx, litedb.InsertLeafParams{
			Position: from + int64(i), AlertID: head.AlertID, Seq: int64(head.Seq), Hash: head.Hash,
		})); err != nil {
			return err
		}
		if err := t.q.NoteLogged(ctx, int64(head.Seq), head.AlertID); err != nil {
			return fmt.Errorf("note what is logged: %w", err)
		}
	}
	return nil
}

func (t *tx) LogSize(ctx context.Context) (int64, error) { return t.q.LogSize(ctx) }

func (t *tx) Leaves(ctx context.Context, from int64, limit int) ([]store.Head, error) {
	rows, err := t.q.Leaves(ctx, from, int64(limit))
	return all(rows, err, headOf)
}

func (t *tx) LeavesOf(ctx context.Context, alertID string) ([]store.Leaf, error) {
	rows, err := t.q.LeavesOf(ctx, alertID)
	return all(rows, err, func(row litedb.LogLeaf) store.Leaf {
		return store.Leaf{Position: row.Position, Head: headOf(row)}
	})
}

func headOf(row litedb.LogLeaf) store.Head {
	return store.Head{AlertID: row.AlertID, Seq: int(row.Seq), Hash: row.Hash}
}

func (t *tx) PutHashes(ctx context.Context, from int64, hashes [][]byte) error {
	for i, hash := range hashes {
		if err := inserted(t.q.InsertHash(ctx, from+int64(i), hash)); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) Hashes(ctx context.Context, indexes []int64) ([][]byte, error) {
	hashes := make([][]byte, 0, len(indexes))
	for _, index := range indexes {
		hash, err := t.q.FindHash(ctx, index)
		if err != nil {
			return nil, found(err)
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}

func (t *tx) InsertCheckpoint(ctx context.Context, c store.Checkpoint) error {
	return inserted(t.q.InsertCheckpoint(ctx, c.Size, micros(c.At), c.Note))
}

func (t *tx) Checkpoints(ctx context.Context, limit int) ([]store.Checkpoint, error) {
	rows, err := t.q.Checkpoints(ctx, int64(limit))
	return all(rows, err, checkpointOf)
}

func checkpointOf(row litedb.Checkpoint) store.Checkpoint {
	return store.Checkpoint{Size: row.Size, At: moment(row.At), Note: row.Note}
}

func (t *tx) AuditAlerts(ctx context.Context, afterID string, limit int) ([]string, error) {
	return t.q.AuditAlerts(ctx, int64(limit), afterID)
}
