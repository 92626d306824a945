package postgres

import (
	"context"
	"fmt"

	"securitybot/internal/alert"
)

// PutGroup locks the group first: two that replace it at the same time would
// not see each other's members, and both lists would stay.
func (t *tx) PutGroup(ctx context.Context, team, group string, members []string) error {
	if err := t.LockName(ctx, "group "+team+" "+group); err != nil {
		return fmt.Errorf("lock group: %w", err)
	}
	if err := t.q.ClearGroup(ctx, team, group); err != nil {
		return fmt.Errorf("clear group: %w", err)
	}
	if err := t.q.AddMembers(ctx, team, group, members); err != nil {
		return fmt.Errorf("add members of group: %w", err)
	}
	return nil
}

// GroupsOf lists a person's groups by id.
func (t *tx) GroupsOf(ctx context.Context, person alert.PersonKey) ([]string, error) {
	return t.q.GroupsOf(ctx, person.Team, person.User)
}
