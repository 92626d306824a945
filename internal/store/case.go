package store

import (
	"context"
	"fmt"
	"time"

	"securitybot/internal/alert"
)

// EscalationReview is the reason of a case that a responder opened about a
// confirmed alert.
const EscalationReview = "review"

const (
	floodWithin = 10 * time.Minute // in which cases alike make a flood
	mostAlike   = 10               // cases alike that are none yet
	listEvery   = 10 * time.Second // how often a growing list is shown anew
	listGrace   = 5 * time.Second  // for transactions that began before the list is due
)

// openCase gives an alert that was escalated, or raised once more, its case: one of
// its own, or a line in that of a flood. A case that was resolved is opened again,
// and an alert that was only listed gets its own when it turns out to be grave.
//
// It may change the record's CaseOf and Pile; the caller saves it afterwards.
func (t *tx) openCase(record *Record) error {
	opened, ok, err := found(t.FindCase(t.ctx, record.ID))
	switch {
	case err != nil:
		return fmt.Errorf("read case: %w", err)
	case ok && opened.ResolvedAt.IsZero():
		return t.rerank(record, opened)
	case ok:
		return t.reopenCase(record, opened)
	case record.CaseOf != "" && !grave(record) && record.Escalation != EscalationReview:
		return nil
	case !alone(record):
		if listed, err := t.flood(record); err != nil || listed {
			return err
		}
	}
	record.CaseOf = ""
	return t.newCase(record)
}

func (t *tx) newCase(record *Record) error {
	ladder := record.Ladder()
	err := t.putCase(Case{
		AlertID: record.ID, About: record.Person, OpenedAt: t.now, Rung: atOnce(ladder), Rank: rankOf(record),
	})
	if err != nil {
		return err
	}
	if err := t.tally(record, MeasureCase); err != nil {
		return err
	}
	return t.wakeLadder(record, atOnce(ladder), "")
}

// reopenCase opens a resolved case again: what came since has to be seen as well.
func (t *tx) reopenCase(record *Record, opened Case) error {
	opened.AckedAt, opened.AckedBy = time.Time{}, ""
	opened.ResolvedAt, opened.ResolvedBy, opened.Resolution = time.Time{}, "", ""
	opened.Rank = min(opened.Rank, rankOf(record))
	if err := t.putCase(opened); err != nil {
		return err
	}
	if err := t.append(record.ID, KindReopened, ActorBot, Fields{"reason": record.Escalation}, nil); err != nil {
		return err
	}
	ref := fmt.Sprintf("reopened-%d", t.now.UnixMicro())
	if err := t.wakeLadder(record, opened.Rung, ref); err != nil {
		return err
	}
	return t.enqueue(record.ID, OutgoingFollowUp, ref, "")
}

// rerank moves a case up that turned out to be graver than it was.
func (t *tx) rerank(record *Record, opened Case) error {
	rank := rankOf(record)
	if rank >= opened.Rank {
		return nil
	}
	opened.Rank = rank
	return t.putCase(opened)
}

// rankOf is how soon a responder has to look at an alert's case.
func rankOf(record *Record) int {
	switch {
	case grave(record) && record.Verdict.Outcome != alert.Denied, record.Verdict.Suspicious(), record.Escalation == EscalationLateNo:
		return RankSuspicious
	case record.Verdict.Outcome == alert.Denied:
		return RankDenied
	default:
		return RankLow + alert.Low.Rank() - record.Severity.Rank()
	}
}

func (t *tx) putCase(opened Case) error {
	if err := t.PutCase(t.ctx, opened); err != nil {
		return fmt.Errorf("write case: %w", err)
	}
	return nil
}

// grave tells that somebody spoke against the account or the phone: such a case
// is never one line of many, and is not resolved by a mere press.
func grave(record *Record) bool {
	switch record.Escalation {
	case alert.ReasonFraud, alert.ReasonContradicted, alert.ReasonLostPhone, EscalationLateNo:
		return true
	default:
		return record.Verdict.Outcome == alert.Denied
	}
}

// alone tells that a case is never listed in another one's.
func alone(record *Record) bool {
	asked := record.Plan != nil && record.Plan.Request != nil
	return grave(record) || asked || record.Pile != "" ||
		record.Escalation == EscalationReview || record.Severity == alert.Critical
}

