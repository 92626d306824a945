package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"securitybot/internal/alert"
)

// The push budget of a person over everything.
const (
	pushesAnHour = 3
	pushesADay   = 8
	quietAfterNo = time.Hour // no push after a Deny
)

// ProofTurn tells what the one who wants to prove a yes has to do.
type ProofTurn string

// The turns.
const (
	ProofPush ProofTurn = "push" // send it; the attempt is recorded
	ProofPoll ProofTurn = "poll" // it was sent: read what became of it
	ProofDone ProofTurn = "done" // the attempt has a result
	ProofNone ProofTurn = "none" // there is no yes to prove
)

// BeginProof claims one attempt, counted from 1. An attempt whose push may have
// left and whose transaction nobody learnt is lost: it is never pushed again by
// itself.
func (s *Store) BeginProof(ctx context.Context, alertID string, attempt int, factor string) (alert.Proof, ProofTurn, error) {
	var proof alert.Proof
	var turn ProofTurn
	err := s.onAlert(ctx, alertID, func(t *tx, record *Record) error {
		proof, turn = alert.Proof{}, ProofNone
		proofs, err := t.Proofs(ctx, alertID)
		if err != nil {
			return fmt.Errorf("read proofs: %w", err)
		}
		if attempt = max(attempt, 1); attempt <= len(proofs) {
			proof = proofs[attempt-1]
			turn, err = t.resume(&proof)
			return err
		}
		answer, ok, err := t.yesToProve(record, proofs)
		if err != nil || !ok {
			return err
		}
		proof = alert.Proof{
			AlertID: alertID, Attempt: len(proofs) + 1, AnswerID: answer.ID, Person: record.Person,
			Factor: factor, Code: record.Code, Result: alert.ProofPending, BegunAt: t.now,
		}
		if turn, err = t.begin(record, &proof); turn == ProofNone {
			proof = alert.Proof{}
		}
		return err
	})
	return proof, turn, err
}

func (t *tx) resume(proof *alert.Proof) (ProofTurn, error) {
	switch {
	case proof.Result != alert.ProofPending:
		return ProofDone, nil
	case proof.Transaction != "":
		return ProofPoll, nil
	case proof.SendingAt.IsZero():
		return ProofPush, nil
	default:
		return ProofDone, t.decideProof(proof, alert.ProofLost, "")
	}
}

// yesToProve is the yes that stands: no no after it, and not decided without it.
func (t *tx) yesToProve(record *Record, proofs []alert.Proof) (alert.Answer, bool, error) {
	answers, err := t.Answers(t.ctx, record.ID)
	if err != nil {
		return alert.Answer{}, false, fmt.Errorf("read answers: %w", err)
	}
	var yes alert.Answer
	for _, answer := range answers {
		if answer.Choice.Refuses() {
			return alert.Answer{}, false, nil
		}
		if answer.Choice == alert.Yes {
			yes = answer
		}
	}
	again := len(proofs) == 0 || proofs[len(proofs)-1].Result.Again()
	due := record.SettledAt.IsZero() || yes.Late
	return yes, yes.ID != "" && again && due, nil
}

// begin records an attempt before its push, within the person's budget.
func (t *tx) begin(record *Record, proof *alert.Proof) (ProofTurn, error) {
	asked, err := t.askedFor(proof)
	if err != nil || !asked {
		return ProofNone, err
	}
	refused, err := t.refusePush(record.Person)
	if err != nil {
		return "", err
	}
	if refused != "" {
		return ProofDone, t.decideProof(proof, alert.ProofUnavailable, refused)
	}
	if record.SettledAt.IsZero() && record.Status != alert.Proving {
		record.Status = alert.Proving
		if err := t.save(record); err != nil {
			return "", err
		}
	}
	return ProofPush, t.putProof(*proof)
}

