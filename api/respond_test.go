package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/api"
	"securitybot/internal/alert"
	"securitybot/internal/evidence"
	"securitybot/internal/policy"
	"securitybot/internal/store"
)

var kim = alert.Person{PersonKey: alert.PersonKey{Team: "T1", User: "UKIM"}, Email: "kim@example.com", Name: "Kim King"}

// builtInPolicy is an installation's without a file.
type builtInPolicy struct{ *policy.Policy }

func (p builtInPolicy) Current(context.Context) (*policy.Policy, error) { return p.Policy, nil }

func (p builtInPolicy) EscalateTo(context.Context, alert.PersonKey) ([]alert.Step, error) {
	return p.Policy.EscalateTo(alert.Person{}, nil), nil
}

// byEmail finds people by their address alone.
type byEmail map[string]alert.Person

func (f byEmail) Known(_ context.Context, subject alert.Subject) (store.Identified, bool, error) {
	person, ok := f[subject.Email]
	return store.Identified{Person: person}, ok, nil
}

func (byEmail) GroupsOf(context.Context, alert.PersonKey) ([]string, error) { return nil, nil }

// question is what a preview shows of a story.
func question(story store.Story) (string, json.RawMessage, error) {
	return "Was this you, " + story.Person.Name + "? " + story.Record.Title, json.RawMessage(`[{"type":"divider"}]`), nil
}

// newTeam is an office with two responders, and all that decides about alerts.
func newTeam(t *testing.T) *desk {
	t.Helper()
	secret, _, err := evidence.GenerateKey("bot.example.com")
	require.NoError(t, err)
	key, err := evidence.ReadKey(secret)
	require.NoError(t, err)
	d := newDesk(t, func(options *api.Options) {
		options.Admins = admins
		options.Team = func(context.Context) (string, error) { return "T1", nil }
		options.Policy = builtInPolicy{policy.Defaults()}
		options.Finder = byEmail{alice.Email: alice, sam.Email: sam, kim.Email: kim}
		options.Render, options.LostPhoneTitle, options.EvidenceKey = question, "A lost phone", &key
	})
	require.NoError(t, d.store.PutPeople(t.Context(), []alert.Person{alice, sam, kim, gone}))
	return d
}

// loggedIn is somebody at the console.
func loggedIn(who alert.Person, role api.Role) api.Caller {
	return api.Caller{Email: who.Email, Session: true, Scopes: role.Scopes()}
}

// kim does something at the console, with success.
func (d *desk) kim(method, target, body string, into any) {
	d.t.Helper()
	answer := d.by(loggedIn(kim, api.Responder), method, target, body)
	require.Equal(d.t, http.StatusOK, answer.status, answer.body)
	answer.into(into)
}

// about is an alert about somebody that goes to the security team unasked.
func (d *desk) about(who alert.Person, severity alert.Severity) string {
	d.t.Helper()
	id := d.send(body(d.t, "key", fmt.Sprint(d.stored()), "severity", severity, "subject", alert.Subject{Email: who.Email})).
		taken(http.StatusAccepted).ID
	_, err := d.store.Admit(d.t.Context(), id, store.Identified{Person: who}, plans(alert.Plan{
		Revision: "built-in", Action: alert.Escalate, AskBy: begin.Add(time.Hour), Verdict: alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonAway},
	}))
	require.NoError(d.t, err)
	_, err = d.store.Settle(d.t.Context(), id, store.Because{})
	require.NoError(d.t, err)
	return id
}

// actorOf is who a kind of entry names.
func actorOf(t *testing.T, detail api.Detail, kind string) string {
	t.Helper()
	for _, entry := range detail.Timeline {
		if entry.Kind == kind {
			return entry.Actor
		}
	}
	require.Fail(t, "there is no entry "+kind)
	return ""
}

