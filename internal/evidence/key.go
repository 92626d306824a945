package evidence

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Key signs checkpoints and bundles. It is an Ed25519 key as
// golang.org/x/mod/sumdb/note writes it, and stays outside the database.
type Key struct {
	signer note.Signer
	public string
}

// GenerateKey makes a key, and gives its secret and its public form. The name is
// what signatures bear; it holds no spaces and no plus sign.
func GenerateKey(name string) (secret, public string, err error) {
	secret, public, err = note.GenerateKey(rand.Reader, name)
	if err == nil {
		_, err = note.NewVerifier(public) // the name is looked at here alone
	}
	if err != nil {
		return "", "", fmt.Errorf("make a key: %w", err)
	}
	return secret, public, nil
}

// ReadKey reads the secret form of a key. Its errors never hold the key.
func ReadKey(secret string) (Key, error) {
	signer, err := note.NewSigner(secret)
	if err != nil {
		return Key{}, errors.New("read evidence key: it is not what `securitybot evidence key` makes")
	}
	public, err := publicOf(secret)
	if err != nil {
		return Key{}, fmt.Errorf("read evidence key: %w", err)
	}
	return Key{signer: signer, public: public}, nil
}

// publicOf finds the public form of a key that [note.NewSigner] has read:
// PRIVATE+KEY+<name>+<hash>+<base64 of a byte for the algorithm and the seed>.
func publicOf(secret string) (string, error) {
	parts := strings.SplitN(secret, "+", 5)
	raw, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil {
		return "", err
	}
	public, _ := ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey)
	return note.NewEd25519VerifierKey(parts[2], public)
}

// Public is the form that others check signatures with.
func (k Key) Public() string { return k.public }

// Keys reads the public forms of keys, to check signatures with.
func Keys(public ...string) (note.Verifiers, error) {
	verifiers := make([]note.Verifier, len(public))
	for i, one := range public {
		var err error
		if verifiers[i], err = note.NewVerifier(one); err != nil {
			return nil, fmt.Errorf("read public key: %w", err)
		}
	}
	return note.VerifierList(verifiers...), nil
}

// errSignature is a note that is not letter by letter what its one signer wrote.
var errSignature = errors.New("the signature lines were changed")

// open checks a note that one key signed, and gives its text and the key's name. It is stricter than
// [note.Open]: nothing may be added, and base64 has one form.
func open(signed []byte, known note.Verifiers) (text, signer string, err error) {
	opened, err := note.Open(signed, known)
	if err != nil {
		return "", "", err
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(opened.Sigs[0].Base64)
	if err != nil {
		return "", "", errSignature
	}
	by := opened.Sigs[0]
	line := "\n— " + by.Name + " " + base64.StdEncoding.EncodeToString(raw) + "\n"
	if !bytes.Equal(signed, []byte(opened.Text+line)) {
		return "", "", errSignature
	}
	return opened.Text, fmt.Sprintf("%s+%08x", by.Name, by.Hash), nil
}
