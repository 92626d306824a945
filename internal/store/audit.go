package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"securitybot/internal/evidence"
)

// auditPage is how many rows are read in one transaction.
const auditPage = 200

// Audit is what an audit of the whole record found.
type Audit struct {
	Alerts      int
	Entries     int
	Erased      int   // entries whose personal part is gone
	Leaves      int64 // of the log
	Checkpoints int
	Last        *evidence.Checkpoint // that was found to be right; nil without one
	Faults      []Fault              // the first of each alert, and of the log; of the checkpoints also such as nobody signed
}

// Fault is something that was changed behind the application's back.
type Fault struct {
	AlertID string // "" of the log itself
	Where   string // an entry, a row, or a place in the log
	What    string // is wrong with it
}

func (f Fault) String() string {
	if f.AlertID == "" {
		return f.Where + ": " + f.What
	}
	return "alert " + f.AlertID + ", " + f.Where + ": " + f.What
}

// Audit checks everything that can be checked, page by page, while others go on
// writing: every timeline and what stands beside it, the log of their heads, the
// signatures of its checkpoints, and what others were told of the log, in whatever
// order. After each page it says to progress, unless that is nil, how far it is: the
// log first, then the alerts. It is an error only when the record can't be read.
func (s *Store) Audit(ctx context.Context, known note.Verifiers, progress func(Audit), told ...evidence.Told) (Audit, error) {
	var audit Audit
	if progress == nil {
		progress = func(Audit) {}
	}
	if err := s.auditLog(ctx, known, told, &audit, progress); err != nil {
		return audit, err
	}
	after := ""
	for {
		var ids []string
		err := s.inTx(ctx, func(t *tx) (err error) {
			ids, err = t.AuditAlerts(ctx, after, auditPage)
			return err
		})
		if err != nil {
			return audit, fmt.Errorf("list alerts: %w", err)
		}
		for _, id := range ids {
			if err := s.auditAlert(ctx, id, &audit); err != nil {
				return audit, err
			}
		}
		progress(audit)
		if len(ids) < auditPage {
			return audit, nil
		}
		after = ids[len(ids)-1]
	}
}

// logAudit follows the log from its first leaf on.
type logAudit struct {
	known       note.Verifiers
	origin      string
	tree        evidence.Tree
	checkpoints []Checkpoint    // that are still to come, the oldest first
	told        []evidence.Told // likewise
	audit       *Audit
	strange     int // checkpoints that none of the known keys signed, or in the wrong place
	broken      bool
}

// auditLog reads the checkpoints before the leaves: what is logged meanwhile is
// beyond them.
func (s *Store) auditLog(ctx context.Context, known note.Verifiers, told []evidence.Told, audit *Audit, progress func(Audit)) error {
	installation, err := s.Installation(ctx)
	if err != nil {
		return err
	}
	checkpoints, err := s.Checkpoints(ctx, mostCheckpoints)
	if err != nil {
		return fmt.Errorf("list checkpoints: %w", err)
	}
	slices.Reverse(checkpoints)
	audit.Checkpoints = len(checkpoints)
	told = slices.SortedFunc(slices.Values(told), func(a, b evidence.Told) int { return cmp.Compare(a.Size, b.Size) })
	log := logAudit{known: known, origin: evidence.Origin(installation), checkpoints: checkpoints, told: told, audit: audit}
	log.reach()
	for more := !log.broken; more; {
		page, err := s.readLog(ctx, log.tree.Size())
		if err != nil {
			return err
		}
		more = log.follow(page)
		audit.Leaves = log.tree.Size()
		progress(*audit)
	}
	log.finish()
	return nil
}

// finish names what the log should have come to and has not.
func (l *logAudit) finish() {
	only := fmt.Sprintf("the log has only %d", l.tree.Size())
	for _, checkpoint := range l.checkpoints {
		if _, ok := l.opens(checkpoint); ok && !l.broken {
			l.fault(placeOf(checkpoint), only)
		}
	}
	if len(l.told) > 0 && !l.broken {
		l.fault(fmt.Sprintf("the %d leaves that were told", l.told[0].Size), only)
	}
	if more := l.strange - mostStrange; more > 0 {
		l.audit.Faults = append(l.audit.Faults, Fault{
			Where: "checkpoints", What: fmt.Sprintf("%d more are strange, the first of them after those above", more),
		})
	}
}

func placeOf(checkpoint Checkpoint) string {
	return fmt.Sprintf("checkpoint of %d leaves", checkpoint.Size)
}