func TestACaseIsSeenTo(t *testing.T) {
	t.Parallel()
	d := newTeam(t)
	path := "/v1/alerts/" + d.about(alice, alert.High)
	var shown api.Detail
	d.kim(http.MethodPost, path+"/acknowledge", "", &shown)
	require.Equal(t, "Kim King", shown.Case.AckedBy)
	require.Equal(t, "Kim King", actorOf(t, shown, store.KindAcknowledged))
	told := d.as(samToken, http.MethodPost, path+"/acknowledge", "").problem(http.StatusConflict)
	require.Equal(t, "acknowledged already by Kim King", told.Detail)

	d.as(samToken, http.MethodPost, path+"/resolve", `{}`).problem(http.StatusBadRequest)
	d.as(samToken, http.MethodPost, path+"/withdraw", `{"reason":"wrong"}`).problem(http.StatusConflict)
	d.sam(http.MethodPost, path+"/resolve", `{"reason":"spoke to her"}`, http.StatusOK, &shown)
	require.Equal(t, []string{"Sam Smith", "spoke to her"}, []string{shown.Case.ResolvedBy, shown.Case.Resolution})
	told = d.by(loggedIn(kim, api.Responder), http.MethodPost, path+"/resolve", `{"reason":"me too"}`).problem(http.StatusConflict)
	require.Equal(t, "resolved already by Sam Smith", told.Detail)
	d.as(samToken, http.MethodPost, "/v1/alerts/"+strings.Repeat("0", 64)+"/acknowledge", "").problem(http.StatusNotFound)
	d.as(samToken, http.MethodPost, "/v1/alerts/nothing/acknowledge", "").problem(http.StatusNotFound)
}

// A token that leaked must not close what is grave.
func TestAGraveCaseTakesALogin(t *testing.T) {
	t.Parallel()
	d := newTeam(t)
	path := "/v1/alerts/" + d.about(alice, alert.Critical)
	told := d.as(samToken, http.MethodPost, path+"/resolve", `{"reason":"fine"}`).problem(http.StatusForbidden)
	require.Contains(t, told.Detail, "log in")
	var shown api.Detail
	d.kim(http.MethodPost, path+"/resolve", `{"reason":"fine"}`, &shown)
	require.Equal(t, "Kim King", shown.Case.ResolvedBy)
}

func TestAnAlertIsWithdrawn(t *testing.T) {
	t.Parallel()
	d := newTeam(t)
	id := d.send(body(t)).taken(http.StatusAccepted).ID
	path := "/v1/alerts/" + id
	d.as(oktaToken, http.MethodPost, path+"/withdraw", `{"reason":"not mine"}`).problem(http.StatusForbidden)
	d.by(loggedIn(kim, api.Viewer), http.MethodPost, path+"/withdraw", `{"reason":"x"}`).problem(http.StatusForbidden)
	d.as(falcoToken, http.MethodPost, path+"/withdraw", `{"reason":" "}`).problem(http.StatusBadRequest)
	answer := d.as(falcoToken, http.MethodPost, path+"/withdraw", `{"reason":"the rule was wrong"}`)
	require.Equal(t, http.StatusOK, answer.status, answer.body)
	var shown api.Detail
	answer.into(&shown)
	require.Equal(t, []any{alert.Withdrawn, alert.Closed}, []any{shown.Verdict, shown.Status})
	require.Equal(t, "falco", actorOf(t, shown, store.KindWithdrawn))
	d.as(samToken, http.MethodPost, path+"/withdraw", `{"reason":"again"}`).problem(http.StatusConflict)

	other := d.send(body(t, "key", "2")).taken(http.StatusAccepted).ID
	d.kim(http.MethodPost, "/v1/alerts/"+other+"/withdraw", `{"reason":"a test"}`, &shown)
	require.Equal(t, "Kim King", actorOf(t, shown, store.KindWithdrawn))
	require.Len(t, d.page("/v1/alerts?verdict=withdrawn").Alerts, 2)
}

