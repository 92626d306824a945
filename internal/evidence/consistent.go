package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"securitybot/internal/alert"
)

// Consistent tells whether the timeline says the same as the state beside it: what
// arrived, by which policy it was planned, the verdict, the answers, the proofs and the case.
func Consistent(bundle Bundle) error {
	told, err := readTimeline(bundle.Timeline)
	if err != nil {
		return err
	}
	if err := told.checkAlert(bundle.Alert); err != nil {
		return err
	}
	if err := told.checkPayload(bundle.Payload, bundle.Alert); err != nil {
		return err
	}
	if err := checkPolicy(bundle); err != nil {
		return err
	}
	if err := told.checkAnswers(bundle.Answers); err != nil {
		return err
	}
	if err := told.checkProofs(bundle.Proofs); err != nil {
		return err
	}
	return told.checkCase(bundle.Case)
}

// told is what a timeline says of the state.
type told struct {
	detection, severity string
	payload, content    string // salted digests
	person              string // chat id of whom it was resolved to
	verdict             alert.Outcome
	reason              string
	answers             []said
	explanations        []string
	proofs              map[int]alert.ProofResult // by attempt
	devices             map[int]string
	transactions        []string
	hasCase, resolved   bool
	acked, resolver     string // by whom, last
	resolution          string
	erased              bool
}

// said is all that entries say that is held against the state.
type said struct {
	Detection   string            `json:"detection"`
	Severity    string            `json:"severity"`
	Payload     string            `json:"payload"`
	Content     string            `json:"content"`
	Verdict     alert.Outcome     `json:"verdict"`
	Reason      string            `json:"reason"`
	Choice      alert.Choice      `json:"choice"`
	PressedAt   time.Time         `json:"pressed_at"`
	Attempt     int               `json:"attempt"`
	Device      string            `json:"device"`
	Result      alert.ProofResult `json:"result"`
	Transaction string            `json:"transaction"`
	Delivery    string            `json:"delivery"`
	ChatID      string            `json:"chat_id"`
	Explanation string            `json:"explanation"`
}

func readTimeline(entries []Entry) (told, error) {
	tells := told{proofs: map[int]alert.ProofResult{}, devices: map[int]string{}, erased: lastErasure(entries) >= 0}
	for _, entry := range entries {
		switch entry.Kind {
		case "accepted", "identified", "settled", "withdrawn", "answered", "late_answer", "requested", "explained", "push_sent",
			"proof", "case_opened", "case_acknowledged", "case_resolved", "reopened":
		default:
			continue
		}
		var says said
		for _, part := range [][]byte{entry.Data, entry.Personal} {
			if len(part) == 0 {
				continue
			}
			if err := json.Unmarshal(part, &says); err != nil {
				return tells, fmt.Errorf("read entry %d of the timeline: %w", entry.Seq, err)
			}
		}
		tells.take(entry, says)
	}
	return tells, nil
}

func (t *told) take(entry Entry, says said) {
	switch entry.Kind {
	case "accepted":
		t.detection, t.severity = says.Detection, says.Severity
		t.payload, t.content = says.Payload, says.Content
	case "settled", "withdrawn":
		t.verdict, t.reason = says.Verdict, ""
		if entry.Kind == "settled" { // the reason of a withdrawal is somebody's words
			t.reason = says.Reason
		}
	case "answered", "late_answer", "requested":
		if says.Choice == "" { // a wish of somebody else's
			return
		}
		t.answers = append(t.answers, says)
		t.explanations = append(t.explanations, says.Explanation)
	case "explained":
		t.explanations = append(t.explanations, says.Explanation)
	case "identified":
		t.person = says.ChatID
	case "push_sent":
		t.transactions, t.devices[says.Attempt] = append(t.transactions, says.Transaction), says.Device
	case "proof":
		t.proofs[says.Attempt] = says.Result
		t.transactions = append(t.transactions, says.Transaction)
	default:
		t.takeCase(entry, says)
	}
}

func (t *told) takeCase(entry Entry, says said) {
	switch entry.Kind {
	case "case_opened":
		t.hasCase = true
	case "case_acknowledged":
		t.hasCase, t.acked = true, entry.Actor
	case "case_resolved":
		t.hasCase, t.resolved, t.resolver, t.resolution = true, true, entry.Actor, says.Reason
	case "reopened":
		t.resolved = false
	}
}

