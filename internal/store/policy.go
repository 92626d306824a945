package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// settingPolicy holds the revision in force.
const settingPolicy = "policy_revision"

// Policy is the policy file in force; false when there never was one.
func (s *Store) Policy(ctx context.Context) (PolicyText, bool, error) {
	var current PolicyText
	var ok bool
	err := s.inTx(ctx, func(t *tx) (err error) {
		current, ok, err = t.policy()
		return err
	})
	return current, ok, err
}

// PolicyRevision is the revision in force, "" without a policy file.
func (s *Store) PolicyRevision(ctx context.Context) (string, error) {
	var revision string
	err := s.inTx(ctx, func(t *tx) (err error) {
		revision, _, err = found(t.Tx.Setting(ctx, settingPolicy))
		return err
	})
	return revision, err
}

func (t *tx) policy() (PolicyText, bool, error) {
	revision, ok, err := found(t.Tx.Setting(t.ctx, settingPolicy))
	if err != nil || !ok {
		return PolicyText{}, false, err
	}
	current, ok, err := found(t.FindPolicy(t.ctx, revision))
	if err != nil {
		return PolicyText{}, false, fmt.Errorf("read policy: %w", err)
	}
	return current, ok, nil
}

// Policies lists the files that were in force, newest first.
func (s *Store) Policies(ctx context.Context, limit int) ([]PolicyText, error) {
	var list []PolicyText
	err := s.inTx(ctx, func(t *tx) (err error) {
		list, err = t.Tx.Policies(ctx, limit)
		return err
	})
	return list, err
}

// LoadPolicy puts a checked policy file in force for every process, and announces
// what said returns of the one before. A process that merely started with a file
// that was in force before, as an older copy would be, changes nothing: only a
// file that changed under it (changed) may bring a known revision back.
func (s *Store) LoadPolicy(ctx context.Context, policy PolicyText, changed bool, said func(before PolicyText) json.RawMessage) (bool, error) {
	loaded := false
	err := s.inTx(ctx, func(t *tx) error {
		loaded = false
		if err := t.LockName(ctx, settingPolicy); err != nil {
			return fmt.Errorf("lock policy: %w", err)
		}
		before, _, err := t.policy()
		if err != nil || before.Revision == policy.Revision {
			return err
		}
		policy.LoadedAt = t.now
		err = t.InsertPolicy(ctx, policy)
		if errors.Is(err, ErrExists) && changed {
			err = nil
		}
		if errors.Is(err, ErrExists) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("write policy: %w", err)
		}
		if err := t.ReplaceSetting(ctx, settingPolicy, policy.Revision); err != nil {
			return fmt.Errorf("put policy in force: %w", err)
		}
		loaded = true
		return t.notify(Notice{Kind: NoticePolicyLoaded, Data: said(before)})
	})
	return loaded, err
}
