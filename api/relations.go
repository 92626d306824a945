package api

import (
	"encoding/json"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// Relations are what an alert waits for, and what it has to do with others.
type Relations struct {
	Rule         string        `json:"rule,omitempty"` // of the policy, that matched
	NotBefore    time.Time     `json:"not_before,omitzero"`
	QueuedUntil  time.Time     `json:"queued_until,omitzero"`
	JoinedTo     string        `json:"joined_to,omitempty"` // the alert whose question asks about this one too
	JoinRevision int           `json:"join_revision,omitempty"`
	CoveredBy    *CoveringView `json:"covered_by,omitempty"`
	CaseOf       string        `json:"case_of,omitempty"` // the alert whose case lists this one
	Request      *RequestView  `json:"request,omitempty"`
	Review       *ReviewView   `json:"review,omitempty"`
}

// CoveringView is the suppression that covers an alert. A list has its id alone.
type CoveringView struct {
	ID      string    `json:"id"`
	Kind    string    `json:"kind,omitempty"`
	AlertID string    `json:"alert_id,omitempty"`
	Until   time.Time `json:"until,omitzero"`
}

// CaseView is what the security team made of a case.
type CaseView struct {
	OpenedAt   time.Time `json:"opened_at"`
	AckedAt    time.Time `json:"acked_at,omitzero"`
	AckedBy    string    `json:"acked_by,omitempty"`
	ResolvedAt time.Time `json:"resolved_at,omitzero"`
	ResolvedBy string    `json:"resolved_by,omitempty"`
	Resolution string    `json:"resolution,omitempty"`
}

// RequestView is what a proven yes brings about.
type RequestView struct {
	Kind    alert.RequestKind `json:"kind"`
	AlertID string            `json:"alert_id"`
	For     string            `json:"for,omitempty"` // as 1h30m0s
	Reason  string            `json:"reason,omitempty"`
}

// ReviewView is why a confirmed alert is shown to responders, and who looked at it.
type ReviewView struct {
	Reason     string    `json:"reason"`
	ReviewedAt time.Time `json:"reviewed_at,omitzero"`
	ReviewedBy string    `json:"reviewed_by,omitempty"`
}

func relationsOf(record store.Record) Relations {
	relations := Relations{
		QueuedUntil: record.QueuedUntil.UTC(), JoinedTo: record.JoinedTo, JoinRevision: record.JoinRevision,
		CaseOf: record.CaseOf,
	}
	if record.CoveredBy != "" {
		relations.CoveredBy = &CoveringView{ID: record.CoveredBy}
	}
	plan := record.Plan
	if plan == nil {
		return relations
	}
	relations.Rule, relations.NotBefore = plan.Rule, plan.NotBefore.UTC()
	if request := plan.Request; request != nil {
		relations.Request = &RequestView{Kind: request.Kind, AlertID: request.AlertID, Reason: request.Reason}
		if request.For > 0 {
			relations.Request.For = request.For.String()
		}
	}
	if plan.Review != "" {
		relations.Review = &ReviewView{Reason: plan.Review, ReviewedAt: record.ReviewedAt.UTC(), ReviewedBy: record.ReviewedBy}
	}
	return relations
}

func coveringOf(suppression store.Suppression) *CoveringView {
	return &CoveringView{
		ID: suppression.ID, Kind: suppression.Kind, AlertID: suppression.AlertID, Until: suppression.Until.UTC(),
	}
}

func caseOf(opened *store.Case) *CaseView {
	if opened == nil {
		return nil
	}
	return &CaseView{
		OpenedAt: opened.OpenedAt.UTC(), AckedAt: opened.AckedAt.UTC(), AckedBy: opened.AckedBy,
		ResolvedAt: opened.ResolvedAt.UTC(), ResolvedBy: opened.ResolvedBy, Resolution: opened.Resolution,
	}
}

// relatedOf lists in short what an alert has to do with.
func relatedOf(story store.Story) []Related {
	var list []Related
	add := func(as string, records ...store.Record) {
		for _, record := range records {
			list = append(list, Related{
				As: as, ID: record.ID, Title: record.Title, Detection: record.Detection, Severity: record.Severity,
				Status: record.Status, Verdict: record.Verdict.Outcome, ReceivedAt: record.ReceivedAt.UTC(),
			})
		}
	}
	add("occurrence", story.Joined...)
	add("member", story.Members...)
	if story.Subject != nil {
		add("request", *story.Subject)
	}
	return list
}

// questionOf is the question as it was sent; nil before, and once it was erased.
func questionOf(entries []store.Entry) *MessageView {
	for _, entry := range entries {
		var sent MessageView
		if entry.Kind == store.KindAsked && json.Unmarshal(entry.Personal, &sent) == nil && sent.Text != "" {
			return &sent
		}
	}
	return nil
}

func idsOf(records []store.Record) []string {
	var ids []string
	for _, record := range records {
		ids = append(ids, record.ID)
	}
	return ids
}