// opens reads a checkpoint, and names one that is none of ours. What the log is can be
// checked without that one.
func (l *logAudit) opens(checkpoint Checkpoint) (evidence.Checkpoint, bool) {
	signed, what := checkpoint.read(l.known, l.origin)
	if what == "" {
		return signed, true
	}
	if l.strange++; l.strange <= mostStrange {
		l.audit.Faults = append(l.audit.Faults, Fault{Where: placeOf(checkpoint), What: what})
	}
	return signed, false
}

// mostCheckpoints is a hundred years of them.
const mostCheckpoints = 1_000_000

func (l *logAudit) fault(where, what string) {
	l.audit.Faults = append(l.audit.Faults, Fault{Where: where, What: what})
	l.broken = true
}

// leavesRead is a page of the log with the hashes that were stored with it.
type leavesRead struct {
	heads  []Head
	hashes [][]byte // nil where one is missing
	beyond bool     // a hash is stored beyond the last leaf
}

// readLog gives the next page, from a leaf on.
func (s *Store) readLog(ctx context.Context, from int64) (leavesRead, error) {
	var page leavesRead
	err := s.inTx(ctx, func(t *tx) (err error) {
		page = leavesRead{}
		if page.heads, err = t.Leaves(ctx, from, auditPage); err != nil {
			return fmt.Errorf("read the log: %w", err)
		}
		end := from + int64(len(page.heads))
		for index := tlog.StoredHashCount(from); index < tlog.StoredHashCount(end); index += auditPage {
			hashes, err := t.hashesFrom(index, min(index+auditPage, tlog.StoredHashCount(end)))
			if err != nil {
				return err
			}
			page.hashes = append(page.hashes, hashes...)
		}
		page.beyond, err = t.storedBeyond(end)
		return err
	})
	return page, err
}

// hashesFrom reads the stored hashes from one index to before another.
func (t *tx) hashesFrom(from, to int64) ([][]byte, error) {
	indexes := make([]int64, 0, to-from)
	for index := from; index < to; index++ {
		indexes = append(indexes, index)
	}
	hashes, err := t.Hashes(t.ctx, indexes)
	switch {
	case errors.Is(err, ErrNotFound) && len(indexes) == 1:
		return [][]byte{nil}, nil
	case errors.Is(err, ErrNotFound): // one of them: look closer
		middle := (from + to) / 2
		before, err := t.hashesFrom(from, middle)
		if err != nil {
			return nil, err
		}
		after, err := t.hashesFrom(middle, to)
		return append(before, after...), err
	case err != nil:
		return nil, fmt.Errorf("read the log's hashes: %w", err)
	default:
		return hashes, nil
	}
}

// storedBeyond tells that a hash is stored for a leaf that is missing.
func (t *tx) storedBeyond(end int64) (bool, error) {
	hashes, err := t.hashesFrom(tlog.StoredHashCount(end), tlog.StoredHashCount(end)+1)
	if err != nil || hashes[0] == nil {
		return false, err
	}
	more, err := t.Leaves(t.ctx, end, 1) // leaves and hashes are written together
	if err != nil {
		return false, fmt.Errorf("read the log: %w", err)
	}
	return len(more) == 0, nil
}

// follow takes a page, and tells whether there may be more.
func (l *logAudit) follow(page leavesRead) bool {
	for _, head := range page.heads {
		want := l.tree.Add(leafOf(head))
		for i, hash := range want {
			if !bytes.Equal(page.hashes[i], hash[:]) {
				l.fault(fmt.Sprintf("leaf %d of the log", l.tree.Size()-1), "it is not the one that was logged, or its stored hash is not")
				return false
			}
		}
		page.hashes = page.hashes[len(want):]
		l.reach()
		if l.broken {
			return false
		}
	}
	if page.beyond {
		l.fault(fmt.Sprintf("leaf %d of the log", l.tree.Size()), "it is missing")
	}
	return len(page.heads) == auditPage && !l.broken
}

// reach checks the checkpoints that are of the log as far as it was followed.
func (l *logAudit) reach() {
	for len(l.checkpoints) > 0 && l.checkpoints[0].Size <= l.tree.Size() && !l.broken {
		checkpoint := l.checkpoints[0]
		l.checkpoints = l.checkpoints[1:]
		signed, ok := l.opens(checkpoint)
		if !ok {
			continue
		}
		if signed.Size != l.tree.Size() || signed.Root != l.tree.Root() {
			l.fault(placeOf(checkpoint), "the log is not what was signed")
			return
		}
		l.audit.Last = &signed
	}
	for len(l.told) > 0 && l.told[0].Size <= l.tree.Size() && !l.broken {
		if told := l.told[0]; told.Size != l.tree.Size() || told.Root != l.tree.Root() {
			l.fault(fmt.Sprintf("the %d leaves that were told", told.Size), "the log is not what was told")
		}
		l.told = l.told[1:]
	}
}
