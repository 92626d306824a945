package api_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/api"
	"securitybot/internal/alert"
	"securitybot/internal/store"
)

func TestTheListGoesOnPageByPage(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var sent []string
	for i := range 7 {
		if i%3 == 0 {
			d.clock.forward(time.Second) // several arrive at the same moment
		}
		sent = append(sent, d.send(body(t, "key", fmt.Sprint(i))).taken(http.StatusAccepted).ID)
	}
	var listed []string
	target := "/v1/alerts?limit=2"
	for range 4 {
		page := d.page(target)
		for _, summary := range page.Alerts {
			listed = append(listed, summary.ID)
		}
		if page.Next == nil {
			break
		}
		require.Len(t, page.Alerts, 2)
		target = "/v1/alerts?limit=2&cursor=" + url.QueryEscape(*page.Next)
	}
	require.Len(t, listed, 7)
	require.ElementsMatch(t, sent, listed)
	require.Equal(t, sent[6], listed[0], "newest first")

	require.Nil(t, d.page("/v1/alerts?limit=7").Next)
	require.Len(t, d.page("/v1/alerts").Alerts, 7)
	require.Contains(t, d.get("/v1/alerts?source=nobody").body, `{"alerts":[],"next":null}`)
}

func TestTheListIsFiltered(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.send(body(t, "key", "a&b=c")).taken(http.StatusAccepted)
	d.send(body(t, "detection", "nmap", "subject", map[string]any{"username": "bob"})).taken(http.StatusAccepted)
	d.send(body(t), "Authorization", "Bearer "+oktaToken).taken(http.StatusAccepted)
	for query, want := range map[string]int{
		"":                                       3,
		"status=received":                        3,
		"status=closed":                          0,
		"status=":                                3,
		"verdict=confirmed":                      0,
		"detection=nmap":                         1,
		"subject=bob":                            1,
		"subject=alice@example.com":              2,
		"subject=alice@example.com&source=falco": 1,
		"source=okta":                            1,
		"key=a%26b%3Dc":                          1,
	} {
		require.Len(t, d.page("/v1/alerts?"+query).Alerts, want, query)
	}
}

func TestBadQueriesNameTheirField(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	cursor := func(place string) string { return base64.RawURLEncoding.EncodeToString([]byte(place)) }
	id := strings.Repeat("a", 64)
	for query, want := range map[string]string{
		"status=open":                           "status",
		"verdict=Confirmed":                     "verdict",
		"limit=0":                               "limit",
		"limit=201":                             "limit",
		"limit=ten":                             "limit",
		"limit=1&limit=2":                       "limit",
		"stats=received":                        "stats",
		"subject=a%00b":                         "subject",
		"key=%ff":                               "key",
		"%ff=1":                                 "\ufffd",
		"detection=" + strings.Repeat("d", 301): "detection",
		"cursor=x":                              "cursor",
		"cursor=" + cursor("1 x"):               "cursor",
		"cursor=" + cursor("x "+id):             "cursor",
		"cursor=" + cursor("-5 "+id):            "cursor",
		"cursor=" + cursor("9223372036854775807 "+id): "cursor",
		"a;b":                                   "query",
		"person=alice":                          "person",
		"severity=grave":                        "severity",
		"answered=maybe":                        "answered",
		"authenticated=1":                       "authenticated",
		"earliest=yesterday":                    "earliest",
		"latest=2026-02-30":                     "latest",
		"earliest=2026-03-04&latest=2026-03-03": "latest",
		"q=%21%3F":                              "q",
		"format=xml":                            "format",
		"format=csv&limit=100001":               "limit",
		"limit=50&limit=":                       "limit",
	} {
		told := d.get("/v1/alerts?" + query).problem(http.StatusBadRequest)
		require.Len(t, told.Errors, 1, query)
		require.Equal(t, want, told.Errors[0].Field, query)
	}
}

func TestUnknownAlerts(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, id := range []string{strings.Repeat("a", 64), "x", strings.Repeat("A", 64), "%00", "..%2f"} {
		d.get("/v1/alerts/" + id).problem(http.StatusNotFound)
	}
}

