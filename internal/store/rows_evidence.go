package store

import "time"

// Payload is an alert as it was POSTed.
type Payload struct {
	AlertID string
	Body    []byte
	Salt    []byte
	Digest  string // hex SHA-256 over Salt and Body
}

// Head is how far an alert's timeline has come: the hash of its last entry.
type Head struct {
	AlertID string
	Seq     int
	Hash    string
}

// Leaf is a head at its place in the log.
type Leaf struct {
	Position int64
	Head
}

// Checkpoint is the signed state of the log of heads.
type Checkpoint struct {
	Size int64 // leaves
	At   time.Time
	Note string // a signed note, see golang.org/x/mod/sumdb/note
}
