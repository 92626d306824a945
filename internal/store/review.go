package store

import (
	"context"
	"fmt"

	"securitybot/internal/alert"
)

// Reviews lists confirmed alerts that policy wants looked at and nobody has looked at
// yet, newest first, without those that are about somebody.
func (s *Store) Reviews(ctx context.Context, before Cursor, limit int, except *alert.Person) ([]Found, error) {
	var list []Found
	err := s.inTx(ctx, func(t *tx) error {
		list = nil
		for from := before; len(list) < limit; {
			records, err := t.ReviewsDue(ctx, from, limit)
			if err != nil {
				return fmt.Errorf("list reviews: %w", err)
			}
			due, err := t.withPeople(records)
			if err != nil {
				return err
			}
			for _, each := range due {
				if except == nil || !each.Record.Concerns(*except) {
					list = append(list, each)
				}
			}
			if len(records) < limit {
				break
			}
			last := records[len(records)-1]
			from = Cursor{ReceivedAt: last.ReceivedAt, ID: last.ID}
		}
		list = list[:min(len(list), limit)]
		return nil
	})
	return list, err
}
