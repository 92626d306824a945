package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// answered is an alert about Alice whose question she answered, with a push that the
// phone approved or not.
func (d *desk) answered(key string, choice alert.Choice, approved bool) string {
	d.t.Helper()
	ctx := d.t.Context()
	id := d.admitted(key, alert.Plan{
		Action: alert.Ask, AskBy: begin.Add(time.Hour), Deadline: time.Hour, WatchFor: time.Hour,
	})
	post, _, err := d.store.BeginPost(ctx, id, store.PurposeQuestion)
	require.NoError(d.t, err)
	post.Channel, post.TS, post.PostedAt, post.Revision = "D1", id, d.clock.time(), 1
	require.NoError(d.t, d.store.FinishPost(ctx, post, store.KindAsked, nil, nil))
	heard, err := d.store.TakeAnswer(ctx, store.Said{
		Delivery: "press-" + id, AlertID: id, Person: alice.PersonKey, At: d.clock.time(), Choice: choice, Revision: 1,
	})
	require.NoError(d.t, err)
	require.Empty(d.t, heard.Refusal)
	if approved {
		d.approves(id)
	}
	return id
}

func (d *desk) approves(id string) {
	d.t.Helper()
	ctx := d.t.Context()
	proof, _, err := d.store.BeginProof(ctx, id, 1, "duo")
	require.NoError(d.t, err)
	proof, err = d.store.ProofSending(ctx, proof, []store.Device{{ID: "DPHONE", Name: "a phone"}})
	require.NoError(d.t, err)
	proof.Transaction = "tx-" + id
	require.NoError(d.t, d.store.ProofPushed(ctx, proof))
	_, err = d.store.ProofDecided(ctx, proof, alert.ProofApproved, "")
	require.NoError(d.t, err)
	settled, err := d.store.Settle(ctx, id, store.Because{})
	require.NoError(d.t, err)
	require.Equal(d.t, alert.Confirmed, settled.Verdict.Outcome)
}

// lists are the ids of a list, in its order.
func (d *desk) lists(query string) []string {
	d.t.Helper()
	ids := []string{}
	for _, summary := range d.page("/v1/alerts?" + query).Alerts {
		ids = append(ids, summary.ID)
	}
	return ids
}

// Scenario 78: 50 unless told otherwise, the newest first, at most 200.
func TestHowManyAndInWhichOrder(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var ids []string
	for i := range 60 {
		d.clock.forward(time.Second)
		ids = append([]string{d.send(body(t, "key", fmt.Sprint(i))).taken(http.StatusAccepted).ID}, ids...)
	}
	require.Equal(t, ids[:50], d.lists(""))
	require.Equal(t, ids[:3], d.lists("limit=3"))
	require.Equal(t, ids, d.lists("limit=200"))
	d.get("/v1/alerts?limit=0").problem(http.StatusBadRequest)
	d.get("/v1/alerts?limit=-1").problem(http.StatusBadRequest)
}

// Scenario 79: what is asked for is taken as it is, quotes, commas and spaces too.
func TestFiltersTakeTheirValueAsItIs(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for i, name := range []string{`a,b`, `"a,b"`, `a b`, `a%`, `a_`, `a' OR '1'='1`, `Ä`, `-- x`} {
		id := d.send(body(t, "key", name, "subject", map[string]any{"username": name})).taken(http.StatusAccepted).ID
		require.Equal(t, []string{id}, d.lists("key="+url.QueryEscape(name)), name)
		require.Equal(t, []string{id}, d.lists("subject="+url.QueryEscape(name)), name)
		require.Len(t, d.lists(""), i+1)
	}
	require.Empty(t, d.lists("key=a"))
	require.Empty(t, d.lists("key=+a,b"))
	require.Empty(t, d.lists("detection=sudo_interactive,nmap"))
	require.Len(t, d.lists("subject=A+B"), 1, "letter case aside")
}

// Scenario 80: both ends of a stretch of time are part of it.
func TestEarliestAndLatest(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	first := d.send(body(t, "key", "1")).taken(http.StatusAccepted).ID // at noon
	d.clock.forward(time.Hour)
	second := d.send(body(t, "key", "2")).taken(http.StatusAccepted).ID
	d.clock.forward(24 * time.Hour)
	third := d.send(body(t, "key", "3")).taken(http.StatusAccepted).ID
	for query, want := range map[string][]string{
		"earliest=2026-03-04T12:00:00Z":                                      {third, second, first},
		"earliest=2026-03-04T12:00:00.000001Z":                               {third, second},
		"latest=2026-03-04T13:00:00Z":                                        {second, first},
		"latest=2026-03-04T12:59:59.999999Z":                                 {first},
		"earliest=2026-03-04T14:00:00%2B01:00&latest=2026-03-04T13:00:00Z":   {second},
		"earliest=2026-03-04&latest=2026-03-04":                              {second, first},
		"earliest=2026-03-05":                                                {third},
		"latest=2026-03-03":                                                  {},
		"earliest=2026-03-04T12:00:00Z&latest=2026-03-04T12:00:00Z&limit=10": {first},
	} {
		require.Equal(t, want, d.lists(query), query)
	}
}

