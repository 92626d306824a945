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

// provenOf is an alert that its person confirmed with their phone, and that policy
// wants looked at.
func (d *desk) provenOf(who alert.Person, key string) string {
	d.t.Helper()
	id := d.send(body(d.t, "key", "proven-"+key, "subject", alert.Subject{Email: who.Email})).taken(http.StatusAccepted).ID
	ctx := d.t.Context()
	_, err := d.store.Admit(ctx, id, store.Identified{Person: who}, plans(alert.Plan{
		Action: alert.Ask, AskBy: begin.Add(time.Hour), Deadline: time.Hour, Review: alert.ReviewPolicy,
	}))
	require.NoError(d.t, err)
	post, _, err := d.store.BeginPost(ctx, id, store.PurposeQuestion)
	require.NoError(d.t, err)
	post.Channel, post.TS, post.PostedAt, post.Revision = "D1", key, d.clock.time(), 1
	require.NoError(d.t, d.store.FinishPost(ctx, post, store.KindAsked, nil, store.Fields{
		"text": "Was this you?", "blocks": []map[string]string{{"type": "divider"}},
	}))
	_, err = d.store.TakeAnswer(ctx, store.Said{
		Delivery: "press-" + key, AlertID: id, Person: who.PersonKey, At: d.clock.time(), Choice: alert.Yes, Revision: 1, Words: "maintenance",
	})
	require.NoError(d.t, err)
	proof, _, err := d.store.BeginProof(ctx, id, 1, "duo")
	require.NoError(d.t, err)
	proof, err = d.store.ProofSending(ctx, proof, []store.Device{{ID: "DPHONE", Name: "a phone"}})
	require.NoError(d.t, err)
	proof.Transaction = "tx-" + key
	require.NoError(d.t, d.store.ProofPushed(ctx, proof))
	_, err = d.store.ProofDecided(ctx, proof, alert.ProofApproved, "")
	require.NoError(d.t, err)
	settled, err := d.store.Settle(ctx, id, store.Because{})
	require.NoError(d.t, err)
	require.Equal(d.t, alert.Confirmed, settled.Verdict.Outcome)
	return id
}

func TestConfirmedAlertsAreReviewed(t *testing.T) {
	t.Parallel()
	d := newTeam(t)
	first := d.provenOf(alice, "1")
	d.clock.forward(time.Minute)
	own, last := d.provenOf(kim, "2"), d.provenOf(sam, "3")
	d.clock.forward(time.Minute)
	var list api.ReviewPage
	d.kim(http.MethodGet, "/v1/reviews?limit=1", "", &list)
	require.Equal(t, last, list.Reviews[0].ID)
	d.kim(http.MethodGet, "/v1/reviews?cursor="+*list.Next, "", &list)
	require.Len(t, list.Reviews, 1, "without Kim's own")
	require.Equal(t, first, list.Reviews[0].ID)

	var shown api.Detail
	d.kim(http.MethodPost, "/v1/alerts/"+first+"/review", `{"fine":true}`, &shown)
	require.Equal(t, "Kim King", shown.Review.ReviewedBy)
	told := d.as(samToken, http.MethodPost, "/v1/alerts/"+first+"/review", `{"fine":false}`).problem(http.StatusConflict)
	require.Equal(t, "reviewed already by Kim King", told.Detail)
	d.kim(http.MethodPost, "/v1/alerts/"+last+"/review", `{"fine":false}`, &shown)
	require.NotNil(t, shown.Case, "what does not look right is a case")
	d.by(loggedIn(kim, api.Responder), http.MethodPost, "/v1/alerts/"+own+"/review", `{"fine":true}`).problem(http.StatusForbidden)
	for _, bad := range []string{`{}`, `{"fine":"yes"}`, `{"fine":true,"why":"x"}`} {
		d.by(loggedIn(kim, api.Responder), http.MethodPost, "/v1/alerts/"+last+"/review", bad).problem(http.StatusBadRequest)
	}
	plain := d.about(alice, alert.High)
	d.by(loggedIn(kim, api.Responder), http.MethodPost, "/v1/alerts/"+plain+"/review", `{"fine":true}`).problem(http.StatusConflict)
}

func TestAWholeConversationIsShown(t *testing.T) {
	t.Parallel()
	d := newTeam(t)
	var shown api.Detail
	d.kim(http.MethodGet, "/v1/alerts/"+d.provenOf(alice, "1"), "", &shown)
	require.Equal(t, &api.MessageView{Text: "Was this you?", Blocks: []byte(`[{"type":"divider"}]`)}, shown.Question)
	require.Equal(t, "maintenance", shown.Answers[0].Explanation)
	require.Equal(t, []string{"DPHONE", "tx-1"}, []string{shown.Proofs[0].Device, shown.Proofs[0].Transaction})
	require.Equal(t, store.Who{Name: "Alice Adams", Email: "alice@example.com"}, shown.Who)
	require.Contains(t, string(shown.Plan), `"review":"policy"`)
	require.Equal(t, []any{alert.Yes, true}, []any{shown.Answered, shown.Authenticated})
	var person api.PersonDetail
	d.kim(http.MethodGet, "/v1/people/alice@example.com", "", &person)
	require.Equal(t, []api.DeviceView{{Factor: "duo", Name: "a phone", FirstSeen: begin, TrustedFrom: begin}}, person.Devices)
	require.Equal(t, []int{1, 1}, []int{person.Today.Questions, person.Today.Pushes})
}

// Who may only report reads what it reported, and nothing of what others did.
func TestASourceReadsItsOwn(t *testing.T) {
	t.Parallel()
	d := newTeam(t)
	id := d.send(body(t)).taken(http.StatusAccepted).ID
	falco := api.Caller{Source: "falco", Scopes: []api.Scope{api.ScopeIngest}}
	okta := api.Caller{Source: "okta", Scopes: []api.Scope{api.ScopeIngest}}
	require.Equal(t, http.StatusOK, d.by(falco, http.MethodGet, "/v1/alerts/"+id, "").status)
	d.by(okta, http.MethodGet, "/v1/alerts/"+id, "").problem(http.StatusNotFound)
	d.by(falco, http.MethodGet, "/v1/alerts/"+id+"/evidence", "").problem(http.StatusForbidden)
}
