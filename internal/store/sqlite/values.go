package sqlite

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// micros is a moment as a column holds it.
func micros(t time.Time) int64 { return t.UnixMicro() }

// moment is what a column holds, as a time in UTC.
func moment(at int64) time.Time { return time.UnixMicro(at).UTC() }

// maybeMicros is NULL for the zero time.
func maybeMicros(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	at := micros(t)
	return &at
}

func maybeMoment(at *int64) time.Time {
	if at == nil {
		return time.Time{}
	}
	return moment(*at)
}

// maybeText is NULL for an empty text.
func maybeText(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func rawJSON(text *string) json.RawMessage {
	if text == nil {
		return nil
	}
	return json.RawMessage(*text)
}

// cut is a moment as it comes back from a column.
func cut(t time.Time) time.Time { return moment(micros(t)) }

func planText(plan *alert.Plan) (*string, error) {
	if plan == nil {
		return nil, nil //nolint:nilnil // NULL is the column's word for no plan
	}
	kept := *plan
	kept.NotBefore, kept.AskBy = cut(kept.NotBefore), cut(kept.AskBy)
	kept.Working = slices.Clone(kept.Working)
	for i, window := range kept.Working {
		kept.Working[i] = alert.Window{From: cut(window.From), To: cut(window.To)}
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
	if errors.Is(err, sql.ErrNoRows) {
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
