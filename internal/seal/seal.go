// Package seal makes and checks the code that every button of ours carries: a
// MAC over what a press of it would do and who alone may press it.
package seal

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"securitybot/internal/alert"
)

// Setting is the name under which the record keeps the key, in hex.
const Setting = "button_key"

// NewKey is a fresh key, as the setting keeps it.
func NewKey() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return hex.EncodeToString(key)
}

// Sealer seals and checks with one key.
type Sealer struct{ key []byte }

// New takes a key as the setting keeps it.
func New(key string) (*Sealer, error) {
	raw, err := hex.DecodeString(key)
	if err != nil || len(raw) < 32 {
		return nil, errors.New("button key is not 32 bytes in hex")
	}
	return &Sealer{key: raw}, nil
}

// Claim is what a button stands for.
type Claim struct {
	Action   string
	AlertID  string
	Revision int    // of the question that shows the button
	About    string // an answer's id, for words about it; else ""
}

// ErrForged is a value that this key never sealed for this action and person.
var ErrForged = errors.New("button value was not made by us for this person")

const version = "v1"

// Value is what a button carries for one person.
func (s *Sealer) Value(claim Claim, person alert.PersonKey) string {
	about := base64.RawURLEncoding.EncodeToString([]byte(claim.About))
	return strings.Join([]string{
		version, claim.AlertID, strconv.Itoa(claim.Revision), about, s.mac(claim, person),
	}, ".")
}

// Read gives what a value claims, unchecked.
func Read(action, value string) (Claim, error) {
	parts := strings.Split(value, ".")
	if len(parts) != 5 || parts[0] != version {
		return Claim{}, ErrForged
	}
	revision, err := strconv.Atoi(parts[2])
	about, aboutErr := base64.RawURLEncoding.DecodeString(parts[3])
	if err != nil || aboutErr != nil {
		return Claim{}, ErrForged
	}
	return Claim{Action: action, AlertID: parts[1], Revision: revision, About: string(about)}, nil
}

// Check tells whether a value was sealed for this claim and person.
func (s *Sealer) Check(value string, claim Claim, person alert.PersonKey) error {
	if !hmac.Equal([]byte(value), []byte(s.Value(claim, person))) {
		return ErrForged
	}
	return nil
}

func (s *Sealer) mac(claim Claim, person alert.PersonKey) string {
	mac := hmac.New(sha256.New, s.key)
	for _, part := range []string{version, claim.Action, claim.AlertID, claim.About, person.Team, person.User} {
		fmt.Fprintf(mac, "%d:%s,", len(part), part)
	}
	fmt.Fprintf(mac, "%d", claim.Revision)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18])
}
