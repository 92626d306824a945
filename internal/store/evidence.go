package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"securitybot/internal/alert"
	"securitybot/internal/evidence"
)

// payloadOf is what an alert was accepted from, and what the entry about its arrival
// says of it: salted digests of the body and of what was understood of it. What
// Securitybot reports by itself has no body but what it says.
func payloadOf(reported alert.Alert, body []byte) (Payload, Fields, error) {
	content, err := evidence.Content(reported)
	if err != nil {
		return Payload{}, nil, err
	}
	if len(body) == 0 {
		if body, err = json.Marshal(statement(reported)); err != nil {
			return Payload{}, nil, fmt.Errorf("write payload: %w", err)
		}
	}
	payload := Payload{AlertID: reported.ID, Body: body, Salt: evidence.NewSalt()}
	payload.Digest = evidence.Digest(payload.Salt, body)
	return payload, Fields{
		"detection": reported.Detection, "severity": reported.Severity,
		"payload": payload.Digest, "content": evidence.Digest(payload.Salt, []byte(content)),
	}, nil
}

// statement is an alert in the words of the API.
func statement(reported alert.Alert) Fields {
	return Fields{
		"detection": reported.Detection, "title": reported.Title, "description": reported.Description,
		"severity": reported.Severity, "subject": reported.Subject, "context": reported.Context,
	}.present()
}

// Evidence is all that the record holds of an alert, at one moment. It carries no
// signature yet. Errors: ErrNotFound.
func (s *Store) Evidence(ctx context.Context, id string) (evidence.Bundle, error) {
	var bundle evidence.Bundle
	err := s.inTx(ctx, func(t *tx) error {
		story := Story{At: t.now}
		var err error
		if story.Record, err = t.FindAlert(ctx, id); err != nil {
			return err
		}
		if err := t.tell(&story); err != nil {
			return err
		}
		bundle, err = t.bundle(story)
		return err
	})
	return bundle, err
}

func (t *tx) bundle(story Story) (evidence.Bundle, error) {
	record := story.Record
	bundle := stateOf(record, story.Answers, story.Proofs)
	bundle.ExportedAt, bundle.Timeline = t.now, story.Entries
	bundle.Case = caseOf(record, story.Case)
	var err error
	if bundle.Installation, err = t.installation(); err != nil {
		return bundle, err
	}
	if err := t.addPayload(&bundle); err != nil {
		return bundle, err
	}
	if err := t.addPlan(&bundle, record.Plan); err != nil {
		return bundle, err
	}
	return bundle, t.addInclusion(&bundle)
}

// stateOf is what the rows of an alert say, apart from its timeline.
func stateOf(record Record, answers []alert.Answer, proofs []alert.Proof) evidence.Bundle {
	bundle := evidence.Bundle{Alert: evidence.Alert{
		ID: record.ID, Source: record.Source, Key: record.Key, Detection: record.Detection, Title: record.Title,
		Description: record.Description, Severity: record.Severity, Subject: record.Subject,
		OccurredAt: record.OccurredAt, URL: record.URL, Context: record.Context, ReceivedAt: record.ReceivedAt,
		Status: record.Status, Verdict: record.Verdict.Outcome, VerdictReason: record.Verdict.Reason,
		SettledAt: record.SettledAt, Team: record.Person.Team, ChatID: record.Person.User, Code: record.Code,
		AskedAt: record.AskedAt, ErasedAt: record.ErasedAt,
	}}
	for _, answer := range answers {
		bundle.Answers = append(bundle.Answers, evidence.Answer{
			Delivery: answer.ID, Team: answer.Person.Team, ChatID: answer.Person.User, Choice: answer.Choice,
			Revision: answer.Revision, At: answer.At, RecordedAt: answer.RecordedAt, Late: answer.Late,
			Explanation: answer.Explanation,
		})
	}
	for _, proof := range proofs {
		bundle.Proofs = append(bundle.Proofs, evidence.Proof{
			Attempt: proof.Attempt, Answer: proof.AnswerID, Factor: proof.Factor, Device: proof.Device,
			Transaction: proof.Transaction, Code: proof.Code, Result: proof.Result, Reason: proof.Reason,
			BegunAt: proof.BegunAt, PushedAt: proof.PushedAt, DecidedAt: proof.DecidedAt,
		})
	}
	return bundle
}

// caseOf is nil without a case.
func caseOf(record Record, opened *Case) *evidence.Case {
	if opened == nil {
		return nil
	}
	return &evidence.Case{
		Reason: record.Escalation, OpenedAt: opened.OpenedAt, AckedAt: opened.AckedAt, AckedBy: opened.AckedBy,
		ResolvedAt: opened.ResolvedAt, ResolvedBy: opened.ResolvedBy, Resolution: opened.Resolution,
	}
}

func (t *tx) addPayload(bundle *evidence.Bundle) error {
	payload, ok, err := found(t.Payload(t.ctx, bundle.Alert.ID))
	if err != nil {
		return fmt.Errorf("read payload: %w", err)
	}
	if ok {
		bundle.Payload = evidence.NewPayload(payload.Body, payload.Salt, payload.Digest)
	}
	return nil
}

func (t *tx) addPlan(bundle *evidence.Bundle, plan *alert.Plan) error {
	if plan == nil {
		return nil
	}
	text, err := json.Marshal(plan)
	if err != nil {
		return fmt.Errorf("write plan: %w", err)
	}
	policy, _, err := found(t.FindPolicy(t.ctx, plan.Revision))
	if err != nil {
		return fmt.Errorf("read policy: %w", err)
	}
	bundle.Plan, bundle.Policy = text, &evidence.Policy{Revision: plan.Revision, Text: policy.Text}
	return nil
}

// addInclusion proves that a checkpoint covers the timeline, as far as it does,
// and lists the entries that it does not.
func (t *tx) addInclusion(bundle *evidence.Bundle) error {
	checkpoint, ok, err := t.newestFitting()
	if err != nil {
		return err
	}
	covered := 0
	if ok {
		leaf, err := t.newestLeaf(bundle.Alert.ID, len(bundle.Timeline), checkpoint.Size)
		if err != nil {
			return err
		}
		if covered = leaf.Seq; covered > 0 {
			path, err := tlog.ProveRecord(checkpoint.Size, leaf.Position, t.hashesOf(checkpoint.Size))
			if err != nil {
				return fmt.Errorf("prove that the log holds the timeline: %w", err)
			}
			bundle.Log = &evidence.Inclusion{
				Position: leaf.Position, Seq: leaf.Seq, Hash: leaf.Hash, Path: path, Checkpoint: checkpoint.Note,
			}
		}
	}
	for seq := covered + 1; seq <= len(bundle.Timeline); seq++ {
		bundle.Unlogged = append(bundle.Unlogged, seq)
	}
	return nil
}

// newestLeaf finds the last leaf of an alert that a log of a size holds; the zero
// one when there is none.
func (t *tx) newestLeaf(alertID string, entries int, size int64) (Leaf, error) {
	leaves, err := t.LeavesOf(t.ctx, alertID)
	if err != nil {
		return Leaf{}, fmt.Errorf("read the log: %w", err)
	}
	for _, leaf := range slices.Backward(leaves) {
		if leaf.Seq <= entries && leaf.Position < size {
			return leaf, nil
		}
	}
	return Leaf{}, nil
}
