// Package sinktest is what every sink.CaseTarget must do: one suite, run by each of
// them against a real HTTP server.
package sinktest

import (
	"net/http"
	"testing"
	"time"

	"securitybot/internal/sink"
)

// Subject is a target under test.
type Subject struct {
	// New makes a target that sends to an endpoint at http://127.0.0.1:PORT. What it
	// holds is let go of when the test ends.
	New func(t *testing.T, endpoint string) sink.CaseTarget
	// Taken is the status by which the endpoint says that a case arrived.
	Taken int
	// Secrets are texts that no error and no print may have.
	Secrets []string
}

// Run runs the suite.
func Run(t *testing.T, subject Subject) {
	t.Helper()
	for name, test := range map[string]func(*bench){
		"every kind is told":                     everyKind,
		"told twice it is the same":              toldTwice,
		"told by many at once":                   toldByMany,
		"what a case says arrives":               arrives,
		"hostile texts survive":                  hostileTexts,
		"a long explanation arrives whole":       longExplanation,
		"no case without a usable id":            unusableIDs,
		"every status is judged":                 everyStatus,
		"the endpoint says when to try again":    retryAfter,
		"a redirect is not followed":             redirect,
		"nobody listens":                         nobodyListens,
		"the connection is cut":                  connectionCut,
		"an answer without end":                  endlessAnswer,
		"cancelled before":                       cancelledBefore,
		"cancelled while the endpoint is silent": cancelledMeanwhile,
		"a print shows no secret":                printed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(setup(t, subject))
		})
	}
}

// Told is a case with every field set.
func Told(kind sink.Kind) sink.Case {
	at := time.Date(2026, 11, 21, 10, 2, 3, 0, time.UTC)
	return sink.Case{
		ID: "case-a1-" + string(kind[len("case."):]), CaseID: "case-a1", Kind: kind, At: at, AlertID: "a1",
		Verdict: "denied", Reason: "fraud", Severity: "high", Detection: "sudo_interactive", Title: "Root <shell>",
		Person: sink.Person{Email: "alice@example.com", Name: "Alice"}, Answer: "no", Explanation: "not me",
		Note: "she called", By: "sam@example.com", Resolution: "laptop was taken in", Occurrences: 3, OpenedAt: at,
		Links: map[string]string{"alert": "https://bot.example/a1"},
	}
}

func kinds() []sink.Kind {
	return []sink.Kind{sink.Opened, sink.Noted, sink.Acknowledged, sink.Resolved}
}

// statuses are all that an endpoint may answer with, and whether a case is then
// refused for good.
func statuses() map[int]bool {
	return map[int]bool{
		http.StatusMovedPermanently: false, http.StatusFound: false, http.StatusTemporaryRedirect: false,
		http.StatusRequestTimeout: false, http.StatusTooEarly: false, http.StatusTooManyRequests: false,
		http.StatusInternalServerError: false, http.StatusBadGateway: false,
		http.StatusServiceUnavailable: false, http.StatusGatewayTimeout: false, 599: false,
		http.StatusBadRequest: true, http.StatusUnauthorized: true, http.StatusForbidden: true, http.StatusNotFound: true,
		http.StatusMethodNotAllowed: true, http.StatusGone: true, http.StatusRequestEntityTooLarge: true,
		http.StatusUnprocessableEntity: true,
	}
}