// Nobody reads, lists, decides or exports what is about themselves.
func TestNobodySeesWhatIsAboutThemselves(t *testing.T) {
	t.Parallel()
	d := newTeam(t)
	own, other := d.about(sam, alert.High), d.about(alice, alert.High)
	var made api.SuppressionView
	answer := d.by(loggedIn(kim, api.Admin), http.MethodPost, "/v1/exceptions", exceptionBody(t, "person", sam.Email))
	require.Equal(t, http.StatusCreated, answer.status, answer.body)
	answer.into(&made)
	wish := `{"person":"sam@example.com","for":"1d","reason":"leave"}`
	require.Equal(t, http.StatusCreated, d.by(loggedIn(kim, api.Admin), http.MethodPost, "/v1/opt-outs", wish).status)

	for target, payload := range map[string]string{
		"GET /v1/alerts/" + own: "", "GET /v1/alerts/" + own + "/evidence": "",
		"POST /v1/alerts/" + own + "/acknowledge": "", "POST /v1/alerts/" + own + "/resolve": `{"reason":"x"}`,
		"POST /v1/alerts/" + own + "/withdraw": `{"reason":"x"}`, "POST /v1/alerts/" + own + "/review": `{"fine":true}`,
		"POST /v1/alerts/preview":                  body(t, "subject", alert.Subject{Email: "SAM@example.com"}),
		"POST /v1/alerts/by-hand":                  body(t, "subject", alert.Subject{SlackID: "USAM"}),
		"GET /v1/people/sam@example.com":           "",
		"POST /v1/people/sam@example.com/erase":    `{"reason":"x"}`,
		"POST /v1/distrusts/sam@example.com/clear": `{"reason":"x"}`,
		"DELETE /v1/opt-outs/sam@example.com":      "",
		"POST /v1/opt-outs":                        wish,
		"POST /v1/exceptions":                      exceptionBody(t, "person", sam.Email),
		"DELETE /v1/suppressions/" + made.ID:       `{"reason":"x"}`,
	} {
		method, path, _ := strings.Cut(target, " ")
		for _, caller := range []api.Caller{loggedIn(sam, api.Admin), {Email: sam.Email, Scopes: api.Admin.Scopes()}} {
			require.Equal(t, http.StatusForbidden, d.by(caller, method, path, payload).status, target)
		}
	}
	for _, target := range []string{
		"/v1/alerts", "/v1/alerts?source=falco", "/v1/alerts?format=csv", "/v1/alerts?format=json", "/v1/cases", "/v1/suppressions",
		"/v1/opt-outs", "/v1/people", "/v1/rollups", "/v1/rollups?format=csv", "/v1/distrusts", "/v1/reviews",
	} {
		shown := d.by(loggedIn(sam, api.Admin), http.MethodGet, target, "")
		require.Equal(t, http.StatusOK, shown.status)
		require.NotContains(t, shown.body, own, target)
		require.NotContains(t, strings.ReplaceAll(shown.body, "Sam Smith (sam@example.com)", ""), sam.Email, target)
		require.NotContains(t, shown.body, "USAM", target)
	}
	require.Contains(t, d.by(loggedIn(sam, api.Admin), http.MethodGet, "/v1/cases", "").body, other)
	require.Contains(t, d.by(loggedIn(sam, api.Admin), http.MethodGet, "/v1/overview", "").body, `"open_cases":{"total":1,`)
	require.Contains(t, d.by(loggedIn(kim, api.Viewer), http.MethodGet, "/v1/cases", "").body, own)
	var shown api.Detail
	d.kim(http.MethodGet, "/v1/alerts/"+own, "", &shown)
	require.Empty(t, shown.Case.AckedBy, "nothing came of it")
}

func TestASuspectedResponderChangesNothing(t *testing.T) {
	t.Parallel()
	d := newTeam(t)
	id := d.about(alice, alert.High)
	var lost struct {
		AlertID string `json:"alert_id"`
	}
	d.kim(http.MethodPost, "/v1/people/sam@example.com/lost-phone", `{"reason":"he called"}`, &lost)
	told := d.as(samToken, http.MethodPost, "/v1/alerts/"+id+"/acknowledge", "").problem(http.StatusForbidden)
	require.Contains(t, told.Detail, "suspected")
	d.as(samToken, http.MethodPost, "/v1/pause", `{"reason":"x"}`).problem(http.StatusForbidden)
	require.Equal(t, http.StatusOK, d.as(samToken, http.MethodGet, "/v1/cases", "").status, "and reads on")
	d.as(samToken, http.MethodPost, "/v1/distrusts/sam@example.com/clear", `{"reason":"it is me"}`).problem(http.StatusForbidden)

	var list api.DistrustList
	d.kim(http.MethodGet, "/v1/distrusts", "", &list)
	require.Len(t, list.Distrusts, 1)
	require.Equal(t, lost.AlertID, list.Distrusts[0].AlertID)
	weak := d.by(api.Caller{Email: kim.Email, Scopes: api.Admin.Scopes()}, http.MethodPost, "/v1/distrusts/sam@example.com/clear", `{"reason":"x"}`)
	require.Contains(t, weak.problem(http.StatusForbidden).Detail, "more than a token: log in")
	d.kim(http.MethodGet, "/v1/distrusts", "", &list)
	require.True(t, list.Distrusts[0].ClearedAt.IsZero())
	d.kim(http.MethodPost, "/v1/distrusts/sam@example.com/clear", `{"reason":"a new phone"}`, &struct{}{})
	d.by(loggedIn(kim, api.Responder), http.MethodPost, "/v1/distrusts/sam@example.com/clear", `{"reason":"x"}`).problem(http.StatusConflict)
	d.kim(http.MethodGet, "/v1/distrusts", "", &list)
	require.Equal(t, []string{"Kim King", "a new phone"}, []string{list.Distrusts[0].ClearedBy, list.Distrusts[0].Clearance})
	require.Equal(t, http.StatusOK, d.as(samToken, http.MethodPost, "/v1/alerts/"+id+"/acknowledge", "").status)
}

