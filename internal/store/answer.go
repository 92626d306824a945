package store

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"securitybot/internal/alert"
)

// Refusal is why something that a person did changed nothing.
type Refusal string

// The refusals.
const (
	RefusedRepeat   Refusal = "repeat"      // this very delivery was recorded before
	RefusedOther    Refusal = "not_asked"   // somebody else was asked
	RefusedForged   Refusal = "forged"      // our code on the button is wrong
	RefusedStale    Refusal = "stale"       // the question shows something else by now
	RefusedAnswered Refusal = "answered"    // the same answer, or one that does not outrank the first
	RefusedSaidNo   Refusal = "said_no"     // a no stands
	RefusedClosed   Refusal = "closed"      // it is over
	RefusedSnoozes  Refusal = "no_snoozes"  // snoozed as often as may be
	RefusedNoPush   Refusal = "nothing_due" // there is no push to send again

	RefusedSuspected   Refusal = "suspected"   // the chat account is under distrust
	RefusedUnconfirmed Refusal = "unconfirmed" // only a confirmed alert can be ignored
	RefusedNoScope     Refusal = "no_scope"    // nothing tells its repetitions from other things
	RefusedAlready     Refusal = "already"     // it is so
	RefusedTooOften    Refusal = "too_often"   // wanted too often in an hour
)

// Said is something that a person did about an alert, checked by the inbox.
type Said struct {
	Delivery string
	AlertID  string
	Person   alert.PersonKey
	At       time.Time // by the chat system's clock
	Choice   alert.Choice
	Revision int
	Words    string // an explanation that came with the answer
	LoggedIn bool   // a responder who logged in, which weighs as much as a proof
}

// Heard is what became of it.
type Heard struct {
	Record  Record
	Answer  alert.Answer
	Refusal Refusal // "" when it counts
}

// TakeAnswer records an answer: the delivery, the answer and what wakes the
// workflow in one transaction. A refusal is recorded too.
func (s *Store) TakeAnswer(ctx context.Context, said Said) (Heard, error) {
	return s.hear(ctx, said, func(t *tx, record *Record, heard *Heard) error {
		answers, err := t.Answers(ctx, record.ID)
		if err != nil {
			return fmt.Errorf("read answers: %w", err)
		}
		if heard.Refusal = refuseAnswer(*record, answers, said.Choice, t.now); heard.Refusal != "" {
			return nil
		}
		heard.Answer = answerOf(said, *record, answers, t.now)
		if len(answers) == 0 && !heard.Answer.Late {
			if err := t.tallyAnswer(record, heard.Answer); err != nil {
				return err
			}
		}
		return t.answer(record, heard.Answer)
	})
}

// hear runs f once per delivery, on the alert that somebody acts on, and tells
// the timeline of a refusal.
func (s *Store) hear(ctx context.Context, said Said, f func(*tx, *Record, *Heard) error) (Heard, error) {
	var heard Heard
	err := s.onAlert(ctx, said.AlertID, func(t *tx, record *Record) error {
		heard = Heard{}
		fresh, err := t.InsertDelivery(ctx, said.Delivery, t.now)
		if err != nil {
			return fmt.Errorf("record delivery: %w", err)
		}
		switch {
		case !fresh:
			heard.Refusal = RefusedRepeat
		case record.Person != said.Person:
			heard.Refusal = RefusedOther
		default:
			if err := f(t, record, &heard); err != nil {
				return err
			}
		}
		heard.Record = *record
		return t.tellRefusal(said, heard.Refusal)
	})
	return heard, err
}

func (t *tx) tellRefusal(said Said, refusal Refusal) error {
	if refusal == "" || refusal == RefusedRepeat {
		return nil
	}
	actor := ActorPerson
	if refusal == RefusedOther || refusal == RefusedForged {
		actor = ActorOther
	}
	return t.append(said.AlertID, KindPressRefused, actor,
		Fields{"reason": refusal, "choice": said.Choice}, Fields{"chat_id": said.Person.User})
}

// TellRefusal puts on the timeline that somebody's press was not taken, once
// per delivery.
func (s *Store) TellRefusal(ctx context.Context, said Said, refusal Refusal) error {
	return s.onAlert(ctx, said.AlertID, func(t *tx, _ *Record) error {
		fresh, err := t.InsertDelivery(ctx, said.Delivery, t.now)
		if err != nil || !fresh {
			return err
		}
		return t.tellRefusal(said, refusal)
	})
}

