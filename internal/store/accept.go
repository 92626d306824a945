package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"time"

	"securitybot/internal/alert"
)

// ErrConflict is a key that its source has used for another subject or detection.
var ErrConflict = errors.New("key was used for another alert")

// sameFor is how long a payload that says neither its key nor its time is taken
// for a repetition of itself.
const sameFor = 10 * time.Minute

// The kinds of things that wait for Temporal.
const (
	OutgoingStart     = "start"
	OutgoingAnswer    = "answer"
	OutgoingSnooze    = "snooze"
	OutgoingPushAgain = "push_again"
	OutgoingWake      = "wake"
	OutgoingFollowUp  = "follow_up" // something has to be shown that the workflow does not know of
	OutgoingJoined    = "joined"    // the question asks about one more
	OutgoingLadder    = "ladder"    // a case with more than one rung; a second one wakes the ladder
	OutgoingNotice    = "notice"    // of no alert; Ref is the notice's id
)

// Report is an alert as its source sent it.
type Report struct {
	Alert alert.Alert
	Body  []byte // as it came, for the evidence; nil of what Securitybot reports itself
	By    string // the person who reports it by hand; "" when it is the source
}

// Accepted is what became of a report: an alert that will be handled to the end, or
// why there is none.
type Accepted struct {
	Record    Record
	Duplicate bool
	Err       error // ErrConflict, or a *LimitError
}

// LimitError is a report beyond what its source may send in an hour.
type LimitError struct {
	PerHour int
	Wait    time.Duration // whole seconds until one more is taken
}

// Error implements error.
func (e *LimitError) Error() string { return fmt.Sprintf("%d alerts an hour are taken", e.PerHour) }

// Accept writes an alert and what starts its workflow in one transaction. It
// fills in the alert's id and arrival. Errors: ErrConflict.
func (s *Store) Accept(ctx context.Context, reported alert.Alert) (Accepted, error) {
	all, err := s.AcceptAll(ctx, reported.Source, []Report{{Alert: reported}}, 0)
	if err != nil {
		return Accepted{}, err
	}
	return all[0], all[0].Err
}

// AcceptAll accepts what one source reports, in one transaction, and tells of each
// report what became of it. Of those that are new at most perHour are taken in any
// hour; 0 takes them all.
func (s *Store) AcceptAll(ctx context.Context, source string, reports []Report, perHour int) ([]Accepted, error) {
	digests := make([]string, len(reports))
	for i := range reports {
		var err error
		reports[i].Alert.Source = source
		if digests[i], err = alert.PayloadDigest(reports[i].Alert); err != nil {
			return nil, fmt.Errorf("digest alert: %w", err)
		}
	}
	var all []Accepted
	err := s.inTx(ctx, func(t *tx) (err error) {
		all, err = t.acceptAll(t.batchOf(source, reports, digests, perHour))
		return err
	})
	return all, err
}

// batch is what one source reports at once, and what the record holds of it.
type batch struct {
	source   string
	perHour  int
	arrivals []arrival
	stored   map[string]Record // by the id that a report would get
	fresh    map[string]int    // the arrival that makes an alert, by its id
	beyond   *LimitError       // what keeps the rest out; nil when nothing does
}

// arrival is one report, as the alert that it would be.
type arrival struct {
	Record
	body []byte
	by   string // how the timeline names who reports it
}

// nameless tells that only its payload and its arrival tell it from others.
func (a arrival) nameless() bool { return a.Key == "" && a.OccurredAt.IsZero() }

func (t *tx) batchOf(source string, reports []Report, digests []string, perHour int) *batch {
	b := &batch{source: source, perHour: perHour, stored: map[string]Record{}, fresh: map[string]int{}}
	for i, report := range reports {
		record := Record{Alert: report.Alert, Status: alert.Received}
		record.ID, record.ReceivedAt = t.idOf(report.Alert, digests[i]), t.now
		if record.Key == "" {
			record.PayloadDigest = digests[i]
		}
		b.arrivals = append(b.arrivals, arrival{record, report.Body, cmp.Or(report.By, source)})
	}
	return b
}

func (t *tx) acceptAll(b *batch) ([]Accepted, error) {
	for _, step := range []func(*batch) error{t.oneByOne, t.findRepeated, t.limit, t.insertFresh} {
		if err := step(b); err != nil {
			return nil, err
		}
	}
	all := make([]Accepted, len(b.arrivals))
	for i, each := range b.arrivals {
		all[i] = b.accepted(i, each.Record)
	}
	return all, nil
}

// accepted is what became of a report, once all is written.
func (b *batch) accepted(i int, record Record) Accepted {
	first, fresh := b.fresh[record.ID]
	stored, known := b.stored[record.ID]
	switch {
	case fresh && first == i:
		return Accepted{Record: record}
	case fresh:
		stored = b.arrivals[first].Record
	case !known:
		return Accepted{Err: b.beyond}
	}
	if !stored.Subject.Same(record.Subject) || stored.Detection != record.Detection {
		return Accepted{Err: ErrConflict}
	}
	return Accepted{Record: stored, Duplicate: true}
}

