package sqlite

import (
	"context"
	"strings"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite/litedb"
)

func (t *tx) ListAlerts(ctx context.Context, filter store.Filter) ([]store.Record, error) {
	if filter.Text == "" {
		rows, err := t.q.ListAlerts(ctx, filterOf(filter))
		return records(rows, err)
	}
	words := store.SearchWords(filter.Text)
	if len(words) == 0 {
		return nil, nil
	}
	f := filterOf(filter)
	rows, err := t.q.SearchAlerts(ctx, litedb.SearchAlertsParams{
		Words:  wordQuery(words),
		Status: f.Status, Outcome: f.Outcome, Detection: f.Detection, Subject: f.Subject,
		Source: f.Source, SourceKey: f.SourceKey, Severity: f.Severity, Answered: f.Answered, Proven: f.Proven,
		ReceivedFrom: f.ReceivedFrom, ReceivedUntil: f.ReceivedUntil, PersonUser: f.PersonUser, PersonTeam: f.PersonTeam,
		ExceptUser: f.ExceptUser, ExceptTeam: f.ExceptTeam, ExceptEmail: f.ExceptEmail, ExceptUsername: f.ExceptUsername,
		Before: f.Before, BeforeID: f.BeforeID, Count: f.Count,
	})
	return records(rows, err)
}

func filterOf(filter store.Filter) litedb.ListAlertsParams {
	params := litedb.ListAlertsParams{
		Status:        maybeText(filter.Status),
		Outcome:       maybeText(filter.Outcome),
		Detection:     maybeText(filter.Detection),
		Subject:       maybeText(filter.Subject),
		Source:        maybeText(filter.Source),
		SourceKey:     maybeText(filter.Key),
		Severity:      maybeText(filter.Severity),
		Answered:      maybeText(filter.Answered),
		ReceivedFrom:  maybeMicros(filter.From),
		ReceivedUntil: maybeMicros(filter.Until),
		Before:        maybeMicros(filter.Before.ReceivedAt),
		BeforeID:      filter.Before.ID,
		Count:         countOf(filter.Limit),
	}
	if filter.Proven != nil {
		proven := flag(*filter.Proven)
		params.Proven = &proven
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

// countOf is no limit for zero.
func countOf(limit int) int64 {
	if limit == 0 {
		return -1
	}
	return int64(limit)
}

// wordQuery is a query of FTS5 for a text that has all these words.
func wordQuery(words []store.SearchWord) string {
	var query []string
	for _, word := range words {
		each := `"` + word.Text + `"`
		if word.Begins {
			each += "*"
		}
		query = append(query, each)
	}
	return strings.Join(query, " AND ")
}

func (t *tx) FindAlerts(ctx context.Context, ids []string) ([]store.Record, error) {
	rows, err := t.q.FindAlerts(ctx, ids)
	return records(rows, err)
}

func (t *tx) FindPayloads(
	ctx context.Context, source string, digests []string, after time.Time,
) (map[string]store.Record, error) {
	list, err := records(t.q.FindPayloads(ctx, source, micros(after), digests))
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
	count, err := t.q.AcceptedBy(ctx, source, micros(since), int64(most))
	return int(count), err
}

func (t *tx) ReviewsDue(ctx context.Context, before store.Cursor, limit int) ([]store.Record, error) {
	rows, err := t.q.ReviewsDue(ctx, maybeMicros(before.ReceivedAt), before.ID, int64(limit))
	return records(rows, err)
}
