package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// mostOpen is how many questions a person may have open in this world.
const mostOpen = 2

// world plays whatever may happen to alerts about two people, in any order.
type world struct {
	*bench
	honest bool // nobody loses a phone or taps Deny, and so much is confirmed

	mu     sync.Mutex // over what follows
	random *rand.Rand
	proofs []alert.Proof
}

func newWorld(b *bench, seed uint64) *world {
	return &world{bench: b, random: rand.New(rand.NewPCG(seed, 0))}
}

func (w *world) roll(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.random.IntN(n)
}

func pick[T any](w *world, list []T) T { return list[w.roll(len(list))] }

// all are the alerts that were admitted.
func (w *world) all() []store.Record {
	records, err := w.List(w.Context(), store.Filter{Limit: 1000})
	require.NoError(w, err)
	return slices.DeleteFunc(records, func(record store.Record) bool { return record.Plan == nil })
}

// among picks one of the alerts that something may happen to, and now and then
// one that it should not; false when there is none.
func (w *world) among(eligible func(store.Record) bool) (store.Record, bool) {
	records := w.all()
	if w.roll(6) > 0 {
		records = slices.DeleteFunc(records, func(record store.Record) bool { return !eligible(record) })
	}
	if len(records) == 0 {
		return store.Record{}, false
	}
	return pick(w, records), true
}

func anyOne(store.Record) bool { return true }

func isOpen(record store.Record) bool { return !record.Verdict.Decided() }

// steps is everything that can happen. What is refused is no error.
func (w *world) steps() []func() error {
	return []func() error{
		w.report, w.report, w.report, w.report, w.report, w.report, w.ask, w.ask, w.press, w.press, w.prove, w.prove,
		w.phone, w.phone, w.confirm, w.confirm, w.confirm, w.settle, w.settle, w.settle, w.turn, w.again, w.finish, w.wait,
		w.trust, w.ignore, w.comeAndGo, w.respond, w.revoke, w.lose,
	}
}

func (w *world) plan() plans {
	held, off, late := w.roll(6) == 0, w.roll(12) == 0, w.roll(4) == 0
	return func(plan *alert.Plan) {
		plan.SuppressFor, plan.InHours = 8*time.Hour, !late
		plan.Limits = alert.Limits{Open: mostOpen, Storm: 15, PersonDay: 40}
		if held {
			plan.NotBefore = w.Now().Add(time.Hour)
		}
		plan.FactorOff, plan.RecordUnproven = off, off
		plan.Rule = fmt.Sprint(off)
		plan.Review = alert.ReviewPolicy
	}
}

func (w *world) report() error {
	reported := of(pick(w, alert.Severities()), on(pick(w, []string{"db-1", "db-1", "db-1", "db-2"})))
	reported.Detection = pick(w, []string{"sudo_interactive", "sudo_interactive", "nmap"})
	_, err := w.bench.report(pick(w, []alert.Person{alice, alice, bob}), reported, w.plan())
	return err
}

func (w *world) ask() error {
	record, ok := w.among(func(record store.Record) bool { return record.HasTurn() && record.AskedAt.IsZero() })
	if !ok || !record.HasTurn() {
		return nil
	}
	return w.post(record)
}

func (w *world) post(record store.Record) error {
	post, turn, err := w.BeginPost(w.Context(), record.ID, store.PurposeQuestion)
	if err != nil || turn == store.TurnWait || turn == store.TurnStands {
		return err
	}
	post.Channel, post.TS, post.PostedAt, post.Revision = "C1", w.fresh("ts"), w.Now(), record.Revision
	return w.FinishPost(w.Context(), post, store.KindAsked, nil, nil)
}

// press answers some revision of a question that was shown.
func (w *world) press() error {
	record, ok := w.among(func(record store.Record) bool { return isOpen(record) && !record.AskedAt.IsZero() })
	if !ok || record.AskedAt.IsZero() {
		return nil
	}
	said := w.said(record.ID, alert.Person{PersonKey: record.Person}, pick(w, []alert.Choice{
		alert.Yes, alert.Yes, alert.Yes, alert.Yes, alert.Yes, alert.Yes, alert.No, alert.NotSure, alert.SomeNot,
	}))
	said.Revision = 1 + w.roll(record.Revision)
	_, err := w.TakeAnswer(w.Context(), said)
	return err
}

