package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"securitybot/internal/alert"
)

// PersonStory is what the record holds of somebody.
type PersonStory struct {
	Person       alert.Person
	Groups       []string // ids of the chat system's groups, as far as policy names them
	Devices      []Device
	Distrust     *Distrust // in force
	OptOut       *OptOut   // in force
	Suppressions []Suppression
	Open         []Record // without a verdict
	Recent       []Record // the newest first
	Questions    int      // in the last 24 hours
	Pushes       int      // in the last 24 hours
	PushesHour   int
}

// The budgets of pushes, over everything.
const (
	MostPushesHour = pushesAnHour
	MostPushesDay  = pushesADay
)

// TrustedFrom is the moment from which a push to a device proves something.
func (d Device) TrustedFrom() time.Time {
	if d.Original {
		return d.FirstSeen
	}
	return d.FirstSeen.Add(newFor)
}

const (
	recentOf   = 20                  // alerts in a person's story
	devicesFor = 90 * 24 * time.Hour // factors that weren't used for longer are not looked at
)

// PersonStory reads what the record holds of somebody, without what they wished about
// somebody else's own alerts. Errors: ErrNotFound.
func (s *Store) PersonStory(ctx context.Context, key alert.PersonKey, except *alert.Person) (PersonStory, error) {
	var story PersonStory
	err := s.inTx(ctx, func(t *tx) (err error) {
		story = PersonStory{}
		if story.Person, err = t.FindPerson(ctx, key); err != nil {
			return err
		}
		for _, read := range []func(*PersonStory) error{t.tellStanding, t.tellAlerts, t.tellPushes} {
			if err := read(&story); err != nil {
				return err
			}
		}
		if story.Open, err = t.visible(story.Open, except); err != nil {
			return err
		}
		story.Recent, err = t.visible(story.Recent, except)
		return err
	})
	return story, err
}

// tellStanding reads what holds for a person now.
func (t *tx) tellStanding(story *PersonStory) (err error) {
	key := story.Person.PersonKey
	if story.Groups, err = t.GroupsOf(t.ctx, key); err != nil {
		return fmt.Errorf("read groups: %w", err)
	}
	if story.Distrust, err = maybe(t.FindDistrust(t.ctx, key)); err != nil {
		return fmt.Errorf("read distrust: %w", err)
	}
	if story.OptOut, err = maybe(t.FindOptOut(t.ctx, key, t.now)); err != nil {
		return fmt.Errorf("read opt-out: %w", err)
	}
	if story.Suppressions, err = t.SuppressionsOf(t.ctx, key, t.now); err != nil {
		return fmt.Errorf("list suppressions: %w", err)
	}
	return nil
}

func (t *tx) tellAlerts(story *PersonStory) (err error) {
	key := story.Person.PersonKey
	if story.Open, err = t.OpenOf(t.ctx, key); err != nil {
		return fmt.Errorf("list open alerts: %w", err)
	}
	if story.Recent, err = t.list(Filter{Person: key, Limit: recentOf}); err != nil {
		return err
	}
	if story.Questions, err = t.AskedOf(t.ctx, key, t.now.Add(-capFor)); err != nil {
		return fmt.Errorf("count questions: %w", err)
	}
	return nil
}

// tellPushes counts as refusePush does, and reads the devices that took them.
func (t *tx) tellPushes(story *PersonStory) error {
	pushes, err := t.PushesOf(t.ctx, story.Person.PersonKey, t.now.Add(-devicesFor))
	if err != nil {
		return fmt.Errorf("read pushes: %w", err)
	}
	var factors []string
	for _, push := range pushes {
		factors = append(factors, push.Factor)
		if push.Result == alert.ProofUnavailable && push.PushedAt.IsZero() {
			continue
		}
		if push.BegunAt.After(t.now.Add(-24 * time.Hour)) {
			story.Pushes++
		}
		if push.BegunAt.After(t.now.Add(-time.Hour)) {
			story.PushesHour++
		}
	}
	slices.Sort(factors)
	for _, factor := range slices.Compact(factors) {
		devices, err := t.Devices(t.ctx, story.Person.PersonKey, factor)
		if err != nil {
			return fmt.Errorf("read devices: %w", err)
		}
		story.Devices = append(story.Devices, devices...)
	}
	return nil
}
