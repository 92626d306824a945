package inbox

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/store"
	"securitybot/internal/words"
)

// commands are what people can ask for. Each gives what they are told.
var commands = map[string]func(*Inbox, context.Context, alert.Person, chat.Typed, words.Asked) (string, error){
	words.CommandHelp: (*Inbox).help, words.CommandHi: (*Inbox).hi, words.CommandTest: (*Inbox).test,
	words.CommandStatus: (*Inbox).status, words.CommandVerify: (*Inbox).verify, words.CommandIgnore: (*Inbox).ignore,
	words.CommandStop: (*Inbox).stop, words.CommandStart: (*Inbox).start, words.CommandLostPhone: (*Inbox).lostPhone,
}

// command does what somebody asked for in so many words.
func (i *Inbox) command(ctx context.Context, typed chat.Typed, asked words.Asked) (chat.Reply, error) {
	who, _, err := i.record.Person(ctx, typed.Person)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("read person: %w", err)
	}
	who.PersonKey = typed.Person
	suspected, err := i.record.Distrusted(ctx, typed.Person)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("read distrust: %w", err)
	}
	if suspected && asked.Command != words.CommandLostPhone {
		return chat.Reply{Tell: i.book.Refused(store.RefusedSuspected)}, nil
	}
	tell, err := commands[asked.Command](i, ctx, who, typed, asked)
	if err != nil {
		return chat.Reply{}, err
	}
	i.kick()
	return chat.Reply{Tell: tell}, nil
}

func (i *Inbox) help(context.Context, alert.Person, chat.Typed, words.Asked) (string, error) {
	return i.book.Help(), nil
}

func (i *Inbox) hi(_ context.Context, who alert.Person, _ chat.Typed, _ words.Asked) (string, error) {
	return i.book.Hi(who.FirstName()), nil
}

// test shows somebody what it is like to be asked; who wants no questions is told
// why none comes.
func (i *Inbox) test(ctx context.Context, who alert.Person, _ chat.Typed, _ words.Asked) (string, error) {
	optOut, out, err := i.record.OptOutOf(ctx, who.PersonKey)
	if err != nil {
		return "", fmt.Errorf("read opt-out: %w", err)
	}
	if out {
		return i.book.AlreadyStopped(optOut.Until, i.record.Now(), who.Zone), nil
	}
	title, description := i.book.TestAlert()
	refusal, err := i.record.Test(ctx, who.PersonKey, title, description)
	if err != nil {
		return "", err
	}
	if refusal != "" {
		return i.book.TestTooMany(), nil
	}
	return i.book.TestComing(), nil
}

// status lists somebody's own open questions.
func (i *Inbox) status(ctx context.Context, who alert.Person, typed chat.Typed, _ words.Asked) (string, error) {
	open, err := i.record.OpenOf(ctx, who.PersonKey)
	if err != nil {
		return "", fmt.Errorf("list open questions: %w", err)
	}
	return i.book.Status(visible(open), typed.At, who.Zone), nil
}

// visible leaves out what another question asks about.
func visible(open []store.Record) []store.Record {
	return slices.DeleteFunc(open, func(record store.Record) bool { return record.JoinedTo != "" })
}

// asking keeps the alerts whose question stands.
func asking(open []store.Record) []store.Record {
	var asked []store.Record
	for _, record := range open {
		if !record.AskedAt.IsZero() && record.JoinedTo == "" {
			asked = append(asked, record)
		}
	}
	return asked
}

// verify says whether a message with a code came from us. One that did not is told
// the security team.
func (i *Inbox) verify(ctx context.Context, who alert.Person, typed chat.Typed, asked words.Asked) (string, error) {
	if asked.Wrong != "" {
		return i.book.VerifyUsage(), nil
	}
	record, ours, err := i.record.CodeOf(ctx, who.PersonKey, asked.Code)
	if err != nil {
		return "", err
	}
	if ours {
		return i.book.Verified(record.AskedAt, record.Title, who.Zone, typed.At), nil
	}
	return i.book.NotOurs(asked.Code), i.tellNotOurs(ctx, who, asked.Code)
}

// tellNotOurs tells the security team that somebody got a message that is not
// ours, once a day: and as nobody may fill the channel with codes that they make
// up, what ends in the same digit is told once.
func (i *Inbox) tellNotOurs(ctx context.Context, who alert.Person, code string) error {
	data, err := json.Marshal(words.NotOurs{Who: called(who), Code: code})
	if err != nil {
		return fmt.Errorf("write notice: %w", err)
	}
	day, ending := i.record.Now().Format(time.DateOnly), code[len(code)-1:]
	return i.record.Notify(ctx, store.Notice{
		ID:   fmt.Sprintf("not-ours-%s-%s-%s-%s", who.Team, who.User, day, ending),
		Kind: store.NoticeNotOurs, Data: data,
	})
}

