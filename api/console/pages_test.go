package console_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"securitybot/api"
	"securitybot/api/console"
	"securitybot/internal/alert"
)

// addressed is a page's path with something in its blanks.
func addressed(page console.Page, id string) string {
	return strings.NewReplacer("{$}", "", "{id}", id, "{email}", alice.Email, "{revision}", "built-in").Replace(page.Path)
}

func TestNobodySeesAnyPage(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	id := r.reported()
	for _, page := range console.Pages() {
		path := addressed(page, id)
		answered := r.nobody().get(path)
		if page.Method == http.MethodPost {
			answered = r.nobody().post(path, "reason", "because")
		}
		require.Equal(t, http.StatusUnauthorized, answered.status, path)
		require.NotContains(t, answered.body, "Interactive root shell")
	}
}

func TestEveryPageIsForSomeRoles(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	id := r.reported()
	for _, role := range []api.Role{"", api.Viewer, api.Responder, api.Admin} {
		visitor := r.as(vera, role)
		for _, page := range console.Pages() {
			path := addressed(page, id)
			allowed := visitor.caller.May(page.Scope)
			if page.Method == http.MethodPost {
				if !allowed {
					require.Equal(t, http.StatusForbidden, visitor.post(path, "reason", "because").status, "%s: %s", role, path)
				}
				continue
			}
			answered := visitor.get(path)
			if !allowed {
				require.Equal(t, http.StatusForbidden, answered.status, "%s: %s", role, path)
				require.NotContains(t, answered.body, "Interactive root shell")
				continue
			}
			require.NotEqual(t, http.StatusForbidden, answered.status, "%s: %s", role, path)
			require.Less(t, answered.status, http.StatusInternalServerError, "%s: %s: %s", role, path, answered.text())
		}
	}
}

// What a page doesn't offer can't be had by writing the form oneself either.
func TestOnlyWhatIsAllowedIsOffered(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	id := r.reported()
	for _, c := range []struct {
		role                     api.Role
		withdraw, except, tokens bool
	}{
		{api.Viewer, false, false, false}, {api.Responder, true, false, false}, {api.Admin, true, true, true},
	} {
		visitor := r.as(vera, c.role)
		require.Equal(t, c.withdraw, slices.Contains(visitor.sees("/console/alerts/"+id).forms(), "/console/alerts/"+id+"/withdraw"), c.role)
		require.Equal(t, c.except, slices.Contains(visitor.sees("/console/suppressions").forms(), "/console/exceptions"), c.role)
		require.Equal(t, c.tokens, slices.Contains(visitor.sees("/console").links(), "/console/tokens"), c.role)
	}
}

func TestAnotherSiteCantSendOurForms(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	visitor := r.as(sam, api.Admin)
	for _, header := range []string{"cross-site", "same-site", ""} {
		request := newPost(t, "/console/pause", "reason=x")
		if header != "" {
			request.Header.Set("Sec-Fetch-Site", header)
		}
		require.Equal(t, http.StatusForbidden, visitor.send(request).status, header)
	}
	paused, err := r.store.Paused(t.Context())
	require.NoError(t, err)
	require.False(t, paused)
}

func TestWhoItIsAboutIsKindlyRefused(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	id := r.reported("subject", map[string]any{"email": kim.Email})
	r.planned(id, kim, alert.Plan{Action: alert.Escalate, Verdict: alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonPolicy}})
	visitor := r.as(kim, api.Responder)
	for _, path := range []string{"/console/alerts/" + id, "/console/alerts/" + id + "/evidence"} {
		page := visitor.get(path)
		require.Equal(t, http.StatusForbidden, page.status, path)
		require.Contains(t, page.text(), "nobody judges their own case")
		require.NotContains(t, page.body, "Interactive root shell")
	}
	for _, deed := range []string{"acknowledge", "resolve", "withdraw", "review"} {
		page := visitor.post("/console/alerts/"+id+"/"+deed, "reason", "it is fine", "fine", "true")
		require.Equal(t, http.StatusForbidden, page.status, deed)
		require.Contains(t, page.text(), "This is about you", deed)
	}
	for _, path := range []string{"/console", "/console/alerts", "/console/cases", "/console/review"} {
		require.NotContains(t, visitor.sees(path).body, id, path)
	}
	require.Contains(t, r.as(vera, api.Viewer).sees("/console/cases").body, id)
}

func TestEveryPageForbidsForeignScript(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	visitor := r.as(sam, api.Admin)
	for _, path := range []string{"/console", "/console/alerts", "/console/nowhere", "/console/assets/console.css", "/console/alerts/export?format=csv"} {
		header := visitor.get(path).header
		require.Contains(t, header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'; style-src 'self'", path)
		require.NotContains(t, header.Get("Content-Security-Policy"), "unsafe", path)
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), path)
	}
	require.Equal(t, http.StatusNotFound, visitor.get("/console/nowhere").status)
}

// Whoever reads an alert that has no question of its own is led to the one that asks.
func TestWhatAnAlertJoined(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	plan := alert.Plan{Action: alert.Ask, SuppressScope: []string{"host"}}
	host := map[string]any{"host": "web-1"}
	question := r.asked(alice, plan, "key", "first", "context", host)
	joined := r.reported("key", "second", "context", host)
	r.planned(joined, alice, plan)
	visitor := r.as(vera, api.Viewer)
	page := visitor.sees("/console/alerts/" + joined)
	require.Contains(t, page.body, "Its question asks about this alert too")
	require.Contains(t, page.body, `href="/console/alerts/`+question+`"`)
	require.Contains(t, visitor.sees("/console/alerts/"+question).body, "The question asks about this one too")
}
