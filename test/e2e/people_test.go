package e2e_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"
)

// The sandbox's people.
const (
	alice = "alice@example.com"
	bob   = "bob@example.com"
	carol = "carol@example.com"
	dave  = "dave@example.com"
	erin  = "erin@example.com"  // no second factor
	frank = "frank@example.com" // deactivated
	sam   = "sam@example.com"   // a responder, and an administrator
	kim   = "kim@example.com"   // another responder
)

// shown is a message as a person sees it now.
type shown struct {
	Channel  string `json:"channel"`
	TS       string `json:"ts"`
	ThreadTS string `json:"thread_ts"`
	Text     string `json:"text"`
	Blocks   any    `json:"blocks"`
	Actions  []struct {
		ActionID string `json:"action_id"`
		Text     string `json:"text"`
		Value    string `json:"value"`
	} `json:"actions"`
	Bot       bool `json:"bot"`
	Ephemeral bool `json:"ephemeral"`
	Metadata  struct {
		Payload struct {
			Key string `json:"key"`
		} `json:"event_payload"`
	} `json:"metadata"`
}

// about is the alert that a message of ours is about, and what it is for; both are
// empty where it is none that anything looks for.
func (s shown) about() (alertID, purpose string) {
	alertID, purpose, _ = strings.Cut(s.Metadata.Payload.Key, "/")
	return alertID, purpose
}

func (s shown) offers(action string) bool {
	for _, offered := range s.Actions {
		if offered.ActionID == action {
			return true
		}
	}
	return false
}

// push is a push on a person's phone.
type push struct {
	TxID   string `json:"txid"`
	User   string `json:"user"`
	Status string `json:"status"`
	Info   any    `json:"info"`
}

// alertView is an alert as the API shows it.
type alertView struct {
	ID            string            `json:"id"`
	Key           string            `json:"key"`
	Status        string            `json:"status"`
	Verdict       string            `json:"verdict"`
	VerdictReason string            `json:"verdict_reason"`
	Deadline      string            `json:"deadline"`
	Answer        *answerView       `json:"answer"`
	Proof         *proofView        `json:"proof"`
	Escalation    *escalationView   `json:"escalation"`
	Timeline      []map[string]any  `json:"timeline"`
	Links         map[string]string `json:"links"`

	Rule        string        `json:"rule"`
	NotBefore   string        `json:"not_before"`
	QueuedUntil string        `json:"queued_until"`
	JoinedTo    string        `json:"joined_to"`
	Occurrences []string      `json:"occurrences"`
	CaseOf      string        `json:"case_of"`
	Members     []string      `json:"members"`
	CoveredBy   *coveringView `json:"covered_by"`
	Case        *caseView     `json:"case"`
	Request     *struct{}     `json:"request"`
}

type coveringView struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"`
	AlertID string `json:"alert_id"`
}

type caseView struct {
	AckedBy    string `json:"acked_by"`
	ResolvedBy string `json:"resolved_by"`
	Resolution string `json:"resolution"`
}

type answerView struct{ Choice, Explanation, At string }

type proofView struct{ Result, Reason, Factor, Transaction string }

type escalationView struct{ Reason, At string }

func (a alertView) has(kind string) bool { return a.count(kind) > 0 }

// entry is the last line of a kind on the timeline.
func (a alertView) entry(kind string) map[string]any {
	for _, entry := range slices.Backward(a.Timeline) {
		if entry["kind"] == kind {
			return entry
		}
	}
	return nil
}

func (a alertView) count(kind string) int {
	count := 0
	for _, entry := range a.Timeline {
		if entry["kind"] == kind {
			count++
		}
	}
	return count
}

// try makes one request; status 0 means no answer.
func (b *bot) try(method, path string, body any) (int, []byte) {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		require.NoError(b, err)
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(background(), method, b.url(path), reader)
	require.NoError(b, err)
	request.Header.Set("Authorization", "Bearer "+tokenFor(path))
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	client := http.Client{Timeout: 20 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, nil
	}
	return response.StatusCode, text
}

