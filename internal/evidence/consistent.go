package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"securitybot/internal/alert"
)

// Consistent tells whether the timeline says the same as the state beside it: what
// arrived, the verdict, the answers, the proofs and the case.
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
	if err := told.checkAnswers(bundle.Answers); err != nil {
		return err
	}
	for _, proof := range bundle.Proofs {
		if !told.knows(proof) {
			return fmt.Errorf("proof %d is not the one that the timeline tells of", proof.Attempt)
		}
	}
	if bundle.Case != nil && !bundle.Case.ResolvedAt.IsZero() && !slices.Contains(told.resolvers, bundle.Case.ResolvedBy) {
		return errors.New("the case was not resolved by whom it says")
	}
	return nil
}

// told is what a timeline says of the state.
type told struct {
	detection, severity string
	payload, content    string // salted digests
	verdict             alert.Outcome
	reason              string
	answers             []said
	explanations        []string
	proofs              map[int]alert.ProofResult
	transactions        []string
	resolvers           []string
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
	Result      alert.ProofResult `json:"result"`
	Transaction string            `json:"transaction"`
	Delivery    string            `json:"delivery"`
	ChatID      string            `json:"chat_id"`
	Explanation string            `json:"explanation"`
}

func readTimeline(entries []Entry) (told, error) {
	tells := told{proofs: map[int]alert.ProofResult{}, erased: lastErasure(entries) >= 0}
	for _, entry := range entries {
		switch entry.Kind {
		case "accepted", "settled", "withdrawn", "answered", "late_answer", "requested", "explained", "push_sent", "proof", "case_resolved":
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
	case "push_sent":
		t.transactions = append(t.transactions, says.Transaction)
	case "proof":
		t.proofs[says.Attempt] = says.Result
		t.transactions = append(t.transactions, says.Transaction)
	case "case_resolved":
		t.resolvers = append(t.resolvers, entry.Actor)
	}
}

func (t *told) checkAlert(state Alert) error {
	switch {
	case state.Detection != t.detection || string(state.Severity) != t.severity:
		return errors.New("the alert has another detection or severity than its timeline tells of")
	case state.Verdict != t.verdict || state.VerdictReason != t.reason:
		return fmt.Errorf("the verdict is %q (%s), and the timeline tells of %q (%s)", state.Verdict, state.VerdictReason, t.verdict, t.reason)
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

func (t *told) knows(proof Proof) bool {
	result, decided := t.proofs[proof.Attempt]
	if proof.Transaction != "" && !slices.Contains(t.transactions, proof.Transaction) {
		return false
	}
	return result == proof.Result || (!decided && proof.Result == alert.ProofPending)
}
