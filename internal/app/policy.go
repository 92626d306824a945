package app

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/policy"
	"securitybot/internal/store"
	"securitybot/internal/words"
)

// policies is the policy in force, which every process finds in the record.
type policies struct {
	record *store.Store
	base   *policy.File // where none was loaded
	env    policy.Environment

	mu      sync.Mutex
	current *policy.Policy
}

func newPolicies(record *store.Store, base *policy.File, env policy.Environment) *policies {
	return &policies{record: record, base: base, env: env}
}

// Current is the policy in force; it is compiled once for each revision.
func (p *policies) Current(ctx context.Context) (*policy.Policy, error) {
	revision, err := p.record.PolicyRevision(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the policy's revision: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case revision == "" && p.current == nil:
		p.current = p.base.Policy(p.env)
	case revision != "" && (p.current == nil || p.current.Revision() != revision):
		if err := p.compile(ctx); err != nil {
			return nil, err
		}
	}
	return p.current, nil
}

func (p *policies) compile(ctx context.Context) error {
	text, _, err := p.record.Policy(ctx)
	if err != nil {
		return fmt.Errorf("read the policy: %w", err)
	}
	file, err := policy.Parse([]byte(text.Text))
	if err != nil { // of a newer program; the older policy is better than none
		if p.current != nil {
			return nil // the one who loaded it was told
		}
		return fmt.Errorf("read policy %s: %w", text.Revision, err)
	}
	p.current = file.Policy(p.env)
	return nil
}

// Planner implements [activities.Policies].
func (p *policies) Planner(ctx context.Context) (store.Planner, error) { return p.Current(ctx) }

// Responder tells whether somebody may handle cases, and who they are.
func (p *policies) Responder(ctx context.Context, key alert.PersonKey) (alert.Person, bool, error) {
	current, err := p.Current(ctx)
	if err != nil {
		return alert.Person{}, false, err
	}
	who, known, err := p.record.Person(ctx, key)
	if err != nil || !known || who.Deactivated {
		return who, false, err
	}
	groups, err := p.record.GroupsOf(ctx, key)
	if err != nil {
		return who, false, fmt.Errorf("read the responder's groups: %w", err)
	}
	return who, current.Responder(who, groups), nil
}

// EscalateTo is where a case of ours about somebody goes.
func (p *policies) EscalateTo(ctx context.Context, key alert.PersonKey) ([]alert.Step, error) {
	current, err := p.Current(ctx)
	if err != nil {
		return nil, err
	}
	who, _, err := p.record.Person(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("read person: %w", err)
	}
	groups, err := p.record.GroupsOf(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("read the person's groups: %w", err)
	}
	return current.EscalateTo(who, groups), nil
}

// OptOutMost is for how long people may want no questions by themselves.
func (p *policies) OptOutMost(ctx context.Context) (time.Duration, error) {
	current, err := p.Current(ctx)
	if err != nil {
		return 0, err
	}
	return current.OptOutMost(), nil
}

// lookEvery is how often the policy file is looked at for a change.
const lookEvery = 2 * time.Second

// loadPolicy puts the configured policy file in force at the start. One that is
// broken is refused, unless another is in force already.
func (a *App) loadPolicy(ctx context.Context) error {
	base, err := basePolicy(a.config)
	if err != nil {
		return err
	}
	a.policies = newPolicies(a.store, base, environmentOf(a.config))
	if a.config.PolicyFile == "" {
		return nil
	}
	text, err := os.ReadFile(a.config.PolicyFile)
	if err != nil {
		return fmt.Errorf("read the policy file: %w", err)
	}
	a.policyText = text
	err = a.takePolicy(ctx, text, false)
	if err == nil {
		return nil
	}
	if _, inForce, storeErr := a.store.Policy(ctx); storeErr != nil || !inForce {
		return fmt.Errorf("policy file %s: %w", a.config.PolicyFile, err)
	}
	return a.policyBroken(ctx, text, err)
}

// watchPolicy reloads the policy file when it changes, and on SIGHUP.
func (a *App) watchPolicy(ctx context.Context) {
	if a.config.PolicyFile == "" {
		return
	}
	hangUp := make(chan os.Signal, 1)
	signal.Notify(hangUp, syscall.SIGHUP)
	defer signal.Stop(hangUp)
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangUp:
		case <-ticker.C:
		}
		if err := a.reloadPolicy(ctx); err != nil && ctx.Err() == nil {
			a.logger.Warn("reload the policy file", "error", err)
		}
	}
}

func (a *App) reloadPolicy(ctx context.Context) error {
	text, err := os.ReadFile(a.config.PolicyFile)
	if err != nil {
		return fmt.Errorf("read the policy file: %w", err)
	}
	if string(text) == string(a.policyText) {
		return nil
	}
	err = a.takePolicy(ctx, text, true)
	if _, faulty := err.(policy.Faults); faulty { //nolint:errorlint // as Parse gives it
		err = a.policyBroken(ctx, text, err)
	}
	if err == nil {
		a.policyText = text
	}
	return err
}

// takePolicy checks a policy's text and puts it in force for every process.
func (a *App) takePolicy(ctx context.Context, text []byte, changed bool) error {
	file, err := policy.Parse(text)
	if err != nil {
		return err
	}
	if err := file.CheckTargets(a.reachable); err != nil {
		return err
	}
	by := hostName()
	loaded, err := a.store.LoadPolicy(ctx,
		store.PolicyText{Revision: file.Revision(), Text: string(text), LoadedBy: by}, changed,
		func(before store.PolicyText) json.RawMessage { return a.changesSince(before, file, by) })
	if err == nil && loaded {
		a.logger.Info("policy in force", "revision", file.Revision())
	}
	return err
}

// changesSince is what is announced of a policy: what changed, and what became looser.
func (a *App) changesSince(before store.PolicyText, now *policy.File, by string) json.RawMessage {
	old, err := policy.Parse([]byte(before.Text))
	if before.Revision == "" || err != nil {
		old = a.policies.base
	}
	said := words.PolicyLoaded{Revision: now.Revision(), By: by}
	for _, change := range policy.Diff(old, now) {
		said.Changes = append(said.Changes, words.PolicyChange{Text: change.Text, Looser: change.Looser})
	}
	text, _ := json.Marshal(said) //nolint:errchkjson // texts alone
	return text
}

// policyBroken says that a file was not taken and that the one before is in force.
func (a *App) policyBroken(ctx context.Context, text []byte, cause error) error {
	a.logger.Error("the policy file is broken; the one before stays in force", "file", a.config.PolicyFile, "error", cause)
	said := words.PolicyBroken{By: hostName()}
	if faults, ok := cause.(policy.Faults); ok { //nolint:errorlint // as Parse gives it
		for _, fault := range faults {
			said.Faults = append(said.Faults, fault.String())
		}
	} else {
		said.Faults = []string{cause.Error()}
	}
	data, _ := json.Marshal(said) //nolint:errchkjson // texts alone
	return a.store.Notify(ctx, store.Notice{
		ID: "policy-broken-" + policy.Digest(text), Kind: store.NoticePolicyBroken, Data: data,
	})
}

func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "a process"
	}
	return name
}
