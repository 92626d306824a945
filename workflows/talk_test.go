package workflows_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	sdkworker "go.temporal.io/sdk/worker"

	"securitybot/activities"
	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/conversation"
	"securitybot/internal/factor"
	"securitybot/internal/inbox"
	"securitybot/internal/person"
	"securitybot/internal/policy"
	"securitybot/internal/seal"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite"
	"securitybot/internal/words"
	"securitybot/worker"
)

// talk is one conversation in a test environment that skips the waiting: the
// real steps, inbox and record, on the workflow's own clock. Only the two
// providers are played.
type talk struct {
	*testing.T
	env    *testsuite.TestWorkflowEnvironment
	record *store.Store
	inbox  *inbox.Inbox
	chat   *playedChat
	phone  *playedPhone
	steps  *activities.Activities
	rules  *policy.Policy
	id     string
	begun  time.Time
}

// Planner implements [activities.Policies].
func (t *talk) Planner(context.Context) (store.Planner, error) { return t.rules, nil }

// Responder and what follows implement [inbox.Policy].
func (t *talk) Responder(_ context.Context, who alert.PersonKey) (alert.Person, bool, error) {
	return alert.Person{PersonKey: who}, false, nil
}

func (t *talk) EscalateTo(context.Context, alert.PersonKey) ([]alert.Step, error) { return nil, nil }

func (t *talk) OptOutMost(context.Context) (time.Duration, error) { return t.rules.OptOutMost(), nil }

const teamID = "T1"

var alice = alert.Person{
	PersonKey: alert.PersonKey{Team: teamID, User: "U1"},
	Email:     "alice@example.com", Name: "Alice Adams", FactorName: "alice",
}

func newTalk(t *testing.T) *talk {
	t.Helper()
	return newTalkUnder(t, "version: 1")
}

// newTalkUnder begins one under a policy.
func newTalkUnder(t *testing.T, rules string) *talk {
	t.Helper()
	file, err := policy.Parse([]byte(rules))
	require.NoError(t, err)
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	talk := &talk{T: t, env: suite.NewTestWorkflowEnvironment(), phone: &playedPhone{}, rules: file.Policy(policy.Environment{})}
	talk.env.SetTestTimeout(time.Minute)
	talk.begun = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	talk.env.SetStartTime(talk.begun)
	talk.chat = &playedChat{now: talk.env.Now}
	talk.openRecord()
	return talk
}

