package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"securitybot/internal/alert"
)

// Search selects alerts. An email narrows them down to one person's: those that were
// resolved to somebody who has it, and those whose subject says it.
type Search struct {
	Filter
	Email string
	Team  string // of the chat system, in which Email is looked up
}

// Found is an alert of a list.
type Found struct {
	Record Record
	Person alert.Person // zero when the subject is nobody we know
}

// Search gives alerts, the newest first.
func (s *Store) Search(ctx context.Context, search Search) ([]Found, error) {
	var list []Found
	err := s.inTx(ctx, func(t *tx) error {
		records, err := t.searchVisible(search)
		if err != nil {
			return err
		}
		list, err = t.withPeople(records)
		return err
	})
	return list, err
}

// searchVisible fills up what is left out of a list.
func (t *tx) searchVisible(search Search) ([]Record, error) {
	var list []Record
	for {
		records, err := t.search(search)
		if err != nil {
			return nil, err
		}
		visible, err := t.visible(records, search.Except)
		if err != nil {
			return nil, err
		}
		list = append(list, visible...)
		if search.Limit == 0 || len(records) < search.Limit || len(visible) == len(records) {
			return list, nil
		}
		last := records[len(records)-1]
		search.Before = Cursor{ReceivedAt: last.ReceivedAt, ID: last.ID}
		search.Limit -= len(visible)
	}
}

// visible leaves out wishes about what concerns somebody: their titles repeat its
// title.
func (t *tx) visible(records []Record, except *alert.Person) ([]Record, error) {
	if except == nil {
		return records, nil
	}
	wished, err := t.wishedFor(records)
	if err != nil {
		return nil, err
	}
	hidden := map[string]bool{}
	for _, record := range wished {
		hidden[record.ID] = record.Concerns(*except)
	}
	return slices.DeleteFunc(slices.Clone(records), func(record Record) bool {
		return record.Plan != nil && record.Plan.Request != nil && hidden[record.Plan.Request.AlertID]
	}), nil
}

// wishedFor reads the alerts that wishes are about.
func (t *tx) wishedFor(records []Record) ([]Record, error) {
	var ids []string
	for _, record := range records {
		if record.Plan != nil && record.Plan.Request != nil {
			ids = append(ids, record.Plan.Request.AlertID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	wished, err := t.FindAlerts(t.ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read what wishes are about: %w", err)
	}
	return wished, nil
}

func (t *tx) search(search Search) ([]Record, error) {
	if search.Email == "" {
		return t.list(search.Filter)
	}
	people, err := t.PeopleByEmail(t.ctx, search.Team, search.Email)
	if err != nil {
		return nil, fmt.Errorf("find people: %w", err)
	}
	said := search.Filter
	said.Subject = search.Email
	records, err := t.list(said)
	if err != nil {
		return nil, err
	}
	for _, person := range people {
		theirs := search.Filter
		theirs.Person = person.PersonKey
		more, err := t.list(theirs)
		if err != nil {
			return nil, err
		}
		records = append(records, more...)
	}
	slices.SortFunc(records, newestFirst)
	records = slices.CompactFunc(records, func(a, b Record) bool { return a.ID == b.ID })
	if search.Limit > 0 && len(records) > search.Limit {
		records = records[:search.Limit]
	}
	return records, nil
}

func (t *tx) list(filter Filter) ([]Record, error) {
	records, err := t.ListAlerts(t.ctx, filter)
	if err != nil {
		return nil, fmt.Errorf("list alerts: %w", err)
	}
	return records, nil
}

func newestFirst(a, b Record) int {
	if order := b.ReceivedAt.Compare(a.ReceivedAt); order != 0 {
		return order
	}
	return strings.Compare(b.ID, a.ID)
}

// withPeople reads who the alerts are about, each person once.
func (t *tx) withPeople(records []Record) ([]Found, error) {
	list, people := make([]Found, len(records)), map[alert.PersonKey]alert.Person{}
	for i, record := range records {
		person, known := people[record.Person]
		if !known && record.Person.User != "" {
			var err error
			if person, _, err = found(t.FindPerson(t.ctx, record.Person)); err != nil {
				return nil, fmt.Errorf("read person: %w", err)
			}
			people[record.Person] = person
		}
		list[i] = Found{Record: record, Person: person}
	}
	return list, nil
}

// Lookup finds the alerts that a source reported under its own keys, the newest first.
func (s *Store) Lookup(ctx context.Context, source string, keys []string) ([]Found, error) {
	ids := make([]string, len(keys))
	for i, key := range keys {
		ids[i] = alert.KeyedID(source, key)
	}
	var list []Found
	err := s.inTx(ctx, func(t *tx) error {
		records, err := t.FindAlerts(ctx, ids)
		if err != nil {
			return fmt.Errorf("find alerts: %w", err)
		}
		list, err = t.withPeople(records)
		return err
	})
	return list, err
}
