package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"securitybot/internal/alert"
)

// Why something personal was erased, as the timeline says it.
const (
	ErasedByAge     = "retention"
	ErasedByRequest = "request"
)

// erasePage is how many alerts are looked at in one go.
const erasePage = 200

// Erase removes what is personal of alerts received before a moment: those that are
// finished, and whose case is closed. Their timelines still verify. It does at most
// limit of them in one transaction, the oldest first, and tells how many it did and
// whether there may be more.
func (s *Store) Erase(ctx context.Context, before time.Time, limit int) (erased int, more bool, err error) {
	err = s.inTx(ctx, func(t *tx) error {
		ids, err := t.Erasable(ctx, before, limit)
		if err != nil {
			return fmt.Errorf("list what may be erased: %w", err)
		}
		erased, more = 0, len(ids) == limit
		slices.Sort(ids) // one order of locks for everybody who takes many
		for _, id := range ids {
			record, err := t.LockAlert(ctx, id)
			if err != nil {
				return fmt.Errorf("lock alert %.12s: %w", id, err)
			}
			done, err := t.eraseAlert(record, ActorBot, Fields{"why": ErasedByAge})
			if err != nil {
				return err
			}
			if done {
				erased++
			}
		}
		return nil
	})
	return erased, more && erased > 0, err
}

// eraseAlert removes what is personal of one alert, and says so on its timeline;
// false while somebody may still need it.
func (t *tx) eraseAlert(record Record, by string, why Fields) (bool, error) {
	if !record.ErasedAt.IsZero() {
		return false, nil
	}
	needed, err := t.needed(record)
	if err != nil || needed {
		return false, err
	}
	entries, err := t.Entries(t.ctx, record.ID)
	if err != nil {
		return false, fmt.Errorf("read timeline: %w", err)
	}
	why["entries"] = countPersonal(entries)
	if err := t.append(record.ID, KindErased, by, why, nil); err != nil {
		return false, err
	}
	if err := t.EraseAlert(t.ctx, record.ID, t.now); err != nil {
		return false, fmt.Errorf("erase alert %.12s: %w", record.ID, err)
	}
	return true, nil
}

// countPersonal is how many entries lose something.
func countPersonal(entries []Entry) int {
	count := 0
	for _, entry := range entries {
		if len(entry.Personal) > 0 {
			count++
		}
	}
	return count
}

// needed tells that somebody still has to see an alert as it is: it goes on, or it
// stands in a question or a case that does.
func (t *tx) needed(record Record) (bool, error) {
	if record.FinishedAt.IsZero() || !record.Verdict.Decided() || record.Watching(t.now) {
		return true, nil // what joined a question has nothing to do, and no verdict yet
	}
	for _, id := range []string{record.ID, record.CaseOf, record.JoinedTo} {
		if id == "" {
			continue
		}
		opened, ok, err := found(t.FindCase(t.ctx, id))
		if err != nil {
			return false, fmt.Errorf("read case: %w", err)
		}
		if ok && opened.ResolvedAt.IsZero() {
			return true, nil
		}
	}
	return false, nil
}

// Forget removes what was over before a moment and belongs to no alert: notices,
// suppressions and opt-outs.
func (s *Store) Forget(ctx context.Context, before time.Time) error {
	return s.inTx(ctx, func(t *tx) error {
		if err := t.DropNotices(ctx, before); err != nil {
			return fmt.Errorf("forget notices: %w", err)
		}
		if err := t.DropEnded(ctx, before); err != nil {
			return fmt.Errorf("forget suppressions: %w", err)
		}
		return nil
	})
}

// Erasure is what became of the wish to erase a person.
type Erasure struct {
	Erased     int      `json:"erased"`         // alerts
	Open       []string `json:"open,omitempty"` // alerts that somebody still works on: erased once they are closed
	Distrusted bool     `json:"distrusted"`     // the person stays in the record until that is cleared
}

// Done tells that nothing of the person is left.
func (e Erasure) Done() bool { return len(e.Open) == 0 && !e.Distrusted }

// erasureWish is a person to be erased, until nothing of them is left.
type erasureWish struct {
	Person   alert.PersonKey `json:"person"`
	Email    string          `json:"email,omitempty"`
	Username string          `json:"username,omitempty"`
	By       string          `json:"by"`
	Reason   string          `json:"reason"`
}

