package sqlite

import (
	"securitybot/internal/alert"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite/litedb"
)

func rowOf(r store.Record) (litedb.Alert, error) {
	plan, err := planText(r.Plan)
	return litedb.Alert{
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
		OccurredAt:      maybeMicros(r.OccurredAt),
		Url:             r.URL,
		Context:         maybeText(string(r.Context)),
		ReceivedAt:      micros(r.ReceivedAt),
		Status:          string(r.Status),
		Outcome:         string(r.Verdict.Outcome),
		OutcomeReason:   r.Verdict.Reason,
		PersonTeam:      r.Person.Team,
		PersonUser:      r.Person.User,
		Plan:            plan,
		Code:            r.Code,
		Revision:        int64(r.Revision),
		AdmittedAt:      maybeMicros(r.AdmittedAt),
		AskedAt:         maybeMicros(r.AskedAt),
		Deadline:        maybeMicros(r.Deadline),
		WatchUntil:      maybeMicros(r.WatchUntil),
		Snoozes:         int64(r.Snoozes),
		SnoozedUntil:    maybeMicros(r.SnoozedUntil),
		SettledAt:       maybeMicros(r.SettledAt),
		EscalatedAt:     maybeMicros(r.EscalatedAt),
		Escalation:      r.Escalation,
		FinishedAt:      maybeMicros(r.FinishedAt),
		ShownRevision:   int64(r.ShownRevision),
		QueuedUntil:     maybeMicros(r.QueuedUntil),
		JoinedTo:        r.JoinedTo,
		JoinRevision:    int64(r.JoinRevision),
		CoveredBy:       r.CoveredBy,
		CaseOf:          r.CaseOf,
		Pile:            r.Pile,
		ReviewedAt:      maybeMicros(r.ReviewedAt),
		ReviewedBy:      r.ReviewedBy,
		Review:          reviewOf(r.Plan),
		Answered:        string(r.Answered),
		Proven:          r.Proven,
		ErasedAt:        maybeMicros(r.ErasedAt),
	}, err
}

func recordOf(row litedb.Alert) (store.Record, error) {
	plan, err := planOf(row.Plan)
	return store.Record{
		Alert:         alertOf(row),
		PayloadDigest: row.PayloadDigest,
		Status:        alert.Status(row.Status),
		Verdict:       alert.Verdict{Outcome: alert.Outcome(row.Outcome), Reason: row.OutcomeReason},
		Person:        alert.PersonKey{Team: row.PersonTeam, User: row.PersonUser},
		Plan:          plan,
		Code:          row.Code,
		Revision:      int(row.Revision),
		AdmittedAt:    maybeMoment(row.AdmittedAt),
		AskedAt:       maybeMoment(row.AskedAt),
		Deadline:      maybeMoment(row.Deadline),
		WatchUntil:    maybeMoment(row.WatchUntil),
		Snoozes:       int(row.Snoozes),
		SnoozedUntil:  maybeMoment(row.SnoozedUntil),
		SettledAt:     maybeMoment(row.SettledAt),
		EscalatedAt:   maybeMoment(row.EscalatedAt),
		Escalation:    row.Escalation,
		FinishedAt:    maybeMoment(row.FinishedAt),
		ShownRevision: int(row.ShownRevision),
		QueuedUntil:   maybeMoment(row.QueuedUntil),
		JoinedTo:      row.JoinedTo,
		JoinRevision:  int(row.JoinRevision),
		CoveredBy:     row.CoveredBy,
		CaseOf:        row.CaseOf,
		Pile:          row.Pile,
		ReviewedAt:    maybeMoment(row.ReviewedAt),
		ReviewedBy:    row.ReviewedBy,
		Answered:      alert.Choice(row.Answered),
		Proven:        row.Proven,
		ErasedAt:      maybeMoment(row.ErasedAt),
	}, err
}

// reviewOf is why policy wants a confirmed alert looked at; "" when it doesn't.
func reviewOf(plan *alert.Plan) string {
	if plan == nil {
		return ""
	}
	return plan.Review
}

func alertOf(row litedb.Alert) alert.Alert {
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
		OccurredAt: maybeMoment(row.OccurredAt),
		URL:        row.Url,
		Context:    rawJSON(row.Context),
		ReceivedAt: moment(row.ReceivedAt),
	}
}

func oneRecord(row litedb.Alert, err error) (store.Record, error) {
	if err != nil {
		return store.Record{}, found(err)
	}
	return recordOf(row)
}

func records(rows []litedb.Alert, err error) ([]store.Record, error) {
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
