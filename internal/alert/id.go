package alert

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// idVersion names the canonical form below; a change of form needs a new one.
const idVersion = "securitybot alert v1"

// KeyedID is the id of an alert that carries its source's own key.
func KeyedID(source, key string) string {
	return digest(idVersion, "key", source, key)
}

// PayloadID is the id of an alert without a key: its payload, and, where the
// payload does not say when it happened, the moment it first arrived.
func PayloadID(source, payloadDigest string, arrived time.Time) string {
	if arrived.IsZero() {
		return digest(idVersion, "payload", source, payloadDigest)
	}
	return digest(idVersion, "arrival", source, payloadDigest, fmt.Sprint(arrived.UnixNano()))
}

// PayloadDigest is the SHA-256 of what the alert says, whatever the order and
// spacing of its JSON.
func PayloadDigest(a Alert) (string, error) {
	context, err := canonical(a.Context)
	if err != nil {
		return "", fmt.Errorf("read context: %w", err)
	}
	occurred := ""
	if !a.OccurredAt.IsZero() {
		occurred = a.OccurredAt.UTC().Format(time.RFC3339Nano)
	}
	return digest(idVersion, a.Detection, a.Title, a.Description, string(a.Severity),
		a.Subject.Email, a.Subject.Username, a.Subject.SlackID, occurred, a.URL, context), nil
}

// canonical sorts the keys of a JSON object and keeps its numbers as written.
func canonical(raw json.RawMessage) (string, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return "", nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return "", err
	}
	sorted, err := json.Marshal(value)
	return string(sorted), err
}

// digest hashes parts with their lengths, so that no two lists of parts meet.
func digest(parts ...string) string {
	hash := sha256.New()
	var size [8]byte
	for _, part := range parts {
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		hash.Write(size[:])
		hash.Write([]byte(part))
	}
	return hex.EncodeToString(hash.Sum(nil))
}
