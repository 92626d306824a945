package store

import (
	"context"
	"fmt"
	"time"

	"securitybot/internal/alert"
)

// OptOut keeps questions from a person until a time: what is about them goes to
// the security team unasked. name is the person's, for the announcement. A
// refusal is "" when it holds from now on.
func (s *Store) OptOut(ctx context.Context, optOut OptOut, name string) (Refusal, error) {
	var refusal Refusal
	err := s.inTx(ctx, func(t *tx) error {
		refusal = ""
		if err := t.lockPerson(optOut.Person); err != nil {
			return err
		}
		out, err := t.optedOut(optOut.Person)
		if err != nil {
			return err
		}
		if out {
			refusal = RefusedAlready
			return nil
		}
		if refusal, err = t.announceOptOut(optOut, name); err != nil || refusal != "" {
			return err
		}
		optOut.Since, optOut.EndedAt = t.now, time.Time{}
		if err := t.PutOptOut(ctx, optOut); err != nil {
			return fmt.Errorf("write opt-out: %w", err)
		}
		return t.wakeUnasked(optOut)
	})
	return refusal, err
}

// stopsADay is how often somebody may want no questions by themselves: each time is
// announced, and nobody may fill the channel with that.
const stopsADay = 3

// announceOptOut tells the security team. A person's own wish, for which no reason
// is asked, is refused once it was announced often enough today.
func (t *tx) announceOptOut(optOut OptOut, name string) (Refusal, error) {
	said := Fields{"who": name, "until": optOut.Until, "by": optOut.By}
	if optOut.Reason != "" {
		return "", t.notifyOf("", NoticeOptedOut, said)
	}
	for n := range stopsADay {
		id := fmt.Sprintf("opted-out %s %s %s %d", optOut.Person.Team, optOut.Person.User, t.now.Format(time.DateOnly), n)
		_, announced, err := found(t.LockNotice(t.ctx, id))
		if err != nil {
			return "", fmt.Errorf("read notice: %w", err)
		}
		if !announced {
			return "", t.notifyOf(id, NoticeOptedOut, said)
		}
	}
	return RefusedTooOften, nil
}

// wakeUnasked has what waits for its turn go to the security team at once.
func (t *tx) wakeUnasked(optOut OptOut) error {
	open, err := t.OpenOf(t.ctx, optOut.Person)
	if err != nil {
		return fmt.Errorf("list open alerts: %w", err)
	}
	for _, record := range open {
		if !record.AskedAt.IsZero() || record.JoinedTo != "" {
			continue
		}
		if err := t.enqueue(record.ID, OutgoingWake, fmt.Sprintf("opt-out %d", optOut.Since.UnixMicro()), ""); err != nil {
			return err
		}
	}
	return nil
}

// optedOut tells whether a person wants no questions now.
func (t *tx) optedOut(person alert.PersonKey) (bool, error) {
	_, out, err := found(t.FindOptOut(t.ctx, person, t.now))
	if err != nil {
		return false, fmt.Errorf("read opt-out: %w", err)
	}
	return out, nil
}

// OptIn ends a person's opt-out. by is who ends it, as the announcement names them;
// ActorPerson when it is the person.
func (s *Store) OptIn(ctx context.Context, person alert.PersonKey, name, by string) (Refusal, error) {
	var refusal Refusal
	err := s.inTx(ctx, func(t *tx) error {
		refusal = ""
		if err := t.lockPerson(person); err != nil {
			return err
		}
		optOut, out, err := found(t.FindOptOut(ctx, person, t.now))
		if err != nil {
			return fmt.Errorf("read opt-out: %w", err)
		}
		if !out {
			refusal = RefusedAlready
			return nil
		}
		optOut.EndedAt = t.now
		if err := t.PutOptOut(ctx, optOut); err != nil {
			return fmt.Errorf("end opt-out: %w", err)
		}
		return t.notifyOf("", NoticeOptedIn, Fields{"who": name, "by": by})
	})
	return refusal, err
}

// OptOuts lists those that hold now.
func (s *Store) OptOuts(ctx context.Context) ([]OptOut, error) {
	var list []OptOut
	err := s.inTx(ctx, func(t *tx) (err error) {
		list, err = t.Tx.OptOuts(ctx, t.now)
		return err
	})
	return list, err
}

// OptOutOf is a person's that holds now; false without one.
func (s *Store) OptOutOf(ctx context.Context, person alert.PersonKey) (OptOut, bool, error) {
	var optOut OptOut
	var out bool
	err := s.inTx(ctx, func(t *tx) (err error) {
		optOut, out, err = found(t.FindOptOut(ctx, person, t.now))
		return err
	})
	return optOut, out, err
}

// settingPaused holds by whom and why nobody is contacted; empty when people are.
const settingPaused = "paused"

func (t *tx) paused() (bool, error) {
	value, ok, err := found(t.Tx.Setting(t.ctx, settingPaused))
	if err != nil {
		return false, fmt.Errorf("read pause: %w", err)
	}
	return ok && value != "", nil
}

// Paused tells whether nobody is to be contacted.
func (s *Store) Paused(ctx context.Context) (bool, error) {
	var paused bool
	err := s.inTx(ctx, func(t *tx) (err error) {
		paused, err = t.paused()
		return err
	})
	return paused, err
}

// Pause stops all contact with people at once; what is recorded and what is told
// the security team goes on.
func (s *Store) Pause(ctx context.Context, by, reason string) (Refusal, error) {
	return s.setPause(ctx, true, by+": "+reason, NoticePaused, Fields{"by": by, "reason": reason})
}

// Resume ends a pause.
func (s *Store) Resume(ctx context.Context, by string) (Refusal, error) {
	return s.setPause(ctx, false, "", NoticeResumed, Fields{"by": by})
}

func (s *Store) setPause(ctx context.Context, pause bool, value, notice string, said Fields) (Refusal, error) {
	var refusal Refusal
	err := s.inTx(ctx, func(t *tx) error {
		refusal = ""
		if err := t.LockName(ctx, settingPaused); err != nil {
			return fmt.Errorf("lock pause: %w", err)
		}
		paused, err := t.paused()
		if err != nil {
			return err
		}
		if paused == pause {
			refusal = RefusedAlready
			return nil
		}
		if err := t.ReplaceSetting(ctx, settingPaused, value); err != nil {
			return fmt.Errorf("write pause: %w", err)
		}
		return t.notifyOf("", notice, said)
	})
	return refusal, err
}
