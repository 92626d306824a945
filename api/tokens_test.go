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

func TestATokenIsShownOnceAndWorksUntilItIsRevoked(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	var made api.MadeToken
	d.sam(http.MethodPost, "/v1/tokens", `{"source":"zeek","scopes":["ingest"],"detections":["sudo_*"],"severities":["high"],
		"per_hour":100,"for":"90d"}`, http.StatusCreated, &made)
	require.Equal(t, []string{"zeek", "active", "Sam Smith (sam@example.com)"}, []string{made.Source, made.State, made.CreatedBy})
	require.Equal(t, begin.Add(90*24*time.Hour), made.ExpiresAt)
	zeek := []string{"Authorization", "Bearer " + made.Token}
	id := d.send(body(t), zeek...).taken(http.StatusAccepted).ID
	require.Equal(t, "zeek", d.shows(id).Source)

	listed := d.as(samToken, http.MethodGet, "/v1/tokens", "")
	require.NotContains(t, listed.body, made.Token)
	var list api.TokenList
	listed.into(&list)
	require.Len(t, list.Tokens, 1)
	require.Equal(t, []string{"sudo_*"}, list.Tokens[0].Detections)

	var revoked api.TokenView
	d.sam(http.MethodDelete, "/v1/tokens/"+made.ID, "", http.StatusOK, &revoked)
	require.Equal(t, "revoked", revoked.State)
	require.Equal(t, "Sam Smith (sam@example.com)", revoked.RevokedBy)
	d.send(body(t), zeek...).problem(http.StatusUnauthorized)
	d.as(samToken, http.MethodDelete, "/v1/tokens/nothing", "").problem(http.StatusNotFound)
}

func TestAnExpiredTokenIsNone(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	var made api.MadeToken
	d.sam(http.MethodPost, "/v1/tokens", `{"source":"zeek","scopes":["ingest"],"until":"2026-03-04T13:00:00Z"}`, http.StatusCreated, &made)
	d.clock.forward(time.Hour)
	d.send(body(t), "Authorization", "Bearer "+made.Token).problem(http.StatusUnauthorized)
	var list api.TokenList
	d.sam(http.MethodGet, "/v1/tokens", "", http.StatusOK, &list)
	require.Equal(t, "expired", list.Tokens[0].State)
}

// A person's token acts as that person, and can't do more than they may.
func TestAPersonsOwnToken(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	var made api.MadeToken
	kicks := d.kicks.Load()
	d.sam(http.MethodPost, "/v1/tokens", `{"email":"Sam@Example.com","scopes":["read"],"for":"90d"}`, http.StatusCreated, &made)
	require.Greater(t, d.kicks.Load(), kicks, "the security team is told at once")
	require.Equal(t, begin.Add(store.LongestPersonToken), made.ExpiresAt)
	require.Equal(t, "sam@example.com", made.Email)
	theirs := d.send(body(t, "key", "1", "subject", map[string]any{"email": "sam@example.com"})).taken(http.StatusAccepted).ID
	d.as(made.Token, http.MethodGet, "/v1/alerts/"+theirs, "").problem(http.StatusForbidden)
	require.NotContains(t, d.as(made.Token, http.MethodGet, "/v1/alerts", "").body, theirs)
	d.as(made.Token, http.MethodGet, "/v1/tokens", "").problem(http.StatusForbidden)
	d.as(made.Token, http.MethodPost, "/v1/alerts", body(t)).problem(http.StatusForbidden)

	told := d.as(samToken, http.MethodPost, "/v1/tokens", `{"email":"alice@example.com","scopes":["read"]}`).problem(http.StatusForbidden)
	require.Equal(t, "email", told.Errors[0].Field, "nobody acts as somebody else")
	admin := d.with(store.Token{Email: "sam@example.com", Scopes: []string{"admin"}, ExpiresAt: begin.Add(time.Hour)})
	told = d.do(http.MethodPost, "/v1/tokens", `{"email":"sam@example.com","scopes":["respond"]}`, admin...).problem(http.StatusForbidden)
	require.Equal(t, "scopes", told.Errors[0].Field)
	ghost := d.with(store.Token{Email: "ghost@example.com", Scopes: []string{"read", "admin"}, ExpiresAt: begin.Add(time.Hour)})
	d.do(http.MethodGet, "/v1/alerts", "", ghost...).problem(http.StatusForbidden)
}

