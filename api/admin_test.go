package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/api"
	"securitybot/internal/alert"
	"securitybot/internal/store"
)

const (
	samToken   = "sam-token-planted"
	ghostToken = "ghost-token-planted" // of an admin whom the directory doesn't know
)

var (
	alice = alert.Person{PersonKey: alert.PersonKey{Team: "T1", User: "UALICE"}, Email: "alice@example.com", Name: "Alice Adams"}
	sam   = alert.Person{PersonKey: alert.PersonKey{Team: "T1", User: "USAM"}, Email: "sam@example.com", Name: "Sam Smith"}
	gone  = alert.Person{PersonKey: alert.PersonKey{Team: "T1", User: "UGONE"}, Email: "gone@example.com", Deactivated: true}
)

func admins(token string) (string, bool) {
	email, ok := map[string]string{samToken: "sam@example.com", ghostToken: "ghost@example.com"}[token]
	return email, ok
}

// newOffice is a desk with admins, and a directory.
func newOffice(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t, func(options *api.Options) {
		options.Admins = admins
		options.Team = func(context.Context) (string, error) { return "T1", nil }
	})
	require.NoError(t, d.store.PutPeople(t.Context(), []alert.Person{alice, sam, gone}))
	return d
}

// as calls with somebody's token.
func (d *desk) as(token, method, target, body string, header ...string) answer {
	d.t.Helper()
	return d.do(method, target, body, append([]string{"Authorization", "Bearer " + token}, header...)...)
}

// sam does what an admin does, with success.
func (d *desk) sam(method, target, body string, status int, into any) {
	d.t.Helper()
	answer := d.as(samToken, method, target, body)
	require.Equal(d.t, status, answer.status, answer.body)
	answer.into(into)
}

// A server without admins has nobody who could administer.
func TestWithoutAdmins(t *testing.T) {
	t.Parallel()
	newDesk(t).as(samToken, http.MethodGet, "/v1/pause", "").problem(http.StatusUnauthorized)
}

type suppressionList struct{ Suppressions []api.SuppressionView }

// exceptionBody excepts Alice's sudo on one host, with some fields replaced.
func exceptionBody(t *testing.T, pairs ...any) string {
	t.Helper()
	fields := map[string]any{
		"person": "Alice@example.com", "detection": "sudo_interactive", "severity": "high", "for": "24h",
		"scope": map[string]any{"host": "web-1", "port": 22}, "reason": "planned maintenance",
	}
	for i := 0; i < len(pairs); i += 2 {
		if fields[pairs[i].(string)] = pairs[i+1]; pairs[i+1] == nil {
			delete(fields, pairs[i].(string))
		}
	}
	encoded, err := json.Marshal(fields)
	require.NoError(t, err)
	return string(encoded)
}

func TestAnExceptionCoversUntilItIsRevoked(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	var made api.SuppressionView
	d.sam(http.MethodPost, "/v1/exceptions", exceptionBody(t), http.StatusCreated, &made)
	require.True(t, made.Active)
	require.Equal(t, "exception", made.Kind)
	require.Equal(t, "Sam Smith (sam@example.com)", made.By)
	require.Equal(t, api.Someone{Team: "T1", SlackID: "UALICE", Email: "alice@example.com", Name: "Alice Adams"}, made.Person)
	require.Equal(t, begin.Add(24*time.Hour), made.Until)
	require.EqualValues(t, 1, d.kicks.Load(), "it is announced at once")

	covered := d.reported(`{"port": 22, "host": "web-1", "user": "root"}`)
	require.Equal(t, alert.Suppressed, covered.Verdict)
	require.Equal(t, &api.CoveringView{ID: made.ID, Kind: "exception", Until: made.Until}, covered.CoveredBy)
	require.Empty(t, d.reported(`{"port": 22, "host": "web-2"}`).Verdict, "another host")
	require.Empty(t, d.reported(`{"port": "22", "host": "web-1"}`).Verdict, "a text is no number")

	d.as(samToken, http.MethodDelete, "/v1/suppressions/"+made.ID, `{}`).problem(http.StatusBadRequest)
	d.as(samToken, http.MethodDelete, "/v1/suppressions/other", `{"reason":"over"}`).problem(http.StatusNotFound)
	var revoked api.SuppressionView
	d.sam(http.MethodDelete, "/v1/suppressions/"+made.ID, `{"reason":"over"}`, http.StatusOK, &revoked)
	require.False(t, revoked.Active)
	require.Equal(t, []string{"Sam Smith (sam@example.com)", "over"}, []string{revoked.RevokedBy, revoked.Revocation})
	d.as(samToken, http.MethodDelete, "/v1/suppressions/"+made.ID, `{"reason":"over"}`).problem(http.StatusConflict)
	require.Empty(t, d.reported(`{"port": 22, "host": "web-1"}`).Verdict)
}