func (w *world) prove() error {
	record, ok := w.among(func(record store.Record) bool { return isOpen(record) && len(w.story(record.ID).Answers) > 0 })
	if !ok {
		return nil
	}
	return w.push(record.ID)
}

func (w *world) push(id string) error {
	story, err := w.Story(w.Context(), id)
	if err != nil {
		return err
	}
	proof, turn, err := w.BeginProof(w.Context(), id, len(story.Proofs)+1, "duo")
	if err != nil || turn != store.ProofPush || w.roll(10) == 0 { // dies right then
		return err
	}
	proof, err = w.ProofSending(w.Context(), proof, phone)
	if errors.Is(err, store.ErrSending) {
		return nil
	}
	if err != nil || proof.Result != alert.ProofPending {
		return err
	}
	proof.Transaction = w.fresh("tx")
	w.mu.Lock()
	w.proofs = append(w.proofs, proof)
	w.mu.Unlock()
	return w.ProofPushed(w.Context(), proof)
}

func (w *world) phone() error {
	w.mu.Lock()
	if len(w.proofs) == 0 {
		w.mu.Unlock()
		return nil
	}
	proof := w.proofs[w.random.IntN(len(w.proofs))]
	w.mu.Unlock()
	results := []alert.ProofResult{alert.ProofTimedOut, alert.ProofUnavailable, alert.ProofDenied, alert.ProofFraud}
	result := alert.ProofApproved
	if !w.honest && w.roll(8) == 0 {
		result = pick(w, results)
	}
	_, err := w.ProofDecided(w.Context(), proof, result, "")
	return err
}

// confirm goes through a whole conversation with somebody who says yes at once and
// has the phone at hand. Others may do something between any two of its steps.
func (w *world) confirm() error {
	record, ok := w.among(store.Record.HasTurn)
	if !ok || !record.HasTurn() {
		return nil
	}
	said := w.said(record.ID, alert.Person{PersonKey: record.Person}, alert.Yes)
	said.Revision = record.Revision
	if err := w.post(record); err != nil {
		return err
	}
	if _, err := w.TakeAnswer(w.Context(), said); err != nil {
		return err
	}
	if err := w.push(record.ID); err != nil {
		return err
	}
	story, err := w.Story(w.Context(), record.ID)
	if err != nil || story.Proof() == nil || story.Proof().Transaction == "" {
		return err
	}
	if _, err := w.ProofDecided(w.Context(), *story.Proof(), alert.ProofApproved, ""); err != nil {
		return err
	}
	_, err = w.Settle(w.Context(), record.ID, store.Because{})
	return err
}

func (w *world) again() error {
	record, ok := w.among(func(record store.Record) bool { return record.Status == alert.Proving })
	if !ok || record.AskedAt.IsZero() {
		return nil
	}
	_, err := w.TakePushAgain(w.Context(), w.said(record.ID, alert.Person{PersonKey: record.Person}, ""))
	return err
}

func (w *world) settle() error {
	record, ok := w.among(isOpen)
	if !ok {
		return nil
	}
	because := store.Because{}
	if w.roll(20) == 0 {
		because = store.Because{Undelivered: alert.ReasonUndelivered, Unprovable: alert.ReasonUnavailable}
	}
	_, err := w.Settle(w.Context(), record.ID, because)
	return err
}

func (w *world) turn() error {
	record, ok := w.among(func(record store.Record) bool { return record.Status == alert.Held })
	if !ok {
		return nil
	}
	_, err := w.TakeTurn(w.Context(), record.ID)
	return err
}

func (w *world) finish() error {
	record, ok := w.among(anyOne)
	if !ok {
		return nil
	}
	return w.Finish(w.Context(), record.ID)
}

func (w *world) wait() error {
	w.passes(time.Duration(w.roll(20)) * time.Minute)
	return nil
}

func (w *world) trust() error {
	err := w.Trust(w.Context(), pick(w, []alert.Person{alice, bob}).PersonKey, "carol", "she called")
	if errors.Is(err, store.ErrTrusted) {
		return nil
	}
	return err
}

