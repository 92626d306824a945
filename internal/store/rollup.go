package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"securitybot/internal/alert"
)

const (
	rollupPage    = 200    // alerts that are read in one transaction
	rollupLines   = 200    // of each list
	rollupSlowest = 5      // answers
	rollupInForce = 10_000 // open cases and suppressions that are looked at
)

// Rollup sums up what was decided from From, inclusive, to To, exclusive, and what
// holds at the moment it is read: open cases, opt-outs and exceptions. What
// Securitybot reported itself counts for nothing but its cases. No list has
// more than 200 lines; More has how many were left out, by the list's name.
// Its JSON is what the API shows.
type Rollup struct {
	From       time.Time           `json:"from"`
	To         time.Time           `json:"to"`
	Alerts     int                 `json:"alerts"`
	Asked      int                 `json:"asked"` // about; one question may ask about several
	Unasked    int                 `json:"unasked"`
	Pushes     map[string]int      `json:"pushes"`     // by what came of them
	Verdicts   []DetectionVerdicts `json:"verdicts"`   // the most alerts first
	Confirmed  []Explained         `json:"confirmed"`  // in the order of their verdicts
	Slowest    []Explained         `json:"slowest"`    // the slowest first
	Observed   []Observation       `json:"observed"`   // the most alerts first
	OpenCases  []RollupCase        `json:"open_cases"` // the oldest first; opened before To
	OptedOut   []RollupOptOut      `json:"opted_out"`
	Exceptions []RollupException   `json:"exceptions"` // the newest first
	More       map[string]int      `json:"more,omitempty"`
}

// DetectionVerdicts counts the outcomes of one detection's alerts.
type DetectionVerdicts struct {
	Detection string                `json:"detection"`
	Counts    map[alert.Outcome]int `json:"counts"`
}

// Who is a person in a summary; of a subject that is nobody we know, what the
// alert says.
type Who struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
}

// String names a person as readers know them.
func (w Who) String() string {
	switch {
	case w.Name == "":
		return w.Email
	case w.Email == "":
		return w.Name
	default:
		return w.Name + " (" + w.Email + ")"
	}
}

// Explained is an alert that its person answered.
type Explained struct {
	AlertID     string        `json:"alert_id"`
	Detection   string        `json:"detection"`
	Title       string        `json:"title"`
	Who         Who           `json:"who"`
	Explanation string        `json:"explanation"`
	Joined      int           `json:"joined,omitempty"` // further alerts that the question asked about
	Took        time.Duration `json:"-"`                // from the question to the answer
	Seconds     int           `json:"answered_in_seconds"`
}

// Observation counts alerts that were recorded while nobody was contacted.
type Observation struct {
	Detection string       `json:"detection"`
	Reason    string       `json:"reason"`
	Would     alert.Action `json:"would,omitempty"` // what would have been done
	Count     int          `json:"count"`
}

// RollupCase is a case that nobody has resolved.
type RollupCase struct {
	AlertID  string         `json:"alert_id"`
	Title    string         `json:"title"`
	Severity alert.Severity `json:"severity"`
	Who      Who            `json:"who"`
	Reason   string         `json:"reason"` // of the escalation
	OpenedAt time.Time      `json:"opened_at"`
	AckedAt  time.Time      `json:"acked_at,omitzero"`
	AckedBy  string         `json:"acked_by,omitempty"`
}

// RollupOptOut is somebody who is not asked for a while.
type RollupOptOut struct {
	Who   Who       `json:"who"`
	Until time.Time `json:"until"`
	By    string    `json:"by"`
}

// RollupException is a suppression by hand that is in force.
type RollupException struct {
	ID        string    `json:"id"`
	Who       Who       `json:"who"`
	Detection string    `json:"detection"`
	Scope     string    `json:"scope"` // a JSON object
	Until     time.Time `json:"until"`
	By        string    `json:"by"`
	Reason    string    `json:"reason"`
	Used      int       `json:"used"`
}

// Rollup sums up a stretch of time, page by page: a big one holds up nobody.
func (s *Store) Rollup(ctx context.Context, from, to time.Time) (Rollup, error) {
	sum := newSum(from, to)
	for place := (Cursor{}); ; {
		page, err := s.decidedBetween(ctx, from, to, place)
		if err != nil {
			return Rollup{}, err
		}
		for _, story := range page {
			sum.add(story)
		}
		if len(page) < rollupPage {
			break
		}
		last := page[len(page)-1].Record
		place = Cursor{ReceivedAt: last.ReceivedAt, ID: last.ID}
	}
	rollup := sum.rollup()
	return rollup, s.inForce(ctx, &rollup)
}

// decidedBetween reads a page of alerts by the time of their verdict, with what a
// summary needs of their stories.
func (s *Store) decidedBetween(ctx context.Context, from, to time.Time, after Cursor) ([]Story, error) {
	var stories []Story
	err := s.inTx(ctx, func(t *tx) error {
		records, err := t.SettledBetween(ctx, from, to, after, rollupPage)
		if err != nil {
			return fmt.Errorf("list decided alerts: %w", err)
		}
		stories = make([]Story, len(records))
		people := &known{tx: t}
		for i, record := range records {
			stories[i] = Story{Record: record}
			if err := t.tellAnswer(&stories[i], people); err != nil {
				return fmt.Errorf("read alert %.12s: %w", record.ID, err)
			}
		}
		return nil
	})
	return stories, err
}

