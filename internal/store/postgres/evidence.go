package postgres

import (
	"context"

	"securitybot/internal/store"
	"securitybot/internal/store/postgres/pgdb"
)

func (t *tx) InsertPayload(ctx context.Context, p store.Payload) error {
	return inserted(t.q.InsertPayload(ctx, pgdb.InsertPayloadParams(p)))
}

func (t *tx) Payload(ctx context.Context, alertID string) (store.Payload, error) {
	row, err := t.q.FindPayloadOf(ctx, alertID)
	return one(row, err, func(row pgdb.Payload) store.Payload { return store.Payload(row) })
}

func (t *tx) HeadOf(ctx context.Context, alertID string) (store.Head, int, error) {
	row, err := t.q.HeadOf(ctx, alertID)
	head, err := one(row, err, func(row pgdb.Chain) store.Head {
		return store.Head{AlertID: row.AlertID, Seq: row.Seq, Hash: row.Head}
	})
	return head, row.LoggedSeq, err
}

func (t *tx) Unlogged(ctx context.Context, limit int) ([]store.Head, error) {
	rows, err := t.q.Unlogged(ctx, int64(limit))
	return all(rows, err, func(row pgdb.UnloggedRow) store.Head {
		return store.Head{AlertID: row.AlertID, Seq: row.Seq, Hash: row.Head}
	})
}

func (t *tx) AppendLeaves(ctx context.Context, from int64, heads []store.Head) error {
	params := pgdb.AppendLeavesParams{First: from}
	for _, head := range heads {
		params.AlertIds = append(params.AlertIds, head.AlertID)
		params.Seqs = append(params.Seqs, head.Seq)
		params.Hashes = append(params.Hashes, head.Hash)
	}
	rows, err := t.q.AppendLeaves(ctx, params)
	return insertedAll(rows, err, len(heads))
}

// insertedAll tells that some of the keys were taken.
func insertedAll(rows int64, err error, want int) error {
	if err == nil && rows != int64(want) {
		return store.ErrExists
	}
	return err
}

func (t *tx) LogSize(ctx context.Context) (int64, error) { return t.q.LogSize(ctx) }

func (t *tx) Leaves(ctx context.Context, from int64, limit int) ([]store.Head, error) {
	rows, err := t.q.Leaves(ctx, from, int64(limit))
	return all(rows, err, headOf)
}

func (t *tx) LeavesOf(ctx context.Context, alertID string) ([]store.Leaf, error) {
	rows, err := t.q.LeavesOf(ctx, alertID)
	return all(rows, err, func(row pgdb.LogLeaf) store.Leaf {
		return store.Leaf{Position: row.Position, Head: headOf(row)}
	})
}

func headOf(row pgdb.LogLeaf) store.Head {
	return store.Head{AlertID: row.AlertID, Seq: row.Seq, Hash: row.Hash}
}

func (t *tx) PutHashes(ctx context.Context, from int64, hashes [][]byte) error {
	rows, err := t.q.PutHashes(ctx, hashes, from)
	return insertedAll(rows, err, len(hashes))
}

func (t *tx) Hashes(ctx context.Context, indexes []int64) ([][]byte, error) {
	rows, err := t.q.Hashes(ctx, indexes)
	if err != nil {
		return nil, err
	}
	known := make(map[int64][]byte, len(rows))
	for _, row := range rows {
		known[row.Idx] = row.Hash
	}
	hashes := make([][]byte, 0, len(indexes))
	for _, index := range indexes {
		hash, ok := known[index]
		if !ok {
			return nil, store.ErrNotFound
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}

func (t *tx) InsertCheckpoint(ctx context.Context, c store.Checkpoint) error {
	return inserted(t.q.InsertCheckpoint(ctx, c.Size, stamp(c.At), c.Note))
}

func (t *tx) Checkpoints(ctx context.Context, limit int) ([]store.Checkpoint, error) {
	rows, err := t.q.Checkpoints(ctx, int64(limit))
	return all(rows, err, checkpointOf)
}

func checkpointOf(row pgdb.Checkpoint) store.Checkpoint {
	return store.Checkpoint{Size: row.Size, At: row.At.UTC(), Note: row.Note}
}

func (t *tx) AuditAlerts(ctx context.Context, afterID string, limit int) ([]string, error) {
	return t.q.AuditAlerts(ctx, int64(limit), afterID)
}