func TestExceptionsThatAreRefused(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	for name, c := range map[string]struct {
		fields []any
		field  string
	}{
		"no person":          {[]any{"person", nil}, "person"},
		"nobody's address":   {[]any{"person", "nobody@example.com"}, "person"},
		"who has left":       {[]any{"person", "gone@example.com"}, "person"},
		"no address":         {[]any{"person", "alice"}, "person"},
		"no reason":          {[]any{"reason", nil}, "reason"},
		"a blank reason":     {[]any{"reason", "  "}, "reason"},
		"no end":             {[]any{"for", nil}, "until"},
		"two ends":           {[]any{"until", "2026-03-05T00:00:00Z"}, "for"},
		"an end that was":    {[]any{"for", "-1h"}, "until"},
		"more than a week":   {[]any{"for", "8d"}, "until"},
		"a length of nobody": {[]any{"for", "soon"}, "for"},
		"no scope":           {[]any{"scope", nil}, "scope"},
		"all of it":          {[]any{"scope", map[string]any{}}, "scope"},
		"a scope in depth":   {[]any{"scope", map[string]any{"host": map[string]any{"name": "x"}}}, "scope"},
		"a scope of nothing": {[]any{"scope", map[string]any{"host": nil}}, "scope"},
		"a scope of blanks":  {[]any{"scope", map[string]any{"host": ""}}, "scope"},
		"a list of scopes":   {[]any{"scope", []string{"host"}}, "scope"},
		"a NUL":              {[]any{"scope", map[string]any{"host": "a\x00"}}, "scope.host"},
		"no severity":        {[]any{"severity", "worst"}, "severity"},
		"a hostile name":     {[]any{"detection", "<!channel>"}, "detection"},
		"an unknown field":   {[]any{"force", true}, "force"},
	} {
		told := d.as(samToken, http.MethodPost, "/v1/exceptions", exceptionBody(t, c.fields...)).problem(http.StatusBadRequest)
		require.Len(t, told.Errors, 1, name)
		require.Equal(t, c.field, told.Errors[0].Field, name)
	}
	d.as(samToken, http.MethodPost, "/v1/exceptions", `[]`).problem(http.StatusBadRequest)
	d.as(samToken, http.MethodPost, "/v1/exceptions", exceptionBody(t, "reason", strings.Repeat("x", 300<<10))).problem(http.StatusRequestEntityTooLarge)
	d.as(samToken, http.MethodPost, "/v1/exceptions", exceptionBody(t, "person", "sam@example.com")).problem(http.StatusForbidden)
	d.as(ghostToken, http.MethodPost, "/v1/exceptions", exceptionBody(t)).problem(http.StatusForbidden)
	var list suppressionList
	d.sam(http.MethodGet, "/v1/suppressions", "", http.StatusOK, &list)
	require.Empty(t, list.Suppressions)
}

