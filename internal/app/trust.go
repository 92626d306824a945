package app

import (
	"context"
	"errors"
	"fmt"

	"securitybot/internal/config"
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
	team, ok, err := record.Setting(ctx, teamSetting)
	if err != nil || !ok {
		return errors.Join(errors.New("this record knows nobody yet"), err)
	}
	people, err := record.PeopleByEmail(ctx, team, email)
	if err != nil {
		return fmt.Errorf("look up %s: %w", email, err)
	}
	if len(people) != 1 {
		return fmt.Errorf("%d people have the address %s", len(people), email)
	}
	return record.Trust(ctx, people[0].PersonKey, by, reason)
}