func (w *world) ignore() error {
	subject, ok := w.among(func(record store.Record) bool { return record.Verdict.Outcome == alert.Confirmed })
	if !ok {
		return nil
	}
	_, _, err := w.Request(w.Context(), store.Wish{
		Delivery: w.fresh("command"), Person: subject.Person, At: w.Now(), Kind: alert.RequestIgnore, AlertID: subject.ID, For: 9 * time.Hour,
	})
	return err
}

func (w *world) comeAndGo() error {
	person := pick(w, []alert.Person{alice, bob}).PersonKey
	if w.roll(8) > 0 {
		_, err := w.OptIn(w.Context(), person, "", "")
		return err
	}
	_, err := w.OptOut(w.Context(), store.OptOut{Person: person, Until: w.Now().Add(time.Hour)}, "")
	return err
}

func (w *world) respond() error {
	confirmed := w.roll(2) == 0
	record, ok := w.among(func(record store.Record) bool { return (record.Verdict.Outcome == alert.Confirmed) == confirmed })
	if !ok {
		return nil
	}
	said := w.said(record.ID, sam, "")
	if record.Verdict.Outcome == alert.Confirmed {
		_, err := w.TakeReview(w.Context(), said, "Sam", w.roll(2) > 0)
		return err
	}
	_, err := w.TakeResolve(w.Context(), said, "Sam", "seen to")
	return err
}

func (w *world) revoke() error {
	listed, err := w.Suppressions(w.Context(), w.Now(), 100)
	if err != nil || len(listed) == 0 {
		return err
	}
	_, err = w.Revoke(w.Context(), pick(w, listed).ID, alert.PersonKey{}, "carol", "enough")
	if errors.Is(err, store.ErrSilentRevoking) {
		return nil
	}
	return err
}

func (w *world) lose() error {
	if w.honest || w.roll(10) > 0 {
		return nil
	}
	said := w.said("", pick(w, []alert.Person{alice, bob}), "")
	return w.LostPhone(w.Context(), said, "Lost phone", nil)
}

// holds checks what must be true at any moment.
func (w *world) holds() {
	w.Helper()
	open := map[alert.PersonKey]int{}
	storms := map[alert.PersonKey]time.Time{}
	for _, record := range slices.Backward(w.all()) {
		story := w.story(record.ID)
		if record.HasTurn() {
			open[record.Person]++
		}
		if record.Pile == store.PileStorm {
			require.Greater(w, record.AdmittedAt.Sub(storms[record.Person]), time.Hour, "a storm of an hour is one case")
			storms[record.Person] = record.AdmittedAt
		}
		w.standsSomewhere(record)
		w.isProven(story)
		w.isSeen(record)
		w.isCovered(story)
	}
	for person, count := range open {
		require.LessOrEqual(w, count, mostOpen, person)
	}
	w.boundsHold()
}

// standsSomewhere: every alert has a verdict, or a question that is open, or one
// that it joined, or waits for its turn until a deadline, or is to be settled.
func (w *world) standsSomewhere(record store.Record) {
	w.Helper()
	switch {
	case record.Verdict.Decided():
		require.False(w, record.SettledAt.IsZero())
		require.Contains(w, []alert.Status{alert.Closed, alert.Escalated}, record.Status)
	case record.JoinedTo != "":
		question := w.reads(record.JoinedTo)
		require.False(w, question.Verdict.Decided(), "what joined a question shares its end")
		require.Empty(w, question.JoinedTo)
		require.Equal(w, record.Person, question.Person)
		require.LessOrEqual(w, record.JoinRevision, question.Revision)
	case record.Plan.Action != alert.Ask: // to be settled
		require.True(w, record.Plan.Verdict.Decided())
	case record.Status == alert.Held:
		require.True(w, !record.QueuedUntil.IsZero() || !record.Plan.NotBefore.IsZero())
		require.False(w, record.Plan.AskBy.IsZero())
	default:
		require.True(w, record.HasTurn() || record.Plan.Quiet)
	}
}

