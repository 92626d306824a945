package app

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"securitybot/internal/chat/slack"
	"securitybot/internal/store"
)

// Where the record keeps which team its people are of, and the address of that
// team's pages.
const (
	teamSetting    = "slack_team"
	addressSetting = "slack_address"
)

// team knows the chat system's team: from memory, from the record, or, the first
// time, from the chat system.
type team struct {
	record *store.Store
	slack  *slack.Slack

	mu      sync.Mutex
	known   string
	address string
}

func newTeam(record *store.Store, client *slack.Slack) *team {
	return &team{record: record, slack: client}
}

func (t *team) id(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known != "" && t.address != "" {
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
	if t.address, _, err = t.record.Setting(ctx, addressSetting); err != nil {
		return "", fmt.Errorf("read the team's address: %w", err)
	}
	t.known = stored
	return t.known, nil
}

// message is the address of a message; "" while the team's isn't known.
func (t *team) message(channel, ts string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.address == "" || channel == "" || ts == "" {
		return ""
	}
	return strings.TrimSuffix(t.address, "/") + "/archives/" + channel + "/p" + strings.ReplaceAll(ts, ".", "")
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
	address, err := t.slack.Address(ctx)
	if err == nil && address != "" {
		_, err = t.record.KeepSetting(ctx, addressSetting, address)
	}
	if err != nil {
		return "", err
	}
	return t.record.KeepSetting(ctx, teamSetting, team)
}