func TestListsOfSuppressions(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	for _, length := range []string{"1h", "3d"} {
		d.sam(http.MethodPost, "/v1/exceptions", exceptionBody(t, "for", length), http.StatusCreated, &api.SuppressionView{})
	}
	d.clock.forward(2 * time.Hour)
	for query, want := range map[string]int{
		"": 2, "?active=true": 1, "?active=false": 2, "?limit=1": 1, "?person=alice@example.com": 2, "?person=sam@example.com": 0,
	} {
		var list suppressionList
		d.sam(http.MethodGet, "/v1/suppressions"+query, "", http.StatusOK, &list)
		require.Len(t, list.Suppressions, want, query)
	}
	for _, query := range []string{"?active=maybe", "?limit=0", "?limit=201", "?since=1h", "?person=nobody@example.com"} {
		d.as(samToken, http.MethodGet, "/v1/suppressions"+query, "").problem(http.StatusBadRequest)
	}
}

func TestOptOuts(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	wish := `{"person":"alice@example.com","for":"90d","reason":"parental leave"}`
	var out api.OptOutView
	d.sam(http.MethodPost, "/v1/opt-outs", wish, http.StatusCreated, &out)
	require.Equal(t, begin.Add(90*24*time.Hour), out.Until)
	d.as(samToken, http.MethodPost, "/v1/opt-outs", wish).problem(http.StatusConflict)
	d.as(samToken, http.MethodPost, "/v1/opt-outs", strings.Replace(wish, "90d", "91d", 1)).problem(http.StatusBadRequest)
	d.as(samToken, http.MethodPost, "/v1/opt-outs", `{"person":"alice@example.com","for":"1h"}`).problem(http.StatusBadRequest)

	var list struct {
		OptOuts []api.OptOutView `json:"opt_outs"`
	}
	d.sam(http.MethodGet, "/v1/opt-outs", "", http.StatusOK, &list)
	require.Len(t, list.OptOuts, 1)
	require.Equal(t, "Alice Adams", list.OptOuts[0].Person.Name)
	require.Equal(t, []string{"Sam Smith (sam@example.com)", "parental leave"}, []string{list.OptOuts[0].By, list.OptOuts[0].Reason})

	d.as(samToken, http.MethodDelete, "/v1/opt-outs/nobody@example.com", "").problem(http.StatusBadRequest)
	d.sam(http.MethodDelete, "/v1/opt-outs/alice@example.com", "", http.StatusOK, &struct{}{})
	d.as(samToken, http.MethodDelete, "/v1/opt-outs/alice@example.com", "").problem(http.StatusConflict)
	d.sam(http.MethodGet, "/v1/opt-outs", "", http.StatusOK, &list)
	require.Empty(t, list.OptOuts)
}

func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	var said struct{ Paused bool }
	d.sam(http.MethodGet, "/v1/pause", "", http.StatusOK, &said)
	require.False(t, said.Paused)
	d.as(samToken, http.MethodPost, "/v1/resume", "").problem(http.StatusConflict)
	d.as(samToken, http.MethodPost, "/v1/pause", "{}").problem(http.StatusBadRequest)
	d.sam(http.MethodPost, "/v1/pause", `{"reason":"a false alarm everywhere"}`, http.StatusOK, &said)
	require.True(t, said.Paused)
	d.as(samToken, http.MethodPost, "/v1/pause", `{"reason":"again"}`).problem(http.StatusConflict)
	d.sam(http.MethodPost, "/v1/resume", "", http.StatusOK, &said)
	require.False(t, said.Paused)
}

func TestPoliciesAreShown(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	var current api.PolicyView
	d.sam(http.MethodGet, "/v1/policy", "", http.StatusOK, &current)
	require.Equal(t, "built-in", current.Revision)
	for _, revision := range []string{"aaa", "bbb"} {
		text := store.PolicyText{Revision: revision, Text: "version: 1 # " + revision, LoadedBy: "api-1"}
		_, err := d.store.LoadPolicy(t.Context(), text, true, func(store.PolicyText) json.RawMessage { return json.RawMessage("{}") })
		require.NoError(t, err)
		d.clock.forward(time.Minute)
	}
	d.sam(http.MethodGet, "/v1/policy", "", http.StatusOK, &current)
	require.Equal(t, "version: 1 # bbb", *current.Text)
	require.Equal(t, "api-1", current.LoadedBy)
	var list struct{ Policies []api.PolicyView }
	d.sam(http.MethodGet, "/v1/policies", "", http.StatusOK, &list)
	require.Len(t, list.Policies, 2)
	require.Equal(t, "bbb", list.Policies[0].Revision)
	require.Nil(t, list.Policies[0].Text)
}

