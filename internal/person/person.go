// Package person is the directory: from what a detection knows of somebody to
// one person, out of the cache in the record or from the chat system itself.
package person

import (
	"context"
	"fmt"
	"strings"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/store"
)

// Cache is what the record knows of people.
type Cache interface {
	PutPeople(ctx context.Context, people []alert.Person) error
	Person(ctx context.Context, key alert.PersonKey) (alert.Person, bool, error)
	PeopleByEmail(ctx context.Context, team, email string) ([]alert.Person, error)
	PutGroup(ctx context.Context, team, group string, members []string) error
	GroupsOf(ctx context.Context, who alert.PersonKey) ([]string, error)
}

// Options of a directory.
type Options struct {
	Cache Cache
	Chat  chat.Directory
	Rules Rules
	Leave *Leave                                    // may be nil
	Team  func(ctx context.Context) (string, error) // may have to ask the chat system for its id
	Now   func() time.Time                          // default: time.Now
}

// Directory resolves the subjects of alerts.
type Directory struct {
	cache Cache
	chat  chat.Directory
	rules Rules
	leave *Leave
	team  func(ctx context.Context) (string, error)
	now   func() time.Time
}

// New gives a directory of one team of a chat system.
func New(options Options) *Directory {
	d := &Directory{
		cache: options.Cache, chat: options.Chat, rules: options.Rules, leave: options.Leave, team: options.Team, now: options.Now,
	}
	if d.now == nil {
		d.now = time.Now
	}
	return d
}

// lookup finds people in one place: the cache, or the chat system.
type lookup interface {
	byID(ctx context.Context, id string) (alert.Person, bool, error)
	byEmail(ctx context.Context, email string) ([]alert.Person, error)
}

// Known looks into the cache; false when it does not hold the person, or holds
// something that may have changed.
func (d *Directory) Known(ctx context.Context, subject alert.Subject) (store.Identified, bool, error) {
	team, err := d.team(ctx)
	if err != nil {
		return store.Identified{}, false, nil //nolint:nilerr // the chat system will be asked, with patience
	}
	who, err := d.resolve(ctx, cached{cache: d.cache, team: team}, subject)
	switch who.Reason {
	case alert.ReasonUnknownPerson, alert.ReasonMismatch, alert.ReasonAmbiguous:
		return who, false, err
	default:
		return who, true, err
	}
}

// Find asks the chat system.
func (d *Directory) Find(ctx context.Context, subject alert.Subject) (store.Identified, error) {
	if _, err := d.team(ctx); err != nil {
		return store.Identified{}, err
	}
	return d.resolve(ctx, live{Directory: d}, subject)
}

// resolve finds the one person that every field of the subject agrees on.
func (d *Directory) resolve(ctx context.Context, among lookup, subject alert.Subject) (store.Identified, error) {
	email, ok := d.rules.email(subject)
	if !ok {
		return store.Identified{Reason: alert.ReasonMismatch}, nil
	}
	if subject.SlackID == "" {
		return d.resolveEmail(ctx, among, email)
	}
	person, ok, err := among.byID(ctx, subject.SlackID)
	if err != nil {
		return store.Identified{}, fmt.Errorf("look up the chat id: %w", err)
	}
	switch {
	case !ok:
		return store.Identified{Reason: alert.ReasonUnknownPerson}, nil
	case email != "" && !strings.EqualFold(person.Email, email):
		return store.Identified{Reason: alert.ReasonMismatch}, nil
	default:
		return d.askable(person), nil
	}
}

func (d *Directory) resolveEmail(ctx context.Context, among lookup, email string) (store.Identified, error) {
	if email == "" {
		return store.Identified{Reason: alert.ReasonUnknownPerson}, nil
	}
	people, err := among.byEmail(ctx, email)
	if err != nil {
		return store.Identified{}, fmt.Errorf("look up the email: %w", err)
	}
	switch len(people) {
	case 0:
		return store.Identified{Reason: alert.ReasonUnknownPerson}, nil
	case 1:
		return d.askable(people[0]), nil
	default:
		return store.Identified{Reason: alert.ReasonAmbiguous}, nil
	}
}

// askable tells why somebody who is known can't be asked, and until when they are away.
func (d *Directory) askable(person alert.Person) store.Identified {
	who := store.Identified{Person: d.away(person)}
	switch {
	case person.Bot:
		who.Reason = alert.ReasonBot
	case person.Foreign:
		who.Reason = alert.ReasonForeign
	case person.Deactivated:
		who.Reason = alert.ReasonDeactivated
	}
	return who
}

// away sets until when somebody is away: the later of what they say in the chat
// and of their leave. It is never kept in the cache, for leave can be cut short.
func (d *Directory) away(person alert.Person) alert.Person {
	now := d.now()
	if d.leave != nil {
		if until := d.leave.until(person, now); until.After(person.AwayUntil) {
			person.AwayUntil = until
		}
	}
	if !person.AwayUntil.After(now) {
		person.AwayUntil = time.Time{}
	}
	return person
}

// batch is how many people are written to the cache at a time.
const batch = 200

// Warm takes over everybody the chat system knows.
func (d *Directory) Warm(ctx context.Context) (int, error) {
	count := 0
	var people []alert.Person
	for person, err := range d.chat.People(ctx) {
		if err != nil {
			return count, fmt.Errorf("list people: %w", err)
		}
		people = append(people, d.rules.described(person))
		count++
		if len(people) == batch {
			if err := d.cache.PutPeople(ctx, people); err != nil {
				return count, fmt.Errorf("keep people: %w", err)
			}
			people = people[:0]
		}
	}
	if err := d.cache.PutPeople(ctx, people); err != nil {
		return count, fmt.Errorf("keep people: %w", err)
	}
	return count, nil
}

type cached struct {
	cache Cache
	team  string
}

func (c cached) byID(ctx context.Context, id string) (alert.Person, bool, error) {
	return c.cache.Person(ctx, alert.PersonKey{Team: c.team, User: id})
}

func (c cached) byEmail(ctx context.Context, email string) ([]alert.Person, error) {
	return c.cache.PeopleByEmail(ctx, c.team, email)
}

// live asks the chat system and keeps what it says.
type live struct{ *Directory }

func (l live) byID(ctx context.Context, id string) (alert.Person, bool, error) {
	person, ok, err := l.chat.PersonByID(ctx, id)
	return l.keep(ctx, person, ok, err)
}

func (l live) byEmail(ctx context.Context, email string) ([]alert.Person, error) {
	person, ok, err := l.chat.PersonByEmail(ctx, email)
	person, ok, err = l.keep(ctx, person, ok, err)
	if err != nil || !ok {
		return nil, err
	}
	return []alert.Person{person}, nil
}

func (l live) keep(ctx context.Context, person alert.Person, ok bool, err error) (alert.Person, bool, error) {
	if err != nil || !ok {
		return person, false, err
	}
	person = l.rules.described(person)
	return person, true, l.cache.PutPeople(ctx, []alert.Person{person})
}