// Scenarios 81 and 82: by status, by answer, and by whether a second factor approved it.
func TestByStatusAnswerAndProof(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	received := d.send(body(t, "key", "received")).taken(http.StatusAccepted).ID
	confirmed := d.answered("confirmed", alert.Yes, true)
	claimed := d.answered("claimed", alert.Yes, false)
	denied := d.answered("denied", alert.No, false)
	unsure := d.answered("unsure", alert.NotSure, false)
	for query, want := range map[string][]string{
		"status=received":                  {received},
		"status=closed":                    {confirmed},
		"status=escalated":                 {denied, unsure},
		"verdict=denied":                   {denied},
		"answered=yes":                     {confirmed, claimed},
		"answered=no":                      {denied},
		"answered=unsure":                  {unsure},
		"answered=some_not":                {},
		"answered=none":                    {received},
		"authenticated=true":               {confirmed},
		"authenticated=false":              {received, claimed, denied, unsure},
		"authenticated=false&answered=yes": {claimed},
		"authenticated=true&answered=no":   {},
	} {
		require.ElementsMatch(t, want, d.lists(query), query)
	}
	shown := d.page("/v1/alerts?authenticated=true").Alerts[0]
	require.EqualValues(t, "yes", shown.Answered)
	require.True(t, shown.Authenticated)
	require.Equal(t, store.Who{Name: "Alice Adams", Email: "alice@example.com"}, shown.Who)
}

// Scenario 83: what is no number is told by its name.
func TestABadNumberIsTold(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, value := range []string{"ten", "1.5", "0x10", "99999999999999999999", "1e1", "-1", "201"} {
		told := d.get("/v1/alerts?limit=" + value).problem(http.StatusBadRequest)
		require.Equal(t, "limit", told.Errors[0].Field, value)
		require.Equal(t, "must be a number from 1 to 200", told.Errors[0].Detail, value)
	}
}

// Scenario 84: every field that is missing is told at once.
func TestEveryMissingFieldIsTold(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	told := d.send(`{}`).problem(http.StatusBadRequest)
	var fields []string
	for _, fault := range told.Errors {
		require.Equal(t, "is required", fault.Detail)
		fields = append(fields, fault.Field)
	}
	require.ElementsMatch(t, []string{"detection", "title", "severity", "subject"}, fields)
	told = d.send(body(t, "title", "")).problem(http.StatusBadRequest)
	require.Equal(t, "title", told.Errors[0].Field, "an empty one is as good as missing")
}

// Scenario 85: an alert about somebody unknown is taken, and goes to the security team.
func TestAnAlertAboutSomebodyUnknownIsTaken(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	id := d.send(body(t, "subject", map[string]any{"username": "nobody"})).taken(http.StatusAccepted).ID
	_, err := d.store.Admit(t.Context(), id, store.Identified{Reason: alert.ReasonUnknownPerson}, plans{
		Action: alert.Ask, AskBy: begin.Add(time.Hour), Deadline: time.Hour,
	})
	require.NoError(t, err)
	_, err = d.store.Settle(t.Context(), id, store.Because{})
	require.NoError(t, err)
	shown := d.shows(id)
	require.Equal(t, alert.Unreachable, shown.Verdict)
	require.Equal(t, alert.ReasonUnknownPerson, shown.VerdictReason)
	require.Equal(t, alert.Escalated, shown.Status)
	require.Equal(t, "nobody", shown.Who.Name)
}

// Scenario 86: what is too long is refused, never cut.
func TestTextsThatAreTooLong(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for field, most := range map[string]int{"title": 300, "description": 8000, "key": 200, "detection": 100} {
		d.send(body(t, field, strings.Repeat("x", most))).taken(http.StatusAccepted)
		told := d.send(body(t, field, strings.Repeat("x", most+1))).problem(http.StatusBadRequest)
		require.Equal(t, field, told.Errors[0].Field)
		require.Contains(t, told.Errors[0].Detail, fmt.Sprintf("at most %d", most))
	}
}

