package postgres

import (
	"context"
	"time"

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
	case asked(filter) > 1 && filter.Limit > 0:
		return t.listByStretches(ctx, params)
	default:
		return records(t.q.ListAlerts(ctx, params))
	}
}

// asked is how many things a filter asks for, beside the time. For each alone there
// is an index in the order of the list.
func asked(f store.Filter) int {
	count := 0
	for _, each := range []bool{
		f.Status != "", f.Outcome != "", f.Detection != "", f.Source != "", f.Key != "", f.Severity != "",
		f.Answered != "", f.Proven != nil, f.Person != (alert.PersonKey{}),
	} {
		if each {
			count++
		}
	}
	return count
}

// atOdds tells whether all that a filter asks for is at odds, as at_odds of the
// database says it, which has an index.
func atOdds(f store.Filter) bool {
	if f.Outcome == string(alert.Confirmed) {
		return (f.Proven != nil && !*f.Proven) || (f.Answered != "" && f.Answered != string(alert.Yes)) ||
			(f.Status != "" && f.Status != string(alert.Closed))
	}
	return f.Outcome != "" && f.Proven != nil && *f.Proven
}

func (t *tx) listByStretches(ctx context.Context, params pgdb.ListAlertsParams) ([]store.Record, error) {
	return t.byStretches(ctx, params, mostGrowth, func(part pgdb.ListAlertsParams, first bool) ([]store.Record, error) {
		if first {
			return records(t.q.ListAlerts(ctx, part))
		}
		return records(t.q.ListOlder(ctx, pgdb.ListOlderParams(part)))
	})
}

func (t *tx) search(ctx context.Context, filter store.Filter, params pgdb.ListAlertsParams) ([]store.Record, error) {
	words := store.SearchWords(filter.Text)
	if len(words) == 0 {
		return nil, nil
	}
	wanted := lexemesOf(filter, words)
	lookup, err := t.lookup(ctx, wanted)
	if err != nil {
		return nil, err
	}
	subject, query := maybeText(filter.Subject), queryOf(wanted)
	most := int64(mostGrowth)
	if onlyFixed(filter) {
		most = toTheEnd
	}
	return t.byStretches(ctx, params, most, func(part pgdb.ListAlertsParams, first bool) ([]store.Record, error) {
		if first {
			return records(t.q.SearchAlerts(ctx, searchOf(part, subject, query)))
		}
		return records(t.q.SearchOlder(ctx, olderOf(part, subject, query, lookup)))
	})
}

func olderOf(f pgdb.ListAlertsParams, subject *string, words, lookup string) pgdb.SearchOlderParams {
	return pgdb.SearchOlderParams{
		Words: words, Lookup: lookup, Subject: subject,
		Status: f.Status, Outcome: f.Outcome, Detection: f.Detection, Source: f.Source, SourceKey: f.SourceKey,
		Severity: f.Severity, Answered: f.Answered, Proven: f.Proven, Odd: f.Odd,
		ReceivedFrom: f.ReceivedFrom, ReceivedUntil: f.ReceivedUntil, PersonUser: f.PersonUser, PersonTeam: f.PersonTeam,
		ExceptUser: f.ExceptUser, ExceptTeam: f.ExceptTeam, ExceptEmail: f.ExceptEmail, ExceptUsername: f.ExceptUsername,
		Before: f.Before, BeforeID: f.BeforeID, Count: f.Count,
	}
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
	if atOdds(filter) {
		params.Odd = new("yes")
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
