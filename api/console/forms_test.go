package console_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/api"
	"securitybot/api/login"
	"securitybot/internal/alert"
	"securitybot/internal/store"
)

func TestACaseIsSeenTo(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	id := r.escalated(alice)
	kim := r.as(kim, api.Responder)
	page := "/console/alerts/" + id
	require.Contains(t, kim.sees("/console").links(), page, "it comes first")

	taken := kim.does(page + "/acknowledge")
	require.Contains(t, taken.text(), "Acknowledged: the case is yours.")
	require.Contains(t, taken.text(), "Case acknowledged Kim Kent", "under their name")
	require.NotContains(t, kim.sees(page).text(), "the case is yours", "it is said once")
	require.Contains(t, kim.sees("/console/cases").text(), "Kim Kent")

	nothing := kim.post(page+"/resolve", "reason", " ")
	require.Equal(t, http.StatusBadRequest, nothing.status)
	require.Contains(t, nothing.text(), "is empty", "it is said beside the field")

	done := kim.does(page+"/resolve", "reason", "she tested <b>sudo</b>")
	require.Contains(t, done.text(), "Resolution she tested <b>sudo</b>")
	require.NotContains(t, done.forms(), page+"/resolve")
	require.Contains(t, kim.sees("/console/cases").text(), "No case is open")

	again := r.as(sam, api.Admin).post(page+"/resolve", "reason", "me too")
	require.Equal(t, http.StatusConflict, again.status)
	require.Contains(t, again.text(), "Kim Kent", "who was first is said")
}

func TestAnAlertIsWithdrawn(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	id := r.asked(alice, alert.Plan{})
	visitor := r.as(kim, api.Responder)
	page := visitor.does("/console/alerts/"+id+"/withdraw", "reason", "a test of the rule")
	require.Contains(t, page.text(), "Withdrawn")
	require.NotContains(t, page.forms(), "/console/alerts/"+id+"/withdraw")
	require.Equal(t, http.StatusConflict, visitor.post("/console/alerts/"+id+"/withdraw", "reason", "again").status)
}

func TestWhatPolicyWantsLookedAt(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	id := r.confirmed(alice, alert.Plan{Review: alert.ReviewPolicy}, "deploying")
	visitor := r.as(kim, api.Responder)
	require.Contains(t, visitor.sees("/console/review").links(), "/console/alerts/"+id)
	require.NotContains(t, r.as(vera, api.Viewer).sees("/console/review").text(), "Looks fine")
	page := visitor.does("/console/alerts/"+id+"/review", "fine", "true")
	require.Contains(t, page.text(), "looked at by Kim Kent")
	require.Contains(t, visitor.sees("/console/review").text(), "Nothing waits")
}

func TestAnExceptionIsMadeAndRevoked(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	sam := r.as(sam, api.Admin)
	wrong := sam.post("/console/exceptions", "person", "nobody@example.com", "detection", "two words", "severity", "high",
		"for", "99d", "scope", "host = web-1", "reason", "pen test")
	require.Equal(t, http.StatusBadRequest, wrong.status)
	require.Contains(t, wrong.text(), "may have letters, digits")
	require.Contains(t, wrong.text(), "more than 7 days ahead", "what is wrong with until is said, though the form has no such field")
	require.Equal(t, "pen test", wrong.value("reason"), "what was typed stays")

	made := sam.does("/console/exceptions", "person", alice.Email, "detection", "nmap_scan", "severity", "high",
		"for", "24h", "scope", "host = web-1\n\nport=22", "reason", "pen test")
	require.Contains(t, made.text(), "The exception holds")
	require.Contains(t, made.text(), `{"host":"web-1","port":"22"}`)
	list, err := r.store.Suppressions(t.Context(), r.time(), 10)
	require.NoError(t, err)
	revoke := "/console/suppressions/" + list[0].ID + "/revoke"

	kim := r.as(kim, api.Responder)
	require.Contains(t, kim.sees("/console/suppressions").forms(), revoke)
	require.Contains(t, kim.post(revoke, "reason", "").text(), "is empty")
	require.Contains(t, kim.does(revoke, "reason", "it is over").text(), "Everything is asked about")
	require.Contains(t, kim.sees("/console/suppressions?all=true").text(), ": it is over")
	require.Contains(t, kim.sees("/console/suppressions?person=nobody@example.com").text(), "nobody in the directory")
}

func TestSomebodyIsOptedOutAndInAgain(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	sam := r.as(sam, api.Admin)
	require.Contains(t, sam.post("/console/opt-outs", "person", "alice", "for", "x", "reason", "").text(), "is not an email address")
	require.Contains(t, sam.does("/console/opt-outs", "person", alice.Email, "for", "8h", "reason", "on leave").text(), "Alice Adams alice@example.com")
	require.Contains(t, sam.sees("/console/people/"+alice.Email).text(), "opted out")
	require.Contains(t, sam.does("/console/opt-outs/"+alice.Email+"/end").text(), "Everybody is asked.")
}

