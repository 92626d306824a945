package app

import (
	"context"
	"errors"
	"fmt"

	"securitybot/internal/alert"
	"securitybot/internal/config"
	"securitybot/internal/store"
)

// Trust ends the distrust of the person with an email address.
func Trust(ctx context.Context, cfg config.Config, email, by, reason string) (err error) {
	if reason == "" {
		return errors.New("a reason is needed")
	}
	record, err := OpenStore(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, record.Close()) }()
	return trust(ctx, record, email, by, reason)
}

// trust ends the distrust of the person with an email address, in a record.
func trust(ctx context.Context, record *store.Store, email, by, reason string) error {
	who, err := knownPerson(ctx, record, email)
	if err != nil {
		return err
	}
	return record.Trust(ctx, who.PersonKey, by, reason)
}

// knownPerson is the one person whom the record knows by an email address.
func knownPerson(ctx context.Context, record *store.Store, email string) (alert.Person, error) {
	team, ok, err := record.Setting(ctx, teamSetting)
	if err != nil || !ok {
		return alert.Person{}, errors.Join(errors.New("this record knows nobody yet"), err)
	}
	people, err := record.PeopleByEmail(ctx, team, email)
	if err != nil {
		return alert.Person{}, fmt.Errorf("look up %s: %w", email, err)
	}
	if len(people) != 1 {
		return alert.Person{}, fmt.Errorf("%d people have the address %s", len(people), email)
	}
	return people[0], nil
}