// tellAnswer reads what came of an alert's own question, if there was one.
func (t *tx) tellAnswer(story *Story, people *known) (err error) {
	record := story.Record
	if record.AskedAt.IsZero() || record.Source == alert.OwnSource {
		return nil
	}
	if story.Person, err = people.find(record.Person); err != nil {
		return err
	}
	if story.Answers, err = t.Answers(t.ctx, record.ID); err != nil {
		return fmt.Errorf("read answers: %w", err)
	}
	if len(story.Answers) == 0 {
		return nil
	}
	if story.Proofs, err = t.Proofs(t.ctx, record.ID); err != nil {
		return fmt.Errorf("read proofs: %w", err)
	}
	if record.Revision > 1 {
		if story.Joined, err = t.JoinedTo(t.ctx, record.ID); err != nil {
			return fmt.Errorf("list joined alerts: %w", err)
		}
	}
	return nil
}

// known looks people up, each of them once.
type known struct {
	tx    *tx
	found map[alert.PersonKey]alert.Person
}

func (k *known) find(key alert.PersonKey) (alert.Person, error) {
	if person, ok := k.found[key]; ok || key.User == "" {
		return person, nil
	}
	person, _, err := found(k.tx.FindPerson(k.tx.ctx, key))
	if err != nil {
		return alert.Person{}, fmt.Errorf("read person: %w", err)
	}
	if k.found == nil {
		k.found = map[alert.PersonKey]alert.Person{}
	}
	k.found[key] = person
	return person, nil
}

// inForce adds what holds now.
func (s *Store) inForce(ctx context.Context, rollup *Rollup) error {
	before := *rollup
	return s.inTx(ctx, func(t *tx) error {
		*rollup = before
		people := &known{tx: t}
		if err := t.addCases(rollup, people); err != nil {
			return err
		}
		if err := t.addOptOuts(rollup, people); err != nil {
			return err
		}
		return t.addExceptions(rollup, people)
	})
}

func (t *tx) addCases(rollup *Rollup, people *known) error {
	open, err := t.Tx.OpenCases(t.ctx, rollup.To, rollupInForce)
	if err != nil {
		return fmt.Errorf("list open cases: %w", err)
	}
	for _, opened := range open[:min(len(open), rollupLines)] {
		record, err := t.FindAlert(t.ctx, opened.AlertID)
		if err != nil {
			return fmt.Errorf("read alert %.12s: %w", opened.AlertID, err)
		}
		person, err := people.find(opened.About)
		if err != nil {
			return err
		}
		rollup.OpenCases = append(rollup.OpenCases, RollupCase{
			AlertID: record.ID, Title: record.Title, Severity: record.Severity, Who: WhoIs(person, record.Subject),
			Reason: record.Escalation, OpenedAt: opened.OpenedAt, AckedAt: opened.AckedAt, AckedBy: opened.AckedBy,
		})
	}
	rollup.leaveOut("open_cases", len(open)-rollupLines)
	return nil
}

func (t *tx) addOptOuts(rollup *Rollup, people *known) error {
	list, err := t.Tx.OptOuts(t.ctx, t.now)
	if err != nil {
		return fmt.Errorf("list opt-outs: %w", err)
	}
	for _, optOut := range list[:min(len(list), rollupLines)] {
		person, err := people.find(optOut.Person)
		if err != nil {
			return err
		}
		rollup.OptedOut = append(rollup.OptedOut, RollupOptOut{
			Who: WhoIs(person, alert.Subject{SlackID: optOut.Person.User}), Until: optOut.Until, By: optOut.By,
		})
	}
	rollup.leaveOut("opted_out", len(list)-rollupLines)
	return nil
}

func (t *tx) addExceptions(rollup *Rollup, people *known) error {
	list, err := t.Tx.Suppressions(t.ctx, t.now, rollupInForce)
	if err != nil {
		return fmt.Errorf("list suppressions: %w", err)
	}
	list = slices.DeleteFunc(list, func(s Suppression) bool { return s.Kind != SuppressException || !s.InForce(t.now) })
	for _, exception := range list[:min(len(list), rollupLines)] {
		person, err := people.find(exception.Person)
		if err != nil {
			return err
		}
		rollup.Exceptions = append(rollup.Exceptions, RollupException{
			ID: exception.ID, Who: WhoIs(person, alert.Subject{SlackID: exception.Person.User}),
			Detection: exception.Detection, Scope: string(exception.Scope), Until: exception.Until,
			By: exception.By, Reason: exception.Reason, Used: exception.Used,
		})
	}
	rollup.leaveOut("exceptions", len(list)-rollupLines)
	return nil
}

// leaveOut notes how many lines a list should have had beyond its end.
func (r *Rollup) leaveOut(list string, lines int) {
	if lines <= 0 {
		return
	}
	if r.More == nil {
		r.More = map[string]int{}
	}
	r.More[list] += lines
}

// WhoIs names a person, or the subject that is nobody we know.
func WhoIs(person alert.Person, subject alert.Subject) Who {
	if person.Name != "" || person.Email != "" {
		return Who{Name: person.Name, Email: person.Email}
	}
	return Who{Name: cmp.Or(subject.Username, subject.SlackID), Email: subject.Email}
}
