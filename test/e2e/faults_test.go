package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/stretchr/testify/require"
)

// forGood is a count of faults that no test uses up.
const forGood = 1_000_000

// fault is an order to the sandbox; see its control interface.
type fault struct {
	Service    string `json:"service"`
	Method     string `json:"method"`
	Fault      string `json:"fault"`
	Times      int    `json:"times"`
	RetryAfter *int   `json:"retry_after,omitempty"`
	Code       string `json:"code,omitempty"`
}

// seen is a request as the sandbox logged it.
type seen struct {
	At     time.Time
	Method string
	Status int
	Fault  string
}

// suffers has a service fail.
func (b *bot) suffers(order fault) {
	b.Helper()
	b.post("/sandbox/control/faults", order)
}

// recovers ends all faults.
func (b *bot) recovers() {
	b.Helper()
	status, text := b.try(http.MethodDelete, "/sandbox/control/faults", nil)
	require.Equal(b, http.StatusOK, status, string(text))
}

// suffered waits until every ordered fault has happened.
func (b *bot) suffered() {
	b.Helper()
	b.eventually("the faults happen", func() bool {
		var left []fault
		b.get("/sandbox/control/faults", &left)
		return len(left) == 0
	})
}

// log is what a service was asked, oldest first.
func (b *bot) log(service string) []seen {
	b.Helper()
	var requests []seen
	b.get("/sandbox/control/requests?service="+service, &requests)
	return requests
}

// pressesOn presses a button until the press is acknowledged, as people do at Slack's
// warning sign. A button that is gone was heard.
func (b *bot) pressesOn(email string, message shown, action string) error {
	body := map[string]any{"user": email, "channel": message.Channel, "ts": message.TS, "action_id": action}
	return b.insist("press "+action, func() bool {
		status, text := b.try(http.MethodPost, "/sandbox/control/click", body)
		var receipt struct{ Delivered bool }
		return status == http.StatusNotFound ||
			(status == http.StatusOK && json.Unmarshal(text, &receipt) == nil && receipt.Delivered)
	})
}

// sendsOn sends an alert until it is taken, as a source does. Every other answer must
// say that it was not.
func (b *bot) sendsOn(body map[string]any) (id string, err error) {
	var accepted struct{ ID string }
	var wrong error
	err = b.insist("send an alert", func() bool {
		status, text := b.try(http.MethodPost, "/v1/alerts", body)
		switch status {
		case http.StatusAccepted, http.StatusOK:
			wrong = json.Unmarshal(text, &accepted)
			return true
		case 0, http.StatusServiceUnavailable:
			return false
		default:
			wrong = fmt.Errorf("status %d: %s", status, text)
			return true
		}
	})
	if err == nil {
		err = wrong
	}
	return accepted.ID, err
}

// insist repeats something until it works. It may run beside the test.
func (b *bot) insist(what string, works func() bool) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !works(); <-tick.C {
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: never worked", what)
		}
	}
	return nil
}

// buttonless waits until no question of a person has buttons.
func (b *bot) buttonless(email string) {
	b.Helper()
	b.eventually("the buttons vanish", func() bool {
		return !slices.ContainsFunc(b.questions(email), func(message shown) bool { return message.offers("yes") })
	})
}

// offered waits for the button that sends the push once more.
func (b *bot) offered(email string) shown {
	b.Helper()
	var offer shown
	b.eventually("another push is offered", func() bool {
		messages := b.dm(email)
		i := slices.IndexFunc(messages, func(message shown) bool { return message.offers("push_again") })
		if i >= 0 {
			offer = messages[i]
		}
		return i >= 0
	})
	return offer
}

// undecided checks that nothing was decided yet.
func (b *bot) undecided(id string) {
	b.Helper()
	require.Empty(b, b.alert(id).Verdict)
}