func (t *told) checkAlert(state Alert) error {
	switch {
	case state.Detection != t.detection || string(state.Severity) != t.severity:
		return errors.New("the alert has another detection or severity than its timeline tells of")
	case state.Verdict != t.verdict || state.VerdictReason != t.reason:
		return fmt.Errorf("the verdict is %q (%s), and the timeline tells of %q (%s)", state.Verdict, state.VerdictReason, t.verdict, t.reason)
	case !t.erased && t.person != "" && state.ChatID != t.person:
		return errors.New("the alert is not about whom its timeline tells of")
	case !state.ErasedAt.IsZero() && !t.erased:
		return errors.New("the alert is marked as erased, and the timeline tells of no erasure")
	default:
		return nil
	}
}

func (t *told) checkPayload(payload *Payload, state Alert) error {
	if payload == nil {
		if t.erased || t.payload == "" {
			return nil
		}
		return errors.New("the payload is missing, and nothing says that it was erased")
	}
	if payload.Digest != t.payload || Digest(payload.Salt, payload.Body()) != t.payload {
		return errors.New("the payload is not what was recorded")
	}
	content, err := Content(alert.Alert{
		Detection: state.Detection, Title: state.Title, Description: state.Description, Severity: state.Severity,
		Subject: state.Subject, OccurredAt: state.OccurredAt, URL: state.URL, Context: state.Context,
	})
	if err != nil {
		return err
	}
	if Digest(payload.Salt, []byte(content)) != t.content {
		return errors.New("what the alert says is not what was recorded")
	}
	return nil
}

// Content is a digest of what an alert says, to the microsecond that every database keeps.
func Content(reported alert.Alert) (string, error) {
	reported.OccurredAt = reported.OccurredAt.UTC().Truncate(time.Microsecond)
	content, err := alert.PayloadDigest(reported)
	if err != nil {
		return "", fmt.Errorf("digest alert: %w", err)
	}
	return content, nil
}

func (t *told) checkAnswers(answers []Answer) error {
	if len(answers) != len(t.answers) {
		return fmt.Errorf("there are %d answers, and the timeline tells of %d", len(answers), len(t.answers))
	}
	for i, answer := range answers {
		says := t.answers[i]
		same := answer.Choice == says.Choice && answer.At.Equal(says.PressedAt) &&
			(says.Delivery == "" || (answer.Delivery == says.Delivery && answer.ChatID == says.ChatID)) &&
			(answer.Explanation == "" || slices.Contains(t.explanations, answer.Explanation))
		if !same {
			return fmt.Errorf("answer %d is not the one that the timeline tells of", i+1)
		}
	}
	return nil
}

func (t *told) checkProofs(proofs []Proof) error {
	known := map[int]bool{}
	for _, proof := range proofs {
		known[proof.Attempt] = true
		if !t.knows(proof) {
			return fmt.Errorf("proof %d is not the one that the timeline tells of", proof.Attempt)
		}
	}
	for _, attempts := range []iter.Seq[int]{maps.Keys(t.proofs), maps.Keys(t.devices)} {
		for attempt := range attempts {
			if !known[attempt] {
				return fmt.Errorf("proof %d, of which the timeline tells, is missing", attempt)
			}
		}
	}
	return nil
}

func (t *told) knows(proof Proof) bool {
	result, decided := t.proofs[proof.Attempt]
	device, pushed := t.devices[proof.Attempt]
	switch {
	case proof.Transaction != "" && !slices.Contains(t.transactions, proof.Transaction):
		return false
	case pushed && !t.erased && proof.Device != device:
		return false
	default:
		return result == proof.Result || (!decided && proof.Result == alert.ProofPending)
	}
}

func (t *told) checkCase(opened *Case) error {
	switch {
	case opened == nil && t.hasCase:
		return errors.New("the case, of which the timeline tells, is missing")
	case opened == nil:
		return nil
	case !opened.AckedAt.IsZero() && opened.AckedBy != t.acked:
		return errors.New("the case was not acknowledged by whom it says")
	case opened.ResolvedAt.IsZero() && t.resolved:
		return errors.New("the case is open, and the timeline tells that it was resolved")
	case !opened.ResolvedAt.IsZero() && (!t.resolved || opened.ResolvedBy != t.resolver):
		return errors.New("the case was not resolved by whom it says")
	case opened.Resolution != "" && opened.Resolution != t.resolution:
		return errors.New("the case was not resolved for the reason that it gives")
	default:
		return nil
	}
}
