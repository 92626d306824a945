package activities

import (
	"context"
	"fmt"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/sink"
	"securitybot/internal/store"
)

// Target is what a policy means by a name that cases are brought to: a channel, a
// sink, or somebody who is asked. The zero value is the security channel.
type Target struct {
	Slack    string          // a channel's id or name
	Sink     sink.CaseTarget // a webhook or pager
	Fallback sink.CaseTarget // used when the first can't be
	Person   string          // email of somebody who is asked
	Manager  bool            // the manager of the person is asked
}

// Targets gives a policy's targets by name.
type Targets func(ctx context.Context) (map[string]Target, error)

// asks tells that the target is somebody and no place.
func (t Target) asks() bool { return t.Person != "" || t.Manager }

// rung is a step of a case's ladder with what it means.
type rung struct {
	Target
	index   int // in the record's Ladder; -1 of the security channel that none names
	name    string
	purpose string // of its post
	user    string // who gets the case as a direct message; "" where it goes to a place
}

// recipient is where a case is posted.
func (r rung) recipient() chat.Recipient {
	if r.user != "" {
		return chat.Recipient{User: r.user}
	}
	return chat.Recipient{Channel: r.Slack}
}

// rungs resolves the ladder of a case. One of its places is where the case is at
// home. In a ladder of people alone that is a direct message to the first who is
// named: such a case is not for everybody's eyes. A ladder that reaches nobody for
// certain has the security channel beside it.
func (a *Activities) rungs(ctx context.Context, story store.Story) ([]rung, error) {
	known, err := a.targets(ctx)
	if err != nil {
		return nil, err
	}
	ladder := story.Record.Ladder()
	var list []rung
	for i, step := range ladder {
		target := a.target(known, step.Target)
		purpose := store.PurposeCaseTo
		if target.asks() {
			purpose = store.PurposePeer
		}
		list = append(list, rung{Target: target, index: i, name: step.Target, purpose: purpose + step.Target})
	}
	if home := homeOf(list, ladder); home >= 0 {
		list[home].purpose = store.PurposeCase
		return list, nil
	}
	if found, err := a.homeWithSomebody(ctx, story, list); err != nil || found {
		return list, err
	}
	return append(list, rung{
		Target: a.target(known, securityTarget), index: -1, name: securityTarget, purpose: store.PurposeCase,
	}), nil
}

// homeWithSomebody makes the first person who is named and can be reached the home
// of a case; false when there is none.
func (a *Activities) homeWithSomebody(ctx context.Context, story store.Story, list []rung) (bool, error) {
	for i := range list {
		if list[i].Person == "" {
			continue
		}
		who, ok, err := a.peer(ctx, story, list[i].Target)
		if err != nil {
			return false, err
		}
		if ok {
			list[i].Person, list[i].user, list[i].purpose = "", who.User, store.PurposeCase
			return true, nil
		}
	}
	return false, nil
}

// homeOf is the first place that is told at once, else the first at all, channels
// before sinks; -1 without any.
func homeOf(list []rung, ladder []alert.Step) int {
	best, weight := -1, 0
	for i, rung := range list {
		if rung.asks() {
			continue
		}
		ours := 1
		if rung.Slack != "" {
			ours++
		}
		if ladder[i].After == 0 {
			ours += 2
		}
		if ours > weight {
			best, weight = i, ours
		}
	}
	return best
}

// targets are the policy's, by name.
func (a *Activities) targets(ctx context.Context) (map[string]Target, error) {
	if a.Targets == nil {
		return map[string]Target{}, nil
	}
	known, err := a.Targets(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the policy's targets: %w", err)
	}
	return known, nil
}

// target is what a name means. A plan may name what the policy no longer knows:
// that is the security channel.
func (a *Activities) target(known map[string]Target, name string) Target {
	target, ok := known[name]
	if !ok {
		target = known[securityTarget]
	}
	if target.Slack == "" && target.Sink == nil && !target.asks() {
		target.Slack = a.Channel
	}
	if target.Fallback == nil {
		target.Fallback = a.Second
	}
	return target
}

// peer is whom a target asks; false when there is nobody to ask, or only one whom
// the case is about.
func (a *Activities) peer(ctx context.Context, story store.Story, target Target) (alert.Person, bool, error) {
	email := target.Person
	if target.Manager {
		email = story.Person.Manager
	}
	if email == "" {
		return alert.Person{}, false, nil
	}
	subject := alert.Subject{Email: email}
	who, known, err := a.Finder.Known(ctx, subject)
	if err == nil && !known {
		who, err = a.Finder.Find(ctx, subject)
	}
	if err != nil {
		return alert.Person{}, false, err
	}
	if who.Reason != "" || who.Person.User == "" || concerns(story, who.Person) {
		return alert.Person{}, false, nil
	}
	return who.Person, true, nil
}

// concerns tells that a case is about somebody.
func concerns(story store.Story, who alert.Person) bool {
	about := []store.Record{story.Record}
	about = append(about, story.Joined...)
	about = append(about, story.Members...)
	for _, record := range about {
		if record.Concerns(who) {
			return true
		}
	}
	return false
}