// Of one's own phone everybody may say that it is lost: it makes things stricter.
func TestOnesOwnLostPhone(t *testing.T) {
	t.Parallel()
	d := newTeam(t)
	var lost map[string]any
	d.sam(http.MethodPost, "/v1/people/sam@example.com/lost-phone", `{"reason":"on the train"}`, http.StatusOK, &lost)
	d.as(samToken, http.MethodPost, "/v1/people/sam@example.com/lost-phone", `{"reason":"again"}`).problem(http.StatusForbidden)
	told := d.by(loggedIn(kim, api.Responder), http.MethodPost, "/v1/people/sam@example.com/lost-phone", `{"reason":"too"}`).problem(http.StatusConflict)
	require.Contains(t, told.Detail, "already")
}

func TestWhatIsKnownOfSomebody(t *testing.T) {
	t.Parallel()
	d := newTeam(t)
	id := d.about(alice, alert.High)
	var person api.PersonDetail
	d.kim(http.MethodGet, "/v1/people/ALICE@example.com", "", &person)
	require.Equal(t, "Alice Adams", person.Name)
	require.Equal(t, id, person.Recent[0].ID)
	require.Equal(t, api.BudgetView{QuestionsMost: 20, OpenMost: 3, PushesMost: 8, PushesHourMost: 3}, person.Today)
	var page api.PeoplePage
	d.kim(http.MethodGet, "/v1/people?limit=1", "", &page)
	require.Equal(t, "Alice Adams", page.People[0].Name)
	d.kim(http.MethodGet, "/v1/people?cursor="+*page.Next, "", &page)
	require.Equal(t, []string{"gone@example.com", "sam@example.com"}, []string{page.People[0].Email, page.People[1].Email})
	d.kim(http.MethodGet, "/v1/people?q=ad", "", &page)
	require.Empty(t, page.People, "a name begins with its first letter")
	d.kim(http.MethodGet, "/v1/people?q=alice%20A", "", &page)
	require.Len(t, page.People, 1)
	d.by(loggedIn(kim, api.Viewer), http.MethodGet, "/v1/people?cursor=UNOBODY", "").problem(http.StatusBadRequest)

	var erased store.Erasure
	answer := d.by(loggedIn(kim, api.Admin), http.MethodPost, "/v1/people/alice@example.com/erase", `{"reason":"left the company"}`)
	require.Equal(t, http.StatusOK, answer.status, answer.body)
	answer.into(&erased)
	require.Equal(t, []string{id}, erased.Open, "a case is open yet")
}

func TestAnAlertByHand(t *testing.T) {
	t.Parallel()
	d := newTeam(t)
	var preview api.Preview
	d.kim(http.MethodPost, "/v1/alerts/preview", body(t, "title", "Was it <you>?"), &preview)
	require.Equal(t, alert.Ask, preview.Action)
	require.Equal(t, "Alice Adams (alice@example.com) is asked at once.", preview.Summary)
	require.Equal(t, "Was this you, Alice Adams? Was it <you>?", preview.Message.Text)
	require.Zero(t, d.stored())

	d.kim(http.MethodPost, "/v1/alerts/preview", body(t, "subject", alert.Subject{Email: "nobody@example.com"}), &preview)
	require.Equal(t, alert.Unreachable, preview.Verdict)
	d.by(loggedIn(kim, api.Responder), http.MethodPost, "/v1/alerts/preview", body(t, "title", "")).problem(http.StatusBadRequest)

	answer := d.by(loggedIn(kim, api.Responder), http.MethodPost, "/v1/alerts/by-hand", body(t))
	taken := answer.taken(http.StatusAccepted)
	var shown api.Detail
	d.kim(http.MethodGet, "/v1/alerts/"+taken.ID, "", &shown)
	require.Equal(t, []string{alert.ByHand, "Kim King"}, []string{shown.Source, actorOf(t, shown, store.KindAccepted)})
	d.by(loggedIn(kim, api.Responder), http.MethodPost, "/v1/alerts/by-hand", body(t)).taken(http.StatusOK)
}

