package words_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/seal"
	"securitybot/internal/store"
	"securitybot/internal/words"
)

// go test ./internal/words -update writes the files anew: read the difference.
var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// render shows a message as text: first what notifications give, then what is seen.
func render(message chat.Message) string {
	var out strings.Builder
	fmt.Fprintf(&out, "TEXT  %s\nTITLE %s\n", message.Text, message.Title)
	for _, paragraph := range message.Paragraphs {
		mark := "      "
		if paragraph.Quoted {
			mark = "    | "
		}
		fmt.Fprintln(&out, mark+strings.ReplaceAll(spans(paragraph.Spans), "\n", "\n"+mark))
	}
	for _, button := range message.Buttons {
		fmt.Fprintf(&out, "    [ %s ] %s %s\n", button.Label, button.Action, button.Style)
		if button.Confirm != nil {
			fmt.Fprintf(&out, "        asks %q %q [ %s ] [ %s ]\n", button.Confirm.Title, button.Confirm.Text, button.Confirm.Yes, button.Confirm.No)
		}
	}
	if len(message.Note) > 0 {
		fmt.Fprintf(&out, "NOTE  %s\n", spans(message.Note))
	}
	return out.String()
}

func spans(list []chat.Span) string {
	var out strings.Builder
	for _, span := range list {
		switch {
		case !span.At.IsZero():
			out.WriteString("<" + span.At.Format(time.RFC3339) + ">")
		case span.Link != "":
			out.WriteString("<" + span.Link + " " + span.Text + ">")
		case span.Bold:
			out.WriteString("**" + span.Text + "**")
		default:
			out.WriteString(span.Text)
		}
	}
	return out.String()
}

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

// open is a question that was just asked.
func open() store.Story {
	alice := alert.Person{
		PersonKey: alert.PersonKey{Team: "T1", User: "UALICE"}, Email: "alice@example.com", Name: "Alice Adams",
	}
	plan := &alert.Plan{Action: alert.Ask, Deadline: 2 * time.Hour, Snooze: time.Hour, SnoozeTimes: 2, WatchFor: 72 * time.Hour}
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

// settled is an alert with a verdict, and the answer that led to it.
func settled(verdict alert.Verdict, choice alert.Choice, explanation string) store.Story {
	return with(func(s *store.Story) {
		s.At = noon.Add(3 * time.Hour)
		s.Record.Verdict, s.Record.SettledAt, s.Record.Status = verdict, noon.Add(10*time.Minute), verdict.Status()
		if verdict.NeedsCase() {
			s.Record.EscalatedAt, s.Record.Escalation = s.Record.SettledAt, verdict.Reason
		}
		if choice != "" {
			s.Answers = []alert.Answer{{ID: "a", Choice: choice, Explanation: explanation, At: noon.Add(5 * time.Minute)}}
		}
	})
}

func distrusted(story store.Story) store.Story {
	story.Distrust = &store.Distrust{Person: story.Record.Person, Since: noon}
	earlier := open().Record
	earlier.Title, earlier.SettledAt = "A new device for the VPN", noon.Add(-5*time.Hour)
	story.Recent = []store.Record{earlier}
	return story
}

func verdicts() map[string]store.Story {
	v := func(outcome alert.Outcome, reason string) alert.Verdict {
		return alert.Verdict{Outcome: outcome, Reason: reason}
	}
	unknown := settled(v(alert.Unreachable, alert.ReasonUnknownPerson), "", "")
	unknown.Person, unknown.Record.Person = alert.Person{}, alert.PersonKey{}
	unknown.Record.Subject = alert.Subject{Email: "nobody@example.com"}
	unknown.Record.AskedAt, unknown.Record.Deadline = time.Time{}, time.Time{}
	lateNo := settled(v(alert.Confirmed, ""), alert.Yes, "maintenance")
	lateNo.Record.Status, lateNo.Record.EscalatedAt, lateNo.Record.Escalation = alert.Escalated, noon.Add(time.Hour), store.EscalationLateNo
	lateNo.Answers = append(lateNo.Answers, alert.Answer{ID: "b", Choice: alert.No, Late: true, Explanation: "I never did that"})
	silent := settled(v(alert.NoResponse, ""), "", "")
	silent.Record.SettledAt, silent.Record.FinishedAt = noon.Add(2*time.Hour), noon.Add(74*time.Hour)
	return map[string]store.Story{
		"confirmed":    settled(v(alert.Confirmed, ""), alert.Yes, "maintenance"),
		"late-no":      lateNo,
		"denied":       settled(v(alert.Denied, ""), alert.No, "I was at lunch.\nPlease *call* me <!channel>"),
		"contradicted": distrusted(settled(v(alert.Denied, alert.ReasonContradicted), alert.Yes, "it was me")),
		"fraud":        distrusted(settled(v(alert.Denied, alert.ReasonFraud), alert.Yes, "")),
		"unsure":       settled(v(alert.Unsure, ""), alert.NotSure, ""),
		"no-response":  silent,
		"unproven":     settled(v(alert.Unproven, alert.ReasonTimedOut), alert.Yes, ""),
		"unreachable":  unknown,
		"unasked":      distrusted(settled(v(alert.Unasked, alert.ReasonDistrusted), "", "")),
	}
}

func TestQuestions(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]store.Story{
		"open":          open(),
		"before-posted": with(func(s *store.Story) { s.Record.AskedAt, s.Record.Deadline = time.Time{}, time.Time{} }),
		"snoozed-out":   with(func(s *store.Story) { s.Record.Snoozes = 2 }),
		"late": with(func(s *store.Story) {
			s.At, s.Record.Verdict = noon.Add(3*time.Hour), alert.Verdict{Outcome: alert.NoResponse}
		}),
		"nameless": with(func(s *store.Story) { s.Person.Name = "" }),
		"hostile": with(func(s *store.Story) {
			s.Record.Title = strings.Repeat("long ", 100)
			s.Record.Description = "<!channel> *bold* <https://evil.example|click>\n> We are Securitybot: say yes"
			s.Record.Context = []byte(`{"a":"` + strings.Repeat("ü", 300) + `","b":true,"c":null,"d":1,"e":2,"f":3,"g":4,"h":5}`)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, "question-"+name, render(words.Question(story, sealer(t))))
		})
	}
}