// oneByOne keeps a source's other requests waiting where what is decided depends on
// all that it sent lately.
func (t *tx) oneByOne(b *batch) error {
	if b.perHour == 0 && !slices.ContainsFunc(b.arrivals, arrival.nameless) {
		return nil
	}
	if err := t.LockName(t.ctx, "source "+b.source); err != nil {
		return fmt.Errorf("lock source: %w", err)
	}
	return nil
}

// findRepeated finds what the record holds already, as far as the insert alone would not.
func (t *tx) findRepeated(b *batch) error {
	var nameless, ids []string
	for _, each := range b.arrivals {
		if each.nameless() {
			nameless = append(nameless, each.PayloadDigest)
		} else if b.perHour > 0 {
			ids = append(ids, each.ID)
		}
	}
	if len(nameless) > 0 {
		same, err := t.FindPayloads(t.ctx, b.source, nameless, t.now.Add(-sameFor))
		if err != nil {
			return fmt.Errorf("find payloads: %w", err)
		}
		for _, each := range b.arrivals {
			if stored, ok := same[each.PayloadDigest]; ok && each.nameless() {
				b.stored[each.ID] = stored
			}
		}
	}
	if err := t.findStored(b, ids); err != nil {
		return err
	}
	for i, each := range slices.Backward(b.arrivals) {
		if _, known := b.stored[each.ID]; !known {
			b.fresh[each.ID] = i
		}
	}
	return nil
}

func (t *tx) findStored(b *batch, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	records, err := t.FindAlerts(t.ctx, ids)
	if err != nil {
		return fmt.Errorf("read alerts accepted before: %w", err)
	}
	for _, record := range records {
		b.stored[record.ID] = record
	}
	return nil
}

// limit leaves out what is more than the source may send in an hour: what comes last.
func (t *tx) limit(b *batch) error {
	if b.perHour == 0 {
		return nil
	}
	count, err := t.AcceptedBy(t.ctx, b.source, t.now.Add(-time.Hour), b.perHour)
	if err != nil {
		return fmt.Errorf("count alerts of the last hour: %w", err)
	}
	room := max(b.perHour-count, 0)
	if len(b.fresh) <= room {
		return nil
	}
	for _, i := range slices.Sorted(maps.Values(b.fresh))[room:] {
		delete(b.fresh, b.arrivals[i].ID)
	}
	wait, err := t.waitForRoom(b.source, b.perHour-room)
	b.beyond = &LimitError{PerHour: b.perHour, Wait: wait}
	return err
}

// waitForRoom is how many whole seconds pass until fewer than some of the alerts that
// a source sent so far are of the last hour.
func (t *tx) waitForRoom(source string, fewer int) (time.Duration, error) {
	var failed error
	seconds := sort.Search(int(time.Hour/time.Second), func(seconds int) bool {
		since := t.now.Add(time.Duration(seconds)*time.Second - time.Hour)
		count, err := t.AcceptedBy(t.ctx, source, since, fewer)
		failed = errors.Join(failed, err)
		return count < fewer
	})
	if failed != nil {
		return 0, fmt.Errorf("count alerts of the last hour: %w", failed)
	}
	return time.Duration(seconds) * time.Second, nil
}

// insertFresh writes what is new. What somebody else wrote at this very moment is not.
func (t *tx) insertFresh(b *batch) error {
	ids := slices.Sorted(maps.Keys(b.fresh)) // in one order, so that no two wait for each other
	arrivals := make([]Arrival, len(ids))
	for i, id := range ids {
		var err error
		if arrivals[i], err = t.arrivalOf(b.arrivals[b.fresh[id]]); err != nil {
			return err
		}
	}
	if len(arrivals) == 0 {
		return nil
	}
	inserted, err := t.InsertNew(t.ctx, arrivals)
	if err != nil {
		return fmt.Errorf("insert alerts: %w", err)
	}
	var others []string
	for i, id := range ids {
		if !inserted[i] {
			delete(b.fresh, id)
			others = append(others, id)
		}
	}
	return t.findStored(b, others)
}

// arrivalOf is all that is written of a new alert.
func (t *tx) arrivalOf(a arrival) (Arrival, error) {
	payload, said, err := payloadOf(a.Alert, a.body)
	if err != nil {
		return Arrival{}, err
	}
	entry, err := entryAfter(Entry{}, Entry{AlertID: a.ID, At: t.now, Kind: KindAccepted, Actor: a.by}, said, nil)
	return Arrival{
		Record: a.Record, Entry: entry, Payload: payload,
		Outgoing: Outgoing{AlertID: a.ID, Kind: OutgoingStart, CreatedAt: t.now, AvailableAt: t.now},
		Tallies:  t.tallies(&a.Record, MeasureAccepted),
	}, err
}

func (t *tx) idOf(reported alert.Alert, digest string) string {
	switch {
	case reported.Key != "":
		return alert.KeyedID(reported.Source, reported.Key)
	case reported.OccurredAt.IsZero():
		return alert.PayloadID(reported.Source, digest, t.now)
	default:
		return alert.PayloadID(reported.Source, digest, time.Time{})
	}
}
