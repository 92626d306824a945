package store

import (
	"context"
	"errors"
	"fmt"

	"securitybot/internal/evidence"
)

// dossier is what is held against each other of one alert.
type dossier struct {
	id     string
	exists bool
	bundle evidence.Bundle
	head   *Head  // as it was noted beside the timeline
	logged int    // up to which entry the log is said to know it
	leaves []Leaf // all that the log does know, by entry
}

// auditAlert checks one alert. What looks wrong is looked at once more with nobody
// at work on it, for it may have been read while somebody was.
func (s *Store) auditAlert(ctx context.Context, id string, audit *Audit) error {
	read, err := s.dossier(ctx, id, false)
	if err != nil {
		return err
	}
	fault := read.fault()
	if fault != nil {
		if read, err = s.dossier(ctx, id, true); err != nil {
			return err
		}
		fault = read.fault()
	}
	audit.Alerts++
	audit.Entries += len(read.bundle.Timeline)
	for _, entry := range read.bundle.Timeline {
		if entry.Erased() {
			audit.Erased++
		}
	}
	if fault != nil {
		fault.AlertID = id
		audit.Faults = append(audit.Faults, *fault)
	}
	return nil
}

func (s *Store) dossier(ctx context.Context, id string, alone bool) (dossier, error) {
	var read dossier
	err := s.inTx(ctx, func(t *tx) error {
		read = dossier{id: id}
		if alone {
			if _, _, err := found(t.LockAlert(ctx, id)); err != nil {
				return fmt.Errorf("lock alert %.12s: %w", id, err)
			}
		}
		return t.fill(&read)
	})
	return read, err
}

// fill reads what is told before what tells of it: an entry that is added meanwhile
// is one too many, and none too few.
func (t *tx) fill(read *dossier) (err error) {
	head, logged, err := t.HeadOf(t.ctx, read.id)
	if read.head, err = maybe(head, err); err != nil {
		return fmt.Errorf("read the timeline's head: %w", err)
	}
	read.logged = logged
	record, exists, err := found(t.FindAlert(t.ctx, read.id))
	if err != nil {
		return fmt.Errorf("read alert: %w", err)
	}
	read.exists = exists
	answers, err := t.Answers(t.ctx, read.id)
	if err != nil {
		return fmt.Errorf("read answers: %w", err)
	}
	proofs, err := t.Proofs(t.ctx, read.id)
	if err != nil {
		return fmt.Errorf("read proofs: %w", err)
	}
	read.bundle = stateOf(record, answers, proofs)
	opened, err := maybe(t.FindCase(t.ctx, read.id))
	if err != nil {
		return fmt.Errorf("read case: %w", err)
	}
	read.bundle.Case = caseOf(record, opened)
	read.bundle.Alert.ID = read.id
	if err := t.addPayload(&read.bundle); err != nil {
		return err
	}
	if err := t.addPlan(&read.bundle, record.Plan); err != nil {
		return err
	}
	if read.bundle.Timeline, err = t.Entries(t.ctx, read.id); err != nil {
		return fmt.Errorf("read timeline: %w", err)
	}
	if read.leaves, err = t.LeavesOf(t.ctx, read.id); err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	return nil
}

// fault is the first thing that is wrong; nil when nothing is.
func (d dossier) fault() *Fault {
	entries := d.bundle.Timeline
	switch {
	case !d.exists:
		return &Fault{Where: "the alert itself", What: "it is gone"}
	case len(entries) == 0:
		return &Fault{Where: "entry 1", What: "the timeline is gone"}
	}
	if err := evidence.VerifyChain(entries); err != nil {
		if broken, ok := errors.AsType[*evidence.BrokenError](err); ok {
			return &Fault{Where: fmt.Sprintf("entry %d", broken.Seq), What: broken.What}
		}
		return &Fault{Where: "the timeline", What: err.Error()}
	}
	if fault := d.headFault(); fault != nil {
		return fault
	}
	if err := evidence.Consistent(d.bundle); err != nil {
		return &Fault{Where: "what stands beside the timeline", What: err.Error()}
	}
	return nil
}

// headFault holds the timeline against what is known of its heads elsewhere.
func (d dossier) headFault() *Fault {
	entries := d.bundle.Timeline
	last := len(entries)
	if fault := d.logFault(); fault != nil {
		return fault
	}
	switch {
	case d.head == nil:
		return &Fault{Where: "the timeline's head", What: "it is gone"}
	case d.head.Seq > last:
		return &Fault{Where: fmt.Sprintf("entry %d", last+1), What: fmt.Sprintf("it is missing: the timeline had %d", d.head.Seq)}
	case d.head.Seq < last || entries[last-1].Hash != d.head.Hash:
		return &Fault{Where: fmt.Sprintf("entry %d", d.head.Seq), What: "the timeline's head is another one"}
	default:
		return nil
	}
}

// logFault holds it against every head that the log ever took: a timeline that was
// written anew and then went on has a newest one that is right.
func (d dossier) logFault() *Fault {
	entries, known := d.bundle.Timeline, 0
	for _, leaf := range d.leaves {
		switch {
		case leaf.Seq > len(entries):
			return &Fault{
				Where: fmt.Sprintf("entry %d", len(entries)+1), What: fmt.Sprintf("it is missing: the log knows entry %d", leaf.Seq),
			}
		case entries[leaf.Seq-1].Hash != leaf.Hash:
			return &Fault{Where: fmt.Sprintf("entry %d", leaf.Seq), What: "it is not the one that the log knows"}
		}
		known = leaf.Seq
	}
	if d.logged > known { // no checkpoint would ever cover what is between
		return &Fault{Where: fmt.Sprintf("entry %d", d.logged), What: "it is said to be in the log, which does not know it"}
	}
	return nil
}
