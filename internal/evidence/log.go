package evidence

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// LeafHash is what the log of chains holds of the head of one alert's timeline.
func LeafHash(alertID string, seq int, hash string) tlog.Hash {
	return tlog.RecordHash([]byte(alertID + " " + strconv.Itoa(seq) + " " + hash + "\n"))
}

// Tree follows a log from its first leaf on, and keeps no more of it than its root
// needs: the roots of the whole subtrees, the biggest first.
type Tree struct {
	size  int64
	peaks []tlog.Hash
}

// Size is how many leaves there were.
func (t *Tree) Size() int64 { return t.size }

// Add takes the next leaf, and gives the hashes that a log stores with it, in
// their order: its own, and those of the subtrees that it completes.
func (t *Tree) Add(leaf tlog.Hash) []tlog.Hash {
	stored := []tlog.Hash{leaf}
	for whole := t.size; whole&1 == 1; whole >>= 1 {
		last := len(t.peaks) - 1
		leaf = tlog.NodeHash(t.peaks[last], leaf)
		t.peaks = t.peaks[:last]
		stored = append(stored, leaf)
	}
	t.peaks = append(t.peaks, leaf)
	t.size++
	return stored
}

// Root is the hash over all leaves so far.
func (t *Tree) Root() tlog.Hash {
	if t.size == 0 {
		root, _ := tlog.TreeHash(0, nil)
		return root
	}
	root := t.peaks[len(t.peaks)-1]
	for i := len(t.peaks) - 2; i >= 0; i-- {
		root = tlog.NodeHash(t.peaks[i], root)
	}
	return root
}

// Checkpoint is the state of a log at a moment. Signed, it is a note
// (golang.org/x/mod/sumdb/note) whose text is one line each of: origin, size,
// root in base64, time.
type Checkpoint struct {
	Origin string // "securitybot/" and the installation
	Size   int64
	Root   tlog.Hash
	At     time.Time // to the second
}

// Told is size and root of a log as others have them from somewhere else than the
// record, such as a message of its rollup.
type Told struct {
	Size int64
	Root tlog.Hash
}

// ParseTold reads "SIZE:ROOT", the root in base64.
func ParseTold(text string) (Told, error) {
	size, root, _ := strings.Cut(text, ":")
	told := Told{}
	var sizeErr, rootErr error
	told.Size, sizeErr = strconv.ParseInt(size, 10, 64)
	told.Root, rootErr = tlog.ParseHash(root)
	if sizeErr != nil || rootErr != nil || told.Size < 0 {
		return Told{}, fmt.Errorf("%q is not the size of a log, a colon, and its root", text)
	}
	return told, nil
}

func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n%s\n", c.Origin, c.Size, c.Root, c.At.UTC().Format(time.RFC3339))
}

// Sign gives the note.
func (c Checkpoint) Sign(key Key) (string, error) {
	signed, err := note.Sign(&note.Note{Text: c.text()}, key.signer)
	if err != nil {
		return "", fmt.Errorf("sign checkpoint: %w", err)
	}
	return string(signed), nil
}

// OpenCheckpoint reads a note and checks its signature.
func OpenCheckpoint(signed string, known note.Verifiers) (Checkpoint, error) {
	text, _, err := open([]byte(signed), known)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("open checkpoint: %w", err)
	}
	return parseCheckpoint(text)
}

// ReadCheckpoint reads a note of our own without looking at its signature.
func ReadCheckpoint(signed string) (Checkpoint, error) {
	text, _, _ := strings.Cut(signed, "\n\n")
	return parseCheckpoint(text + "\n")
}

var errCheckpoint = errors.New("a checkpoint is four lines: origin, size, root and time")

func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 5 {
		return Checkpoint{}, errCheckpoint
	}
	size, sizeErr := strconv.ParseInt(lines[1], 10, 64)
	root, rootErr := tlog.ParseHash(lines[2])
	at, timeErr := time.Parse(time.RFC3339, lines[3])
	if err := errors.Join(sizeErr, rootErr, timeErr); err != nil {
		return Checkpoint{}, fmt.Errorf("read checkpoint: %w", err)
	}
	checkpoint := Checkpoint{Origin: lines[0], Size: size, Root: root, At: at}
	if checkpoint.text() != text { // one form, so that there are no two notes of one checkpoint
		return Checkpoint{}, errCheckpoint
	}
	return checkpoint, nil
}