func TestAWholeStoryIsShown(t *testing.T) {
	t.Parallel()
	at := begin
	raw := func(text string) json.RawMessage { return json.RawMessage(text) }
	story := store.Story{
		Record: store.Record{
			Alert:  alert.Alert{ID: "id", Source: "falco", ReceivedAt: at},
			Status: alert.Escalated, Verdict: alert.Verdict{Outcome: alert.Denied, Reason: alert.ReasonContradicted},
			Person: alert.PersonKey{Team: "T1", User: "U1"}, Plan: &alert.Plan{Reminders: []time.Duration{time.Minute}},
			Answered: alert.Yes,
			AskedAt:  at, Deadline: at.Add(time.Hour), EscalatedAt: at, Escalation: alert.ReasonContradicted,
		},
		Person:  alert.Person{Email: "alice@example.com", Username: "alice", Name: "Alice"},
		Answers: []alert.Answer{{Choice: alert.Yes, Explanation: "I'm <on call>", At: at}},
		Proofs: []alert.Proof{
			{Result: alert.ProofTimedOut, Attempt: 1},
			{Result: alert.ProofDenied, Reason: "user_mistake", Factor: "duo", Transaction: "tx-2", Attempt: 2},
		},
		Distrust: &store.Distrust{},
		Entries: []store.Entry{
			{At: at, Kind: store.KindAsked, Actor: store.ActorBot, Data: raw(`{"code":"482","kind":"forged","at":1}`), Personal: raw(`{"text":"Was it you?"}`)},
			{At: at, Kind: store.KindExplained, Actor: store.ActorPerson, Personal: raw(`{"explanation":"I'm on call"}`)},
			{At: at, Kind: store.KindSettled, Actor: store.ActorBot, Data: raw(`{"verdict":"denied","n":12345678901234567890}`)},
		},
	}
	detail, err := api.DetailOf(story, api.Links{Alert: func(id string) string { return "https://bot.example.com/" + id }})
	require.NoError(t, err)
	shown, err := json.Marshal(detail)
	require.NoError(t, err)
	require.JSONEq(t, `{
		"id":"id","key":"","source":"falco","status":"escalated","verdict":"denied","verdict_reason":"contradicted",
		"detection":"","title":"","description":"","severity":"","subject":{},"url":"",
		"received_at":"2026-03-04T12:00:00Z","deadline":"2026-03-04T13:00:00Z","reminders":["2026-03-04T12:01:00Z"],
		"person":{"team":"T1","slack_id":"U1","email":"alice@example.com","username":"alice","name":"Alice","distrusted":true},
		"who":{"name":"Alice","email":"alice@example.com"},"answered":"yes","authenticated":false,
		"question":{"text":"Was it you?"},
		"answer":{"choice":"yes","explanation":"I'm <on call>","at":"2026-03-04T12:00:00Z"},
		"answers":[{"choice":"yes","explanation":"I'm <on call>","at":"2026-03-04T12:00:00Z"}],
		"proof":{"attempt":2,"result":"denied","reason":"user_mistake","factor":"duo","transaction":"tx-2"},
		"proofs":[
			{"attempt":1,"result":"timed_out","reason":"","factor":"","transaction":""},
			{"attempt":2,"result":"denied","reason":"user_mistake","factor":"duo","transaction":"tx-2"}],
		"plan":{"action":"","ask_by":"0001-01-01T00:00:00Z","deadline":0,"reminders":[60000000000],"revision":"","snooze":0,
			"snooze_times":0,"verdict":{"Outcome":"","Reason":""},"watch_for":0},
		"escalation":{"reason":"contradicted","at":"2026-03-04T12:00:00Z"},
		"links":{"self":"https://bot.example.com/id","temporal":"","evidence":"/v1/alerts/id/evidence"},
		"timeline":[
			{"at":"2026-03-04T12:00:00Z","kind":"asked","actor":"securitybot","code":"482","text":"Was it you?"},
			{"at":"2026-03-04T12:00:00Z","kind":"explained","actor":"person","explanation":"I'm on call"},
			{"at":"2026-03-04T12:00:00Z","kind":"settled","actor":"securitybot","n":12345678901234567890,"verdict":"denied"}
		]}`, string(shown))
	require.Contains(t, string(shown), `{"at":"2026-03-04T12:00:00Z","kind":"asked","actor":"securitybot","code":"482"`)
}