func (t *talk) openRecord() {
	path := filepath.Join(t.TempDir(), "record.db")
	require.NoError(t, sqlite.Migrate(t.Context(), path))
	backend, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, backend.Close()) })
	t.record = store.New(backend, store.WithClock(t.env.Now))
	require.NoError(t, t.record.PutPeople(t.Context(), []alert.Person{alice}))
	sealer, err := seal.New(seal.NewKey())
	require.NoError(t, err)
	t.inbox = inbox.New(inbox.Options{
		Record: t.record, Sealer: sealer, Book: words.Default(), Policy: t, Kick: t.deliver,
	})
	people := person.New(person.Options{
		Cache: t.record, Chat: t.chat, Rules: person.NewRules(person.ByLocalPart), Now: t.env.Now,
		Team: func(context.Context) (string, error) { return teamID, nil },
	})
	t.steps, err = activities.New(activities.Options{
		Record: t.record, Finder: people, Policy: t, Book: words.Default(), Chat: t.chat, Channel: "security",
		Factor: t.phone, Sealer: sealer, Links: noLinks{}, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	worker.RegisterWorkflows(t.env)
	t.env.RegisterActivity(t.steps)
	t.env.SetWorkerOptions(sdkworker.Options{})
}

// reports an alert about somebody; medium is answered within two hours.
func (t *talk) reports(email string) {
	accepted, err := t.record.Accept(t.Context(), alert.Alert{
		Source: "auditd", Key: "1", Detection: "sudo_interactive", Title: "sudo to an interactive shell",
		Severity: alert.Medium, Subject: alert.Subject{Email: email}, Context: json.RawMessage(`{"host":"web-1"}`),
	})
	require.NoError(t, err)
	t.id = accepted.Record.ID
}

// reportsMore is one more alert about Alice while the conversation goes on, which
// its own workflow has admitted.
func (t *talk) reportsMore(key string, severity alert.Severity, context string) string {
	accepted, err := t.record.Accept(t.Context(), alert.Alert{
		Source: "auditd", Key: key, Detection: "sudo_interactive", Title: "sudo " + key,
		Severity: severity, Subject: alert.Subject{Email: "alice@example.com"}, Context: json.RawMessage(context),
	})
	require.NoError(t, err)
	_, err = t.steps.Admit(t.Context(), conversation.AlertRef{AlertID: accepted.Record.ID})
	require.NoError(t, err)
	t.deliver()
	return accepted.Record.ID
}

// after lets something happen at a time of the conversation.
func (t *talk) after(wait time.Duration, happens func()) {
	t.env.RegisterDelayedCallback(happens, wait)
}

// holds runs the conversation to its end.
func (t *talk) holds() store.Story {
	t.env.ExecuteWorkflow(conversation.WorkflowAlert, conversation.AlertRef{AlertID: t.id})
	require.True(t, t.env.IsWorkflowCompleted())
	require.NoError(t, t.env.GetWorkflowError())
	story, err := t.record.Story(t.Context(), t.id)
	require.NoError(t, err)
	require.NoError(t, store.VerifyChain(story.Entries))
	return story
}

// presses a button of the question, or of the last message that has it.
func (t *talk) presses(action string) { t.pressesAs(alice.PersonKey, action) }

func (t *talk) pressesAs(who alert.PersonKey, action string) string {
	return t.pressesButton(who, action, t.button(action))
}

// pressesButton presses one as it was shown.
func (t *talk) pressesButton(who alert.PersonKey, action string, shown shownButton) string {
	reply, err := t.inbox.Press(t.Context(), chat.Press{
		Delivery: fmt.Sprintf("%s-%s-%d", who.User, action, t.env.Now().UnixNano()),
		Person:   who, At: t.env.Now(), Place: shown.at, Action: action, Value: shown.value,
	})
	require.NoError(t, err)
	return reply.Tell
}

// shownButton is a button as somebody sees it.
type shownButton struct {
	at    chat.Ref
	value string
}

// button is the first that is shown for an action.
func (t *talk) button(action string) shownButton {
	for _, posted := range t.chat.all() {
		for _, button := range posted.message.Buttons {
			if button.Action == action {
				return shownButton{posted.ref, button.Value}
			}
		}
	}
	require.Failf(t, "no such button", "%s", action)
	return shownButton{}
}

// deliver plays the outbox.
func (t *talk) deliver() {
	waiting, err := t.record.ClaimOutgoing(t.Context(), time.Minute, 100)
	require.NoError(t, err)
	for _, entry := range waiting {
		if entry.AlertID != t.id {
			continue
		}
		switch entry.Kind {
		case store.OutgoingAnswer:
			t.env.SignalWorkflow(conversation.SignalAnswer,
				conversation.Answered{AnswerID: entry.Ref, Choice: alert.Choice(entry.Choice)})
		case store.OutgoingSnooze:
			t.env.SignalWorkflow(conversation.SignalSnooze, conversation.Snoozed{SnoozeID: entry.Ref})
		case store.OutgoingPushAgain:
			t.env.SignalWorkflow(conversation.SignalPushAgain, conversation.PushAgain{Attempt: 2})
		case store.OutgoingJoined:
			t.env.SignalWorkflow(conversation.SignalJoined, conversation.Joined{})
		case store.OutgoingWake:
			t.env.SignalWorkflow(conversation.SignalWake, conversation.Wake{Why: entry.Ref})
		}
		require.NoError(t, t.record.Delivered(t.Context(), entry.ID))
	}
}

// kinds of a timeline, without what every alert begins with.
func kinds(story store.Story) string {
	var list []string
	for _, entry := range story.Entries[3:] {
		list = append(list, entry.Kind)
	}
	return strings.Join(list, " ")
}

type noLinks struct{}

func (noLinks) Alert(string) string    { return "" }
func (noLinks) Workflow(string) string { return "" }

type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

// posted is a message as it stands.
type posted struct {
	ref     chat.Ref
	to      chat.Recipient
	message chat.Message
	at      time.Time
}

// playedChat is a chat system in memory, on the workflow's clock.
type playedChat struct {
	now func() time.Time

	mu      sync.Mutex
	posts   []posted
	refuses *chat.Error // every post to a person
	people  []alert.Person
}

func (c *playedChat) all() []posted {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]posted(nil), c.posts...)
}

