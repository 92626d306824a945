// Package evidence is what makes a record hard to deny: a chain of hashes over
// each alert's timeline, a log of the chains' heads whose root is signed, and
// bundles that anybody can check without us. It knows no database.
package evidence

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// KindErased is the entry that tells that personal parts before it were erased.
// A personal part that is missing without such an entry was taken away.
const KindErased = "erased"

// Entry is one line of an alert's timeline. Data holds nothing personal;
// Personal (a JSON object or empty) enters the chain as a salted digest only.
type Entry struct {
	AlertID  string          `json:"-"`
	Seq      int             `json:"seq"` // from 1, without gaps
	At       time.Time       `json:"at"`
	Kind     string          `json:"kind"`
	Actor    string          `json:"actor"`
	Data     json.RawMessage `json:"data,omitempty"`
	Personal json.RawMessage `json:"personal,omitempty"`
	Salt     []byte          `json:"salt,omitempty"`
	Digest   string          `json:"digest,omitempty"`   // hex SHA-256 over Salt and Personal, "" without Personal
	Previous string          `json:"previous,omitempty"` // Hash of the entry before, "" of the first
	Hash     string          `json:"hash"`               // hex SHA-256 over all of the above but Personal and Salt
}

// Conceal gives an entry its personal part, a JSON object.
func (e *Entry) Conceal(personal []byte) (err error) {
	e.Personal, e.Salt = personal, NewSalt()
	e.Digest, err = e.personalDigest()
	return err
}

// Seal chains an entry to the one before it, "" before the first.
func (e *Entry) Seal(previous string) (err error) {
	e.Previous = previous
	e.Hash, err = e.chained()
	return err
}

// Erased tells that the entry had a personal part once.
func (e *Entry) Erased() bool { return e.Digest != "" && len(e.Personal) == 0 }

// NewSalt keeps others from trying out what a digest is of.
func NewSalt() []byte {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	return salt
}

// Digest is the hex SHA-256 of a salt and something personal.
func Digest(salt, personal []byte) string { return hexDigest(salt, personal) }

func (e *Entry) personalDigest() (string, error) {
	text, err := compact(e.Personal)
	if err != nil {
		return "", fmt.Errorf("read personal timeline data: %w", err)
	}
	return hexDigest(e.Salt, text), nil
}

func (e *Entry) chained() (string, error) {
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

// BrokenError names the first entry that is not what was recorded; it is an
// [ErrBrokenChain].
type BrokenError struct {
	AlertID string
	Seq     int
	What    string // is wrong with it
}

func (e *BrokenError) Error() string {
	return fmt.Sprintf("%v at entry %d of alert %.12s: %s", ErrBrokenChain, e.Seq, e.AlertID, e.What)
}

// Is makes it an [ErrBrokenChain].
func (e *BrokenError) Is(target error) bool { return target == ErrBrokenChain }

// VerifyChain checks a whole timeline and names the first broken entry in a
// [*BrokenError].
func VerifyChain(entries []Entry) error {
	erased := lastErasure(entries)
	previous := ""
	for i := range entries {
		entry := &entries[i]
		if what := entry.fault(i+1, previous, i < erased); what != "" {
			return &BrokenError{AlertID: entries[0].AlertID, Seq: i + 1, What: what}
		}
		previous = entry.Hash
	}
	return nil
}

// lastErasure is the index of the last entry that tells of an erasure; -1 without one.
func lastErasure(entries []Entry) int {
	for i, entry := range slices.Backward(entries) {
		if entry.Kind == KindErased {
			return i
		}
	}
	return -1
}

// fault is what is wrong with an entry in its place; "" when nothing is.
func (e *Entry) fault(seq int, previous string, erased bool) string {
	hash, err := e.chained()
	switch {
	case e.Seq != seq:
		return fmt.Sprintf("number %d stands in its place", e.Seq)
	case err != nil:
		return err.Error()
	case e.Previous != previous:
		return "it does not follow the entry before it"
	case e.Hash != hash:
		return "its content is not what was recorded"
	case e.Erased() && !erased:
		return "its personal part is missing, and nothing says that it was erased"
	case e.Digest == "" && len(e.Personal) > 0:
		return "a personal part was added"
	case len(e.Personal) == 0:
		return ""
	}
	digest, err := e.personalDigest()
	if err != nil || digest != e.Digest {
		return "its personal part is not what was recorded"
	}
	return ""
}

// compact takes away the space that files of evidence are indented with. All else
// counts: the order of keys, and one that is there twice.
func compact(raw json.RawMessage) ([]byte, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var text bytes.Buffer
	if err := json.Compact(&text, raw); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

func hexDigest(parts ...[]byte) string {
	hash := sha256.New()
	for _, part := range parts {
		hash.Write([]byte(strconv.Itoa(len(part)) + ":"))
		hash.Write(part)
	}
	return hex.EncodeToString(hash.Sum(nil))
}