// What a token may not report it may not take back, and it learns nothing of other sources.
func TestATokenTakesBackOnlyWhatItMayReport(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	all := d.with(store.Token{Source: "zeek", Scopes: []string{"ingest"}})
	mild := d.with(store.Token{Source: "zeek", Scopes: []string{"ingest"}, Detections: []string{"nmap_*"}, Severities: []string{"low"}})
	reason := `{"reason":"never mind"}`
	withdraw := func(id string, as []string) answer {
		return d.do(http.MethodPost, "/v1/alerts/"+id+"/withdraw", reason, as...)
	}
	for _, pairs := range [][]any{
		{"key", "1"}, {"key", "2", "detection", "nmap_syn"}, {"key", "3", "severity", "low"},
	} {
		id := d.send(body(t, pairs...), all...).taken(http.StatusAccepted).ID
		withdraw(id, mild).problem(http.StatusForbidden)
		require.Equal(t, http.StatusOK, withdraw(id, all).status)
	}
	id := d.send(body(t, "key", "4", "detection", "nmap_syn", "severity", "low"), all...).taken(http.StatusAccepted).ID
	require.Equal(t, http.StatusOK, withdraw(id, mild).status)
	withdraw(d.send(body(t)).taken(http.StatusAccepted).ID, all).problem(http.StatusNotFound)
}

// What somebody did is answered with what became of it, whether they may read or not.
func TestATokenThatRespondsAlone(t *testing.T) {
	t.Parallel()
	d := newTeam(t)
	id := d.about(alice, alert.High)
	token := d.with(store.Token{Email: "sam@example.com", Scopes: []string{"respond"}, ExpiresAt: begin.Add(time.Hour)})
	answer := d.do(http.MethodPost, "/v1/alerts/"+id+"/acknowledge", "", token...)
	require.Equal(t, http.StatusOK, answer.status, answer.body)
	d.do(http.MethodGet, "/v1/alerts/"+id, "", token...).problem(http.StatusForbidden)
}

func TestTokensThatAreRefused(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	for name, tc := range map[string]struct {
		sent  string
		field string
	}{
		"no object":          {`[]`, "body"},
		"no scopes":          {`{"source":"zeek"}`, "scopes"},
		"neither":            {`{"scopes":["read"]}`, "source"},
		"both":               {`{"source":"zeek","email":"sam@example.com","scopes":["read"]}`, "source"},
		"scopes as a string": {`{"source":"zeek","scopes":"read"}`, "scopes"},
		"a person reports":   {`{"email":"sam@example.com","scopes":["ingest"]}`, "scopes"},
		"a source acts":      {`{"source":"zeek","scopes":["admin"]}`, "scopes"},
		"markup":             {`{"source":"<script>","scopes":["read"]}`, "source"},
		"half an alert":      {`{"source":"zeek","scopes":["ingest"],"per_hour":1.5}`, "per_hour"},
		"too many":           {`{"source":"zeek","scopes":["ingest"],"per_hour":1000001}`, "per_hour"},
		"over":               {`{"source":"zeek","scopes":["ingest"],"until":"2026-03-04T12:00:00Z"}`, "until"},
		"a person for ever":  {`{"email":"sam@example.com","scopes":["read"]}`, "until"},
		"a person too long":  {`{"email":"sam@example.com","scopes":["read"],"for":"91d"}`, "until"},
		"two ends":           {`{"source":"zeek","scopes":["ingest"],"until":"2027-03-04T12:00:00Z","for":"1d"}`, "for"},
		"a NUL":              {`{"source":"zeek","scopes":["ingest"],"detections":["\u0000"]}`, "detections"},
		"an id of its own":   {`{"source":"zeek","scopes":["ingest"],"id":"mine"}`, "id"},
	} {
		status := http.StatusBadRequest
		if name == "a person reports" { // Sam has no such scope
			status = http.StatusForbidden
		}
		told := d.as(samToken, http.MethodPost, "/v1/tokens", tc.sent).problem(status)
		require.Equal(t, tc.field, told.Errors[0].Field, name)
	}
	for range 2 {
		d.with(store.Token{Source: "zeek", Scopes: []string{"ingest"}})
	}
	told := d.as(samToken, http.MethodPost, "/v1/tokens", `{"source":"zeek","scopes":["ingest"]}`).problem(http.StatusConflict)
	require.Contains(t, told.Detail, "revoke one first")
}