// refuseAnswer tells why an answer does not count. A no outranks everything
// but another no, at any time.
func refuseAnswer(record Record, answers []alert.Answer, choice alert.Choice, now time.Time) Refusal {
	for _, earlier := range answers {
		if earlier.Choice.Refuses() {
			return RefusedSaidNo
		}
	}
	if choice.Refuses() {
		return ""
	}
	switch {
	case !record.SettledAt.IsZero() && !record.Watching(now):
		return RefusedClosed
	case len(answers) > 0:
		return RefusedAnswered
	default:
		return ""
	}
}

// answerOf is late when the verdict stands, or when the deadline, by the chat
// system's own clock, had passed before anything was answered.
func answerOf(said Said, record Record, earlier []alert.Answer, now time.Time) alert.Answer {
	answer := alert.Answer{
		ID: said.Delivery, AlertID: record.ID, Person: said.Person, Choice: said.Choice,
		Revision: said.Revision, At: said.At, RecordedAt: now, Explanation: said.Words,
	}
	overdue := !record.Deadline.IsZero() && said.At.After(record.Deadline)
	answer.Late = !record.SettledAt.IsZero() || (len(earlier) == 0 && overdue)
	if said.Words != "" {
		answer.ExplainedAt = now
	}
	return answer
}

func (t *tx) answer(record *Record, answer alert.Answer) error {
	if err := t.InsertAnswer(t.ctx, answer); err != nil {
		return fmt.Errorf("insert answer: %w", err)
	}
	kind := KindAnswered
	if answer.Late {
		kind = KindLateAnswer
	}
	err := t.append(record.ID, kind, ActorPerson,
		Fields{"choice": answer.Choice, "pressed_at": answer.At, "revision": answer.Revision},
		Fields{"explanation": answer.Explanation, "delivery": answer.ID, "chat_id": answer.Person.User})
	if err != nil {
		return err
	}
	if !record.Answered.Refuses() { // a no stays the one that counts
		record.Answered, record.Proven = answer.Choice, record.Proven && !answer.Choice.Refuses()
		if err := t.save(record); err != nil {
			return err
		}
	}
	if !answer.Late { // what came too late covers nothing, and leaves nothing over
		if err := t.partFrom(record, answer); err != nil {
			return err
		}
	}
	if err := t.decideAtOnce(record, answer); err != nil {
		return err
	}
	at := t.now
	if waitsForWords(record, answer) {
		at = t.now.Add(waitForWords)
	}
	return t.enqueueAt(at, record.ID, OutgoingAnswer, answer.ID, answer.Choice)
}

// waitForWords is how long a yes waits for its words where policy wants some.
const waitForWords = time.Minute

func waitsForWords(record *Record, answer alert.Answer) bool {
	return answer.Choice == alert.Yes && record.Plan.Explanation == alert.ExplainRequired && answer.Explanation == ""
}

// Unexplained has a yes go on that will get no words.
func (s *Store) Unexplained(ctx context.Context, answerID string, said Said) error {
	return s.onAlert(ctx, said.AlertID, func(t *tx, record *Record) error {
		answer, ok, err := found(t.FindAnswer(ctx, answerID))
		if err != nil || !ok || answer.AlertID != record.ID || !waitsForWords(record, answer) {
			return err
		}
		return t.enqueue(record.ID, OutgoingAnswer, answer.ID, answer.Choice)
	})
}

// partFrom gives occurrences that the answer's button did not speak of a question
// of their own.
func (t *tx) partFrom(record *Record, answer alert.Answer) error {
	_, rest, err := t.covered(record.ID, answer.Revision)
	if err != nil {
		return err
	}
	return t.part(rest)
}

// decideAtOnce settles what needs no proof in the very transaction of the press,
// whatever has become of the workflow. A no after the verdict raises the alert.
func (t *tx) decideAtOnce(record *Record, answer alert.Answer) error {
	switch {
	case answer.Choice == alert.Yes && !record.Plan.FactorOff && !record.Plan.FactorDoubted:
		return nil
	case record.SettledAt.IsZero():
		return t.settle(record, Because{})
	case answer.Choice.Refuses() && !record.Plan.Quiet:
		return t.raise(record, EscalationLateNo)
	default:
		return nil
	}
}

// EscalationLateNo is the reason of a case that a no after the verdict opened.
const EscalationLateNo = "late_no"

