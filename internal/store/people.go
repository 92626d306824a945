package store

import (
	"context"
	"errors"
	"fmt"

	"securitybot/internal/alert"
)

// PutPeople keeps what a directory knows of people.
func (s *Store) PutPeople(ctx context.Context, people []alert.Person) error {
	return s.inTx(ctx, func(t *tx) error {
		for _, person := range people {
			person.SeenAt = t.now
			if err := t.PutPerson(ctx, person); err != nil {
				return fmt.Errorf("write person: %w", err)
			}
		}
		return nil
	})
}

// Person is what the record knows of somebody; false when nothing.
func (s *Store) Person(ctx context.Context, key alert.PersonKey) (alert.Person, bool, error) {
	var person alert.Person
	var ok bool
	err := s.inTx(ctx, func(t *tx) (err error) {
		person, ok, err = found(t.FindPerson(ctx, key))
		return err
	})
	return person, ok, err
}

// PeopleByEmail lists a team's people with an email address.
func (s *Store) PeopleByEmail(ctx context.Context, team, email string) ([]alert.Person, error) {
	var people []alert.Person
	err := s.inTx(ctx, func(t *tx) (err error) {
		people, err = t.PeopleByEmail(ctx, team, email)
		return err
	})
	return people, err
}

// People lists a team's people by email, from the one after the user that is given
// on; of a prefix, those whose email, name or username begins with it.
// Errors: ErrNotFound for an unknown user.
func (s *Store) People(ctx context.Context, team, prefix, afterUser string, limit int) ([]alert.Person, error) {
	var people []alert.Person
	err := s.inTx(ctx, func(t *tx) (err error) {
		people, err = t.Tx.People(ctx, team, prefix, afterUser, limit)
		return err
	})
	return people, err
}

// Distrusts lists those in force first, then the newest.
func (s *Store) Distrusts(ctx context.Context, limit int) ([]Distrust, error) {
	var list []Distrust
	err := s.inTx(ctx, func(t *tx) (err error) {
		list, err = t.Tx.Distrusts(ctx, limit)
		return err
	})
	return list, err
}

// ErrTrusted is a clearing of somebody who is not under distrust.
var ErrTrusted = errors.New("the person is not under distrust")

// Trust ends a distrust: by whom and why is on the timeline of the alert that
// showed it.
func (s *Store) Trust(ctx context.Context, person alert.PersonKey, by, reason string) error {
	return s.inTx(ctx, func(t *tx) error {
		if err := t.lockPerson(person); err != nil {
			return err
		}
		distrust, ok, err := found(t.FindDistrust(ctx, person))
		if err != nil {
			return fmt.Errorf("read distrust: %w", err)
		}
		if !ok {
			return ErrTrusted
		}
		if _, err := t.LockAlert(ctx, distrust.AlertID); err != nil {
			return fmt.Errorf("lock alert %.12s: %w", distrust.AlertID, err)
		}
		if err := t.ClearDistrust(ctx, person, t.now, by, reason); err != nil {
			return fmt.Errorf("clear distrust: %w", err)
		}
		return t.append(distrust.AlertID, KindTrusted, by, nil, Fields{"reason": reason})
	})
}

// Setting is a value that outlives every process; false when it was never set.
func (s *Store) Setting(ctx context.Context, name string) (string, bool, error) {
	var value string
	var ok bool
	err := s.inTx(ctx, func(t *tx) (err error) {
		value, ok, err = found(t.Tx.Setting(ctx, name))
		return err
	})
	return value, ok, err
}

// KeepSetting sets a value unless there is one, and returns what stands.
func (s *Store) KeepSetting(ctx context.Context, name, value string) (string, error) {
	var kept string
	err := s.inTx(ctx, func(t *tx) (err error) {
		kept, err = t.PutSetting(ctx, name, value)
		return err
	})
	return kept, err
}

// PutGroup replaces what is known of the members of a group of the chat system.
func (s *Store) PutGroup(ctx context.Context, team, group string, members []string) error {
	return s.inTx(ctx, func(t *tx) error { return t.Tx.PutGroup(ctx, team, group, members) })
}

// GroupsOf lists the groups that a person is known to be in.
func (s *Store) GroupsOf(ctx context.Context, person alert.PersonKey) ([]string, error) {
	if person.User == "" {
		return nil, nil
	}
	var groups []string
	err := s.inTx(ctx, func(t *tx) (err error) {
		groups, err = t.Tx.GroupsOf(ctx, person)
		return err
	})
	return groups, err
}
