package store

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

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
// one day; the chain holds only its salted digest.
func (t *tx) append(alertID, kind, actor string, data, personal Fields) error {
	last, _, err := found(t.LastEntry(t.ctx, alertID))
	if err != nil {
		return fmt.Errorf("read last timeline entry: %w", err)
	}
	entry := Entry{AlertID: alertID, Seq: last.Seq + 1, At: t.now, Kind: kind, Actor: actor, Previous: last.Hash}
	if entry.Data, err = json.Marshal(data.present()); err != nil {
		return fmt.Errorf("write timeline data: %w", err)
	}
	if err := entry.conceal(personal.present()); err != nil {
		return err
	}
	if entry.Hash, err = entry.hash(); err != nil {
		return err
	}
	if err := t.AppendEntry(t.ctx, entry); err != nil {
		return fmt.Errorf("append timeline entry %s: %w", kind, err)
	}
	return nil
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

func (e *Entry) conceal(personal Fields) error {
	if len(personal) == 0 {
		return nil
	}
	text, err := json.Marshal(personal)
	if err != nil {
		return fmt.Errorf("write personal timeline data: %w", err)
	}
	e.Personal = text
	e.Salt = make([]byte, 16)
	_, _ = rand.Read(e.Salt) // never fails
	e.Digest, err = e.personalDigest()
	return err
}

func (e *Entry) personalDigest() (string, error) {
	text, err := compact(e.Personal)
	if err != nil {
		return "", fmt.Errorf("read personal timeline data: %w", err)
	}
	return hexDigest(e.Salt, text), nil
}

// hash chains the entry to the one before it.
func (e *Entry) hash() (string, error) {
	data, err := compact(e.Data)
	if err != nil {
		return "", fmt.Errorf("read timeline data: %w", err)
	}
	return hexDigest([]byte("securitybot timeline v1"), []byte(e.AlertID), []byte(strconv.Itoa(e.Seq)),
		[]byte(strconv.FormatInt(e.At.UnixMicro(), 10)), []byte(e.Kind), []byte(e.Actor), data,
		[]byte(e.Digest), []byte(e.Previous)), nil
}

// ErrBrokenChain is a timeline that was changed behind our back.
var ErrBrokenChain = errors.New("timeline chain is broken")

// VerifyChain checks a whole timeline and names the first broken entry.
func VerifyChain(entries []Entry) error {
	previous := ""
	for i := range entries {
		entry := &entries[i]
		want, err := entry.hash()
		if err != nil {
			return err
		}
		digest := entry.Digest
		if len(entry.Personal) > 0 {
			if digest, err = entry.personalDigest(); err != nil {
				return err
			}
		}
		if entry.Seq != i+1 || entry.Previous != previous || entry.Hash != want || entry.Digest != digest {
			return fmt.Errorf("%w at entry %d of alert %.12s", ErrBrokenChain, i+1, entry.AlertID)
		}
		previous = entry.Hash
	}
	return nil
}

// compact gives one form for JSON that a database may have spaced or ordered its own way.
func compact(raw json.RawMessage) ([]byte, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if decoder.InputOffset() != int64(len(bytes.TrimRight(raw, " \t\r\n"))) {
		return nil, errors.New("something follows the JSON")
	}
	return json.Marshal(value)
}

func hexDigest(parts ...[]byte) string {
	hash := sha256.New()
	for _, part := range parts {
		hash.Write([]byte(strconv.Itoa(len(part)) + ":"))
		hash.Write(part)
	}
	return hex.EncodeToString(hash.Sum(nil))
}