func TestOpenCasesAreListed(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	id := d.escalated("Root shell")
	var list struct{ Cases []api.CaseSummary }
	d.sam(http.MethodGet, "/v1/cases?state=open", "", http.StatusOK, &list)
	require.Len(t, list.Cases, 1)
	require.Equal(t, id, list.Cases[0].AlertID)
	require.Equal(t, store.Who{Name: "Alice Adams", Email: "alice@example.com"}, list.Cases[0].Who)
	require.Equal(t, alert.ReasonAway, list.Cases[0].Escalation.Reason)
	d.as(samToken, http.MethodGet, "/v1/cases?state=closed", "").problem(http.StatusBadRequest)

	var shown api.Detail
	d.get("/v1/alerts/" + id).into(&shown)
	require.Equal(t, begin, shown.Case.OpenedAt)
	require.Zero(t, shown.Case.ResolvedAt)
}

// The team may have to be asked of the chat system, which may be away.
func TestTheDirectoryIsAway(t *testing.T) {
	t.Parallel()
	d := newDesk(t, func(options *api.Options) {
		options.Admins = admins
		options.Team = func(context.Context) (string, error) { return "", errors.New("slack.com of 10.0.0.7 is away") }
	})
	told := d.as(samToken, http.MethodPost, "/v1/exceptions", exceptionBody(t)).problem(http.StatusServiceUnavailable)
	require.NotContains(t, fmt.Sprint(told), "10.0.0.7")
}

// Right after the first start the directory is empty: that says nothing of who asks.
func TestTheDirectoryIsNotReadYet(t *testing.T) {
	t.Parallel()
	d := newDesk(t, func(options *api.Options) {
		options.Admins = admins
		options.Team = func(context.Context) (string, error) { return "T1", nil }
	})
	d.as(samToken, http.MethodGet, "/v1/pause", "").problem(http.StatusServiceUnavailable)
	require.NoError(t, d.store.PutPeople(t.Context(), []alert.Person{alice}))
	d.as(samToken, http.MethodGet, "/v1/pause", "").problem(http.StatusForbidden)
}

// plans is a policy that does the same with every alert.
type plans alert.Plan

func (p plans) Plan(alert.Alert, alert.Person, []string, time.Time) alert.Plan { return alert.Plan(p) }

// reported is an alert about Alice in a context, after it was admitted.
func (d *desk) reported(context string) api.Detail {
	d.t.Helper()
	taken := d.send(body(d.t, "key", fmt.Sprint(d.stored()), "context", json.RawMessage(context))).taken(http.StatusAccepted)
	d.admits(taken.ID, alert.Plan{Action: alert.Ask, AskBy: begin.Add(time.Hour), Deadline: time.Hour})
	var shown api.Detail
	d.get("/v1/alerts/" + taken.ID).into(&shown)
	return shown
}

// admits an alert about Alice and settles what can be settled.
func (d *desk) admits(id string, plan alert.Plan) {
	d.t.Helper()
	_, err := d.store.Admit(d.t.Context(), id, store.Identified{Person: alice}, plans(plan))
	require.NoError(d.t, err)
	_, err = d.store.Settle(d.t.Context(), id, store.Because{})
	require.NoError(d.t, err)
}

// escalated is an alert about Alice that nobody asked about.
func (d *desk) escalated(title string) string {
	d.t.Helper()
	id := d.send(body(d.t, "title", title, "key", fmt.Sprint(d.stored()))).taken(http.StatusAccepted).ID
	d.admits(id, alert.Plan{
		Action: alert.Escalate, AskBy: begin.Add(time.Hour), Rule: "nights", NotBefore: begin.Add(time.Minute), Review: alert.ReviewSample,
		Verdict: alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonAway},
	})
	return id
}