// tokenFor is a source's for alerts, and an administrator's for the rest.
func tokenFor(path string) string {
	if strings.HasPrefix(path, "/v1/") && !strings.HasPrefix(path, "/v1/alerts") {
		return "sandbox-admin"
	}
	return "sandbox"
}

// get reads JSON that must be there.
func (b *bot) get(path string, into any) {
	b.Helper()
	status, text := b.try(http.MethodGet, path, nil)
	require.Equal(b, http.StatusOK, status, "GET %s: %s", path, text)
	require.NoError(b, json.Unmarshal(text, into))
}

// post sends JSON that must be taken.
func (b *bot) post(path string, body any) []byte {
	b.Helper()
	status, text := b.try(http.MethodPost, path, body)
	require.Less(b, status, 300, "POST %s: %s", path, text)
	require.NotZero(b, status, "POST %s: no answer", path)
	return text
}

// hosts counts the machines that alerts are about.
var hosts atomic.Int64

// alertAbout is a body that the API takes. Each is about another machine, so that
// none is one more occurrence of another.
func alertAbout(email string) map[string]any {
	return alertOn(fmt.Sprint("web-", hosts.Add(1)), email, "high")
}

// alertOn is a body about something that happened on a machine.
func alertOn(host, email, severity string) map[string]any {
	return map[string]any{
		"key": "key-" + rand.Text(), "detection": "sudo_interactive", "title": "sudo to a root shell on " + host,
		"severity": severity, "subject": map[string]string{"email": email}, "context": map[string]any{"host": host},
	}
}

// reports sends an alert and gives its id.
func (b *bot) reports(body map[string]any) string {
	b.Helper()
	var accepted struct{ ID string }
	require.NoError(b, json.Unmarshal(b.post("/v1/alerts", body), &accepted))
	return accepted.ID
}

func (b *bot) alert(id string) alertView {
	b.Helper()
	var view alertView
	b.get("/v1/alerts/"+id, &view)
	return view
}

// deadline waits until the question's time is known: a person may see the question first.
func (b *bot) deadline(id string) string {
	b.Helper()
	var deadline string
	b.eventually("the deadline is known", func() bool {
		deadline = b.alert(id).Deadline
		return deadline != ""
	})
	return deadline
}

// settles waits for a verdict.
func (b *bot) settles(id, verdict, reason string) alertView {
	b.Helper()
	var view alertView
	b.eventually("a verdict", func() bool {
		view = b.alert(id)
		return view.Verdict != ""
	})
	require.Equal(b, verdict, view.Verdict, "%v", view.Timeline)
	require.Equal(b, reason, view.VerdictReason)
	return view
}

// dm are the messages that a person sees of the bot.
func (b *bot) dm(email string) []shown {
	b.Helper()
	var messages []shown
	b.get("/sandbox/control/messages?user="+url.QueryEscape(email), &messages)
	return messages
}

// security are the cases in the security channel, and what came to them so late
// that it is posted anew.
func (b *bot) security() []shown {
	b.Helper()
	return b.posted(func(purpose string) bool {
		return strings.HasPrefix(purpose, "case") || strings.HasPrefix(purpose, "raised")
	})
}

// notices are what the security channel is told once and belongs to no alert.
func (b *bot) notices() []shown {
	b.Helper()
	var notices []shown
	for _, message := range b.channel("security") {
		if strings.HasPrefix(message.Metadata.Payload.Key, "notice/") {
			notices = append(notices, message)
		}
	}
	return notices
}

// reviews are the confirmed alerts that responders should look at.
func (b *bot) reviews() []shown {
	b.Helper()
	return b.posted(func(purpose string) bool { return purpose == "review" })
}

