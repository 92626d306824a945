package words_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/seal"
	"securitybot/internal/store"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

type links struct{}

func (links) Alert(id string) string    { return "https://bot.example.com/v1/alerts/" + id[:4] }
func (links) Workflow(id string) string { return "https://temporal.example.com/alert-" + id[:4] }

func sealer(t *testing.T) *seal.Sealer {
	t.Helper()
	made, err := seal.New(strings.Repeat("00", 32))
	require.NoError(t, err)
	return made
}

func person(name string) alert.Person {
	first := strings.ToLower(strings.Fields(name)[0])
	return alert.Person{
		PersonKey: alert.PersonKey{Team: "T1", User: "U" + strings.ToUpper(first)}, Email: first + "@example.com", Name: name,
	}
}

// open is a question that was just asked.
func open() store.Story {
	alice := person("Alice Adams")
	plan := &alert.Plan{
		Action: alert.Ask, Deadline: 2 * time.Hour, Snooze: time.Hour, SnoozeTimes: 2, WatchFor: 72 * time.Hour,
		SuppressScope: []string{"host"},
	}
	return store.Story{At: noon, Person: alice, Record: store.Record{
		Alert: alert.Alert{
			ID: strings.Repeat("0123456789abcdef", 4), Source: "auditd", Detection: "sudo_interactive",
			Title: "sudo to an interactive shell on db-3", Description: "alice ran sudo -i as root", Severity: alert.High,
			OccurredAt: noon.Add(-time.Minute), ReceivedAt: noon, Context: []byte(`{"host":"db-3","tty":"pts/1","list":[1],"pid":4711}`),
		},
		Status: alert.Asking, Person: alice.PersonKey, Plan: plan, Code: "482", Revision: 1, AdmittedAt: noon,
		AskedAt: noon, Deadline: noon.Add(2 * time.Hour), WatchUntil: noon.Add(74 * time.Hour),
	}}
}

func with(change func(*store.Story)) store.Story {
	story := open()
	change(&story)
	return story
}

func planned(change func(*alert.Plan)) store.Story {
	return with(func(s *store.Story) {
		plan := *s.Record.Plan
		change(&plan)
		s.Record.Plan = &plan
	})
}

// several is a question about as many alerts, of which one says something else.
func several(count int) store.Story {
	return with(func(s *store.Story) {
		s.Record.Revision = count
		for i := 1; i < count; i++ {
			joined := s.Record
			joined.ID = fmt.Sprintf("%064d", i)
			joined.JoinedTo, joined.JoinRevision = s.Record.ID, i+1
			joined.OccurredAt = noon.Add(time.Duration(i) * time.Minute)
			if i == 2 {
				joined.Title = "sudo to the shell of the backup user on db-3"
			}
			s.Joined = append(s.Joined, joined)
		}
	})
}

// settled is a story with a verdict, and the answer that led to it.
func settled(story store.Story, verdict alert.Verdict, choice alert.Choice, explanation string) store.Story {
	story.At = noon.Add(3 * time.Hour)
	story.Record.Verdict, story.Record.SettledAt, story.Record.Status = verdict, noon.Add(10*time.Minute), alert.Closed
	if verdict.NeedsCase(*story.Record.Plan) {
		story.Record.Status = alert.Escalated
		story.Record.EscalatedAt, story.Record.Escalation = story.Record.SettledAt, verdict.Reason
		story.Case = &store.Case{AlertID: story.Record.ID, About: story.Person.PersonKey, OpenedAt: story.Record.SettledAt}
	}
	if choice != "" {
		story.Answers = []alert.Answer{{ID: "a", Choice: choice, Explanation: explanation, At: noon.Add(5 * time.Minute)}}
	}
	return story
}

func because(outcome alert.Outcome, reason string) alert.Verdict {
	return alert.Verdict{Outcome: outcome, Reason: reason}
}

func distrusted(story store.Story) store.Story {
	story.Distrust = &store.Distrust{Person: story.Record.Person, Since: noon}
	earlier := open().Record
	earlier.Title, earlier.SettledAt = "A new device for the VPN", noon.Add(-5*time.Hour)
	story.Recent = []store.Record{earlier}
	return story
}

// request is a wish that a proof fulfils.
func request(kind alert.RequestKind) store.Story {
	subject := open().Record
	story := planned(func(p *alert.Plan) {
		p.Request = &alert.Request{Kind: kind, AlertID: subject.ID, For: 90 * time.Minute, Reason: "patched"}
		p.Quiet = true
	})
	story.Subject = &subject
	story.Record.Source, story.Record.Detection = alert.OwnSource, alert.DetectionRequest
	return story
}

