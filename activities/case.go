package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"securitybot/internal/chat"
	"securitybot/internal/conversation"
	"securitybot/internal/sink"
	"securitybot/internal/store"
)

// secondAfter is how long a target may be away before the second one is used.
const secondAfter = 5 * time.Minute

// Case brings everybody who knows of a case up to date: the case itself, what
// joined it, what came late, and what responders did.
func (a *Activities) Case(ctx context.Context, in conversation.AlertRef) error {
	story, err := a.Record.Story(ctx, in.AlertID)
	if err != nil {
		return missing(err)
	}
	if story.Record.EscalatedAt.IsZero() || story.Record.CaseOf != "" {
		return a.Record.Finish(ctx, in.AlertID)
	}
	rungs, err := a.rungs(ctx, story)
	if err != nil {
		return err
	}
	var errs []error
	for _, rung := range rungs {
		// Where a case is at home it is shown even if somebody saw to it before its time.
		if rung.index < climbed(story) || (rung.purpose == store.PurposeCase && seenTo(story)) {
			errs = append(errs, a.take(ctx, story, rung))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return a.untold(in.AlertID, err)
	}
	if err := a.raise(ctx, story, rungs); err != nil {
		return a.untold(in.AlertID, err)
	}
	return a.Record.Finish(ctx, in.AlertID)
}

// climbed is how many rungs of a case's ladder are told, or due with the case.
func climbed(story store.Story) int {
	if story.Case == nil {
		return 1
	}
	return story.Case.Rung
}

// NextRung asks the record for the next step of a case's ladder.
func (a *Activities) NextRung(ctx context.Context, in conversation.AlertRef) (conversation.Rung, error) {
	next, err := a.Record.NextRung(ctx, in.AlertID)
	return conversation.Rung{Index: next.Index, At: next.At, Done: next.Done}, missing(err)
}

// Climb takes one rung of a case's ladder, if it is its turn. A target that does
// not take the case is tried until the next one is due: the ladder never hangs on one.
func (a *Activities) Climb(ctx context.Context, in conversation.ClimbInput) error {
	story, err := a.Record.Story(ctx, in.AlertID)
	if err != nil {
		return missing(err)
	}
	next, err := a.Record.NextRung(ctx, in.AlertID)
	if err != nil || next.Done || next.Index != in.Rung || story.At.Before(next.At) {
		return err
	}
	rungs, err := a.rungs(ctx, story)
	if err != nil {
		return err
	}
	if err := a.take(ctx, story, rungs[in.Rung]); err != nil {
		if !overtaken(story, in.Rung) {
			return a.untold(in.AlertID, err)
		}
		a.Logger.Error("a target did not take a case in time, the ladder goes on",
			"alert_id", in.AlertID, "target", rungs[in.Rung].name, "error", err)
		return a.Record.Climbed(ctx, in.AlertID, in.Rung, store.ClimbedFailed)
	}
	if err := a.Record.Climbed(ctx, in.AlertID, in.Rung, store.ClimbedTold); err != nil {
		return err
	}
	return a.Record.Finish(ctx, in.AlertID)
}

// overtaken tells that the rung after this one is due as well.
func overtaken(story store.Story, rung int) bool {
	return story.Case != nil && rung+1 < len(story.Record.Ladder()) && !story.At.Before(story.RungDue(rung+1))
}

// take brings a case to one rung, or up to date there.
func (a *Activities) take(ctx context.Context, story store.Story, rung rung) error {
	before := story.Posts[rung.purpose]
	stands := before.State == store.PostDone
	switch {
	case rung.asks():
		return a.askPeer(ctx, story, rung, before)
	case stands && (before.Channel == secondChannel || before.Channel == sinkChannel):
		return a.noteAll(ctx, story, rung, before)
	case stands:
		return a.edit(ctx, chat.Ref{Channel: before.Channel, TS: before.TS}, a.Book.Case(story, a.Links, a.Sealer))
	case rung.Sink != nil:
		return a.openInSink(ctx, story, rung)
	default:
		return a.openInChat(ctx, story, rung)
	}
}

// openInChat posts a case in a channel, or to somebody; its second target is a sink.
func (a *Activities) openInChat(ctx context.Context, story store.Story, rung rung) error {
	post, err := a.post(ctx, story.Record.ID, draft{
		purpose: rung.purpose,
		to:      rung.recipient(),
		message: a.Book.Case(story, a.Links, a.Sealer),
		kind:    store.KindCaseOpened,
		data:    store.Fields{"reason": story.Record.Escalation, "target": rung.name},
	})
	if err != nil && rung.Fallback != nil && lost(rung.since(story, post), err) {
		return a.tell(ctx, rung.Fallback, secondChannel, post, caseOf(story, a.Links))
	}
	return err
}

// openInSink tells a case to a sink; its second target is another sink, or else
// the security channel.
func (a *Activities) openInSink(ctx context.Context, story store.Story, rung rung) error {
	post, turn, err := a.Record.BeginPost(ctx, story.Record.ID, rung.purpose)
	switch {
	case err != nil, turn == store.TurnStands:
		return err
	case turn == store.TurnWait:
		return busy(post)
	}
	told := caseOf(story, a.Links)
	err = rung.Sink.Send(ctx, told)
	if err == nil {
		return a.told(ctx, rung.Sink, sinkChannel, post, told)
	}
	released := a.Record.ReleasePost(context.WithoutCancel(ctx), post, true)
	if released == nil && (sink.FailureOf(err).Refused || time.Since(rung.since(story, post)) > secondAfter) {
		a.Logger.Error("a target does not take cases, the second one is used",
			"alert_id", story.Record.ID, "target", rung.name, "error", err)
		if rung.Fallback != nil {
			return a.tell(ctx, rung.Fallback, secondChannel, post, told)
		}
		rung.Slack = a.Channel
		return a.openInChat(ctx, story, rung)
	}
	return errors.Join(notTaken(err), released)
}

// since is when a rung was due: of the case itself, or when it was first tried.
func (r rung) since(story store.Story, post store.Post) time.Time {
	if r.purpose == store.PurposeCase || post.IntendedAt.IsZero() {
		return story.Record.EscalatedAt
	}
	return post.IntendedAt
}

// lost tells whether the chat system refuses for good, or has been away for long.
func lost(since time.Time, err error) bool {
	failed := chat.FailureOf(err).Failure
	return time.Since(since) > secondAfter ||
		failed == chat.Refused || failed == chat.Gone || failed == chat.Operator
}

// What stands for a sink where a post's channel would.
const (
	secondChannel = "webhook" // the second target
	sinkChannel   = "sink"    // the target itself
)

// tell sends a case to a sink and records that it stands there.
func (a *Activities) tell(ctx context.Context, target sink.CaseTarget, channel string, post store.Post, what sink.Case) error {
	if err := target.Send(ctx, what); err != nil {
		return notTaken(err)
	}
	return a.told(ctx, target, channel, post, what)
}

func (a *Activities) told(ctx context.Context, target sink.CaseTarget, channel string, post store.Post, what sink.Case) error {
	post.Channel, post.TS, post.PostedAt = channel, what.ID, time.Now().UTC()
	return a.Record.FinishPost(ctx, post, store.KindWebhookSent, store.Fields{"target": target.Name()}, nil)
}

// noteAll tells a sink, which can't be edited, what came since it learnt of the
// case: each thing once, in its order.
func (a *Activities) noteAll(ctx context.Context, story store.Story, rung rung, opened store.Post) error {
	target := sinkAt(rung, opened)
	if target == nil {
		return nil
	}
	for _, note := range notesOf(story, a.Links, opened) {
		if err := a.note(ctx, story, target, rung, note); err != nil {
			return err
		}
	}
	return nil
}

// sinkAt is the sink that took a case; nil when policy no longer knows it.
func sinkAt(rung rung, opened store.Post) sink.CaseTarget {
	if opened.Channel == secondChannel {
		return rung.Fallback
	}
	return rung.Sink
}

func (a *Activities) note(ctx context.Context, story store.Story, target sink.CaseTarget, rung rung, note sink.Case) error {
	about := note.ID[len(note.CaseID)+1:]
	if rung.purpose != store.PurposeCase {
		about = rung.name + "-" + about
	}
	post, turn, err := a.Record.BeginPost(ctx, story.Record.ID, store.PurposeNote+about)
	switch {
	case err != nil, turn == store.TurnStands:
		return err
	case turn == store.TurnWait:
		return busy(post)
	}
	err = target.Send(ctx, note)
	switch {
	case err == nil:
		return a.told(ctx, target, secondChannel, post, note)
	case sink.FailureOf(err).Refused: // it would hold up what comes after it for ever
		a.Logger.Error("a target refuses a note about a case", "alert_id", story.Record.ID, "target", rung.name, "error", err)
		post.Channel, post.TS, post.PostedAt = secondChannel, note.ID, time.Now().UTC()
		return a.Record.FinishPost(ctx, post, store.KindCaseNoted, store.Fields{"about": about, "refused": true}, nil)
	default:
		return errors.Join(notTaken(err), a.Record.ReleasePost(context.WithoutCancel(ctx), post, true))
	}
}

// notesOf lists what came since a sink learnt of a case, oldest first.
func notesOf(story store.Story, links Links, opened store.Post) []sink.Case {
	var notes []sink.Case
	if answer := story.Answer(); answer != nil && answer.ExplainedAt.After(opened.IntendedAt) {
		notes = append(notes, noteOf(story, links, "words", answer.ExplainedAt, ""))
	}
	for _, entry := range story.Entries {
		if story.Case == nil || !entry.At.After(story.Case.OpenedAt) {
			continue
		}
		note := noteOf(story, links, fmt.Sprint(entry.Seq), entry.At, "")
		switch entry.Kind {
		case store.KindAcknowledged:
			note.Kind, note.By = sink.Acknowledged, entry.Actor
		case store.KindResolved:
			note.Kind, note.By, note.Resolution = sink.Resolved, entry.Actor, resolutionOf(entry)
		case store.KindReopened:
			note.Note = "opened again"
		case store.KindPeerAnswered:
			note.Note = peerNote(entry)
		default:
			continue
		}
		notes = append(notes, note)
	}
	return notes
}

func resolutionOf(entry store.Entry) string {
	var said struct {
		Reason string `json:"reason"`
	}
	_ = json.Unmarshal(entry.Personal, &said) // it may be erased
	return said.Reason
}

// peerNote is what somebody beside the person said, for a machine.
func peerNote(entry store.Entry) string {
	var said struct {
		Choice string `json:"choice"`
		Name   string `json:"name"`
	}
	_ = json.Unmarshal(entry.Data, &said)
	_ = json.Unmarshal(entry.Personal, &said) // the name may be erased
	return said.Name + " was asked and answered: " + said.Choice
}

// raise says once more, where the case is at home, what came after the verdict and
// weighs more than it.
func (a *Activities) raise(ctx context.Context, story store.Story, rungs []rung) error {
	home, told := homeNow(story, rungs, a.Channel)
	notes := a.Book.Late(story)
	if told == nil {
		notes = append(notes, a.peerNotes(story, rungs)...)
	}
	for _, late := range notes {
		if told != nil {
			note := noteOf(story, a.Links, late.Name, story.At, late.Message.Text)
			if err := a.note(ctx, story, told, home, note); err != nil {
				return err
			}
			continue
		}
		post, err := a.post(ctx, story.Record.ID, draft{
			purpose: store.PurposeRaised + late.Name,
			to:      lateRecipient(story, home, late.Loud),
			message: late.Message,
			kind:    store.KindCaseNoted,
			data:    store.Fields{"about": late.Name},
		})
		if err != nil && home.Fallback != nil && lost(story.Record.EscalatedAt, err) {
			note := noteOf(story, a.Links, late.Name, post.IntendedAt, late.Message.Text)
			err = a.tell(ctx, home.Fallback, secondChannel, post, note)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// homeNow is where a case is at home, and the sink that took it there, if one did.
func homeNow(story store.Story, rungs []rung, channel string) (rung, sink.CaseTarget) {
	home := rungs[slices.IndexFunc(rungs, func(rung rung) bool { return rung.purpose == store.PurposeCase })]
	if home.Sink == nil {
		return home, nil
	}
	opened := story.Posts[store.PurposeCase]
	if opened.Channel == sinkChannel || opened.Channel == secondChannel {
		if told := sinkAt(home, opened); told != nil {
			return home, told
		}
	}
	home.Slack = channel
	return home, nil
}

// lateRecipient is the channel for what must be seen, the case's thread for the rest.
func lateRecipient(story store.Story, home rung, loud bool) chat.Recipient {
	opened := story.Posts[store.PurposeCase]
	if loud || opened.TS == "" || opened.Channel == secondChannel || opened.Channel == sinkChannel {
		return home.recipient()
	}
	return chat.Recipient{Channel: opened.Channel, Thread: opened.TS}
}

// noteOf is what was added to a case, with all that is known of it by now.
func noteOf(story store.Story, links Links, name string, at time.Time, note string) sink.Case {
	noted := caseOf(story, links)
	noted.ID += "-" + name
	noted.Kind, noted.At, noted.Note = sink.Noted, at, note
	return noted
}

func caseOf(story store.Story, links Links) sink.Case {
	record := story.Record
	id := "case-" + record.ID
	opened := sink.Case{
		ID: id, CaseID: id, Kind: sink.Opened, At: record.EscalatedAt, AlertID: record.ID,
		Verdict: string(record.Verdict.Outcome), Reason: record.Verdict.Reason,
		Severity: string(record.Severity), Detection: record.Detection, Title: record.Title,
		Person:   sink.Person{Email: story.Person.Email, Name: story.Person.Name},
		OpenedAt: record.EscalatedAt,
		Links:    map[string]string{"alert": links.Alert(record.ID), "workflow": links.Workflow(record.ID)},
	}
	if others := max(len(story.Joined), len(story.Members)); others > 0 { // what a list holds was joined in part
		opened.Occurrences = 1 + others
	}
	if answer := story.Answer(); answer != nil {
		opened.Answer, opened.Explanation = string(answer.Choice), answer.Explanation
	}
	return opened
}
