package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"securitybot/internal/alert"
)

// Try tells what would become of an alert if it were reported now: it is admitted as
// any other, and then all of it is taken back.
func (s *Store) Try(ctx context.Context, reported alert.Alert, who Identified, planner Planner) (Story, error) {
	var story Story
	err := s.inTx(ctx, func(t *tx) error {
		if err := t.lockPerson(who.Person.PersonKey); err != nil {
			return err
		}
		reported.ID, reported.ReceivedAt = alert.KeyedID(reported.Source, "try "+rand.Text()), t.now
		record := Record{Alert: reported, Status: alert.Received}
		if err := t.InsertAlert(ctx, record); err != nil {
			return fmt.Errorf("insert alert: %w", err)
		}
		if err := t.admit(&record, who, planner); err != nil {
			return err
		}
		story = Story{At: t.now, Record: record}
		if err := t.tell(&story); err != nil {
			return err
		}
		story.Person = who.Person
		return errUnrecorded
	})
	if errors.Is(err, errUnrecorded) {
		return story, nil
	}
	return story, err
}