// ignore asks for a confirmed alert's repetitions not to be asked about. It needs
// a proof.
func (i *Inbox) ignore(ctx context.Context, who alert.Person, typed chat.Typed, asked words.Asked) (string, error) {
	if asked.Wrong != "" {
		return i.book.IgnoreWrong(asked.Wrong), nil
	}
	subject, ok, err := i.ignored(ctx, who.PersonKey, asked.Which)
	if err != nil {
		return "", err
	}
	if !ok {
		return i.book.Refused(store.RefusedUnconfirmed), nil
	}
	made, refusal, err := i.wish(ctx, store.Wish{
		Delivery: typed.Delivery, Person: who.PersonKey, At: typed.At, Kind: alert.RequestIgnore,
		AlertID: subject.ID, For: asked.For, Title: i.book.Wish(alert.RequestIgnore, subject.Title, asked.For),
	})
	if err != nil || refusal != "" {
		return i.book.Refused(refusal), err
	}
	return i.book.Ignored(subject.Title, asked.For, made.Code), nil
}

// wish records what somebody wants to have done, and who hears of it if their
// phone denies it.
func (i *Inbox) wish(ctx context.Context, wish store.Wish) (store.Record, store.Refusal, error) {
	escalateTo, err := i.policy.EscalateTo(ctx, wish.Person)
	if err != nil {
		return store.Record{}, "", fmt.Errorf("read the policy: %w", err)
	}
	wish.EscalateTo = escalateTo
	return i.record.Request(ctx, wish)
}

// ignored is the alert that last or current means: the one that the person confirmed
// last, or the one that is asked about now, which is not confirmed yet.
func (i *Inbox) ignored(ctx context.Context, who alert.PersonKey, which string) (store.Record, bool, error) {
	if which == words.IgnoreCurrent {
		open, err := i.record.OpenOf(ctx, who)
		if err != nil {
			return store.Record{}, false, fmt.Errorf("list open questions: %w", err)
		}
		if slices.ContainsFunc(asking(open), func(record store.Record) bool { return record.Plan.Request == nil }) {
			return store.Record{}, false, nil
		}
	}
	return i.record.LastConfirmed(ctx, who)
}

// stop keeps questions away from somebody for a while, as long as policy lets them.
func (i *Inbox) stop(ctx context.Context, who alert.Person, _ chat.Typed, _ words.Asked) (string, error) {
	most, err := i.policy.OptOutMost(ctx)
	if err != nil {
		return "", fmt.Errorf("read the policy: %w", err)
	}
	if most <= 0 {
		return i.book.NotStopped(), nil
	}
	now := i.record.Now()
	until := now.Add(min(most, longestOptOut))
	refusal, err := i.record.OptOut(ctx, store.OptOut{Person: who.PersonKey, Until: until, By: called(who)}, called(who))
	if err != nil {
		return "", err
	}
	if refusal == "" {
		return i.book.Stopped(until, now, who.Zone), nil
	}
	if refusal == store.RefusedTooOften {
		return i.book.Refused(refusal), nil
	}
	optOut, _, err := i.record.OptOutOf(ctx, who.PersonKey)
	return i.book.AlreadyStopped(optOut.Until, now, who.Zone), err
}

// longestOptOut is for how long anybody may want no questions by themselves.
const longestOptOut = 24 * time.Hour

func (i *Inbox) start(ctx context.Context, who alert.Person, _ chat.Typed, _ words.Asked) (string, error) {
	refusal, err := i.record.OptIn(ctx, who.PersonKey, called(who), store.ActorPerson)
	if err != nil {
		return "", err
	}
	if refusal != "" {
		return i.book.NotStopped(), nil
	}
	return i.book.Started(), nil
}

func (i *Inbox) lostPhone(ctx context.Context, who alert.Person, typed chat.Typed, _ words.Asked) (string, error) {
	escalateTo, err := i.policy.EscalateTo(ctx, who.PersonKey)
	if err != nil {
		return "", fmt.Errorf("read the policy: %w", err)
	}
	said := store.Said{Delivery: typed.Delivery, Person: who.PersonKey, At: typed.At}
	return i.book.LostPhone(), i.record.LostPhone(ctx, said, i.book.LostPhoneTitle(), escalateTo)
}
