package store

import (
	"encoding/json"
	"fmt"

	"securitybot/internal/evidence"
)

// Entry is one line of an alert's timeline.
type Entry = evidence.Entry

// The kinds of timeline entries.
const (
	KindAccepted      = "accepted"
	KindIdentified    = "identified"
	KindPlanned       = "planned"
	KindAsked         = "asked"
	KindReminded      = "reminded"
	KindSnoozed       = "snoozed"
	KindAnswered      = "answered"
	KindLateAnswer    = "late_answer"
	KindExplained     = "explained"
	KindPressRefused  = "press_refused"
	KindPushSent      = "push_sent"
	KindPushOffered   = "push_again_offered"
	KindPushRequested = "push_again_requested"
	KindProof         = "proof"
	KindSettled       = "settled"
	KindCaseOpened    = "case_opened"
	KindCaseNoted     = "case_noted"
	KindWebhookSent   = "webhook_sent"
	KindDistrusted    = "distrusted"
	KindTrusted       = "trusted"
	KindHeld          = "held"       // for working hours, or for the person's other questions
	KindParted        = "parted"     // asked about by a question of its own after all
	KindOccurred      = "occurred"   // one more alert that this question asks about
	KindSuppresses    = "suppresses" // the proven yes covers repetitions from now on
	KindRevoked       = "revoked"    // the suppression that came of this alert
	KindRequested     = "requested"  // something is wanted that needs a proof
	KindAcknowledged  = "case_acknowledged"
	KindResolved      = "case_resolved"
	KindClimbed       = "case_climbed" // to the next rung of its ladder
	KindPeerAsked     = "peer_asked"
	KindPeerAnswered  = "peer_answered"
	KindReviewAsked   = "review_asked"
	KindReviewed      = "reviewed"
	KindReopened      = "reopened"
	KindListed        = "listed" // in the case of another alert
	KindWithdrawn     = "withdrawn"
	KindErased        = evidence.KindErased
)

// The actors that are not a source: those carry their own names.
const (
	ActorBot    = "securitybot"
	ActorPerson = "person"
	ActorPhone  = "phone"
	ActorOther  = "somebody_else"
	ActorPeer   = "peer"
)

// Fields are what an entry says; nil values are left out.
type Fields map[string]any

// append adds an entry to an alert's timeline. personal is what may be erased
// one day; the chain holds only its salted digest. Of an alert that was erased nothing
// personal is kept any more. Whoever appends holds the lock of the alert.
func (t *tx) append(alertID, kind, actor string, data, personal Fields) error {
	if t.erased[alertID] {
		personal = nil
	}
	last, _, err := found(t.LastEntry(t.ctx, alertID))
	if err != nil {
		return fmt.Errorf("read last timeline entry: %w", err)
	}
	entry, err := entryAfter(last, Entry{AlertID: alertID, At: t.now, Kind: kind, Actor: actor}, data, personal)
	if err != nil {
		return err
	}
	if err := t.AppendEntry(t.ctx, entry); err != nil {
		return fmt.Errorf("append timeline entry %s: %w", kind, err)
	}
	return nil
}

// entryAfter completes an entry that follows another one, the zero one before the first.
func entryAfter(last, entry Entry, data, personal Fields) (Entry, error) {
	entry.Seq = last.Seq + 1
	var err error
	if entry.Data, err = json.Marshal(data.present()); err != nil {
		return entry, fmt.Errorf("write timeline data: %w", err)
	}
	if present := personal.present(); len(present) > 0 {
		text, err := json.Marshal(present)
		if err != nil {
			return entry, fmt.Errorf("write personal timeline data: %w", err)
		}
		if err := entry.Conceal(text); err != nil {
			return entry, err
		}
	}
	return entry, entry.Seal(last.Hash)
}

func (f Fields) present() Fields {
	present := Fields{}
	for name, value := range f {
		if value != nil && fmt.Sprint(value) != "" {
			present[name] = value
		}
	}
	return present
}

// ErrBrokenChain is a timeline that was changed behind our back.
var ErrBrokenChain = evidence.ErrBrokenChain

// VerifyChain checks a whole timeline and names the first broken entry.
func VerifyChain(entries []Entry) error { return evidence.VerifyChain(entries) }