// askedFor tells whether the person wants this attempt: a first one comes with
// the yes, each further one is asked for by a press.
func (t *tx) askedFor(proof *alert.Proof) (bool, error) {
	if proof.Attempt == 1 {
		return true, nil
	}
	entries, err := t.Entries(t.ctx, proof.AlertID)
	if err != nil {
		return false, fmt.Errorf("read timeline: %w", err)
	}
	for _, entry := range entries {
		if entry.Kind != KindPushRequested {
			continue
		}
		var wanted struct {
			Attempt int `json:"attempt"`
		}
		if err := json.Unmarshal(entry.Data, &wanted); err != nil {
			return false, fmt.Errorf("read timeline: %w", err)
		}
		if wanted.Attempt == proof.Attempt {
			return true, nil
		}
	}
	return false, nil
}

func (t *tx) refusePush(person alert.PersonKey) (string, error) {
	if distrusted, err := t.distrusted(person); err != nil || distrusted {
		return alert.ReasonDistrusted, err
	}
	pushes, err := t.PushesOf(t.ctx, person, t.now.Add(-24*time.Hour))
	if err != nil {
		return "", fmt.Errorf("read push budget: %w", err)
	}
	var hour, day int
	for _, push := range pushes {
		if push.Result == alert.ProofUnavailable && push.PushedAt.IsZero() {
			continue
		}
		day++
		if push.BegunAt.After(t.now.Add(-time.Hour)) {
			hour++
		}
		if refuses(push.Result) && push.DecidedAt.After(t.now.Add(-quietAfterNo)) {
			return alert.ReasonPushLimit, nil
		}
	}
	if hour >= pushesAnHour || day >= pushesADay {
		return alert.ReasonPushLimit, nil
	}
	return "", nil
}

// ErrSending is an attempt that somebody else is pushing, or that is over.
var ErrSending = errors.New("somebody else sends this push")

// ProofSending is recorded right before the push leaves, and says for which of
// the person's devices: who can't record it must not push. With none that has been
// known for long enough, the proof has its result. Errors: ErrSending.
func (s *Store) ProofSending(ctx context.Context, proof alert.Proof, devices []Device) (alert.Proof, error) {
	sending := proof
	err := s.onAlert(ctx, proof.AlertID, func(t *tx, record *Record) error {
		stored, err := t.proof(proof.AlertID, proof.Attempt)
		if err != nil {
			return err
		}
		if stored.Result != alert.ProofPending || !stored.SendingAt.IsZero() {
			return ErrSending
		}
		err = t.send(record, &stored, devices)
		sending = stored
		return err
	})
	return sending, err
}

func (t *tx) send(record *Record, proof *alert.Proof, devices []Device) error {
	refused, err := t.refuseSending(record)
	if err != nil {
		return err
	}
	if refused == "" {
		device, trusted, err := t.pickDevice(*proof, devices)
		if err != nil {
			return err
		}
		proof.Device = device.ID
		if !trusted {
			refused = alert.ReasonNewDevice
		}
	}
	if refused != "" {
		return t.decideProof(proof, alert.ProofUnavailable, refused)
	}
	proof.SendingAt = t.now
	return t.putProof(*proof)
}

// refuseSending tells what came between the claim of an attempt and its push: who
// has said no must not be rung up about a yes.
func (t *tx) refuseSending(record *Record) (string, error) {
	if distrusted, err := t.distrusted(record.Person); err != nil || distrusted {
		return alert.ReasonDistrusted, err
	}
	answers, err := t.Answers(t.ctx, record.ID)
	if err != nil {
		return "", fmt.Errorf("read answers: %w", err)
	}
	if slices.ContainsFunc(answers, func(answer alert.Answer) bool { return answer.Choice.Refuses() }) {
		return string(RefusedSaidNo), nil
	}
	return "", nil
}

// ProofPushed records a push's transaction, before anybody waits for its result.
// An attempt that was taken for lost meanwhile stays so; only a Deny of it still
// counts.
func (s *Store) ProofPushed(ctx context.Context, proof alert.Proof) error {
	return s.onAlert(ctx, proof.AlertID, func(t *tx, _ *Record) error {
		stored, err := t.proof(proof.AlertID, proof.Attempt)
		if err != nil {
			return err
		}
		if stored.Transaction == proof.Transaction {
			return nil // a commit whose answer was lost
		}
		stored.Transaction, stored.PushedAt = proof.Transaction, t.now
		if err := t.putProof(stored); err != nil {
			return err
		}
		return t.append(proof.AlertID, KindPushSent, ActorBot, Fields{
			"factor": proof.Factor, "transaction": proof.Transaction, "attempt": proof.Attempt, "code": proof.Code,
		}, Fields{"device": stored.Device})
	})
}

