package inbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/seal"
	"securitybot/internal/store"
	"securitybot/internal/words"
)

// responderPress takes the press of a button on a case or a review, which anybody
// in the channel can see and only responders may press.
func (i *Inbox) responderPress(ctx context.Context, press chat.Press) (chat.Reply, error) {
	said := store.Said{Delivery: press.Delivery, Person: press.Person, At: press.At}
	_, refusal, err := i.sealed(ctx, press, alert.PersonKey{}, &said)
	if err != nil || refusal != "" {
		return chat.Reply{Tell: i.refused(refusal)}, err
	}
	who, may, err := i.responder(ctx, said)
	if err != nil || !may {
		return chat.Reply{Tell: i.book.NotResponder()}, err
	}
	if press.Action == words.ActionResolve {
		return i.askReason(ctx, said, who)
	}
	heard, err := i.respond(ctx, press.Action, said, who)
	if err != nil || heard.Refusal != "" {
		return chat.Reply{Tell: i.refused(heard.Refusal)}, err
	}
	i.kick()
	return chat.Reply{}, nil
}

func (i *Inbox) respond(ctx context.Context, action string, said store.Said, who alert.Person) (store.Heard, error) {
	switch action {
	case words.ActionAck:
		return i.record.TakeAck(ctx, said, called(who))
	case words.ActionReviewed:
		return i.record.TakeReview(ctx, said, called(who), true)
	default:
		return i.record.TakeReview(ctx, said, called(who), false)
	}
}

// askReason opens the prompt of a resolution, unless it would be refused anyway:
// the record decides when the reason comes.
func (i *Inbox) askReason(ctx context.Context, said store.Said, who alert.Person) (chat.Reply, error) {
	story, err := i.record.Story(ctx, said.AlertID)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("read alert: %w", err)
	}
	about := slices.Concat([]store.Record{story.Record}, story.Joined, story.Members)
	refusal := store.Refusal("")
	switch {
	case slices.ContainsFunc(about, func(record store.Record) bool { return record.Concerns(who) }):
		refusal = store.RefusedOwnCase
	case story.Case != nil && !story.Case.ResolvedAt.IsZero():
		refusal = store.RefusedResolved
	}
	if refusal != "" {
		return chat.Reply{Tell: i.refused(refusal)}, i.record.TellRefusal(ctx, said, refusal)
	}
	claim := seal.Claim{Action: words.ActionResolve, AlertID: said.AlertID, Revision: 1, About: "reason"}
	return i.promptReason(i.sealer.Value(claim, said.Person)), nil
}

func (i *Inbox) promptReason(token string) chat.Reply {
	prompt := i.book.ResolvePrompt(token)
	return chat.Reply{Ask: &prompt}
}

// resolveWords resolves a case with the reason that a responder wrote. Where a
// press is not enough, the reason becomes a request that their phone has to confirm.
// The claim was sealed for the one who wrote.
func (i *Inbox) resolveWords(ctx context.Context, written chat.Words, claim seal.Claim) (chat.Reply, error) {
	said := store.Said{Delivery: written.Delivery, AlertID: claim.AlertID, Person: written.Person, At: written.At}
	reason := strings.TrimSpace(storable(written.Text))
	who, may, err := i.responder(ctx, said)
	if err != nil || !may {
		return chat.Reply{Tell: i.book.NotResponder()}, err
	}
	if reason == "" {
		return i.promptReason(written.Token), nil
	}
	heard, err := i.record.TakeResolve(ctx, said, called(who), reason)
	switch {
	case err != nil:
		return chat.Reply{}, err
	case heard.Refusal == store.RefusedNeedsProof:
		return i.requestResolve(ctx, said, heard.Record, reason)
	case heard.Refusal != "":
		return chat.Reply{Tell: i.refused(heard.Refusal)}, nil
	}
	i.kick()
	return chat.Reply{}, nil
}

func (i *Inbox) requestResolve(ctx context.Context, said store.Said, record store.Record, reason string) (chat.Reply, error) {
	request, refusal, err := i.wish(ctx, store.Wish{
		Delivery: said.Delivery, Person: said.Person, At: said.At, Kind: alert.RequestResolve,
		AlertID: record.ID, Reason: reason, Title: i.book.Wish(alert.RequestResolve, record.Title, 0),
	})
	if err != nil || refusal != "" {
		return chat.Reply{Tell: i.refused(refusal)}, err
	}
	i.kick()
	return chat.Reply{Tell: i.book.ResolveNeedsProof(request.Code)}, nil
}

// responder tells who presses and whether they may handle cases. That somebody
// else tried is on the timeline.
func (i *Inbox) responder(ctx context.Context, said store.Said) (alert.Person, bool, error) {
	who, may, err := i.policy.Responder(ctx, said.Person)
	if err != nil {
		return who, false, fmt.Errorf("read the responders: %w", err)
	}
	if !may {
		return who, false, i.record.TellRefusal(ctx, said, store.RefusedOther)
	}
	who.PersonKey = said.Person
	return who, true, nil
}

// peerPress takes what somebody beside the person says of an alert.
func (i *Inbox) peerPress(ctx context.Context, press chat.Press) (chat.Reply, error) {
	said := store.Said{Delivery: press.Delivery, Person: press.Person, At: press.At, Choice: peerChoice(press.Action)}
	claim, refusal, err := i.sealed(ctx, press, press.Person, &said)
	if err != nil || refusal != "" {
		return chat.Reply{Tell: i.refused(refusal)}, err
	}
	who, _, err := i.record.Person(ctx, press.Person)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("read person: %w", err)
	}
	who.PersonKey = press.Person
	heard, err := i.record.TakePeerAnswer(ctx, said, claim.About, called(who))
	if err != nil || heard.Refusal != "" {
		return chat.Reply{Tell: i.refused(heard.Refusal)}, err
	}
	i.kick()
	return chat.Reply{Tell: i.book.Noted()}, nil
}

func peerChoice(action string) alert.Choice {
	switch action {
	case words.ActionPeerYes:
		return alert.Yes
	case words.ActionPeerNo:
		return alert.No
	default:
		return alert.NotSure
	}
}

// sealed reads what a button stands for, and refuses what we never made for a
// person; the zero one stands for everybody.
func (i *Inbox) sealed(ctx context.Context, press chat.Press, person alert.PersonKey, said *store.Said) (seal.Claim, store.Refusal, error) {
	claim, err := seal.Read(press.Action, press.Value)
	if err != nil {
		return claim, store.RefusedForged, nil //nolint:nilerr // the refusal says it
	}
	_, err = i.record.Alert(ctx, claim.AlertID)
	if errors.Is(err, store.ErrNotFound) {
		return claim, store.RefusedForged, nil
	}
	if err != nil {
		return claim, "", fmt.Errorf("read alert: %w", err)
	}
	said.AlertID, said.Revision = claim.AlertID, claim.Revision
	if i.sealer.Check(press.Value, claim, person) != nil {
		return claim, store.RefusedForged, i.record.TellRefusal(ctx, *said, store.RefusedForged)
	}
	return claim, "", nil
}

func (i *Inbox) refused(refusal store.Refusal) string {
	if refusal == store.RefusedOwnCase {
		return i.book.OwnCase()
	}
	return i.book.Refused(refusal)
}

// called is how others call somebody.
func called(who alert.Person) string { return cmp.Or(who.Name, who.Email, who.User) }