func TestWhatThePersonSeesAfterwards(t *testing.T) {
	t.Parallel()
	for name, story := range verdicts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			message := words.Question(story, sealer(t))
			require.Empty(t, message.Buttons, "the buttons vanish")
			golden(t, "closed-"+name, render(message))
		})
	}
}

func TestCases(t *testing.T) {
	t.Parallel()
	for name, story := range verdicts() {
		if story.Record.EscalatedAt.IsZero() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			message := words.Case(story, links{})
			require.Empty(t, message.Buttons)
			golden(t, "case-"+name, render(message))
		})
	}
}

func TestMessagesInTheThread(t *testing.T) {
	t.Parallel()
	timedOut, lost := open(), open()
	timedOut.Proofs = []alert.Proof{{Attempt: 1, Result: alert.ProofTimedOut}}
	lost.Proofs = []alert.Proof{{Attempt: 1, Result: alert.ProofLost}}
	soon := with(func(s *store.Story) { s.At = noon.Add(110*time.Minute + 10*time.Second) })
	for name, message := range map[string]chat.Message{
		"reminder":             words.Reminder(with(func(s *store.Story) { s.At = noon.Add(30 * time.Minute) })),
		"reminder-soon":        words.Reminder(soon),
		"reminder-late":        words.Reminder(with(func(s *store.Story) { s.At = noon.Add(3 * time.Hour) })),
		"push-again-timed-out": words.PushAgain(timedOut, sealer(t)),
		"push-again-lost":      words.PushAgain(lost, sealer(t)),
	} {
		golden(t, name, render(message))
	}
}

func TestWhatComesLate(t *testing.T) {
	t.Parallel()
	story := verdicts()["no-response"]
	story.Answers = []alert.Answer{{Choice: alert.Yes, Late: true}, {Choice: alert.No, Late: true}}
	after := story.Record.SettledAt.Add(time.Minute)
	story.Proofs = []alert.Proof{
		{Attempt: 1, Result: alert.ProofTimedOut, DecidedAt: after},
		{Attempt: 2, Result: alert.ProofApproved, DecidedAt: after},
		{Attempt: 3, Result: alert.ProofFraud, DecidedAt: after},
		{Attempt: 4, Result: alert.ProofUnavailable, Reason: "refused_40099", DecidedAt: after},
		{Attempt: 5, Result: alert.ProofPending},
		{Attempt: 6, Result: alert.ProofApproved, DecidedAt: story.Record.SettledAt},
	}
	var out strings.Builder
	for _, note := range words.Late(story) {
		fmt.Fprintf(&out, "%s loud=%t\n%s\n", note.Name, note.Loud, render(note.Message))
	}
	golden(t, "late", out.String())
	require.Empty(t, words.Late(open()))
	require.Empty(t, words.Late(verdicts()["late-no"]), "it is the case itself")
}

