package sqlite

import (
	"context"
	"fmt"

	"securitybot/internal/alert"
)

func (t *tx) PutGroup(ctx context.Context, team, group string, members []string) error {
	if err := t.q.ClearGroup(ctx, team, group); err != nil {
		return fmt.Errorf("clear group: %w", err)
	}
	for _, member := range members {
		if err := t.q.AddMember(ctx, team, group, member); err != nil {
			return fmt.Errorf("add member of group: %w", err)
		}
	}
	return nil
}

// GroupsOf lists a person's groups by id.
func (t *tx) GroupsOf(ctx context.Context, person alert.PersonKey) ([]string, error) {
	return t.q.GroupsOf(ctx, person.Team, person.User)
}
