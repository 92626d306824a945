package postgres

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// stamp is a moment as a column holds it: the server would round where SQLite cuts.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// maybeStamp is NULL for the zero time.
func maybeStamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	kept := stamp(t)
	return &kept
}

func maybeUTC(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// maybeText is NULL for an empty text.
func maybeText(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// maybeBytes is NULL for no bytes.
func maybeBytes(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

func rawJSON(text *string) json.RawMessage {
	if text == nil {
		return nil
	}
	return json.RawMessage(*text)
}

func planText(plan *alert.Plan) (*string, error) {
	if plan == nil {
		return nil, nil //nolint:nilnil // NULL is the column's word for no plan
	}
	kept := *plan
	kept.NotBefore, kept.AskBy = stamp(kept.NotBefore), stamp(kept.AskBy)
	kept.Working = slices.Clone(kept.Working)
	for i, window := range kept.Working {
		kept.Working[i] = alert.Window{From: stamp(window.From), To: stamp(window.To)}
	}
	raw, err := json.Marshal(kept)
	if err != nil {
		return nil, fmt.Errorf("write plan: %w", err)
	}
	text := string(raw)
	return &text, nil
}

func planOf(text *string) (*alert.Plan, error) {
	if text == nil {
		return nil, nil //nolint:nilnil // NULL is the column's word for no plan
	}
	plan := new(alert.Plan)
	if err := json.Unmarshal([]byte(*text), plan); err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	return plan, nil
}

// found translates the driver's word for a missing row.
func found(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}

// one turns the answer of a look-up into ours.
func one[Row, T any](row Row, err error, of func(Row) T) (T, error) {
	if err != nil {
		var none T
		return none, found(err)
	}
	return of(row), nil
}

// all turns the answer of a list into ours.
func all[Row, T any](rows []Row, err error, of func(Row) T) ([]T, error) {
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	list := make([]T, 0, len(rows))
	for _, row := range rows {
		list = append(list, of(row))
	}
	return list, nil
}

// inserted tells a taken key from a new row.
func inserted(rows int64, err error) error {
	if err == nil && rows == 0 {
		return store.ErrExists
	}
	return err
}

// changed tells that there was no row to change.
func changed(rows int64, err error) error {
	if err == nil && rows == 0 {
		return store.ErrNotFound
	}
	return err
}