// isProven: nothing is confirmed without an approval of its own, or of the
// question that listed it.
func (w *world) isProven(story store.Story) {
	w.Helper()
	if story.Record.Verdict.Outcome != alert.Confirmed {
		return
	}
	if story.Record.JoinedTo == "" {
		require.True(w, slices.ContainsFunc(story.Proofs, func(p alert.Proof) bool { return p.Result == alert.ProofApproved }))
		require.True(w, slices.ContainsFunc(story.Answers, func(a alert.Answer) bool { return a.Choice == alert.Yes && !a.Late }))
		return
	}
	question := w.story(story.Record.JoinedTo)
	require.Equal(w, alert.Confirmed, question.Record.Verdict.Outcome)
	require.GreaterOrEqual(w, question.Answers[0].Revision, story.Record.JoinRevision)
}

// isSeen: what is escalated has one case, its own or that of another which has its
// own; what is not, need not be seen.
func (w *world) isSeen(record store.Record) {
	w.Helper()
	switch {
	case record.EscalatedAt.IsZero():
		require.False(w, record.Verdict.NeedsCase(*record.Plan), "%+v", record.Verdict)
		require.NotEqual(w, alert.Escalated, record.Status)
	case record.CaseOf == "":
		require.NotNil(w, w.caseOf(record.ID))
	default:
		require.NotEqual(w, record.ID, record.CaseOf)
		require.Empty(w, w.reads(record.CaseOf).CaseOf, "its case is a line of another")
		require.NotNil(w, w.caseOf(record.CaseOf))
	}
}

// isCovered: what was closed unasked was within the bounds of a proven yes.
func (w *world) isCovered(story store.Story) {
	w.Helper()
	record, covering := story.Record, story.Covering
	if record.Verdict.Outcome != alert.Suppressed {
		return
	}
	require.NotNil(w, covering)
	require.Equal(w, covering.Person, record.Person)
	require.Equal(w, covering.Detection, record.Detection)
	require.LessOrEqual(w, record.Severity.Rank(), covering.Severity.Rank())
	require.True(w, record.Plan.InHours)
	require.False(w, record.AdmittedAt.Before(covering.Since))
	require.True(w, record.AdmittedAt.Before(covering.Until))
	require.JSONEq(w, string(covering.Scope), string(record.Context))
}

func (w *world) boundsHold() {
	w.Helper()
	all, err := w.Suppressions(w.Context(), noon.Add(-time.Hour), 1000)
	require.NoError(w, err)
	for _, suppression := range all {
		require.LessOrEqual(w, suppression.Used, suppression.Most)
		longest := map[string]time.Duration{store.SuppressProven: 8 * time.Hour, store.SuppressIgnore: 4 * time.Hour}
		require.LessOrEqual(w, suppression.Until.Sub(suppression.Since), longest[suppression.Kind])
		proven := w.reads(suppression.AlertID)
		require.Equal(w, alert.Confirmed, proven.Verdict.Outcome)
		if suppression.InForce(w.Now()) {
			require.Zero(w, proven.EscalatedAt, "of a yes that is in doubt")
			distrusted, err := w.Distrusted(w.Context(), suppression.Person)
			require.NoError(w, err)
			require.False(w, distrusted)
		}
	}
}

// ends lets all time pass: then everything has a verdict.
func (w *world) ends() {
	w.Helper()
	for range 10 {
		w.passes(24 * time.Hour)
		for _, record := range w.all() {
			if isOpen(record) {
				_, err := w.TakeTurn(w.Context(), record.ID)
				require.NoError(w, err)
				w.settles(record.ID)
			}
		}
	}
	for _, record := range w.all() {
		require.True(w, record.Verdict.Decided(), "%+v has no end", record)
	}
	w.holds()
	w.audited()
}

func TestWhateverHappens(t *testing.T) {
	t.Parallel()
	for seed := range uint64(often(2, 8)) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(b *bench) {
				w := newWorld(b, seed)
				w.honest = seed%2 == 0
				for n := range often(100, 400) {
					require.NoError(b, pick(w, w.steps())())
					if n%10 == 0 {
						w.holds()
					}
				}
				w.ends()
			})
		})
	}
}

// The same by several at once, on the same few alerts.
func TestWhateverHappensAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		w := newWorld(b, 1)
		for range often(3, 12) {
			together(b, 4, func(int) (bool, error) {
				for range 10 {
					if err := pick(w, w.steps())(); err != nil {
						return false, err
					}
				}
				w.audited() // while the others go on
				return true, nil
			})
			w.holds()
		}
		w.ends()
	})
}
