package postgres

import (
	"context"
	"fmt"
	"time"

	"securitybot/internal/store"
	"securitybot/internal/store/postgres/pgdb"
)

const (
	firstStretch = 2000                 // alerts that are looked at one by one
	leastGrowth  = 8                    // how much longer a stretch is than all that is newer
	mostGrowth   = 64                   // where nothing was found yet
	toTheEnd     = int64(longest)       // instead, where the index alone tells what is found
	longest      = 365 * 24 * time.Hour // what is older than this is one stretch
)

// stretches fills a page of a list from one stretch of time after the other.
type stretches struct {
	left pgdb.ListAlertsParams // what was not read yet
	most int64                 // mostGrowth or toTheEnd
	list []store.Record
	read func(part pgdb.ListAlertsParams, first bool) ([]store.Record, error)
}

// byStretches fills a page from stretches of time, the newest first, each longer
// than the one before it. What many alerts have fills it from the first of them; what
// few have is looked up by index in ever longer ones, so that hardly more is found
// than the page holds. The server, asked for all at once, would guess how far it has
// to go, and be far off where one thing avoids the other, or was given up long ago.
func (t *tx) byStretches(
	ctx context.Context, params pgdb.ListAlertsParams, most int64,
	read func(part pgdb.ListAlertsParams, first bool) ([]store.Record, error),
) ([]store.Record, error) {
	newest, err := t.q.NewestOf(ctx, pgdb.NewestOfParams{
		Before: params.Before, BeforeID: params.BeforeID,
		ReceivedFrom: params.ReceivedFrom, ReceivedUntil: params.ReceivedUntil, Most: firstStretch,
	})
	if err != nil {
		return nil, fmt.Errorf("find newest of list: %w", err)
	}
	if newest.Count < firstStretch {
		return read(params, true)
	}
	page := stretches{left: params, most: most, read: read}
	from := newest.Earliest
	done, err := page.next(from, true)
	for !done && err == nil {
		from = page.further(newest.Latest, from)
		done, err = page.next(from, false)
	}
	return page.list, err
}

// further is where the next stretch begins, which is to hold what is missing twice if
// it is like those before it: each costs the same search in the index again. The zero
// time is the beginning of all.
func (s *stretches) further(latest, from time.Time) time.Time {
	growth := s.most
	if found := int64(len(s.list)); found > 0 && s.left.Count != nil {
		growth = min(max(leastGrowth, 2**s.left.Count/found), mostGrowth)
	}
	span := max(latest.Sub(from), time.Minute)
	if span > longest/time.Duration(growth) {
		return time.Time{}
	}
	return latest.Add(-span * time.Duration(growth))
}

// next reads what was received at a moment or later, or all that is left for the zero
// time, and tells whether nothing more is wanted or left.
func (s *stretches) next(from time.Time, first bool) (done bool, err error) {
	part, start := s.left, s.left.ReceivedFrom
	whole := from.IsZero() || (start != nil && !from.After(*start))
	if !whole {
		part.ReceivedFrom = &from
	}
	found, err := s.read(part, first)
	if err != nil {
		return false, err
	}
	s.list = append(s.list, found...)
	if s.left.Count != nil {
		wanted := *s.left.Count - int64(len(found))
		s.left.Count = &wanted
		whole = whole || wanted == 0
	}
	until := from.Add(-time.Microsecond)
	s.left.ReceivedUntil = &until
	return whole, nil
}
