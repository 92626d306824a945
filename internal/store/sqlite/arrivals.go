package sqlite

import (
	"context"
	"errors"
	"fmt"

	"securitybot/internal/store"
)

// InsertNew needs no round trips: the database is in this process.
func (t *tx) InsertNew(ctx context.Context, arrivals []store.Arrival) ([]bool, error) {
	news := make([]bool, len(arrivals))
	for i, arrival := range arrivals {
		err := t.InsertAlert(ctx, arrival.Record)
		if errors.Is(err, store.ErrExists) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("insert alert: %w", err)
		}
		if err := t.insertRest(ctx, arrival); err != nil {
			return nil, err
		}
		news[i] = true
	}
	return news, nil
}

func (t *tx) insertRest(ctx context.Context, arrival store.Arrival) error {
	if err := t.AppendEntry(ctx, arrival.Entry); err != nil {
		return fmt.Errorf("append entry: %w", err)
	}
	if len(arrival.Payload.Body) > 0 {
		if err := t.InsertPayload(ctx, arrival.Payload); err != nil {
			return fmt.Errorf("insert payload: %w", err)
		}
	}
	if err := t.Enqueue(ctx, arrival.Outgoing); err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	return t.AddTallies(ctx, arrival.Tallies)
}
