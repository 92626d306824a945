package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"securitybot/internal/alert"
)

// Format names the form of a bundle; a change of form needs a new one.
const Format = "securitybot evidence v1"

// Bundle is all that the record holds of one alert, to be given to somebody who
// does not trust us. The exact messages are in Timeline, as the personal part of the
// entries that tell of them.
type Bundle struct {
	Format       string          `json:"format"`
	Installation string          `json:"installation"`
	ExportedAt   time.Time       `json:"exported_at"`
	Key          string          `json:"key"` // public, of the signature below
	Alert        Alert           `json:"alert"`
	Payload      *Payload        `json:"payload,omitempty"` // gone once it was erased
	Plan         json.RawMessage `json:"plan,omitempty"`    // until it is admitted there is none
	Policy       *Policy         `json:"policy,omitempty"`  // that the plan follows from
	Answers      []Answer        `json:"answers,omitempty"` // as recorded, oldest first
	Proofs       []Proof         `json:"proofs,omitempty"`  // by attempt
	Case         *Case           `json:"case,omitempty"`
	Timeline     []Entry         `json:"timeline"`
	Log          *Inclusion      `json:"log,omitempty"`      // until the first checkpoint there is none
	Unlogged     []int           `json:"unlogged,omitempty"` // entries that are in no checkpoint yet
}

// Alert is an alert as it was understood, and where it stands.
type Alert struct {
	ID            string          `json:"id"`
	Source        string          `json:"source"`
	Key           string          `json:"key,omitempty"`
	Detection     string          `json:"detection"`
	Title         string          `json:"title,omitempty"`
	Description   string          `json:"description,omitempty"`
	Severity      alert.Severity  `json:"severity"`
	Subject       alert.Subject   `json:"subject"`
	OccurredAt    time.Time       `json:"occurred_at,omitzero"`
	URL           string          `json:"url,omitempty"`
	Context       json.RawMessage `json:"context,omitempty"`
	ReceivedAt    time.Time       `json:"received_at"`
	Status        alert.Status    `json:"status"`
	Verdict       alert.Outcome   `json:"verdict,omitempty"`
	VerdictReason string          `json:"verdict_reason,omitempty"`
	SettledAt     time.Time       `json:"settled_at,omitzero"`
	Team          string          `json:"team,omitempty"`
	ChatID        string          `json:"chat_id,omitempty"` // of the person that it was resolved to
	Code          string          `json:"code,omitempty"`    // that chat and phone showed
	AskedAt       time.Time       `json:"asked_at,omitzero"`
	ErasedAt      time.Time       `json:"erased_at,omitzero"` // what was personal is gone since then
}

// Payload is an alert as it was POSTed, byte for byte. The entry "accepted" of the
// timeline holds its salted digest.
type Payload struct {
	Text   string `json:"text,omitempty"`   // of a body that is valid UTF-8
	Base64 []byte `json:"base64,omitempty"` // of one that isn't
	Salt   []byte `json:"salt"`
	Digest string `json:"digest"` // hex SHA-256 over Salt and the body
}

// NewPayload shows a body.
func NewPayload(body, salt []byte, digest string) *Payload {
	payload := &Payload{Salt: salt, Digest: digest}
	if utf8.Valid(body) {
		payload.Text = string(body)
	} else {
		payload.Base64 = body
	}
	return payload
}

// Body is the payload, byte for byte.
func (p Payload) Body() []byte {
	if len(p.Base64) > 0 {
		return p.Base64
	}
	return []byte(p.Text)
}

// Policy is one revision of the policy file; "" is its text while none was loaded.
type Policy struct {
	Revision string `json:"revision"`
	Text     string `json:"text,omitempty"`
}

// Answer is one press that was taken.
type Answer struct {
	Delivery    string       `json:"delivery"` // the chat system's name for the press
	Team        string       `json:"team"`
	ChatID      string       `json:"chat_id"`
	Choice      alert.Choice `json:"choice"`
	Revision    int          `json:"revision"` // of the question that was shown
	At          time.Time    `json:"at"`       // by the chat system's clock
	RecordedAt  time.Time    `json:"recorded_at"`
	Late        bool         `json:"late,omitempty"`
	Explanation string       `json:"explanation,omitempty"`
}

// Proof is one attempt to prove a yes.
type Proof struct {
	Attempt     int               `json:"attempt"`
	Answer      string            `json:"answer"` // its delivery
	Factor      string            `json:"factor"`
	Device      string            `json:"device,omitempty"`
	Transaction string            `json:"transaction,omitempty"`
	Code        string            `json:"code,omitempty"`
	Result      alert.ProofResult `json:"result"`
	Reason      string            `json:"reason,omitempty"`
	BegunAt     time.Time         `json:"begun_at"`
	PushedAt    time.Time         `json:"pushed_at,omitzero"`
	DecidedAt   time.Time         `json:"decided_at,omitzero"`
}

// Case is what the security team did.
type Case struct {
	Reason     string    `json:"reason"`
	OpenedAt   time.Time `json:"opened_at"`
	AckedAt    time.Time `json:"acked_at,omitzero"`
	AckedBy    string    `json:"acked_by,omitempty"`
	ResolvedAt time.Time `json:"resolved_at,omitzero"`
	ResolvedBy string    `json:"resolved_by,omitempty"`
	Resolution string    `json:"resolution,omitempty"`
}

// Inclusion proves that a head of the timeline is in the log whose root a
// checkpoint signs.
type Inclusion struct {
	Position   int64            `json:"position"` // of the leaf, from 0
	Seq        int              `json:"seq"`      // of the entry that was the head then
	Hash       string           `json:"hash"`     // of that entry
	Path       tlog.RecordProof `json:"path"`
	Checkpoint string           `json:"checkpoint"` // a signed note
}

// Sign writes a bundle as a file: a signed note whose text is JSON.
func Sign(bundle Bundle, key Key) ([]byte, error) {
	bundle.Format, bundle.Key = Format, key.Public()
	text, err := encode(bundle)
	if err != nil {
		return nil, err
	}
	signed, err := note.Sign(&note.Note{Text: text}, key.signer)
	if err != nil {
		return nil, fmt.Errorf("sign bundle: %w", err)
	}
	return signed, nil
}

// encode has one form for every bundle.
func encode(bundle Bundle) (string, error) {
	text, err := json.MarshalIndent(bundle, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write bundle: %w", err)
	}
	return string(text) + "\n", nil
}

// ErrNoBundle is a file that is something else.
var ErrNoBundle = errors.New("this is no evidence bundle")
