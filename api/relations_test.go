package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/api"
	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// admitted is an alert about Alice's host that a plan is made for.
func (d *desk) admitted(key string, plan alert.Plan) string {
	d.t.Helper()
	reported := body(d.t, "key", key, "context", map[string]any{"host": "web-1"})
	id := d.send(reported).taken(http.StatusAccepted).ID
	plan.AskBy, plan.Deadline, plan.SuppressScope = begin.Add(time.Hour), time.Hour, []string{"host"}
	d.admits(id, plan)
	return id
}

func (d *desk) shows(id string) api.Detail {
	d.t.Helper()
	var shown api.Detail
	answer := d.get("/v1/alerts/" + id)
	require.Equal(d.t, http.StatusOK, answer.status, answer.body)
	answer.into(&shown)
	return shown
}

func TestWhatAnAlertHasToDoWithOthers(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	until := begin.Add(16 * time.Minute)
	question := d.admitted("1", alert.Plan{Action: alert.Ask, Rule: "root shells", NotBefore: until, Review: alert.ReviewPolicy})
	held := d.shows(question)
	require.Equal(t, []any{alert.Held, "root shells", until}, []any{held.Status, held.Rule, held.NotBefore})
	require.Equal(t, &api.ReviewView{Reason: "policy"}, held.Review)

	occurrence := d.admitted("2", alert.Plan{Action: alert.Ask, Rule: "root shells", NotBefore: until})
	joined := d.shows(occurrence)
	require.Equal(t, question, joined.JoinedTo)
	require.Equal(t, 2, joined.JoinRevision)
	require.Equal(t, []string{occurrence}, d.shows(question).Occurrences)

	require.Len(t, d.page("/v1/alerts?status=held").Alerts, 2)
	listed := d.page("/v1/alerts?status=held&key=2").Alerts[0]
	require.Equal(t, joined.Relations, listed.Relations, "a list tells it too")

	shadow := d.admitted("3", alert.Plan{
		Action: alert.Close, Would: alert.Ask, Verdict: alert.Verdict{Outcome: alert.Observed, Reason: alert.ReasonShadow},
	})
	require.Equal(t, shadow, d.page("/v1/alerts?verdict=observed").Alerts[0].ID)
	require.Empty(t, d.page("/v1/alerts?verdict=suppressed").Alerts)
}

func TestAQueuedQuestionTellsUntilWhen(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	one := alert.Plan{Action: alert.Ask, Limits: alert.Limits{Open: 1}}
	d.admitted("1", one)
	one.Rule = "another"
	require.Equal(t, begin.Add(time.Hour), d.shows(d.admitted("2", one)).QueuedUntil)
}

func TestTheCaseOfAStormListsItsMembers(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	ids := []string{}
	for _, key := range []string{"1", "2", "3", "4"} {
		ids = append(ids, d.admitted(key, alert.Plan{Action: alert.Ask, Rule: key, Limits: alert.Limits{Storm: 2}}))
	}
	storm := d.shows(ids[2])
	require.NotNil(t, storm.Case)
	require.Equal(t, []string{ids[3]}, storm.Members)
	require.Equal(t, ids[2], d.shows(ids[3]).CaseOf)
}

func TestARequestTellsWhatItWants(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	about := d.escalated("Root shell")
	made, refusal, err := d.store.Request(t.Context(), store.Wish{
		Delivery: "press-1", Person: sam.PersonKey, At: begin, Kind: alert.RequestResolve, AlertID: about, Reason: "fixed", Title: "Resolve it",
	})
	require.NoError(t, err)
	require.Empty(t, refusal)
	require.Equal(t, &api.RequestView{Kind: "resolve", AlertID: about, Reason: "fixed"}, d.shows(made.ID).Request)
}
