package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
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
	Ephemeral bool `json:"ephemeral"`
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
}

type answerView struct{ Choice, Explanation, At string }

type proofView struct{ Result, Reason, Factor, Transaction string }

type escalationView struct{ Reason, At string }

func (a alertView) has(kind string) bool { return a.count(kind) > 0 }

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
	request.Header.Set("Authorization", "Bearer sandbox")
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

// alertAbout is a body that the API takes.
func alertAbout(email string) map[string]any {
	return map[string]any{
		"key": "key-" + time.Now().Format(time.RFC3339Nano), "detection": "sudo_interactive", "title": "sudo to a root shell on web-1",
		"severity": "high", "subject": map[string]string{"email": email}, "context": map[string]any{"host": "web-1"},
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

// security are the cases in the security channel, and only they.
func (b *bot) security() []shown {
	b.Helper()
	var messages, cases []shown
	b.get("/sandbox/control/messages?channel=security", &messages)
	for _, message := range messages {
		if message.ThreadTS == "" || message.ThreadTS == message.TS {
			cases = append(cases, message)
		}
	}
	return cases
}

// questions are the top-level messages of a person's DM.
func (b *bot) questions(email string) []shown {
	b.Helper()
	var list []shown
	for _, message := range b.dm(email) {
		if message.ThreadTS == "" && !message.Ephemeral {
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