func TestThePolicyIsExplained(t *testing.T) {
	t.Parallel()
	d := newTeam(t)
	var explained api.Explanation
	d.kim(http.MethodPost, "/v1/policy/explain?at=2026-03-07T03:00:00Z&source=falco", body(t), &explained)
	require.Equal(t, "built-in", explained.Revision)
	require.Equal(t, "defaults", explained.Rule)
	d.by(loggedIn(kim, api.Viewer), http.MethodPost, "/v1/policy/explain?at=soon", body(t)).problem(http.StatusBadRequest)
	require.Zero(t, d.stored())
}

func TestWhatAPolicyMadeLooser(t *testing.T) {
	t.Parallel()
	d := newTeam(t)
	var revisions []string
	for _, text := range []string{"version: 1\n", "version: 1\ndefaults:\n  second_factor: off\n"} {
		file, err := policy.Parse([]byte(text))
		require.NoError(t, err)
		loaded := store.PolicyText{Revision: file.Revision(), Text: text, LoadedBy: "api-1"}
		_, err = d.store.LoadPolicy(t.Context(), loaded, true, func(store.PolicyText) json.RawMessage { return json.RawMessage("{}") })
		require.NoError(t, err)
		d.clock.forward(time.Minute)
		revisions = append(revisions, file.Revision())
	}
	var list struct{ Policies []api.PolicyView }
	d.kim(http.MethodGet, "/v1/policies?limit=1", "", &list)
	require.Equal(t, revisions[0], list.Policies[0].Before)
	require.Positive(t, list.Policies[0].Looser)
	var first api.PolicyView
	d.kim(http.MethodGet, "/v1/policies/"+revisions[0], "", &first)
	require.Equal(t, []any{"built-in", 0}, []any{first.Before, first.Looser})
	require.Equal(t, "version: 1\n", *first.Text)
	d.by(loggedIn(kim, api.Viewer), http.MethodGet, "/v1/policies/none", "").problem(http.StatusNotFound)
}

func TestEvidenceIsExported(t *testing.T) {
	t.Parallel()
	d := newTeam(t)
	path := "/v1/alerts/" + d.about(alice, alert.High) + "/evidence"
	answer := d.by(loggedIn(kim, api.Viewer), http.MethodGet, path, "")
	require.Equal(t, http.StatusOK, answer.status, answer.body)
	require.Contains(t, answer.header.Get("Content-Disposition"), "attachment")
	report, err := evidence.Verify([]byte(answer.body))
	require.NoError(t, err)
	require.Equal(t, begin, report.Bundle.ExportedAt)
	newOffice(t).as(samToken, http.MethodGet, path, "").problem(http.StatusNotFound)
	var list api.CheckpointList
	d.kim(http.MethodGet, "/v1/checkpoints", "", &list)
	require.Empty(t, list.Checkpoints)
}

// What people write comes back as they wrote it, and as JSON.
func TestHostileWordsOfResponders(t *testing.T) {
	t.Parallel()
	d := newTeam(t)
	words := "<script>alert(1)</script> <!channel> *b* \u202egnp.exe \u0007 \"}],"
	reason, err := json.Marshal(map[string]string{"reason": words})
	require.NoError(t, err)
	var shown api.Detail
	d.kim(http.MethodPost, "/v1/alerts/"+d.about(alice, alert.High)+"/resolve", string(reason), &shown)
	require.Equal(t, words, shown.Case.Resolution)
	d.kim(http.MethodPost, "/v1/people/alice@example.com/lost-phone", string(reason), &struct{}{})
	d.kim(http.MethodPost, "/v1/distrusts/alice@example.com/clear", string(reason), &struct{}{})
	var list api.DistrustList
	d.kim(http.MethodGet, "/v1/distrusts", "", &list)
	require.Equal(t, words, list.Distrusts[0].Clearance)
	for _, bad := range []string{`{"reason":"a\u0000"}`, `{"reason":1}`, `{"reason":"` + strings.Repeat("x", 501) + `"}`, `[]`, "{", "\xff"} {
		d.by(loggedIn(kim, api.Responder), http.MethodPost, "/v1/people/alice@example.com/lost-phone", bad).problem(http.StatusBadRequest)
	}
}