func TestAskingIsPaused(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	sam := r.as(sam, api.Admin)
	require.Contains(t, sam.does("/console/pause", "reason", "Slack is down").text(), "Asking is paused.")
	require.Contains(t, r.as(vera, api.Viewer).sees("/console").text(), "Asking is paused")
	require.Equal(t, http.StatusConflict, sam.post("/console/pause", "reason", "again").status)
	require.Contains(t, sam.does("/console/resume").text(), "People are asked as policy has it.")
}

func TestADistrustIsCleared(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	id := r.contradicted(alice, "it is me")
	kim := r.as(kim, api.Responder)
	listed := kim.sees("/console/distrusted")
	require.Contains(t, listed.links(), "/console/alerts/"+id)
	require.Contains(t, listed.forms(), "/console/distrusted/alice@example.com/clear")
	require.Contains(t, kim.sees("/console/people/"+alice.Email).text(), "distrusted")
	require.Contains(t, kim.sees("/console").text(), "1 suspicious")
	require.Contains(t, kim.does("/console/distrusted/alice@example.com/clear", "reason", "I called her").text(), "Kim Kent")
	require.NotContains(t, kim.sees("/console/people/"+alice.Email).text(), "distrusted")
}

func TestAPhoneIsLost(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	kim := r.as(kim, api.Responder)
	require.Contains(t, kim.sees("/console/people?q=ali").links(), "/console/people/alice@example.com")
	require.Contains(t, kim.does("/console/people/alice@example.com/lost-phone", "reason", "left in a taxi").text(), "noted as lost")
	require.Contains(t, kim.sees("/console").text(), "1 suspicious")
}

func TestSomebodyIsErasedByTheirAddress(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	sam := r.as(sam, api.Admin)
	erase := "/console/people/alice@example.com/erase"
	wrong := sam.post(erase, "reason", "asked for it", "again", "alice")
	require.Equal(t, http.StatusBadRequest, wrong.status)
	require.Contains(t, wrong.text(), "is not their address")
	require.Contains(t, sam.does(erase, "reason", "asked for it", "again", "Alice@example.com").text(), "is erased")
	require.NotContains(t, sam.sees("/console/people").text(), "Alice")
}

func TestATokenIsShownOnce(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	sam := r.as(sam, api.Admin)
	wrong := sam.post("/console/tokens", "source", "splunk", "per_hour", "many")
	require.Equal(t, http.StatusBadRequest, wrong.status)
	require.Contains(t, wrong.text(), "must be a whole number")
	require.Equal(t, "splunk", wrong.value("source"))

	made := sam.post("/console/tokens", "source", "splunk", "scopes", "ingest", "scopes", "read", "detections", "sudo_*, okta.login",
		"severities", "low", "per_hour", "60", "for", "90d")
	require.Equal(t, http.StatusOK, made.status, made.text())
	var token string
	for word := range strings.FieldsSeq(made.text()) {
		if strings.HasPrefix(word, "sb_") {
			token = word
		}
	}
	require.NotEmpty(t, token)
	require.Equal(t, "no-store", made.header.Get("Cache-Control"))
	_, ok, err := r.store.TokenOf(t.Context(), token)
	require.NoError(t, err)
	require.True(t, ok)

	listed := sam.sees("/console/tokens")
	require.NotContains(t, listed.body, token)
	require.Contains(t, listed.text(), "okta.login")
	tokens, err := r.store.Tokens(t.Context())
	require.NoError(t, err)
	require.Contains(t, sam.does("/console/tokens/"+tokens[0].ID+"/revoke").text(), "The token is revoked.")
}

// Whoever names no end gets the latest that there may be.
func TestAPersonsTokenHasAnEnd(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	visitor := r.as(sam, api.Admin)
	wrong := visitor.post("/console/tokens", "email", sam.Email, "scopes", "read", "for", "91d")
	require.Equal(t, http.StatusBadRequest, wrong.status)
	require.Contains(t, wrong.text(), "more than 90 days ahead")
	for _, length := range []string{"", "1d"} {
		require.Equal(t, http.StatusOK, visitor.post("/console/tokens", "email", sam.Email, "scopes", "read", "for", length).status, length)
		r.forward(time.Second)
	}
	tokens, err := r.store.Tokens(t.Context())
	require.NoError(t, err)
	require.Len(t, tokens, 2)
	require.Equal(t, begin.Add(store.LongestPersonToken), tokens[1].ExpiresAt)
	require.Equal(t, begin.Add(time.Second+24*time.Hour), tokens[0].ExpiresAt)
}

