package e2e_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
)

// Slack fails while the question is posted, while the case is posted and while
// the edit is due: there is one question and one case all the same.
func TestSlackFails(t *testing.T) {
	t.Parallel()
	b := running(t)
	wait := 2
	conversations := []struct {
		email string
		fault fault
	}{
		{alice, fault{Fault: "ratelimit", Times: 2, RetryAfter: &wait}},
		{bob, fault{Fault: "error", Times: 2}},
		{carol, fault{Fault: "lost_response", Times: 1}},
		{dave, fault{Fault: "timeout", Times: 1}},
		{erin, fault{Fault: "hang", Times: 1}},
	}
	for i, tc := range conversations {
		t.Run(tc.fault.Fault, func(t *testing.T) { b.in(t).deniesThrough(tc.email, tc.fault, i+1) })
	}
	for _, tc := range conversations {
		require.Len(t, b.questions(tc.email), 1, "%s is asked once", tc.email)
	}
	require.Len(t, b.security(), len(conversations), "one case each")
	require.NotZero(t, b.requests("slack", "conversations.history"), "an unknown outcome is looked up")
	requireWaited(t, b.log("slack"), time.Duration(wait)*time.Second)
}

// deniesThrough is a conversation that ends in a case, each of whose messages
// meets the fault.
func (b *bot) deniesThrough(email string, order fault, cases int) {
	b.Helper()
	order.Service, order.Method = "slack", "chat.postMessage"
	b.suffers(order)
	id := b.reports(alertAbout(email))
	question := b.asked(email)
	b.suffered()

	b.suffers(order)
	order.Method = "chat.update"
	b.suffers(order)
	b.clicks(email, question, "no")
	b.suffered()

	b.settles(id, "denied", "")
	b.buttonless(email)
	b.eventually("the case is known", func() bool { return b.alert(id).has("case_opened") })
	b.explains(email, "It was not me: "+order.Fault)
	b.eventually("the words join the case", func() bool {
		shown := b.security()
		return len(shown) == cases && strings.Contains(shown[cases-1].Text, "It was not me: "+order.Fault)
	})
	view := b.alert(id)
	require.Equal(b, 1, view.count("asked"))
	require.Equal(b, 1, view.count("case_opened"))
	require.Equal(b, 1, view.count("settled"))
}

// requireWaited checks that after a 429 the method is left alone as long as asked.
func requireWaited(t *testing.T, log []seen, wait time.Duration) {
	t.Helper()
	limits := 0
	for i, limited := range log {
		if limited.Fault != "ratelimit" {
			continue
		}
		limits++
		for _, next := range log[i+1:] {
			if next.Method == limited.Method {
				require.GreaterOrEqual(t, next.At.Sub(limited.At), wait, "%s after a 429", next.Method)
				break
			}
		}
	}
	require.NotZero(t, limits)
}

// Slack is away for a minute while a question, a case and an edit are due: at
// first it answers with errors, then not at all.
func TestSlackDownForAMinute(t *testing.T) {
	t.Parallel()
	b := running(t)
	denied := b.reports(alertAbout(bob))
	proved := b.reports(alertAbout(carol))
	toBob, toCarol := b.asked(bob), b.asked(carol)

	b.suffers(fault{Service: "slack", Method: "*", Fault: "error", Times: 12})
	b.suffers(fault{Service: "slack", Method: "*", Fault: "hang", Times: forGood})
	waiting := b.reports(alertAbout(alice))
	b.clicks(bob, toBob, "no")
	b.clicks(carol, toCarol, "yes")
	b.phone(carol, "approve")
	b.settles(denied, "denied", "")
	b.settles(proved, "confirmed", "")
	b.stays(time.Minute, "nothing reaches Slack", func() bool {
		return len(b.security()) == 0 && len(b.questions(alice)) == 0 && b.questions(carol)[0].offers("yes")
	})
	b.undecided(waiting)
	b.recovers()

	b.buttonless(bob)
	b.buttonless(carol)
	b.eventually("the case", func() bool { return b.alert(denied).has("case_opened") })
	b.answers(alice, "yes")
	b.phone(alice, "approve")
	b.settles(waiting, "confirmed", "")
	require.Len(t, b.security(), 1)
	for email, id := range map[string]string{alice: waiting, bob: denied, carol: proved} {
		require.Len(t, b.questions(email), 1)
		require.Equal(t, 1, b.alert(id).count("asked"))
		require.Equal(t, 1, b.alert(id).count("settled"))
	}
}

const webhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// endpoint is the security team's own, for when Slack will not do.
type endpoint struct {
	*httptest.Server
	verifier *standardwebhooks.Webhook

	mu    sync.Mutex
	away  int // how many deliveries it refuses for now
	cases []delivered
}

type delivered struct {
	id, body string
	signed   error
}

func newEndpoint(t *testing.T, away int) *endpoint {
	t.Helper()
	verifier, err := standardwebhooks.NewWebhook(webhookSecret)
	require.NoError(t, err)
	e := &endpoint{verifier: verifier, away: away}
	e.Server = httptest.NewServer(http.HandlerFunc(e.take))
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = e.verifier.Verify(body, r.Header)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cases = append(e.cases, delivered{r.Header.Get(standardwebhooks.HeaderWebhookID), string(body), err})
	if e.away > 0 {
		e.away--
		w.WriteHeader(http.StatusBadGateway)
	}
}

func (e *endpoint) about(id string) []delivered {
	e.mu.Lock()
	defer e.mu.Unlock()
	var found []delivered
	for _, told := range e.cases {
		if strings.Contains(told.body, id) {
			found = append(found, told)
		}
	}
	return found
}

// Slack refuses the security channel for good: the case goes to the second target.
func TestSlackRefusesTheChannel(t *testing.T) {
	t.Parallel()
	endpoint := newEndpoint(t, 1)
	b := running(t, "ESCALATION_WEBHOOK_URL="+endpoint.URL, "ESCALATION_WEBHOOK_SECRET="+webhookSecret)
	for _, tc := range []struct{ email, code string }{
		{alice, "channel_not_found"}, {bob, "is_archived"}, {carol, "not_in_channel"}, {dave, "token_revoked"},
	} {
		t.Run(tc.code, func(t *testing.T) {
			b := b.in(t)
			id := b.reports(alertAbout(tc.email))
			question := b.asked(tc.email)
			b.suffers(fault{Service: "slack", Method: "chat.postMessage", Fault: "error", Code: tc.code, Times: forGood})
			b.clicks(tc.email, question, "no")
			b.settles(id, "denied", "")
			b.eventually("the second target is told", func() bool { return b.alert(id).has("webhook_sent") })
			b.buttonless(tc.email)
			b.recovers()

			told := endpoint.about(id)
			require.NotEmpty(t, told)
			for _, attempt := range told {
				require.NoError(t, attempt.signed, "the signature is right")
				require.Equal(t, "case-"+id, attempt.id, "an attempt is known for a repetition")
			}
			last := told[len(told)-1].body
			require.Contains(t, last, `"type":"case.opened"`)
			require.Contains(t, last, `"verdict":"denied"`)
			require.Contains(t, last, tc.email)
			require.Equal(t, 1, b.alert(id).count("webhook_sent"))
		})
	}
	require.Len(t, endpoint.about(""), 5, "once more for the one that was refused, and never again")
	require.Empty(t, b.security())
}

// What comes after the verdict reaches the second target as well.
func TestLateWordsWhileSlackRefuses(t *testing.T) {
	t.Parallel()
	endpoint := newEndpoint(t, 0)
	b := running(t, "ESCALATION_WEBHOOK_URL="+endpoint.URL, "ESCALATION_WEBHOOK_SECRET="+webhookSecret,
		"SECURITYBOT_DEADLINE=5s", "SECURITYBOT_REMINDERS=none", "SECURITYBOT_WATCH_FOR=2m")
	id := b.reports(alertAbout(alice))
	question := b.asked(alice)
	b.suffers(fault{Service: "slack", Method: "chat.postMessage", Fault: "error", Code: "is_archived", Times: forGood})
	b.settles(id, "no_response", "")
	b.eventually("the case", func() bool { return len(endpoint.about(id)) == 1 })
	b.clicks(alice, question, "no")
	b.explains(alice, "That was somebody else")
	bodies := map[string]string{} // by id: what is told twice is known for a repetition
	b.eventually("the late no and its words", func() bool {
		for _, told := range endpoint.about(id) {
			require.NoError(t, told.signed)
			bodies[told.id] = told.body
		}
		return len(bodies) == 3
	})
	require.Contains(t, bodies["case-"+id], `"type":"case.opened"`)
	require.Contains(t, bodies["case-"+id+"-no"], "now says that it was not them")
	require.Contains(t, bodies["case-"+id+"-words"], "That was somebody else")
	b.eventually("all of it is known", func() bool { return b.alert(id).count("webhook_sent") == 3 })
	require.Empty(t, b.security())
}