// raise escalates an alert whose verdict stands, and has it seen to even if it
// was finished. What speaks of a stolen account stays the reason.
func (t *tx) raise(record *Record, reason string) error {
	if record.Escalation != alert.ReasonFraud && record.Escalation != alert.ReasonContradicted {
		record.Escalation = reason
	}
	record.Status, record.FinishedAt = alert.Escalated, time.Time{}
	if record.EscalatedAt.IsZero() || record.CaseOf != "" { // a line in a list is not enough any more
		record.EscalatedAt, record.CaseOf = t.now, ""
	}
	if err := t.openCase(record); err != nil {
		return err
	}
	if err := t.save(record); err != nil {
		return err
	}
	if err := t.revokeOf(record, reason); err != nil {
		return err
	}
	return t.raiseJoined(record)
}

// raiseJoined has the case of a question list its other occurrences too.
func (t *tx) raiseJoined(question *Record) error {
	joined, err := t.JoinedTo(t.ctx, question.ID)
	if err != nil {
		return fmt.Errorf("list joined alerts: %w", err)
	}
	for _, record := range joined {
		if !record.EscalatedAt.IsZero() && record.CaseOf == "" {
			continue // it has its own
		}
		record.Status, record.Escalation = alert.Escalated, question.Escalation
		record.EscalatedAt, record.CaseOf = question.EscalatedAt, question.ID
		if err := t.save(&record); err != nil {
			return err
		}
	}
	return nil
}

// TakeSnooze postpones the next reminder.
func (s *Store) TakeSnooze(ctx context.Context, said Said) (Heard, error) {
	return s.hear(ctx, said, func(t *tx, record *Record, heard *Heard) error {
		switch {
		case !record.SettledAt.IsZero():
			heard.Refusal = RefusedClosed
		case record.Status == alert.Proving:
			heard.Refusal = RefusedAnswered
		case record.Snoozes >= record.Plan.SnoozeTimes:
			heard.Refusal = RefusedSnoozes
		}
		if heard.Refusal != "" {
			return nil
		}
		record.Snoozes++
		record.SnoozedUntil = t.now.Add(record.Plan.Snooze)
		if err := t.save(record); err != nil {
			return err
		}
		if err := t.append(record.ID, KindSnoozed, ActorPerson, Fields{"until": record.SnoozedUntil}, nil); err != nil {
			return err
		}
		return t.enqueue(record.ID, OutgoingSnooze, said.Delivery, "")
	})
}

// TakePushAgain asks for the push to be sent once more.
func (s *Store) TakePushAgain(ctx context.Context, said Said) (Heard, error) {
	return s.hear(ctx, said, func(t *tx, record *Record, heard *Heard) error {
		proofs, err := t.Proofs(ctx, record.ID)
		if err != nil {
			return fmt.Errorf("read proofs: %w", err)
		}
		switch {
		case !record.SettledAt.IsZero():
			heard.Refusal = RefusedClosed
		case len(proofs) == 0 || !proofs[len(proofs)-1].Result.Again():
			heard.Refusal = RefusedNoPush
		}
		if heard.Refusal != "" {
			return nil
		}
		next := proofs[len(proofs)-1].Attempt + 1
		if err := t.append(record.ID, KindPushRequested, ActorPerson, Fields{"attempt": next}, nil); err != nil {
			return err
		}
		return t.enqueue(record.ID, OutgoingPushAgain, fmt.Sprint(next), "")
	})
}

// mostWords is how long all the words about one answer may get, in letters.
const mostWords = 6000

// Explain adds a person's own words to their answer: what they say later stands
// below what they said first.
func (s *Store) Explain(ctx context.Context, answerID string, said Said) (Heard, error) {
	return s.hear(ctx, said, func(t *tx, record *Record, heard *Heard) error {
		answer, err := t.FindAnswer(ctx, answerID)
		if err != nil {
			return fmt.Errorf("read answer: %w", err)
		}
		awaited := waitsForWords(record, answer)
		all := said.Words
		if answer.Explanation != "" {
			all = answer.Explanation + "\n" + said.Words
		}
		if utf8.RuneCountInString(all) > mostWords || answer.AlertID != record.ID {
			heard.Refusal = RefusedAnswered
			return nil
		}
		answer.Explanation, answer.ExplainedAt = all, t.now
		heard.Answer = answer
		if err := t.Tx.Explain(ctx, answer.ID, answer.Explanation, t.now); err != nil {
			return fmt.Errorf("write explanation: %w", err)
		}
		if err := t.append(record.ID, KindExplained, ActorPerson, nil, Fields{"explanation": said.Words}); err != nil {
			return err
		}
		switch {
		case awaited:
			return t.enqueue(record.ID, OutgoingAnswer, answer.ID, answer.Choice)
		case record.EscalatedAt.IsZero():
			return nil
		default:
			return t.enqueue(record.ID, OutgoingFollowUp, said.Delivery, "")
		}
	})
}
