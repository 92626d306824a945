package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"securitybot/activities"
	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/conversation"
	"securitybot/internal/factor"
	"securitybot/internal/policy"
	"securitybot/internal/seal"
	"securitybot/internal/sink"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite"
	"securitybot/internal/words"
)

var alice = alert.Person{
	PersonKey: alert.PersonKey{Team: "T1", User: "UALICE"}, Email: "alice@example.com", Name: "Alice Adams", FactorName: "alice",
}

// bench is the steps over a real record, with a chat, a phone and a second target
// that do as they are told.
type bench struct {
	*testing.T
	*activities.Activities
	record *store.Store
	chat   *playedChat
	phone  *playedPhone
	second *playedTarget
	finder *playedFinder
	plans  *policy.Policy
	ahead  time.Duration // of the record's clock
	count  int
}

func newBench(t *testing.T) *bench {
	t.Helper()
	path := filepath.Join(t.TempDir(), "record.db")
	require.NoError(t, sqlite.Migrate(t.Context(), path))
	backend, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, backend.Close()) })
	b := &bench{T: t, plans: policy.Defaults(), chat: &playedChat{begun: time.Now().Unix()}, phone: &playedPhone{}, second: &playedTarget{}, finder: &playedFinder{}}
	b.record = store.New(backend, store.WithClock(func() time.Time { return time.Now().Add(b.ahead) }))
	require.NoError(t, b.record.PutPeople(t.Context(), []alert.Person{alice}))
	sealer, err := seal.New(seal.NewKey())
	require.NoError(t, err)
	b.Activities, err = activities.New(activities.Options{
		Record: b.record, Finder: b.finder, Policy: inForce{}, Book: words.Default(), Chat: b.chat, Channel: "CSECURITY", Second: b.second,
		Factor: b.phone, Sealer: sealer, Links: noLinks{}, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	return b
}

// admitted is an alert about Alice that is to be asked.
func (b *bench) admitted() conversation.AlertRef {
	b.Helper()
	b.count++
	accepted, err := b.record.Accept(b.Context(), alert.Alert{
		Source: "auditd", Key: fmt.Sprint(b.count), Detection: "sudo_interactive", Title: "sudo to an interactive shell",
		Severity: alert.Medium, Subject: alert.Subject{Email: "alice@example.com"},
	})
	require.NoError(b, err)
	_, err = b.record.Admit(b.Context(), accepted.Record.ID, store.Identified{Person: alice}, b.plans)
	require.NoError(b, err)
	return conversation.AlertRef{AlertID: accepted.Record.ID}
}

// asked is one whose question stands.
func (b *bench) asked() conversation.AlertRef {
	b.Helper()
	ref := b.admitted()
	_, err := b.Ask(b.Context(), ref)
	require.NoError(b, err)
	return ref
}

func (b *bench) says(ref conversation.AlertRef, choice alert.Choice) {
	b.Helper()
	b.count++
	heard, err := b.record.TakeAnswer(b.Context(), store.Said{
		Delivery: fmt.Sprint("press-", b.count), AlertID: ref.AlertID, Person: alice.PersonKey,
		At: b.record.Now(), Choice: choice, Revision: 1,
	})
	require.NoError(b, err)
	require.Empty(b, heard.Refusal)
}

// denied is an alert that has to be brought to the security team.
func (b *bench) denied() conversation.AlertRef {
	b.Helper()
	ref := b.asked()
	b.says(ref, alert.No)
	outcome, err := b.Settle(b.Context(), conversation.SettleInput{AlertID: ref.AlertID})
	require.NoError(b, err)
	require.True(b, outcome.Case)
	return ref
}

func (b *bench) story(ref conversation.AlertRef) store.Story {
	b.Helper()
	story, err := b.record.Story(b.Context(), ref.AlertID)
	require.NoError(b, err)
	return story
}

// application is what Temporal would make of an error.
func application(t *testing.T, err error) *temporal.ApplicationError {
	t.Helper()
	var failed *temporal.ApplicationError
	require.ErrorAs(t, err, &failed)
	return failed
}

type noLinks struct{}

func (noLinks) Alert(string) string    { return "" }
func (noLinks) Workflow(string) string { return "" }

// shown is a message as it stands.
type shown struct {
	to      chat.Recipient
	message chat.Message
	key     string
}

// playedChat shows what it is given, and fails as scripted: an Ambiguous failure
// takes effect all the same.
type playedChat struct {
	begun int64 // the time of the first message; each is a second later

	mu     sync.Mutex
	posts  []shown
	fails  []error // of the next posts, nil for none
	finds  error
	edits  error
	edited int
	looked int
	during func() // while a post is on its way
}

func (c *playedChat) Post(_ context.Context, to chat.Recipient, message chat.Message, key string) (chat.Ref, error) {
	if c.during != nil {
		c.during()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	if len(c.fails) > 0 {
		err, c.fails = c.fails[0], c.fails[1:]
	}
	if err != nil && chat.FailureOf(err).Failure != chat.Ambiguous {
		return chat.Ref{}, err
	}
	c.posts = append(c.posts, shown{to, message, key})
	if err != nil {
		return chat.Ref{}, err
	}
	return c.ref(len(c.posts) - 1), nil
}

func (c *playedChat) Rendered(message chat.Message) (chat.Rendering, error) {
	return chat.Rendering{Text: message.Text, Blocks: json.RawMessage(`[{"type":"rich_text"}]`)}, nil
}

func (c *playedChat) ref(i int) chat.Ref {
	channel := c.posts[i].to.Channel
	if channel == "" {
		channel = "D" + c.posts[i].to.User
	}
	return chat.Ref{Channel: channel, TS: fmt.Sprint(c.begun + int64(i))}
}

func (c *playedChat) Find(_ context.Context, _ chat.Recipient, key string, _ time.Time) (chat.Ref, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looked++
	for i := range c.posts {
		if c.posts[i].key == key && c.finds == nil {
			return c.ref(i), true, nil
		}
	}
	return chat.Ref{}, false, c.finds
}

func (c *playedChat) Edit(_ context.Context, at chat.Ref, message chat.Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.edits != nil {
		return c.edits
	}
	for i := range c.posts {
		if c.ref(i) == at {
			c.edited++
			c.posts[i].message = message
			return nil
		}
	}
	return &chat.Error{Failure: chat.Gone, Reason: "message_not_found"}
}

func (c *playedChat) PublishHome(context.Context, string, chat.Home) error { return nil }

func (c *playedChat) Time(at chat.Ref) (time.Time, error) {
	var seconds int64
	_, err := fmt.Sscan(at.TS, &seconds)
	return time.Unix(seconds, 0).UTC(), err
}

// playedPhone answers each poll as scripted; with nothing left it fails the test
// by its error.
type playedPhone struct {
	checks error    // of the next look at the devices
	pushed []string // names
	prompt factor.Prompt
	pushes []error // of the next pushes
	says   []alert.ProofResult
	reason string
	polls  []string // transactions
	fails  []error  // of the next polls
}

func (p *playedPhone) Name() string { return "played" }

func (p *playedPhone) Devices(context.Context, string) ([]factor.Device, error) {
	return []factor.Device{{ID: "DPHONE"}}, p.checks
}

func (p *playedPhone) Push(_ context.Context, person, _ string, prompt factor.Prompt) (string, error) {
	p.pushed, p.prompt = append(p.pushed, person), prompt
	if len(p.pushes) > 0 {
		err := p.pushes[0]
		p.pushes = p.pushes[1:]
		if err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("tx-%d", len(p.pushed)), nil
}

func (p *playedPhone) Poll(_ context.Context, transaction string) (alert.ProofResult, string, error) {
	p.polls = append(p.polls, transaction)
	if len(p.fails) > 0 {
		err := p.fails[0]
		p.fails = p.fails[1:]
		return "", "", err
	}
	if len(p.says) == 0 {
		return "", "", errors.New("nobody said what the phone says")
	}
	said := p.says[0]
	p.says = p.says[1:]
	return said, p.reason, nil
}

// playedTarget is a second target of cases.
type playedTarget struct {
	cases []sink.Case
	err   error
}

func (p *playedTarget) Name() string { return "webhook" }

func (p *playedTarget) Send(_ context.Context, told sink.Case) error {
	if p.err == nil {
		p.cases = append(p.cases, told)
	}
	return p.err
}

// inForce is the policy that is built in.
type inForce struct{}

func (inForce) Planner(context.Context) (store.Planner, error) { return policy.Defaults(), nil }

// playedFinder is a directory.
type playedFinder struct {
	known  bool
	who    store.Identified
	err    error
	looked int
}

func (p *playedFinder) Known(context.Context, alert.Subject) (store.Identified, bool, error) {
	return p.who, p.known, p.err
}

func (p *playedFinder) Find(context.Context, alert.Subject) (store.Identified, error) {
	p.looked++
	return p.who, p.err
}

func (p *playedFinder) GroupsOf(context.Context, alert.PersonKey) ([]string, error) { return nil, nil }

func jsonOf(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return string(text)
}