// posted are the messages at the top level of the security channel that are about
// an alert and for something.
func (b *bot) posted(wanted func(purpose string) bool) []shown {
	b.Helper()
	var list []shown
	for _, message := range b.channel("security") {
		id, purpose := message.about()
		if id != "notice" && wanted(purpose) {
			list = append(list, message)
		}
	}
	return list
}

// channel are the messages at the top level of a channel.
func (b *bot) channel(name string) []shown {
	b.Helper()
	var messages, list []shown
	b.get("/sandbox/control/messages?channel="+name, &messages)
	for _, message := range messages {
		if (message.ThreadTS == "" || message.ThreadTS == message.TS) && !message.Ephemeral {
			list = append(list, message)
		}
	}
	return list
}

// notice waits for one that says something.
func (b *bot) notice(text string) shown {
	b.Helper()
	var found shown
	b.eventually("the channel is told: "+text, func() bool {
		for _, message := range b.notices() {
			if strings.Contains(message.Text, text) {
				found = message
				return true
			}
		}
		return false
	})
	return found
}

// caseOf waits for the case of an alert.
func (b *bot) caseOf(id string) shown {
	b.Helper()
	var found shown
	b.eventually("a case", func() bool {
		for _, message := range b.security() {
			if about, purpose := message.about(); about == id && purpose == "case" {
				found = message
				return true
			}
		}
		return false
	})
	return found
}

// questions are those that a person was ever asked.
func (b *bot) questions(email string) []shown {
	b.Helper()
	var list []shown
	for _, message := range b.dm(email) {
		if _, purpose := message.about(); purpose == "question" {
			list = append(list, message)
		}
	}
	return list
}

// asked waits for a question with buttons.
func (b *bot) asked(email string) shown {
	b.Helper()
	var question shown
	b.eventually(email+" is asked", func() bool {
		for _, message := range b.dm(email) {
			if message.offers("yes") {
				question = message
				return true
			}
		}
		return false
	})
	return question
}

// clicks presses a button of a message, as somebody.
func (b *bot) clicks(email string, message shown, action string) {
	b.Helper()
	b.post("/sandbox/control/click", map[string]any{
		"user": email, "channel": message.Channel, "ts": message.TS, "action_id": action,
	})
}

// answers presses a button of the person's question.
func (b *bot) answers(email, action string) shown {
	b.Helper()
	question := b.asked(email)
	b.clicks(email, question, action)
	return question
}

// explains fills in the modal.
func (b *bot) explains(email, text string) {
	b.Helper()
	b.eventually("the modal opens", func() bool {
		status, _ := b.try(http.MethodPost, "/sandbox/control/submit",
			map[string]any{"user": email, "values": map[string]string{"explanation": text}})
		return status == http.StatusOK
	})
}

func (b *bot) pushes(email string) []push {
	b.Helper()
	var pushes []push
	b.get("/sandbox/control/pushes?user="+url.QueryEscape(email), &pushes)
	return pushes
}

// phone waits for a push and answers it.
func (b *bot) phone(email, result string) push {
	b.Helper()
	var waiting push
	b.eventually(email+"'s phone lights up", func() bool {
		for _, push := range b.pushes(email) {
			if push.Status == "waiting" {
				waiting = push
				return true
			}
		}
		return false
	})
	b.post("/sandbox/control/pushes/"+waiting.TxID, map[string]string{"result": result})
	return waiting
}

// fault orders the sandbox to fail.
func (b *bot) fault(service, method, kind string, times int) {
	b.Helper()
	b.post("/sandbox/control/faults", map[string]any{"service": service, "method": method, "fault": kind, "times": times})
}

// requests counts the calls of one method that a service saw.
func (b *bot) requests(service, method string) int {
	b.Helper()
	var seen []struct{ Method string }
	b.get("/sandbox/control/requests?service="+service, &seen)
	count := 0
	for _, request := range seen {
		if strings.EqualFold(request.Method, method) || method == "" {
			count++
		}
	}
	return count
}