func TestFreeText(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	root := d.send(body(t, "key", "1", "title", "Interactive root shell", "description", "on web-7.example.com")).taken(http.StatusAccepted).ID
	scan := d.send(body(t, "key", "2", "title", "Port scan", "description", "10.0.0.7 → Zürich")).taken(http.StatusAccepted).ID
	for text, want := range map[string][]string{
		"root":                       {root},
		"ROOT inter":                 {},
		"ROOT inter*":                {root},
		"root scan":                  {},
		"zür*":                       {scan},
		"web-7":                      {root},
		"alice@example.com":          {scan, root},
		`"root"`:                     {root},
		"root OR scan":               {},
		"root:* | scan":              {},
		"ro%":                        {},
		"ro*%":                       {root},
		"oot":                        {},
		strings.Repeat("root ", 60):  {root},
		"10.0.0.7 🙂":                 {scan},
		"root'; DROP TABLE alerts--": {},
	} {
		require.ElementsMatch(t, want, d.lists("q="+url.QueryEscape(text)), text)
	}
}

// By person: whoever the alert names in what way, once the directory knows them.
func TestByPerson(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	byName := d.send(body(t, "key", "1", "subject", map[string]any{"username": "aadams"})).taken(http.StatusAccepted).ID
	d.admits(byName, alert.Plan{Action: alert.Ask, AskBy: begin.Add(time.Hour), Deadline: time.Hour})
	said := d.send(body(t, "key", "2")).taken(http.StatusAccepted).ID
	unknown := d.send(body(t, "key", "3", "subject", map[string]any{"email": "carol@example.com"})).taken(http.StatusAccepted).ID
	require.ElementsMatch(t, []string{byName, said}, d.lists("person=Alice@example.com"))
	require.Equal(t, []string{unknown}, d.lists("person=carol@example.com"))
	require.Empty(t, d.lists("person=alice@example.com&status=closed"))
}

// Nobody finds what is about themselves, in whatever way they look for it.
func TestNobodyFindsWhatIsAboutThemselves(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	theirs := d.send(body(t, "key", "1", "subject", map[string]any{"email": "SAM@example.com"})).taken(http.StatusAccepted).ID
	others := d.send(body(t, "key", "2")).taken(http.StatusAccepted).ID
	for _, query := range []string{"", "person=sam@example.com", "subject=sam@example.com", "key=1", "q=sam", "format=csv", "format=json"} {
		found := d.as(samToken, http.MethodGet, "/v1/alerts?"+query, "")
		require.Equal(t, http.StatusOK, found.status)
		require.NotContains(t, found.body, theirs, query)
	}
	require.Contains(t, d.as(samToken, http.MethodGet, "/v1/alerts", "").body, others)
	looked := d.as(samToken, http.MethodPost, "/v1/lookups", `{"source":"falco","keys":["1","2"]}`)
	require.NotContains(t, looked.body, theirs)
	require.Contains(t, looked.body, `"missing":["1"]`)
}

func TestALookupBySourcesOwnKeys(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	ids := map[string]string{}
	for _, key := range []string{"a", "b", "c"} {
		ids[key] = d.send(body(t, "key", key)).taken(http.StatusAccepted).ID
	}
	d.answered("d", alert.Yes, true)
	var found struct {
		Alerts  []struct{ ID, Key, Verdict string }
		Missing []string
	}
	d.do(http.MethodPost, "/v1/lookups", `{"keys":["c","x","a","d","c"]}`, "Authorization", "Bearer "+falcoToken).into(&found)
	require.Equal(t, []string{"x"}, found.Missing)
	require.Equal(t, []string{ids["c"], ids["a"]}, []string{found.Alerts[0].ID, found.Alerts[1].ID})
	require.Equal(t, "confirmed", found.Alerts[2].Verdict)
	require.Len(t, found.Alerts, 3)

	for name, sent := range map[string]string{
		"keys":      `{"source":"falco"}`,
		"keys ":     `{"source":"falco","keys":[]}`,
		"keys  ":    `{"source":"falco","keys":"a"}`,
		"keys[1]":   `{"source":"falco","keys":["a",""]}`,
		"keys[0]":   `{"source":"falco","keys":["\u0000"]}`,
		"keys[0] ":  `{"source":"falco","keys":["` + strings.Repeat("x", 201) + `"]}`,
		"keys   ":   `{"source":"falco","keys":[` + strings.Repeat(`"a",`, 1000) + `"a"]}`,
		"detection": `{"source":"falco","keys":["a"],"detection":"x"}`,
	} {
		told := d.do(http.MethodPost, "/v1/lookups", sent, "Authorization", "Bearer "+falcoToken).problem(http.StatusBadRequest)
		require.Equal(t, strings.TrimSpace(name), told.Errors[0].Field, name)
	}
	told := d.as(samToken, http.MethodPost, "/v1/lookups", `{"keys":["a"]}`).problem(http.StatusBadRequest)
	require.Equal(t, "source", told.Errors[0].Field, "a person has no source of their own")
}
