package console_test

import (
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// planned makes a plan for an alert about somebody, and does what needs no answer.
func (r *room) planned(id string, about alert.Person, plan alert.Plan) {
	r.t.Helper()
	if plan.AskBy.IsZero() {
		plan.AskBy, plan.Deadline = r.time().Add(time.Hour), time.Hour
	}
	_, err := r.store.Admit(r.t.Context(), id, store.Identified{Person: about}, fixed(plan))
	require.NoError(r.t, err)
	if plan.Action != alert.Ask {
		r.settled(id)
	}
}

func (r *room) settled(id string) {
	r.t.Helper()
	_, err := r.store.Settle(r.t.Context(), id, store.Because{})
	require.NoError(r.t, err)
}

// escalated is a case that nobody was asked about.
func (r *room) escalated(about alert.Person, pairs ...any) string {
	r.t.Helper()
	id := r.reported(append([]any{"subject", map[string]any{"email": about.Email}}, pairs...)...)
	r.planned(id, about, alert.Plan{
		Action: alert.Escalate, Verdict: alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonPolicy},
	})
	return id
}

// asked is an alert whose question stands.
func (r *room) asked(about alert.Person, plan alert.Plan, pairs ...any) string {
	r.t.Helper()
	id := r.reported(append([]any{"subject", map[string]any{"email": about.Email}}, pairs...)...)
	plan.Action = alert.Ask
	r.planned(id, about, plan)
	post, turn, err := r.store.BeginPost(r.t.Context(), id, store.PurposeQuestion)
	require.NoError(r.t, err)
	require.NotEqual(r.t, store.TurnWait, turn)
	post.Channel, post.TS, post.PostedAt, post.Revision = "D1", "ts-"+id, r.time(), 1
	story, err := r.store.Story(r.t.Context(), id)
	require.NoError(r.t, err)
	text, blocks, err := rendered(story)
	require.NoError(r.t, err)
	require.NoError(r.t, r.store.FinishPost(r.t.Context(), post, store.KindAsked, nil,
		store.Fields{"channel": "D1", "ts": post.TS, "text": text, "blocks": blocks}))
	return id
}

// answers a question, in somebody's own words.
func (r *room) answers(id string, who alert.Person, choice alert.Choice, words string) {
	r.t.Helper()
	_, err := r.store.TakeAnswer(r.t.Context(), store.Said{
		Delivery: "press " + id, AlertID: id, Person: who.PersonKey, At: r.time(), Choice: choice, Revision: 1, Words: words,
	})
	require.NoError(r.t, err)
}

// phoneSays what a push about an alert ends with.
func (r *room) phoneSays(id string, result alert.ProofResult, of alert.Person) {
	r.t.Helper()
	proof, turn, err := r.store.BeginProof(r.t.Context(), id, 1, "duo")
	require.NoError(r.t, err)
	require.Equal(r.t, store.ProofPush, turn)
	proof, err = r.store.ProofSending(r.t.Context(), proof, []store.Device{{Factor: "duo", ID: "phone of " + of.User, Name: of.Name + "’s phone"}})
	require.NoError(r.t, err)
	proof.Transaction = "tx-" + id[:6]
	require.NoError(r.t, r.store.ProofPushed(r.t.Context(), proof))
	r.forward(7 * time.Second)
	_, err = r.store.ProofDecided(r.t.Context(), proof, result, "")
	require.NoError(r.t, err)
	r.settled(id)
}

// confirmed is an alert with a proven yes.
func (r *room) confirmed(about alert.Person, plan alert.Plan, words string, pairs ...any) string {
	r.t.Helper()
	id := r.asked(about, plan, pairs...)
	r.forward(40 * time.Second)
	r.answers(id, about, alert.Yes, words)
	r.phoneSays(id, alert.ProofApproved, about)
	return id
}

// contradicted is a yes in chat that the phone said no to.
func (r *room) contradicted(about alert.Person, words string, pairs ...any) string {
	r.t.Helper()
	id := r.asked(about, alert.Plan{}, pairs...)
	r.answers(id, about, alert.Yes, words)
	r.phoneSays(id, alert.ProofDenied, about)
	return id
}
