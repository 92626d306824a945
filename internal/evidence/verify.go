package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Report is what a bundle was found to prove.
type Report struct {
	Bundle     Bundle
	SignedBy   string // name and hash of the key
	OwnKey     bool   // nobody said whose signature to expect: the bundle did
	Erased     int    // entries whose personal part is gone
	Checkpoint *Checkpoint
}

// Verify checks a bundle without anything but the public keys that its signatures may
// be of: that no byte was changed since it was signed, that the timeline is whole
// and says the same as the rest, that the policy's text is the one that the plan
// follows from, and that the log of its checkpoint holds the timeline. Without
// a key the one in the bundle is taken, which shows that the file is whole, and not
// whose it is.
func Verify(file []byte, public ...string) (Report, error) {
	bundle, err := decode(file)
	if err != nil {
		return Report{}, err
	}
	report := Report{Bundle: bundle, OwnKey: len(public) == 0}
	if report.OwnKey {
		public = []string{bundle.Key}
	}
	known, err := Keys(public...)
	if err != nil {
		return report, err
	}
	text, signer, err := open(file, known)
	if err != nil {
		return report, fmt.Errorf("check the signature: %w", err)
	}
	report.SignedBy = signer
	if !strings.HasPrefix(bundle.Key, signer+"+") {
		return report, errors.New("the file names another key than the one that signed it")
	}
	if again, err := encode(bundle); err != nil || again != text {
		return report, errors.New("the file is signed, but not as we write bundles")
	}
	if err := report.checkTimeline(); err != nil {
		return report, err
	}
	return report, report.checkLog(known)
}

// decode reads a bundle that nobody vouches for yet.
func decode(file []byte) (Bundle, error) {
	text, _, found := bytes.Cut(file, []byte("\n\n"))
	var bundle Bundle
	if !found || json.Unmarshal(text, &bundle) != nil || bundle.Format != Format {
		return bundle, ErrNoBundle
	}
	for i := range bundle.Timeline {
		bundle.Timeline[i].AlertID = bundle.Alert.ID
	}
	return bundle, nil
}

func (r *Report) checkTimeline() error {
	if len(r.Bundle.Timeline) == 0 {
		return errors.New("the bundle has no timeline")
	}
	if err := VerifyChain(r.Bundle.Timeline); err != nil {
		return err
	}
	for _, entry := range r.Bundle.Timeline {
		if entry.Erased() {
			r.Erased++
		}
	}
	return Consistent(r.Bundle)
}

// checkLog proves that the log of the checkpoint holds a head of the timeline, and
// that the bundle tells which entries came after it.
func (r *Report) checkLog(known note.Verifiers) error {
	logged := 0
	if r.Bundle.Log != nil {
		if err := r.checkInclusion(*r.Bundle.Log, known); err != nil {
			return err
		}
		logged = r.Bundle.Log.Seq
	}
	var later []int
	for seq := logged + 1; seq <= len(r.Bundle.Timeline); seq++ {
		later = append(later, seq)
	}
	if !slices.Equal(r.Bundle.Unlogged, later) {
		return errors.New("the bundle does not tell which entries are in no checkpoint yet")
	}
	return nil
}

func (r *Report) checkInclusion(log Inclusion, known note.Verifiers) error {
	checkpoint, err := OpenCheckpoint(log.Checkpoint, known)
	if _, former := errors.AsType[*note.UnverifiedNoteError](err); former {
		return fmt.Errorf("%w; if the key was changed since, give the former one as well", err)
	}
	if err != nil {
		return err
	}
	leaf := LeafHash(r.Bundle.Alert.ID, log.Seq, log.Hash)
	if err := tlog.CheckRecord(log.Path, checkpoint.Size, checkpoint.Root, log.Position, leaf); err != nil {
		return fmt.Errorf("the log of the checkpoint does not hold this timeline: %w", err)
	}
	if log.Seq < 1 || log.Seq > len(r.Bundle.Timeline) || r.Bundle.Timeline[log.Seq-1].Hash != log.Hash {
		return errors.New("the head in the log is not the timeline's")
	}
	if checkpoint.Origin != Origin(r.Bundle.Installation) {
		return errors.New("the checkpoint is another installation's")
	}
	r.Checkpoint = &checkpoint
	return nil
}

// Origin is what the checkpoints of an installation begin with.
func Origin(installation string) string { return "securitybot/" + installation }
