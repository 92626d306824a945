package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"securitybot/internal/alert"
)

// Story is everything that the record holds of one alert.
type Story struct {
	At       time.Time // the moment it was read
	Record   Record
	Person   alert.Person // zero when the subject is nobody we know
	Answers  []alert.Answer
	Proofs   []alert.Proof
	Posts    map[string]Post // by purpose
	Entries  []Entry
	Distrust *Distrust // in force now
	Recent   []Record  // what the person confirmed since a day before the distrust; only under it

	Joined   []Record     // what the question asks about too, oldest first; of an answer, what that covers
	Members  []Record     // what the case lists, oldest first; only of a pile or of a reopening
	Case     *Case        // of an escalated alert with a case of its own
	Covering *Suppression // that covers a suppressed alert
	Subject  *Record      // what a request is about
	First    bool         // nobody asked this person anything before
}

// Answer is the answer that counts: a no, else the latest; nil without one.
func (s Story) Answer() *alert.Answer {
	var counts *alert.Answer
	for i := range s.Answers {
		if counts == nil || !counts.Choice.Refuses() {
			counts = &s.Answers[i]
		}
	}
	return counts
}

// WaitsForWords tells that the answer is a yes whose person still writes the words
// that policy wants: nobody is to act on it before it is sent on.
func (s Story) WaitsForWords() bool {
	answer := s.Answer()
	return answer != nil && waitsForWords(&s.Record, *answer) && s.At.Before(answer.RecordedAt.Add(waitForWords))
}

// Proof is the last attempt; nil without one.
func (s Story) Proof() *alert.Proof {
	if len(s.Proofs) == 0 {
		return nil
	}
	return &s.Proofs[len(s.Proofs)-1]
}

// Alert is an alert's record alone. Errors: ErrNotFound.
func (s *Store) Alert(ctx context.Context, id string) (Record, error) {
	var record Record
	err := s.inTx(ctx, func(t *tx) (err error) {
		record, err = t.FindAlert(ctx, id)
		return err
	})
	return record, err
}

// Story reads an alert at one moment. Errors: ErrNotFound.
func (s *Store) Story(ctx context.Context, id string) (Story, error) {
	var story Story
	err := s.inTx(ctx, func(t *tx) (err error) {
		story = Story{At: t.now}
		if story.Record, err = t.FindAlert(ctx, id); err != nil {
			return err
		}
		return t.tell(&story)
	})
	return story, err
}

func (t *tx) tell(story *Story) (err error) {
	id := story.Record.ID
	if story.Answers, err = t.Answers(t.ctx, id); err != nil {
		return fmt.Errorf("read answers: %w", err)
	}
	if story.Proofs, err = t.Proofs(t.ctx, id); err != nil {
		return fmt.Errorf("read proofs: %w", err)
	}
	if story.Entries, err = t.Entries(t.ctx, id); err != nil {
		return fmt.Errorf("read timeline: %w", err)
	}
	posts, err := t.Posts(t.ctx, id)
	if err != nil {
		return fmt.Errorf("read posts: %w", err)
	}
	story.Posts = make(map[string]Post, len(posts))
	for _, post := range posts {
		story.Posts[post.Purpose] = post
	}
	if err := t.tellOthers(story); err != nil {
		return err
	}
	return t.tellPerson(story)
}

// tellOthers reads the alerts that this one has to do with.
func (t *tx) tellOthers(story *Story) error {
	record := story.Record
	for _, part := range []struct {
		name string
		due  bool
		read func() error
	}{
		{"joined alerts", record.Revision > 1, func() (err error) { story.Joined, err = t.JoinedTo(t.ctx, record.ID); return err }},
		{"listed alerts", record.Pile != "" || record.Detection == alert.DetectionLostPhone, func() (err error) {
			story.Members, err = t.InCaseOf(t.ctx, record.ID)
			return err
		}},
		{"case", !record.EscalatedAt.IsZero(), func() (err error) { story.Case, err = maybe(t.FindCase(t.ctx, record.ID)); return err }},
		{"suppression", record.CoveredBy != "", func() (err error) {
			story.Covering, err = maybe(t.FindSuppression(t.ctx, record.CoveredBy))
			return err
		}},
		{"subject", record.Plan != nil && record.Plan.Request != nil, func() (err error) {
			story.Subject, err = maybe(t.FindAlert(t.ctx, record.Plan.Request.AlertID))
			return err
		}},
	} {
		if !part.due {
			continue
		}
		if err := part.read(); err != nil {
			return fmt.Errorf("read %s: %w", part.name, err)
		}
	}
	return nil
}