// in lists the messages of a channel, top level only.
func (c *playedChat) in(channel string) []posted {
	var list []posted
	for _, posted := range c.all() {
		if posted.ref.Channel == channel && posted.to.Thread == "" {
			list = append(list, posted)
		}
	}
	return list
}

func (c *playedChat) Post(_ context.Context, to chat.Recipient, message chat.Message, _ string) (chat.Ref, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	channel := to.Channel
	if channel == "" {
		if c.refuses != nil {
			return chat.Ref{}, c.refuses
		}
		channel = "D-" + to.User
	}
	at := c.now().Add(time.Duration(len(c.posts)) * time.Microsecond)
	ref := chat.Ref{Channel: channel, TS: at.Format(time.RFC3339Nano)}
	c.posts = append(c.posts, posted{ref, to, message, c.now()})
	return ref, nil
}

func (c *playedChat) Rendered(message chat.Message) (chat.Rendering, error) {
	return chat.Rendering{Text: message.Text}, nil
}

func (c *playedChat) Find(context.Context, chat.Recipient, string, time.Time) (chat.Ref, bool, error) {
	return chat.Ref{}, false, nil
}

func (c *playedChat) Edit(_ context.Context, at chat.Ref, message chat.Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.posts {
		if c.posts[i].ref == at {
			c.posts[i].message = message
			return nil
		}
	}
	return &chat.Error{Failure: chat.Gone, Reason: "message_not_found"}
}

func (c *playedChat) PublishHome(context.Context, string, chat.Home) error { return nil }

func (c *playedChat) Time(at chat.Ref) (time.Time, error) { return time.Parse(time.RFC3339Nano, at.TS) }

func (c *playedChat) PersonByEmail(_ context.Context, email string) (alert.Person, bool, error) {
	for _, person := range c.people {
		if person.Email == email {
			return person, true, nil
		}
	}
	return alert.Person{}, false, nil
}

func (c *playedChat) Group(context.Context, string) ([]string, error) {
	return nil, &chat.Error{Failure: chat.Refused, Reason: "no_such_subteam"}
}

func (c *playedChat) PersonByID(context.Context, string) (alert.Person, bool, error) {
	return alert.Person{}, false, nil
}

func (c *playedChat) People(context.Context) iter.Seq2[alert.Person, error] {
	return func(func(alert.Person, error) bool) {}
}

// playedPhone answers each push as scripted, the last answer again and again.
type playedPhone struct {
	mu     sync.Mutex
	says   []alert.ProofResult
	reason string
	pushes int
	errs   []error // of the first pushes
	held   chan struct{}
}

func (p *playedPhone) Name() string { return "played" }

// count is how many pushes left.
func (p *playedPhone) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pushes
}

func (p *playedPhone) Devices(context.Context, string) ([]factor.Device, error) {
	return []factor.Device{{ID: "phone"}}, nil
}

func (p *playedPhone) Push(context.Context, string, string, factor.Prompt) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pushes++
	if p.pushes <= len(p.errs) && p.errs[p.pushes-1] != nil {
		return "", p.errs[p.pushes-1]
	}
	return fmt.Sprintf("tx-%d", p.pushes), nil
}

func (p *playedPhone) Poll(ctx context.Context, transaction string) (alert.ProofResult, string, error) {
	if p.held != nil {
		select {
		case <-p.held:
		case <-ctx.Done():
			return alert.ProofPending, "", nil
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.says) == 0 {
		return "", "", errors.New("nobody said what the phone says to " + transaction)
	}
	result := p.says[min(p.pushes, len(p.says))-1]
	return result, p.reason, nil
}
