package person

import (
	"context"
	"errors"
	"fmt"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
)

// WarmGroups takes over who is in user groups of the chat system. A group that
// can't be read now stays as it was; one that isn't there has no members. It reads
// them all before it gives the errors that it met.
func (d *Directory) WarmGroups(ctx context.Context, ids []string) error {
	team, err := d.team(ctx)
	if err != nil {
		return fmt.Errorf("ask for the team: %w", err)
	}
	var failed []error
	for _, id := range ids {
		failed = append(failed, d.warmGroup(ctx, team, id))
	}
	return errors.Join(failed...)
}

func (d *Directory) warmGroup(ctx context.Context, team, id string) error {
	members, missing := d.chat.Group(ctx, id)
	if missing != nil && chat.FailureOf(missing).Failure != chat.Refused {
		return fmt.Errorf("read group: %w", missing)
	}
	if err := d.cache.PutGroup(ctx, team, id, members); err != nil {
		return errors.Join(missing, fmt.Errorf("keep group %s: %w", id, err))
	}
	return missing
}

// GroupsOf lists the ids of the groups that somebody was in when they were last read.
func (d *Directory) GroupsOf(ctx context.Context, who alert.PersonKey) ([]string, error) {
	groups, err := d.cache.GroupsOf(ctx, who)
	if err != nil {
		return nil, fmt.Errorf("look up groups: %w", err)
	}
	return groups, nil
}
