package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"securitybot/internal/alert"
	"securitybot/internal/store"
	"securitybot/internal/store/postgres/pgdb"
)

func (t *tx) ListAlerts(ctx context.Context, filter store.Filter) ([]store.Record, error) {
	if err := t.q.PlanByValues(ctx); err != nil {
		return nil, err
	}
	params := filterOf(filter)
	switch {
	case filter.Text != "":
		return t.search(ctx, filter, params)
	case filter.Subject != "":
		return records(t.q.ListBySubject(ctx, bySubject(params, filter.Subject)))
	default:
		return records(t.q.ListAlerts(ctx, params))
	}
}

// newestSearched is how many alerts are searched one by one, from the newest on.
const newestSearched = 5000

// search looks through the newest alerts first: what many of them say fills a
// page from there, and only what few say is looked up among all. The server
// itself would guess how many have the words, and be far off where words avoid
// each other or were given up long ago.
func (t *tx) search(ctx context.Context, filter store.Filter, params pgdb.ListAlertsParams) ([]store.Record, error) {
	words := store.SearchWords(filter.Text)
	if len(words) == 0 {
		return nil, nil
	}
	search := searchOf(params, maybeText(filter.Subject), beginnings(words))
	if filter.Limit == 0 || narrow(filter) {
		return records(t.q.SearchAlerts(ctx, search))
	}
	place, err := t.q.PlaceOf(ctx, pgdb.PlaceOfParams{
		Before: params.Before, BeforeID: params.BeforeID, ReceivedUntil: params.ReceivedUntil, Newer: newestSearched,
	})
	if errors.Is(err, pgx.ErrNoRows) || (err == nil && place.Before(filter.From)) {
		return records(t.q.SearchAlerts(ctx, search))
	}
	if err != nil {
		return nil, fmt.Errorf("find how far to search: %w", err)
	}
	return t.searchFrom(ctx, search, place)
}

// narrow tells that other than the words and the time something is asked for, of
// which the server has good reason to know how many have it.
func narrow(f store.Filter) bool {
	return f.Status != "" || f.Outcome != "" || f.Detection != "" || f.Subject != "" || f.Source != "" || f.Key != "" ||
		f.Severity != "" || f.Answered != "" || f.Proven != nil || f.Person != (alert.PersonKey{})
}

// searchFrom fills a page from what was received at a moment or later, and then
// from before.
func (t *tx) searchFrom(ctx context.Context, search pgdb.SearchAlertsParams, place time.Time) ([]store.Record, error) {
	newer := search
	newer.ReceivedFrom = &place
	list, err := records(t.q.SearchAlerts(ctx, newer))
	left := *search.Count - int64(len(list))
	if err != nil || left == 0 {
		return list, err
	}
	before := place.Add(-time.Microsecond)
	search.ReceivedUntil, search.Count = &before, &left
	older, err := records(t.q.SearchOlder(ctx, pgdb.SearchOlderParams(search)))
	return append(list, older...), err
}

func searchOf(f pgdb.ListAlertsParams, subject *string, words string) pgdb.SearchAlertsParams {
	return pgdb.SearchAlertsParams{
		Words: words, Subject: subject,
		Status: f.Status, Outcome: f.Outcome, Detection: f.Detection, Source: f.Source, SourceKey: f.SourceKey,
		Severity: f.Severity, Answered: f.Answered, Proven: f.Proven,
		ReceivedFrom: f.ReceivedFrom, ReceivedUntil: f.ReceivedUntil, PersonUser: f.PersonUser, PersonTeam: f.PersonTeam,
		ExceptUser: f.ExceptUser, ExceptTeam: f.ExceptTeam, ExceptEmail: f.ExceptEmail, ExceptUsername: f.ExceptUsername,
		Before: f.Before, BeforeID: f.BeforeID, Count: f.Count,
	}
}

func bySubject(f pgdb.ListAlertsParams, subject string) pgdb.ListBySubjectParams {
	return pgdb.ListBySubjectParams{
		Subject: subject,
		Status:  f.Status, Outcome: f.Outcome, Detection: f.Detection, Source: f.Source, SourceKey: f.SourceKey,
		Severity: f.Severity, Answered: f.Answered, Proven: f.Proven,
		ReceivedFrom: f.ReceivedFrom, ReceivedUntil: f.ReceivedUntil, PersonUser: f.PersonUser, PersonTeam: f.PersonTeam,
		ExceptUser: f.ExceptUser, ExceptTeam: f.ExceptTeam, ExceptEmail: f.ExceptEmail, ExceptUsername: f.ExceptUsername,
		Before: f.Before, BeforeID: f.BeforeID, Count: f.Count,
	}
}

func filterOf(filter store.Filter) pgdb.ListAlertsParams {
	params := pgdb.ListAlertsParams{
		Status:        maybeText(filter.Status),
		Outcome:       maybeText(filter.Outcome),
		Detection:     maybeText(filter.Detection),
		Source:        maybeText(filter.Source),
		SourceKey:     maybeText(filter.Key),
		Severity:      maybeText(filter.Severity),
		Answered:      maybeText(filter.Answered),
		Proven:        filter.Proven,
		ReceivedFrom:  maybeStamp(filter.From),
		ReceivedUntil: maybeStamp(filter.Until),
		Before:        maybeStamp(filter.Before.ReceivedAt),
		BeforeID:      &filter.Before.ID,
		Count:         maybeCount(filter.Limit),
	}
	if filter.Answered == store.AnsweredNone {
		params.Answered = new(string)
	}
	if filter.Person != (alert.PersonKey{}) {
		params.PersonTeam, params.PersonUser = &filter.Person.Team, &filter.Person.User
	}
	if except := filter.Except; except != nil {
		params.ExceptTeam, params.ExceptUser = &except.Team, &except.User
		params.ExceptEmail, params.ExceptUsername = &except.Email, &except.Username
	}
	return params
}

// maybeCount is NULL, which limits nothing, for zero.
func maybeCount(limit int) *int64 {
	if limit == 0 {
		return nil
	}
	count := int64(limit)
	return &count
}

// beginnings is a tsquery for a text that has words with all these beginnings,
// which are letters, digits and marks.
func beginnings(words []string) string {
	return "'" + strings.Join(words, "':* & '") + "':*"
}

func (t *tx) FindAlerts(ctx context.Context, ids []string) ([]store.Record, error) {
	rows, err := t.q.FindAlerts(ctx, ids)
	return records(rows, err)
}

func (t *tx) FindPayloads(
	ctx context.Context, source string, digests []string, after time.Time,
) (map[string]store.Record, error) {
	list, err := records(t.q.FindPayloads(ctx, source, digests, stamp(after)))
	if err != nil {
		return nil, err
	}
	newest := make(map[string]store.Record, len(list))
	for _, record := range list {
		newest[record.PayloadDigest] = record
	}
	return newest, nil
}

func (t *tx) AcceptedBy(ctx context.Context, source string, since time.Time, most int) (int, error) {
	count, err := t.q.AcceptedBy(ctx, source, stamp(since), int64(most))
	return int(count), err
}

func (t *tx) ReviewsDue(ctx context.Context, before store.Cursor, limit int) ([]store.Record, error) {
	if err := t.q.PlanByValues(ctx); err != nil {
		return nil, err
	}
	rows, err := t.q.ReviewsDue(ctx, maybeStamp(before.ReceivedAt), &before.ID, int64(limit))
	return records(rows, err)
}
