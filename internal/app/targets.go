package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"securitybot/activities"
	"securitybot/internal/config"
	"securitybot/internal/policy"
	"securitybot/internal/sink"
	"securitybot/internal/sink/pagerduty"
	"securitybot/internal/sink/webhook"
)

// targets are the places and people that the policy in force brings cases to. A
// sink is made once and kept as long as the process.
type targets struct {
	config   config.Config
	policies *policies
	logger   *slog.Logger

	mu    sync.Mutex
	sinks map[policy.Target]closingSink // by what it is told by, Fallback aside
}

type closingSink interface {
	sink.CaseTarget
	Close()
}

func newTargets(cfg config.Config, policies *policies, logger *slog.Logger) *targets {
	return &targets{config: cfg, policies: policies, logger: logger, sinks: map[policy.Target]closingSink{}}
}

// Targets are those of the policy in force, by name. One whose sink this process
// can't make says nothing: its cases come to the security channel.
func (t *targets) Targets(ctx context.Context) (map[string]activities.Target, error) {
	current, err := t.policies.Current(ctx)
	if err != nil {
		return nil, err
	}
	byName := map[string]activities.Target{}
	for name, named := range current.Targets() {
		target := activities.Target{Slack: named.Slack, Person: named.Person, Manager: named.Manager}
		target.Sink = t.sink(name, named)
		if named.Fallback != nil {
			target.Fallback = t.sink(name, *named.Fallback)
		}
		byName[name] = target
	}
	return byName, nil
}

// sink is the webhook or pager of a target; nil where it is neither, or can't be made.
func (t *targets) sink(name string, target policy.Target) sink.CaseTarget {
	if target.Webhook == "" && target.PagerDuty == "" {
		return nil
	}
	key := policy.Target{Webhook: target.Webhook, PagerDuty: target.PagerDuty}
	t.mu.Lock()
	defer t.mu.Unlock()
	if made, ok := t.sinks[key]; ok {
		return made
	}
	made, err := newSink(t.config, key)
	if err != nil {
		t.logger.Error("a target of the policy can't be used here: its cases come to the security channel",
			"target", name, "error", err)
		return nil
	}
	t.sinks[key] = made
	return made
}

func newSink(cfg config.Config, target policy.Target) (closingSink, error) {
	if target.Webhook != "" {
		return webhook.New(webhook.Options{URL: target.Webhook, Secret: cfg.Webhook.Secret.Reveal()})
	}
	key, ok := cfg.PagerDuty.Keys[target.PagerDuty]
	if !ok {
		return nil, fmt.Errorf("%s has no key called %q", config.PagerDutyKeys, target.PagerDuty)
	}
	return pagerduty.New(pagerduty.Options{Name: target.PagerDuty, RoutingKey: key.Reveal(), URL: cfg.PagerDuty.URL})
}

// reachable tells whether a target of a policy can work with this configuration.
func (a *App) reachable(target policy.Target) error {
	if target.Webhook == "" && target.PagerDuty == "" {
		return nil
	}
	if target.Webhook != "" && a.config.Webhook.Secret == "" {
		return errors.New("a webhook is signed: " + config.WebhookSecret + " is not set")
	}
	made, err := newSink(a.config, target)
	if err == nil {
		made.Close()
	}
	return err
}

// Close lets go of idle connections.
func (t *targets) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, made := range t.sinks {
		made.Close()
	}
}
