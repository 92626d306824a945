package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"securitybot/internal/alert"
)

// Why something that a responder or a peer did changed nothing.
const (
	RefusedOwnCase    Refusal = "own_case"    // the case is about them
	RefusedAcked      Refusal = "acked"       // somebody sees to it
	RefusedResolved   Refusal = "resolved"    // somebody is done with it
	RefusedReviewed   Refusal = "reviewed"    // somebody has looked at it
	RefusedNeedsProof Refusal = "needs_proof" // a press is not enough: nothing is recorded of it yet
)

// TakeAck records that a responder sees to a case, which stops its ladder. by is
// what others call the responder.
func (s *Store) TakeAck(ctx context.Context, said Said, by string) (Heard, error) {
	return s.respond(ctx, said, by, func(t *tx, record *Record, heard *Heard) error {
		opened, refusal, err := t.openCaseOf(record)
		switch {
		case err != nil:
			return err
		case refusal == "" && !opened.AckedAt.IsZero():
			refusal = RefusedAcked
		}
		if heard.Refusal = refusal; refusal != "" {
			return nil
		}
		opened.AckedAt, opened.AckedBy = t.now, by
		if err := t.putCase(opened); err != nil {
			return err
		}
		if err := t.append(record.ID, KindAcknowledged, by, nil, Fields{"chat_id": said.Person.User}); err != nil {
			return err
		}
		return t.spread(record, opened, said.Delivery)
	})
}

// TakeResolve records that a responder is done with a case, and why; the verdict
// stays as it is. RefusedNeedsProof records nothing, not even the delivery: the
// same one may ask for the proof. Who logged in needs none.
func (s *Store) TakeResolve(ctx context.Context, said Said, by, reason string) (Heard, error) {
	return s.respond(ctx, said, by, func(t *tx, record *Record, heard *Heard) error {
		opened, refusal, err := t.openCaseOf(record)
		if err != nil {
			return err
		}
		if refusal == "" && !said.LoggedIn {
			weighty, err := t.needsProof(record)
			if err != nil {
				return err
			}
			if weighty {
				refusal = RefusedNeedsProof
			}
		}
		if heard.Refusal = refusal; refusal != "" {
			return nil
		}
		return t.resolve(record, opened, said, by, reason)
	})
}

func (t *tx) resolve(record *Record, opened Case, said Said, by, reason string) error {
	opened.ResolvedAt, opened.ResolvedBy, opened.Resolution = t.now, by, reason
	if err := t.putCase(opened); err != nil {
		return err
	}
	err := t.append(record.ID, KindResolved, by, nil, Fields{"chat_id": said.Person.User, "reason": reason})
	if err != nil {
		return err
	}
	return t.spread(record, opened, said.Delivery)
}

// spread has every place that knows of a case learn what a responder did.
func (t *tx) spread(record *Record, opened Case, ref string) error {
	if err := t.enqueue(record.ID, OutgoingFollowUp, ref, ""); err != nil {
		return err
	}
	return t.wakeLadder(record, opened.Rung, ref)
}

// fulfilResolve resolves the case that a request is about, once the one who asked
// has proved who they are. What would refuse a press refuses this as well.
func (t *tx) fulfilResolve(request *Record) error {
	wish := request.Plan.Request
	record, err := t.LockAlert(t.ctx, wish.AlertID)
	if err != nil {
		return fmt.Errorf("lock case %.12s: %w", wish.AlertID, err)
	}
	said := Said{Delivery: "request " + request.ID, AlertID: record.ID, Person: request.Person}
	by, err := t.nameOf(request.Person)
	if err != nil {
		return err
	}
	opened, refusal, err := t.openCaseOf(&record)
	if err != nil {
		return err
	}
	if refusal == "" {
		if refusal, err = t.refuseResponder(&record, request.Person); err != nil {
			return err
		}
	}
	if refusal != "" {
		return t.tellResponder(said, by, refusal)
	}
	return t.resolve(&record, opened, said, by, wish.Reason)
}

