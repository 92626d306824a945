package store

import (
	"context"
	"fmt"
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
}

// Answer is the answer that counts: a no, else the latest; nil without one.
func (s Story) Answer() *alert.Answer {
	var counts *alert.Answer
	for i := range s.Answers {
		if counts == nil || counts.Choice != alert.No {
			counts = &s.Answers[i]
		}
	}
	return counts
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
	return t.tellPerson(story)
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
