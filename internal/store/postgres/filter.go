package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
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

func (t *tx) listByStretches(ctx context.Context, params pgdb.ListAlertsParams) ([]store.Record, error) {
	return t.byStretches(ctx, params, func(part pgdb.ListAlertsParams, first bool) ([]store.Record, error) {
		if first {
			return records(t.q.ListAlerts(ctx, part))
		}
		return records(t.q.ListOlder(ctx, pgdb.ListOlderParams(part)))
	})
}

func (t *tx) search(ctx context.Context, filter store.Filter, params pgdb.ListAlertsParams) ([]store.Record, error) {
	words, subject := store.SearchWords(filter.Text), maybeText(filter.Subject)
	if len(words) == 0 {
		return nil, nil
	}
	query := beginnings(words)
	rare, err := t.rareOf(ctx, words)
	if err != nil {
		return nil, err
	}
	return t.byStretches(ctx, params, func(part pgdb.ListAlertsParams, first bool) ([]store.Record, error) {
		search := searchOf(part, subject, query)
		if first {
			return records(t.q.SearchAlerts(ctx, search))
		}
		return records(t.q.SearchOlder(ctx, olderOf(search, beginnings(rare))))
	})
}

const rareShare = 0.01 // of all alerts

// rareOf gives the words that few alerts have, or all of them if each is frequent:
// the index gathers every alert that has a word beginning so before it compares.
func (t *tx) rareOf(ctx context.Context, words []string) ([]string, error) {
	shares, err := t.q.SharesOf(ctx, words)
	if err != nil {
		return nil, fmt.Errorf("read how frequent words are: %w", err)
	}
	frequent := map[string]bool{}
	for _, each := range shares {
		frequent[each.Word] = each.Share > rareShare
	}
	rare := slices.DeleteFunc(slices.Clone(words), func(word string) bool { return frequent[word] })
	if len(rare) == 0 {
		return words, nil
	}
	return rare, nil
}

func olderOf(f pgdb.SearchAlertsParams, rare string) pgdb.SearchOlderParams {
	return pgdb.SearchOlderParams{
		Words: f.Words, Rare: rare, Subject: f.Subject,
		Status: f.Status, Outcome: f.Outcome, Detection: f.Detection, Source: f.Source, SourceKey: f.SourceKey,
		Severity: f.Severity, Answered: f.Answered, Proven: f.Proven,
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