// nameOf is how the timeline names somebody.
func (t *tx) nameOf(key alert.PersonKey) (string, error) {
	person, _, err := found(t.FindPerson(t.ctx, key))
	if err != nil {
		return "", fmt.Errorf("read person: %w", err)
	}
	for _, name := range []string{person.Name, person.Email} {
		if name != "" {
			return name, nil
		}
	}
	return key.User, nil
}

// TakeReview records what a responder says of a confirmed alert that policy wanted
// looked at; one that is not fine becomes a case.
func (s *Store) TakeReview(ctx context.Context, said Said, by string, fine bool) (Heard, error) {
	return s.respond(ctx, said, by, func(t *tx, record *Record, heard *Heard) error {
		switch {
		case record.Plan == nil || record.Plan.Review == "" || record.Verdict.Outcome != alert.Confirmed:
			heard.Refusal = RefusedClosed
		case !record.ReviewedAt.IsZero():
			heard.Refusal = RefusedReviewed
		}
		if heard.Refusal != "" {
			return nil
		}
		record.ReviewedAt, record.ReviewedBy = t.now, by
		kind := KindReviewed
		if !fine {
			kind = KindReopened
		}
		if err := t.append(record.ID, kind, by, nil, Fields{"chat_id": said.Person.User}); err != nil {
			return err
		}
		if fine {
			if err := t.save(record); err != nil {
				return err
			}
		} else if err := t.raise(record, EscalationReview); err != nil {
			return err
		}
		return t.enqueue(record.ID, OutgoingFollowUp, said.Delivery, "")
	})
}

// TakePeerAnswer records what somebody beside the person says of an alert: it is
// theirs, stands in the case and proves nothing. target is that of the policy that
// named them, name what others call them.
func (s *Store) TakePeerAnswer(ctx context.Context, said Said, target, name string) (Heard, error) {
	return s.respond(ctx, said, ActorPeer, func(t *tx, record *Record, heard *Heard) error {
		_, refusal, err := t.openCaseOf(record)
		if err != nil {
			return err
		}
		if refusal != "" {
			heard.Refusal = refusal
			return nil
		}
		entries, err := t.Entries(ctx, record.ID)
		if err != nil {
			return fmt.Errorf("read timeline: %w", err)
		}
		if _, answered := (Story{Entries: entries}).PeerAnswer(target); answered {
			heard.Refusal = RefusedAnswered
			return nil
		}
		err = t.append(record.ID, KindPeerAnswered, ActorPeer,
			Fields{"target": target, "choice": said.Choice}, Fields{"chat_id": said.Person.User, "name": name})
		if err != nil {
			return err
		}
		return t.enqueue(record.ID, OutgoingFollowUp, said.Delivery, "")
	})
}

// PeerAnswer is what somebody beside the person said of an alert.
type PeerAnswer struct {
	Name   string // what others call them; "" once it was erased
	Choice alert.Choice
	At     time.Time
}

// PeerAnswer is the answer of the one whom a target of the policy named; false
// while there is none.
func (s Story) PeerAnswer(target string) (PeerAnswer, bool) {
	for _, entry := range s.Entries {
		if entry.Kind != KindPeerAnswered {
			continue
		}
		var said struct {
			Target string       `json:"target"`
			Choice alert.Choice `json:"choice"`
			Name   string       `json:"name"`
		}
		if json.Unmarshal(entry.Data, &said) != nil || said.Target != target {
			continue
		}
		_ = json.Unmarshal(entry.Personal, &said) // the name may be erased
		return PeerAnswer{Name: said.Name, Choice: said.Choice, At: entry.At}, true
	}
	return PeerAnswer{}, false
}

// errUnrecorded takes back a transaction that was to leave nothing behind.
var errUnrecorded = errors.New("nothing is recorded")