func TestPromptsAndReplies(t *testing.T) {
	t.Parallel()
	record := open().Record
	var out strings.Builder
	for _, choice := range []alert.Choice{alert.Yes, alert.No, alert.NotSure} {
		prompt := words.Explain(record, choice, "token")
		require.Equal(t, "token", prompt.Token)
		fmt.Fprintf(&out, "%s: %s / %s / %s [ %s ] [ %s ]\n", choice, prompt.Title, prompt.Label, prompt.Placeholder, prompt.Submit, prompt.Cancel)
		fmt.Fprintf(&out, "%s, typed: %s\n", choice, words.TypedAnswer(record, choice))
	}
	for _, refusal := range []store.Refusal{
		store.RefusedRepeat, store.RefusedOther, store.RefusedForged, store.RefusedAnswered,
		store.RefusedSaidNo, store.RefusedClosed, store.RefusedSnoozes, store.RefusedNoPush,
	} {
		fmt.Fprintf(&out, "%s: %s\n", refusal, words.Refused(refusal))
		require.Equal(t, refusal == store.RefusedRepeat, words.Refused(refusal) == "", "only a repetition is told nothing")
	}
	fmt.Fprintf(&out, "snoozed: %s\npush again: %s\n", words.Snoozed(open()), words.PushComing(record))
	fmt.Fprintf(&out, "noted: %s\nnothing open: %s\nwhich one: %s\nnot understood: %s\n",
		words.Noted, words.NothingOpen, words.WhichOne, words.NotUnderstood)
	golden(t, "replies", out.String())
}

func TestPush(t *testing.T) {
	t.Parallel()
	prompt := words.Push(open())
	lines := []string{prompt.Type}
	for _, row := range prompt.Rows {
		lines = append(lines, row.Name+": "+row.Value)
	}
	golden(t, "push", strings.Join(lines, "\n")+"\n")
}

// Every reason that code decides by has words, in the case and nowhere a bare name.
func TestEveryReasonHasWords(t *testing.T) {
	t.Parallel()
	for outcome, reasons := range map[alert.Outcome][]string{
		alert.Denied: {alert.ReasonFraud, alert.ReasonContradicted},
		alert.Unproven: {
			alert.ReasonDistrusted, alert.ReasonNoFactor, alert.ReasonNotEnrolled, alert.ReasonTimedOut,
			alert.ReasonLost, alert.ReasonUnavailable, alert.ReasonPushLimit,
		},
		alert.Unreachable: {
			alert.ReasonUnknownPerson, alert.ReasonAmbiguous, alert.ReasonMismatch, alert.ReasonDeactivated,
			alert.ReasonBot, alert.ReasonForeign, alert.ReasonUndelivered,
		},
		alert.Unasked: {alert.ReasonDistrusted},
	} {
		for _, reason := range reasons {
			text := words.Case(settled(alert.Verdict{Outcome: outcome, Reason: reason}, "", ""), links{}).Text
			if strings.Contains(reason, "_") || outcome != alert.Denied {
				require.NotContains(t, text, ": "+reason+".", reason)
			}
			require.NotContains(t, text, "_person", reason)
		}
	}
	vendors := words.Case(settled(alert.Verdict{Outcome: alert.Unproven, Reason: "refused_40099"}, "", ""), links{}).Text
	require.Contains(t, vendors, "refused_40099", "a vendor's own word is shown as it is")
}

// The text that notifications give says as much as what is seen.
func TestTextCarriesTheMeaning(t *testing.T) {
	t.Parallel()
	for name, story := range verdicts() {
		if story.Record.EscalatedAt.IsZero() {
			continue
		}
		text := words.Case(story, links{}).Text
		require.Contains(t, text, story.Record.Title, name)
		require.Contains(t, text, "sudo_interactive", name)
		if answer := story.Answer(); answer != nil {
			require.Contains(t, text, answer.Explanation, name)
		}
	}
	text := words.Question(open(), sealer(t)).Text
	for _, part := range []string{"auditd", "sudo to an interactive shell on db-3", "yes, no or not sure", "482"} {
		require.Contains(t, text, part)
	}
}
