package postgres

import (
	"securitybot/internal/alert"
	"securitybot/internal/store"
	"securitybot/internal/store/postgres/pgdb"
)

func rowOf(r store.Record) (pgdb.Alert, error) {
	plan, err := planText(r.Plan)
	return pgdb.Alert{
		ID:              r.ID,
		Source:          r.Source,
		SourceKey:       r.Key,
		PayloadDigest:   r.PayloadDigest,
		Detection:       r.Detection,
		Title:           r.Title,
		Description:     r.Description,
		Severity:        string(r.Severity),
		SubjectEmail:    r.Subject.Email,
		SubjectUsername: r.Subject.Username,
		SubjectSlackID:  r.Subject.SlackID,
		OccurredAt:      maybeStamp(r.OccurredAt),
		Url:             r.URL,
		Context:         maybeText(string(r.Context)),
		ReceivedAt:      stamp(r.ReceivedAt),
		Status:          string(r.Status),
		Outcome:         string(r.Verdict.Outcome),
		OutcomeReason:   r.Verdict.Reason,
		PersonTeam:      r.Person.Team,
		PersonUser:      r.Person.User,
		Plan:            plan,
		Code:            r.Code,
		Revision:        r.Revision,
		AdmittedAt:      maybeStamp(r.AdmittedAt),
		AskedAt:         maybeStamp(r.AskedAt),
		Deadline:        maybeStamp(r.Deadline),
		WatchUntil:      maybeStamp(r.WatchUntil),
		Snoozes:         r.Snoozes,
		SnoozedUntil:    maybeStamp(r.SnoozedUntil),
		SettledAt:       maybeStamp(r.SettledAt),
		EscalatedAt:     maybeStamp(r.EscalatedAt),
		Escalation:      r.Escalation,
		FinishedAt:      maybeStamp(r.FinishedAt),
		ShownRevision:   r.ShownRevision,
		QueuedUntil:     maybeStamp(r.QueuedUntil),
		JoinedTo:        r.JoinedTo,
		JoinRevision:    r.JoinRevision,
		CoveredBy:       r.CoveredBy,
		CaseOf:          r.CaseOf,
		Pile:            r.Pile,
		ReviewedAt:      maybeStamp(r.ReviewedAt),
		ReviewedBy:      r.ReviewedBy,
		Review:          reviewOf(r.Plan),
		Answered:        string(r.Answered),
		Proven:          r.Proven,
		ErasedAt:        maybeStamp(r.ErasedAt),
	}, err
}

func recordOf(row pgdb.Alert) (store.Record, error) {
	plan, err := planOf(row.Plan)
	return store.Record{
		Alert:         alertOf(row),
		PayloadDigest: row.PayloadDigest,
		Status:        alert.Status(row.Status),
		Verdict:       alert.Verdict{Outcome: alert.Outcome(row.Outcome), Reason: row.OutcomeReason},
		Person:        alert.PersonKey{Team: row.PersonTeam, User: row.PersonUser},
		Plan:          plan,
		Code:          row.Code,
		Revision:      row.Revision,
		AdmittedAt:    maybeUTC(row.AdmittedAt),
		AskedAt:       maybeUTC(row.AskedAt),
		Deadline:      maybeUTC(row.Deadline),
		WatchUntil:    maybeUTC(row.WatchUntil),
		Snoozes:       row.Snoozes,
		SnoozedUntil:  maybeUTC(row.SnoozedUntil),
		SettledAt:     maybeUTC(row.SettledAt),
		EscalatedAt:   maybeUTC(row.EscalatedAt),
		Escalation:    row.Escalation,
		FinishedAt:    maybeUTC(row.FinishedAt),
		ShownRevision: row.ShownRevision,
		QueuedUntil:   maybeUTC(row.QueuedUntil),
		JoinedTo:      row.JoinedTo,
		JoinRevision:  row.JoinRevision,
		CoveredBy:     row.CoveredBy,
		CaseOf:        row.CaseOf,
		Pile:          row.Pile,
		ReviewedAt:    maybeUTC(row.ReviewedAt),
		ReviewedBy:    row.ReviewedBy,
		Answered:      alert.Choice(row.Answered),
		Proven:        row.Proven,
		ErasedAt:      maybeUTC(row.ErasedAt),
	}, err
}

// reviewOf is why policy wants a confirmed alert looked at; "" when it doesn't.
func reviewOf(plan *alert.Plan) string {
	if plan == nil {
		return ""
	}
	return plan.Review
}

func alertOf(row pgdb.Alert) alert.Alert {
	return alert.Alert{
		ID:          row.ID,
		Source:      row.Source,
		Key:         row.SourceKey,
		Detection:   row.Detection,
		Title:       row.Title,
		Description: row.Description,
		Severity:    alert.Severity(row.Severity),
		Subject: alert.Subject{
			Email: row.SubjectEmail, Username: row.SubjectUsername, SlackID: row.SubjectSlackID,
		},
		OccurredAt: maybeUTC(row.OccurredAt),
		URL:        row.Url,
		Context:    rawJSON(row.Context),
		ReceivedAt: row.ReceivedAt.UTC(),
	}
}

func oneRecord(row pgdb.Alert, err error) (store.Record, error) {
	if err != nil {
		return store.Record{}, found(err)
	}
	return recordOf(row)
}

func records(rows []pgdb.Alert, err error) ([]store.Record, error) {
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	list := make([]store.Record, 0, len(rows))
	for _, row := range rows {
		record, err := recordOf(row)
		if err != nil {
			return nil, err
		}
		list = append(list, record)
	}
	return list, nil
}