// respond is hear for one who acts on a case of somebody else's. Whom the case is
// about, and whose chat account is suspected, is refused whatever they do.
func (s *Store) respond(ctx context.Context, said Said, by string, f func(*tx, *Record, *Heard) error) (Heard, error) {
	var heard Heard
	err := s.onAlert(ctx, said.AlertID, func(t *tx, record *Record) error {
		heard = Heard{}
		fresh, err := t.InsertDelivery(ctx, said.Delivery, t.now)
		if err != nil {
			return fmt.Errorf("record delivery: %w", err)
		}
		if !fresh {
			heard = Heard{Record: *record, Refusal: RefusedRepeat}
			return nil
		}
		if heard.Refusal, err = t.refuseResponder(record, said.Person); err != nil {
			return err
		}
		if heard.Refusal == "" {
			if err := f(t, record, &heard); err != nil {
				return err
			}
		}
		heard.Record = *record
		if heard.Refusal == RefusedNeedsProof {
			return errUnrecorded
		}
		return t.tellResponder(said, by, heard.Refusal)
	})
	if errors.Is(err, errUnrecorded) {
		return heard, nil
	}
	return heard, err
}

// tellResponder puts on the timeline that a responder's press was not taken.
func (t *tx) tellResponder(said Said, by string, refusal Refusal) error {
	if refusal == "" {
		return nil
	}
	if refusal == RefusedOwnCase {
		by = ActorPerson
	}
	return t.append(said.AlertID, KindPressRefused, by, Fields{"reason": refusal}, Fields{"chat_id": said.Person.User})
}

// openCaseOf is the case of an alert that is still open.
func (t *tx) openCaseOf(record *Record) (Case, Refusal, error) {
	opened, ok, err := found(t.FindCase(t.ctx, record.ID))
	switch {
	case err != nil:
		return opened, "", fmt.Errorf("read case: %w", err)
	case !ok:
		return opened, RefusedClosed, nil
	case !opened.ResolvedAt.IsZero():
		return opened, RefusedResolved, nil
	default:
		return opened, "", nil
	}
}

// refuseResponder keeps people from their own cases, and a stolen chat account from
// all of them.
func (t *tx) refuseResponder(record *Record, who alert.PersonKey) (Refusal, error) {
	person, _, err := found(t.FindPerson(t.ctx, who))
	if err != nil {
		return "", fmt.Errorf("read person: %w", err)
	}
	person.PersonKey = who
	about, err := t.concerned(record)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(about, func(other Record) bool { return other.Concerns(person) }) {
		return RefusedOwnCase, nil
	}
	_, suspected, err := found(t.FindDistrust(t.ctx, who))
	if err != nil {
		return "", fmt.Errorf("read distrust: %w", err)
	}
	if suspected {
		return RefusedSuspected, nil
	}
	return "", nil
}

// concerned lists the alerts that a case is about: its own, what was joined to it,
// what it lists, and what the wish is about that it came of.
func (t *tx) concerned(record *Record) ([]Record, error) {
	joined, err := t.JoinedTo(t.ctx, record.ID)
	if err != nil {
		return nil, fmt.Errorf("list joined alerts: %w", err)
	}
	listed, err := t.InCaseOf(t.ctx, record.ID)
	if err != nil {
		return nil, fmt.Errorf("list what the case lists: %w", err)
	}
	wished, err := t.wishedFor([]Record{*record})
	if err != nil {
		return nil, err
	}
	return slices.Concat([]Record{*record}, joined, listed, wished), nil
}

// Concerns tells that an alert is about somebody, or names them where we could
// not make out whom it means.
func (r Record) Concerns(person alert.Person) bool {
	if r.Person == person.PersonKey {
		return true
	}
	said := r.Subject
	return said.SlackID == person.User ||
		(said.Email != "" && strings.EqualFold(said.Email, person.Email)) ||
		(said.Username != "" && strings.EqualFold(said.Username, person.Username))
}

// needsProof tells that no mere press resolves a case.
func (t *tx) needsProof(record *Record) (bool, error) {
	about, err := t.concerned(record)
	return slices.ContainsFunc(about, func(other Record) bool {
		return grave(&other) || other.Severity == alert.Critical
	}), err
}