// ErasePerson removes what is personal of all alerts about somebody, and what the
// directory knows of them. What is open stays until it is closed: [Store.FinishErasures]
// comes back to it. The reason stays on the timelines for good: it is to name nobody.
func (s *Store) ErasePerson(ctx context.Context, person alert.Person, by, reason string) (Erasure, error) {
	wish := erasureWish{Person: person.PersonKey, Email: person.Email, Username: person.Username, By: by, Reason: reason}
	err := s.changeErasures(ctx, func(wishes []erasureWish) []erasureWish {
		return append(slices.DeleteFunc(wishes, wish.samePerson), wish)
	})
	if err != nil {
		return Erasure{}, err
	}
	return s.finishErasure(ctx, wish, func() {})
}

// FinishErasures goes on with the people who were to be erased while something about
// them was open. It calls alive now and then, for there may be a lot to do.
func (s *Store) FinishErasures(ctx context.Context, alive func()) error {
	var wishes []erasureWish
	err := s.changeErasures(ctx, func(all []erasureWish) []erasureWish {
		wishes = slices.Clone(all)
		return all
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, wish := range wishes { // one that can't be fulfilled keeps no other one waiting
		_, err := s.finishErasure(ctx, wish, alive)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (w erasureWish) samePerson(other erasureWish) bool { return w.Person == other.Person }

// settingErasures is where the wishes are kept.
const settingErasures = "erasures"

func (s *Store) changeErasures(ctx context.Context, change func([]erasureWish) []erasureWish) error {
	return s.inTx(ctx, func(t *tx) error {
		if err := t.LockName(ctx, settingErasures); err != nil {
			return fmt.Errorf("lock erasures: %w", err)
		}
		text, _, err := found(t.Setting(ctx, settingErasures))
		if err != nil {
			return fmt.Errorf("read erasures: %w", err)
		}
		var wishes []erasureWish
		if text != "" {
			if err := json.Unmarshal([]byte(text), &wishes); err != nil {
				return fmt.Errorf("read erasures: %w", err)
			}
		}
		changed, err := json.Marshal(change(wishes))
		if err != nil {
			return fmt.Errorf("write erasures: %w", err)
		}
		if string(changed) == text {
			return nil
		}
		if err := t.ReplaceSetting(ctx, settingErasures, string(changed)); err != nil {
			return fmt.Errorf("write erasures: %w", err)
		}
		return nil
	})
}

func (s *Store) finishErasure(ctx context.Context, wish erasureWish, alive func()) (Erasure, error) {
	var done Erasure
	for _, filter := range wish.filters() {
		if err := s.eraseWhere(ctx, wish, filter, &done, alive); err != nil {
			return done, err
		}
	}
	err := s.inTx(ctx, func(t *tx) error {
		_, distrusted, err := found(t.FindDistrust(ctx, wish.Person))
		if err != nil {
			return fmt.Errorf("read distrust: %w", err)
		}
		if done.Distrusted = distrusted; !done.Done() {
			return nil
		}
		if err := t.Tx.ErasePerson(ctx, wish.Person); err != nil {
			return fmt.Errorf("erase person: %w", err)
		}
		return nil
	})
	if err != nil || !done.Done() {
		return done, err
	}
	return done, s.changeErasures(ctx, func(wishes []erasureWish) []erasureWish {
		return slices.DeleteFunc(wishes, wish.samePerson)
	})
}

// filters select the alerts that are about somebody, or name them.
func (w erasureWish) filters() []Filter {
	filters := []Filter{{Person: w.Person, Limit: erasePage}}
	for _, name := range []string{w.Person.User, w.Email, w.Username} {
		if name != "" {
			filters = append(filters, Filter{Subject: name, Limit: erasePage})
		}
	}
	return filters
}

// eraseWhere erases page by page, each alert in a transaction of its own.
func (s *Store) eraseWhere(ctx context.Context, wish erasureWish, filter Filter, done *Erasure, alive func()) error {
	for {
		alive()
		page, err := s.List(ctx, filter)
		if err != nil {
			return fmt.Errorf("list what is about the person: %w", err)
		}
		for _, record := range page {
			if err := s.eraseOne(ctx, wish, record.ID, done); err != nil {
				return err
			}
		}
		if len(page) < filter.Limit {
			return nil
		}
		last := page[len(page)-1]
		filter.Before = Cursor{ReceivedAt: last.ReceivedAt, ID: last.ID}
	}
}

func (s *Store) eraseOne(ctx context.Context, wish erasureWish, id string, done *Erasure) error {
	var erased bool
	var before Record
	err := s.onAlert(ctx, id, func(t *tx, record *Record) (err error) {
		before = *record
		erased, err = t.eraseAlert(*record, wish.By, Fields{"why": ErasedByRequest, "reason": wish.Reason})
		return err
	})
	switch {
	case err != nil:
		return err
	case erased:
		done.Erased++
	case before.ErasedAt.IsZero() && !slices.Contains(done.Open, id):
		done.Open = append(done.Open, id)
	}
	return nil
}
