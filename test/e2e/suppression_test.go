package e2e_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// suppression is one as the API lists it.
type suppression struct {
	ID      string
	Kind    string
	Active  bool
	AlertID string `json:"alert_id"`
	Until   time.Time
	Used    int
	Most    int
	By      string
}

func (b *bot) suppressions(query string) []suppression {
	b.Helper()
	var list struct{ Suppressions []suppression }
	b.get("/v1/suppressions"+query, &list)
	return list.Suppressions
}

// A proven yes covers the same thing on the same machine for a while, nothing
// graver and nothing else, and names what covers; a revocation ends it.
func TestRepeatsAfterAProvenYes(t *testing.T) {
	t.Parallel()
	b := running(t, policy(t, always))
	proven := b.confirmsAbout(alice, alertOn("db-1", alice, "medium"))
	list := b.suppressions("?active=true&person=" + alice)
	require.Len(t, list, 1)
	require.Equal(t, "proven", list[0].Kind)
	require.Equal(t, proven, list[0].AlertID)
	require.Equal(t, 20, list[0].Most)
	require.WithinDuration(t, time.Now().Add(8*time.Hour), list[0].Until, time.Minute)

	for _, severity := range []string{"medium", "low"} {
		id := b.reports(alertOn("db-1", alice, severity))
		view := b.settles(id, "suppressed", "proven")
		require.Equal(t, "closed", view.Status)
		require.Equal(t, &coveringView{ID: list[0].ID, Kind: "proven", AlertID: proven}, view.CoveredBy)
	}
	for name, body := range map[string]map[string]any{
		"graver": alertOn("db-1", alice, "high"), "elsewhere": alertOn("db-2", alice, "medium"),
	} {
		require.Equal(t, "asking", b.becomes(b.reports(body), "asking").Status, name)
	}
	b.becomes(b.reports(alertOn("db-1", bob, "medium")), "asking") // somebody else
	require.Equal(t, 2, b.suppressions("?active=true")[0].Used)

	b.removes("/v1/suppressions/"+list[0].ID, "the laptop was lost")
	require.Empty(t, b.suppressions("?active=true"))
	require.Equal(t, http.StatusConflict, b.deletes("/v1/suppressions/"+list[0].ID))
	again := b.reports(alertOn("db-1", alice, "low"))
	require.NotEqual(t, "suppressed", b.becomes(again, "asking").Verdict)
	require.True(t, b.alert(proven).has("revoked"))
}

// deletes tries to, and gives the status.
func (b *bot) deletes(path string) int {
	b.Helper()
	status, _ := b.try(http.MethodDelete, path, map[string]string{"reason": "again"})
	return status
}

// An exception is an administrator's, about somebody else, short, with a reason, and
// the channel is told.
func TestExceptions(t *testing.T) {
	t.Parallel()
	b := running(t)
	b.confirms(bob) // the directory knows people by now
	wanted := func(change string, to any) map[string]any {
		body := map[string]any{
			"person": bob, "detection": "sudo_interactive", "scope": map[string]string{"host": "ci-1"},
			"severity": "medium", "for": "24h", "reason": "the migration of ci-1",
		}
		body[change] = to
		return body
	}
	require.Contains(t, b.refuses(http.StatusForbidden, http.MethodPost, "/v1/exceptions", wanted("person", sam)), "nobody may except themselves")
	require.Contains(t, b.refuses(http.StatusBadRequest, http.MethodPost, "/v1/exceptions", wanted("for", "169h")), "7 days")
	require.Contains(t, b.refuses(http.StatusBadRequest, http.MethodPost, "/v1/exceptions", wanted("reason", "")), "reason")
	require.Contains(t, b.refuses(http.StatusBadRequest, http.MethodPost, "/v1/exceptions", wanted("scope", map[string]string{})), "scope")
	response, _ := b.rawRequest(http.MethodPost, "/v1/exceptions", "sandbox", "{}")
	require.Equal(t, http.StatusForbidden, response.StatusCode, "a source is no administrator")
	require.Empty(t, b.suppressions(""))

	b.post("/v1/exceptions", wanted("severity", "medium"))
	told := b.notice("added an exception")
	for _, part := range []string{"sam@example.com", "Bob", "sudo_interactive", "ci-1", "the migration of ci-1"} {
		require.Contains(t, told.Text, part)
	}
	made := b.suppressions("?active=true")
	require.Len(t, made, 1)
	covered := b.settles(b.reports(alertOn("ci-1", bob, "medium")), "suppressed", "exception")
	require.Equal(t, made[0].ID, covered.CoveredBy.ID)
	b.becomes(b.reports(alertOn("ci-1", bob, "high")), "asking")
	b.removes("/v1/suppressions/"+made[0].ID, "done")
	require.True(t, b.notice("ended an exception").says("done"))
}