// flood makes the eleventh case of a source and reason within ten minutes carry a
// list, and lists the following ones in it. A case that somebody has resolved
// meanwhile takes no more: the next one carries a list of its own.
func (t *tx) flood(record *Record) (listed bool, err error) {
	if err := t.LockName(t.ctx, "flood "+record.Source+" "+record.Escalation); err != nil {
		return false, fmt.Errorf("lock cases alike: %w", err)
	}
	alike, err := t.EscalatedLike(t.ctx, record.Source, record.Escalation, t.now.Add(-floodWithin))
	if err != nil {
		return false, fmt.Errorf("list cases alike: %w", err)
	}
	count, carrier := 0, ""
	for _, other := range alike {
		if other.ID == record.ID {
			continue
		}
		count++
		if other.Pile == PileFlood {
			carrier = other.ID
		}
	}
	if carrier != "" {
		if listed, err = t.listIn(record, carrier); err != nil || listed {
			return listed, err
		}
	}
	if count >= mostAlike {
		record.Pile = PileFlood
	}
	return false, nil
}

// listIn puts a line into another alert's case, unless that is resolved.
func (t *tx) listIn(record *Record, carrierID string) (bool, error) {
	if _, err := t.LockAlert(t.ctx, carrierID); err != nil { // nobody resolves it meanwhile
		return false, fmt.Errorf("lock case %.12s: %w", carrierID, err)
	}
	opened, ok, err := found(t.FindCase(t.ctx, carrierID))
	if err != nil {
		return false, fmt.Errorf("read case: %w", err)
	}
	if !ok || !opened.ResolvedAt.IsZero() {
		return false, nil
	}
	record.CaseOf = carrierID
	if record.AskedAt.IsZero() {
		record.FinishedAt = t.now // there is no question to close either
	}
	if err := t.append(record.ID, KindListed, ActorBot, Fields{"case_of": carrierID}, nil); err != nil {
		return false, err
	}
	return true, t.showList(carrierID)
}

// refreshCase has a case show its list anew; one that was resolved is open again,
// since what it lists now was seen by nobody.
func (t *tx) refreshCase(carrierID string) error {
	carrier, err := t.LockAlert(t.ctx, carrierID)
	if err != nil {
		return fmt.Errorf("lock case %.12s: %w", carrierID, err)
	}
	opened, ok, err := found(t.FindCase(t.ctx, carrierID))
	if err != nil {
		return fmt.Errorf("read case: %w", err)
	}
	if ok && !opened.ResolvedAt.IsZero() {
		if err := t.reopenCase(&carrier, opened); err != nil {
			return err
		}
	}
	return t.showList(carrierID)
}

// showList shows a list once for all that joins it within ten seconds: a flood
// must not become one of edits.
func (t *tx) showList(carrierID string) error {
	due := t.now.Truncate(listEvery).Add(listEvery)
	return t.enqueueAt(due.Add(listGrace), carrierID, OutgoingFollowUp, fmt.Sprintf("list-%d", due.Unix()), "")
}

// OpenCase is a case that nobody has resolved.
type OpenCase struct {
	Case   Case
	Record Record
	Person alert.Person // zero when the subject is nobody we know
}

// OpenCases lists cases without a resolution that were opened before a moment,
// oldest first.
func (s *Store) OpenCases(ctx context.Context, before time.Time, limit int) ([]OpenCase, error) {
	var list []OpenCase
	err := s.inTx(ctx, func(t *tx) error {
		list = nil
		cases, err := t.Tx.OpenCases(ctx, before, limit)
		if err != nil {
			return fmt.Errorf("list open cases: %w", err)
		}
		for _, opened := range cases {
			entry := OpenCase{Case: opened}
			if entry.Record, err = t.FindAlert(ctx, opened.AlertID); err != nil {
				return fmt.Errorf("read alert %.12s: %w", opened.AlertID, err)
			}
			if entry.Person, _, err = found(t.FindPerson(ctx, opened.About)); err != nil {
				return fmt.Errorf("read person: %w", err)
			}
			list = append(list, entry)
		}
		return nil
	})
	return list, err
}