// maybe is nil for a missing row.
func maybe[T any](value T, err error) (*T, error) {
	value, ok, err := found(value, err)
	if !ok {
		return nil, err
	}
	return &value, nil
}

func (t *tx) tellPerson(story *Story) error {
	key := story.Record.Person
	if key.User == "" {
		return nil
	}
	person, _, err := found(t.FindPerson(t.ctx, key))
	if err != nil {
		return fmt.Errorf("read person: %w", err)
	}
	story.Person = person
	if record := story.Record; record.Plan != nil && record.Plan.Action == alert.Ask && !record.Verdict.Decided() {
		before, err := t.AskedOf(t.ctx, key, time.Time{})
		if err != nil {
			return fmt.Errorf("count questions: %w", err)
		}
		story.First = before == 0 || (before == 1 && !record.AskedAt.IsZero())
	}
	distrust, ok, err := found(t.FindDistrust(t.ctx, key))
	if err != nil {
		return fmt.Errorf("read distrust: %w", err)
	}
	if !ok {
		return nil
	}
	story.Distrust = &distrust
	if story.Recent, err = t.ConfirmedOf(t.ctx, key, distrust.Since.Add(-24*time.Hour)); err != nil {
		return fmt.Errorf("list recent yeses: %w", err)
	}
	return nil
}

// List gives alerts, newest first.
func (s *Store) List(ctx context.Context, filter Filter) ([]Record, error) {
	var records []Record
	err := s.inTx(ctx, func(t *tx) (err error) {
		records, err = t.ListAlerts(ctx, filter)
		return err
	})
	return records, err
}

// OpenOf lists a person's alerts without a verdict.
func (s *Store) OpenOf(ctx context.Context, person alert.PersonKey) ([]Record, error) {
	if person.User == "" {
		return nil, nil
	}
	var records []Record
	err := s.inTx(ctx, func(t *tx) (err error) {
		records, err = t.Tx.OpenOf(ctx, person)
		return err
	})
	return records, err
}

// PostAt finds the message of ours that stands at a place; false when none does.
func (s *Store) PostAt(ctx context.Context, channel, ts string) (Post, bool, error) {
	var post Post
	var ok bool
	err := s.inTx(ctx, func(t *tx) (err error) {
		post, ok, err = found(t.Tx.PostAt(ctx, channel, ts))
		return err
	})
	return post, ok, err
}

// answeredFor is how far back AnsweredOf looks.
const answeredFor = 30 * 24 * time.Hour

// AnsweredOf lists what a person answered in the last 30 days, newest first.
func (s *Store) AnsweredOf(ctx context.Context, person alert.PersonKey, limit int) ([]Record, error) {
	var answered []Record
	err := s.inTx(ctx, func(t *tx) error {
		recent, err := t.AdmittedOf(ctx, person, t.now.Add(-answeredFor))
		if err != nil {
			return fmt.Errorf("list recent alerts: %w", err)
		}
		answered = nil
		for _, record := range slices.Backward(recent) {
			if len(answered) < limit && record.gaveAnswer() {
				answered = append(answered, record)
			}
		}
		return nil
	})
	return answered, err
}

// gaveAnswer tells that a verdict follows from what the person answered.
func (r Record) gaveAnswer() bool {
	switch r.Verdict.Outcome {
	case alert.Confirmed, alert.Denied, alert.Unsure, alert.Unproven:
		return r.JoinedTo == "" && !r.AskedAt.IsZero()
	default:
		return false
	}
}