// ProofNotSent takes back an attempt of which it is certain that no push left,
// unless somebody else is sending it by now.
func (s *Store) ProofNotSent(ctx context.Context, proof alert.Proof) error {
	return s.onAlert(ctx, proof.AlertID, func(t *tx, _ *Record) error {
		stored, err := t.proof(proof.AlertID, proof.Attempt)
		if err != nil || stored.Result != alert.ProofPending || stored.Transaction != "" || !stored.SendingAt.Equal(proof.SendingAt) {
			return err
		}
		return t.DropProof(ctx, proof.AlertID, proof.Attempt)
	})
}

// ProofDecided records the result of an attempt; the first one stands, but a Deny
// outranks a push that was taken for lost or timed out. What a phone denies or
// reports as fraud after a yes puts the person under distrust.
func (s *Store) ProofDecided(ctx context.Context, proof alert.Proof, result alert.ProofResult, reason string) (alert.Proof, error) {
	decided := proof
	err := s.onAlert(ctx, proof.AlertID, func(t *tx, record *Record) error {
		stored, err := t.proof(proof.AlertID, proof.Attempt)
		if err != nil {
			return err
		}
		decided = stored
		if stored.Result != alert.ProofPending && (!stored.Result.Again() || !refuses(result)) {
			return nil
		}
		if err := t.decideProof(&decided, result, reason); err != nil {
			return err
		}
		if result == alert.ProofApproved && record.Answered == alert.Yes {
			record.Proven = true
			return t.save(record)
		}
		return t.mistrust(record, decided)
	})
	return decided, err
}

// proof reads one attempt. Errors: ErrNotFound.
func (t *tx) proof(alertID string, attempt int) (alert.Proof, error) {
	proofs, err := t.Proofs(t.ctx, alertID)
	if err != nil {
		return alert.Proof{}, fmt.Errorf("read proofs: %w", err)
	}
	for _, proof := range proofs {
		if proof.Attempt == attempt {
			return proof, nil
		}
	}
	return alert.Proof{}, fmt.Errorf("read proof %d: %w", attempt, ErrNotFound)
}

// refuses tells that the phone itself said no.
func refuses(result alert.ProofResult) bool {
	return result == alert.ProofDenied || result == alert.ProofFraud
}

func (t *tx) decideProof(proof *alert.Proof, result alert.ProofResult, reason string) error {
	proof.Result, proof.Reason, proof.DecidedAt = result, reason, t.now
	if err := t.putProof(*proof); err != nil {
		return err
	}
	actor := ActorBot
	if result == alert.ProofApproved || result == alert.ProofDenied || result == alert.ProofFraud {
		actor = ActorPhone
	}
	return t.append(proof.AlertID, KindProof, actor, Fields{
		"result": result, "reason": reason, "factor": proof.Factor, "transaction": proof.Transaction, "attempt": proof.Attempt,
	}, nil)
}

// mistrust puts the person of a denied or fraudulent push under distrust, and
// raises an alert whose verdict stood before the phone spoke.
func (t *tx) mistrust(record *Record, proof alert.Proof) error {
	var reason string
	switch proof.Result {
	case alert.ProofFraud:
		reason = alert.ReasonFraud
	case alert.ProofDenied:
		reason = alert.ReasonContradicted
	default:
		return nil
	}
	if err := t.distrust(record, reason); err != nil {
		return err
	}
	if record.SettledAt.IsZero() {
		return nil
	}
	return t.raise(record, reason)
}

func (t *tx) putProof(proof alert.Proof) error {
	if err := t.PutProof(t.ctx, proof); err != nil {
		return fmt.Errorf("write proof: %w", err)
	}
	return nil
}