// verdicts are stories that came to an end.
func verdicts() map[string]store.Story {
	unknown := settled(open(), because(alert.Unreachable, alert.ReasonUnknownPerson), "", "")
	unknown.Person, unknown.Record.Person = alert.Person{}, alert.PersonKey{}
	unknown.Record.Subject = alert.Subject{Email: "nobody@example.com"}
	unknown.Record.AskedAt, unknown.Record.Deadline = time.Time{}, time.Time{}
	lateNo := settled(open(), because(alert.Confirmed, ""), alert.Yes, "maintenance")
	lateNo.Record.Status, lateNo.Record.EscalatedAt, lateNo.Record.Escalation = alert.Escalated, noon.Add(time.Hour), store.EscalationLateNo
	lateNo.Answers = append(lateNo.Answers, alert.Answer{ID: "b", Choice: alert.No, Late: true, Explanation: "I never did that"})
	silent := settled(open(), because(alert.NoResponse, ""), "", "")
	silent.Record.SettledAt, silent.Record.FinishedAt = noon.Add(2*time.Hour), noon.Add(74*time.Hour)
	lateYes := silent
	lateYes.Answers = []alert.Answer{{ID: "a", Choice: alert.Yes, Late: true, Explanation: "on a plane"}}
	noted := planned(func(p *alert.Plan) { p.FactorOff, p.RecordUnproven = true, true })
	doubted := planned(func(p *alert.Plan) { p.FactorDoubted = true })
	return map[string]store.Story{
		"confirmed":     settled(open(), because(alert.Confirmed, ""), alert.Yes, "maintenance"),
		"confirmed-3":   settled(several(3), because(alert.Confirmed, ""), alert.Yes, "maintenance"),
		"late-no":       lateNo,
		"late-yes":      lateYes,
		"denied":        settled(open(), because(alert.Denied, ""), alert.No, "I was at lunch.\nPlease *call* me <!channel>"),
		"some":          settled(several(3), because(alert.Denied, alert.ReasonSome), alert.SomeNot, "the last one"),
		"contradicted":  distrusted(settled(open(), because(alert.Denied, alert.ReasonContradicted), alert.Yes, "it was me")),
		"fraud":         distrusted(settled(open(), because(alert.Denied, alert.ReasonFraud), alert.Yes, "")),
		"unsure":        settled(open(), because(alert.Unsure, ""), alert.NotSure, ""),
		"no-response":   silent,
		"unproven":      settled(open(), because(alert.Unproven, alert.ReasonTimedOut), alert.Yes, ""),
		"noted":         settled(noted, because(alert.Unproven, alert.ReasonFactorOff), alert.Yes, ""),
		"doubted":       settled(doubted, because(alert.Unproven, alert.ReasonFactorDoubted), alert.Yes, ""),
		"unreachable":   unknown,
		"withdrawn":     settled(several(3), because(alert.Withdrawn, ""), "", ""),
		"unasked":       distrusted(settled(open(), because(alert.Unasked, alert.ReasonDistrusted), "", "")),
		"request":       settled(request(alert.RequestIgnore), because(alert.Confirmed, ""), alert.Yes, ""),
		"request-2":     settled(request(alert.RequestResolve), because(alert.Confirmed, ""), alert.Yes, ""),
		"request-not":   settled(request(alert.RequestIgnore), because(alert.Unproven, alert.ReasonTimedOut), alert.Yes, ""),
		"request-fraud": distrusted(settled(request(alert.RequestIgnore), because(alert.Denied, alert.ReasonFraud), alert.Yes, "")),
	}
}

// cases are stories that the security team sees.
func cases() map[string]store.Story {
	found := map[string]store.Story{}
	for name, story := range verdicts() {
		if !story.Record.EscalatedAt.IsZero() {
			found[name] = story
		}
	}
	acked := settled(open(), because(alert.Denied, ""), alert.No, "")
	acked.Case.AckedAt, acked.Case.AckedBy = noon.Add(time.Hour), "Sam Smith"
	resolved := settled(open(), because(alert.Denied, ""), alert.No, "")
	resolved.Case.ResolvedAt, resolved.Case.ResolvedBy = noon.Add(2*time.Hour), "Sam Smith"
	resolved.Case.Resolution = "a colleague used her laptop; <!here> all good"
	test := settled(open(), because(alert.NoResponse, ""), "", "")
	test.Record.Source, test.Record.Detection = alert.OwnSource, alert.DetectionTest
	reopened := settled(open(), because(alert.Confirmed, ""), alert.Yes, "maintenance")
	reopened.Record.EscalatedAt, reopened.Record.Escalation = noon.Add(time.Hour), "reopened"
	found["acknowledged"], found["resolved"], found["test"], found["reopened"] = acked, resolved, test, reopened
	found["storm"], found["flood"], found["lost-phone"] = storm(), flood(), lostPhone()
	return found
}

func storm() store.Story {
	story := settled(open(), because(alert.Unasked, alert.ReasonStorm), "", "")
	story.Record.AskedAt, story.Record.Pile = time.Time{}, store.PileStorm
	for i := range 40 {
		member := open().Record
		member.ID, member.CaseOf = fmt.Sprintf("%064d", i), story.Record.ID
		member.OccurredAt = noon.Add(time.Duration(i) * time.Second)
		if i%8 != 0 {
			member.Severity, member.Detection = alert.Low, []string{"nmap_scan", "curl_pipe_shell"}[i%2]
		}
		if i == 16 {
			member.Severity, member.Title = alert.Critical, "a new key for root on db-3"
		}
		story.Members = append(story.Members, member)
	}
	return story
}

func flood() store.Story {
	story := settled(open(), because(alert.Unreachable, alert.ReasonUndelivered), "", "")
	story.Record.AskedAt, story.Record.Pile = time.Time{}, store.PileFlood
	story.Record.Subject = alert.Subject{Email: "alice@example.com"}
	for i := range 30 {
		member := open().Record
		member.ID, member.CaseOf = fmt.Sprintf("%064d", i), story.Record.ID
		member.Subject = alert.Subject{Email: fmt.Sprintf("person%02d@example.com", i%25)}
		story.Members = append(story.Members, member)
	}
	return story
}

func lostPhone() store.Story {
	story := distrusted(settled(open(), because(alert.Unasked, alert.ReasonLostPhone), "", ""))
	story.Record.Source, story.Record.Detection = alert.OwnSource, alert.DetectionLostPhone
	story.Record.Title, story.Record.Description, story.Record.Context = book.LostPhoneTitle(), "", nil
	story.Record.AskedAt = time.Time{}
	reopened := open().Record
	reopened.ID = strings.Repeat("1", 64)
	story.Members = []store.Record{reopened}
	return story
}
