package app

import (
	"context"
	"fmt"
	"sync"

	"securitybot/internal/chat/slack"
	"securitybot/internal/store"
)

// teamSetting is where the record keeps which team its people are of.
const teamSetting = "slack_team"

// team knows the chat system's team: from memory, from the record, or, the first
// time, from the chat system.
type team struct {
	record *store.Store
	slack  *slack.Slack

	mu    sync.Mutex
	known string
}

func newTeam(record *store.Store, client *slack.Slack) *team {
	return &team{record: record, slack: client}
}

func (t *team) id(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known != "" {
		return t.known, nil
	}
	stored, ok, err := t.record.Setting(ctx, teamSetting)
	if err != nil {
		return "", fmt.Errorf("read the team: %w", err)
	}
	if !ok {
		if stored, err = t.learn(ctx); err != nil {
			return "", err
		}
	}
	t.known = stored
	return t.known, nil
}

// check refuses a token of another team than the record's people are of.
func (t *team) check(ctx context.Context) error {
	known, err := t.id(ctx)
	if err != nil {
		return err
	}
	actual, err := t.slack.Team(ctx)
	if err == nil && actual != known {
		return fmt.Errorf("this record belongs to Slack team %s and the token to %s: check the token, or use another database", known, actual)
	}
	return err
}

func (t *team) learn(ctx context.Context) (string, error) {
	team, err := t.slack.Team(ctx)
	if err != nil {
		return "", err
	}
	return t.record.KeepSetting(ctx, teamSetting, team)
}
