package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"securitybot/internal/alert"
)

// CasePage is a part of the list of open cases.
type CasePage struct {
	Cases []OpenCase
	Next  *CaseCursor // after the last of them; nil at the end
}

// Cases lists the open cases from a place on, the gravest first and of those alike
// the oldest, without those that are about somebody.
func (s *Store) Cases(ctx context.Context, after CaseCursor, limit int, except *alert.Person) (CasePage, error) {
	var page CasePage
	err := s.inTx(ctx, func(t *tx) error {
		page = CasePage{}
		for from := after; ; {
			cases, err := t.CasesByRank(ctx, from, limit+1)
			if err != nil {
				return fmt.Errorf("list cases: %w", err)
			}
			more, err := t.openCases(cases, except)
			if err != nil {
				return err
			}
			page.Cases = append(page.Cases, more...)
			if len(page.Cases) > limit {
				page.Cases = page.Cases[:limit]
				next := page.Cases[limit-1].Case.Cursor()
				page.Next = &next
				return nil
			}
			if len(cases) <= limit {
				return nil
			}
			from = cases[len(cases)-1].Cursor()
		}
	})
	return page, err
}

// Cursor is the place of a case in the list of open ones.
func (c Case) Cursor() CaseCursor {
	return CaseCursor{Rank: c.Rank, OpenedAt: c.OpenedAt, AlertID: c.AlertID}
}

// openCases reads what cases are about, and leaves out those that concern somebody.
func (t *tx) openCases(cases []Case, except *alert.Person) ([]OpenCase, error) {
	ids := make([]string, len(cases))
	for i, opened := range cases {
		ids[i] = opened.AlertID
	}
	records, err := t.FindAlerts(t.ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read alerts: %w", err)
	}
	known, err := t.withPeople(records)
	if err != nil {
		return nil, err
	}
	var list []OpenCase
	for _, opened := range cases {
		at := slices.IndexFunc(known, func(each Found) bool { return each.Record.ID == opened.AlertID })
		if at < 0 {
			return nil, fmt.Errorf("read alert %.12s: %w", opened.AlertID, ErrNotFound)
		}
		own, err := t.concerns(known[at].Record, except)
		if err != nil {
			return nil, err
		}
		if !own {
			list = append(list, OpenCase{Case: opened, Record: known[at].Record, Person: known[at].Person})
		}
	}
	return list, nil
}

// concerns tells that an alert, or what it lists, is about somebody.
func (t *tx) concerns(record Record, who *alert.Person) (bool, error) {
	if who == nil {
		return false, nil
	}
	wish := record.Plan != nil && record.Plan.Request != nil
	if record.Revision <= 1 && record.Pile == "" && record.Detection != alert.DetectionLostPhone && !wish { // as tellOthers has it
		return record.Concerns(*who), nil
	}
	about, err := t.concerned(&record)
	return slices.ContainsFunc(about, func(other Record) bool { return other.Concerns(*who) }), err
}

// mostAbout bounds how many alerts about one person are looked at for their cases.
const mostAbout = 1000

// openAbout lists the open cases that Cases keeps from somebody: their own, and those
// that list an alert about them.
func (t *tx) openAbout(who alert.Person) ([]Case, error) {
	ids, err := t.escalatedAbout(who)
	if err != nil {
		return nil, err
	}
	var open []Case
	for _, id := range ids {
		opened, ok, err := found(t.FindCase(t.ctx, id))
		if err != nil {
			return nil, fmt.Errorf("read case: %w", err)
		}
		if ok && opened.ResolvedAt.IsZero() {
			open = append(open, opened)
		}
	}
	return open, nil
}

// escalatedAbout lists the alerts whose cases somebody's escalated alerts stand in,
// each of them once.
func (t *tx) escalatedAbout(who alert.Person) ([]string, error) {
	filters := []Filter{{Person: who.PersonKey}}
	for _, said := range []string{who.User, who.Email, who.Username} {
		if said != "" {
			filters = append(filters, Filter{Subject: said})
		}
	}
	var ids []string
	for _, filter := range filters {
		filter.Status, filter.Limit = string(alert.Escalated), mostAbout
		records, err := t.list(filter)
		if err != nil {
			return nil, err
		}
		for _, record := range records {
			if record.Concerns(who) {
				ids = append(ids, cmp.Or(record.CaseOf, record.ID))
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}