func TestAnAlertIsReportedByHand(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	kim := r.as(kim, api.Responder)
	typed := []string{
		"key", kim.sees("/console/new").value("key"), "subject", alice.Email, "title", "Badge used <at> night",
		"detection", "badge", "severity", "high", "description", "door *7*", "context", "door=7",
	}
	wrong := kim.post("/console/new/preview", "key", "k", "subject", "alice", "title", "", "detection", "a b", "severity", "high")
	require.Equal(t, http.StatusBadRequest, wrong.status)
	require.Contains(t, wrong.text(), "is not an email address")
	require.Equal(t, "a b", wrong.value("detection"))

	preview := kim.post("/console/new/preview", typed...)
	require.Equal(t, http.StatusOK, preview.status, preview.text())
	require.Contains(t, preview.text(), "Was it you? Badge used <at> night")
	records, _, err := r.store.Backlog(t.Context())
	require.NoError(t, err)
	require.Zero(t, records, "nothing was sent")

	unseen := kim.post("/console/new", typed...)
	require.Equal(t, http.StatusOK, unseen.status, "what was not shown is shown first")
	send := slices.Concat(typed, []string{"previewed", preview.value("previewed")})
	first := kim.post("/console/new", send...)
	require.Equal(t, http.StatusSeeOther, first.status, first.text())
	second := kim.post("/console/new", send...)
	require.Equal(t, first.header.Get("Location"), second.header.Get("Location"), "a second click is no second alert")
	alertPage := kim.sees(first.header.Get("Location"))
	require.Contains(t, alertPage.text(), "Source console")
	require.Contains(t, alertPage.text(), "Kim Kent", "who reported it is on its timeline")
	require.Equal(t, "Badge used <at> night · Securitybot", alertPage.elements("title")[0].FirstChild.Data)
}

func TestNobodyReportsThemselves(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	page := r.as(kim, api.Responder).post("/console/new/preview", "key", "k", "subject", kim.Email, "title", "t", "detection", "d", "severity", "low")
	require.Equal(t, http.StatusForbidden, page.status)
	require.Contains(t, page.text(), "This is about you")
}

func TestAnAlertIsTriedAgainstThePolicy(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	vera := r.as(vera, api.Viewer)
	page := vera.post("/console/policy", "alert", vera.sees("/console/policy").value("alert"))
	require.Equal(t, http.StatusOK, page.status, page.text())
	require.Contains(t, page.text(), "second_factor")
	wrong := vera.post("/console/policy", "alert", `{"detection": <b>`)
	require.Equal(t, http.StatusBadRequest, wrong.status)
	require.Contains(t, wrong.text(), "is not JSON")
	require.Equal(t, `{"detection": <b>`, wrong.value("alert"))
}

func TestTheThemeIsKept(t *testing.T) {
	t.Parallel()
	visitor := newRoom(t).as(vera, api.Viewer)
	theme := func() string { return attribute(visitor.sees("/console").elements("html")[0], "data-theme") }
	require.Empty(t, theme())
	answered := visitor.post("/console/theme", "theme", "dark", "back", "/console/alerts?q=x")
	require.Equal(t, "/console/alerts?q=x", answered.header.Get("Location"))
	require.Equal(t, "dark", theme())
	for _, elsewhere := range []string{"https://evil.example.com", "//evil.example.com", "/console/\\evil", "/consoles", "/login"} {
		require.Equal(t, "/console", visitor.post("/console/theme", "theme", "", "back", elsewhere).header.Get("Location"), elsewhere)
	}
	require.Empty(t, theme())
	visitor.cookies["securitybot_theme"], visitor.cookies["securitybot_done"] = "><script>", "<b>you won</b>"
	require.NotContains(t, visitor.sees("/console").text(), "you won", "a planted cookie says nothing")
}

func TestWhatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	visitor := newRoom(t).as(sam, api.Admin)
	require.Equal(t, http.StatusBadRequest, visitor.post("/console/policy", "alert", strings.Repeat("x", 2<<20)).status)
}

// A live part is sent again only when it changed.
func TestAPollThatFindsNothingNew(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	id := r.reported()
	visitor := r.as(vera, api.Viewer)
	for _, path := range []string{"/console", "/console/alerts", "/console/cases", "/console/review", "/console/alerts/" + id} {
		page := visitor.sees(path)
		var tag, asks, says string
		for _, node := range page.elements("div") {
			if attribute(node, "id") == "live" {
				tag, asks, says = attribute(node, "data-tag"), attribute(node, "hx-get"), attribute(node, "hx-headers")
			}
		}
		require.Equal(t, path, asks)
		require.JSONEq(t, `{"`+login.PollHeader+`":"1"}`, says, "it does not count as being there")
		same := visitor.get(asks, "HX-Request", "true", "If-None-Match", tag)
		require.Equal(t, http.StatusNotModified, same.status, path)
		require.Empty(t, same.body)
	}
	tag := visitor.get("/console/alerts", "HX-Request", "true").header.Get("ETag")
	r.forward(time.Second)
	other := r.reported("title", "Another one", "key", "2")
	fresh := visitor.get("/console/alerts", "HX-Request", "true", "If-None-Match", tag)
	require.Equal(t, http.StatusOK, fresh.status)
	require.Contains(t, fresh.links(), "/console/alerts/"+other)
	require.Empty(t, fresh.elements("title"), "a part, not a page")
}
