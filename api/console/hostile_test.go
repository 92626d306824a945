package console_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"securitybot/api"
	"securitybot/api/console"
	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// attacks are what an alert may try to be instead of text. Each says planted.
var attacks = []string{
	`<script>planted()</script>`, `<img src=planted onerror=planted()>`, `"><svg onload=planted()>`, `</title></textarea></pre><planted>`,
	`' onfocus='planted()' autofocus='`, `{{planted}} ${planted} <!-- planted`, `javascript:planted()`,
	`<a href="https://planted.example.com">planted</a>`, "invoice\u202eplanted\u2066fdp.exe", "planted\u0007\u001b[31m\r\u0085\u200b",
	`<!channel> <https://planted.example.com|here> *planted*`,
}

// hostile is a text of attacks, cut to what the API takes.
func hostile(most int) string {
	text := []rune(strings.Join(attacks, " "))
	return string(text[:min(len(text), most)])
}

// crowded is a room where everything that can be said in an alert, an answer or a
// reason is hostile. It gives the alerts.
func crowded(t *testing.T) (*room, []string) {
	t.Helper()
	r := newRoom(t)
	mallory := alert.Person{
		PersonKey: alert.PersonKey{Team: "T1", User: "UMALLORY"}, Email: "mallory@example.com", Name: hostile(300),
		Username: hostile(200), Zone: "Europe/Berlin",
	}
	require.NoError(t, r.store.PutPeople(t.Context(), []alert.Person{mallory}))
	evil := func(key string) []any {
		return []any{
			"key", key + hostile(150), "title", hostile(300), "description", hostile(4000) + strings.Repeat("A", 4000),
			"url", "https://evil.example.com/?" + `"><script>planted()</script>`, "detection", "nmap", "severity", "critical",
			"context",
			map[string]any{hostile(90): hostile(2000), "list": []string{attacks[0]}},
		}
	}
	ids := []string{
		r.confirmed(mallory, alert.Plan{Rule: hostile(100), Review: alert.ReviewPolicy, SuppressFor: time.Hour}, hostile(2000), evil("1")...),
		r.contradicted(mallory, hostile(2000), evil("2")...),
		r.escalated(mallory, evil("3")...),
		r.reported(evil("4")...),
	}
	_, err := r.store.Except(t.Context(), store.Suppression{
		Person: alice.PersonKey, Detection: "nmap", Scope: []byte(`{"<script>planted()</script>":"\"><svg onload=planted()>"}`),
		Severity: alert.High, Reason: hostile(500), Until: r.time().Add(time.Hour),
	}, sam.PersonKey, hostile(100), hostile(100))
	require.NoError(t, err)
	_, err = r.store.OptOut(t.Context(), store.OptOut{
		Person: mallory.PersonKey, Since: r.time(), Until: r.time().Add(time.Hour), By: hostile(100), Reason: hostile(500),
	}, hostile(100))
	require.NoError(t, err)
	_, err = r.store.TakeAck(t.Context(), store.Said{Delivery: "ack", AlertID: ids[2], Person: sam.PersonKey, At: r.time()}, hostile(100))
	require.NoError(t, err)
	return r, ids
}

func TestNothingThatIsReportedBecomesMarkup(t *testing.T) {
	t.Parallel()
	r, ids := crowded(t)
	admin := r.as(sam, api.Admin)
	paths := []string{"/console/people/mallory@example.com", "/console/alerts?cols=received,person,key,source,answered&q=planted"}
	for _, id := range ids {
		paths = append(paths, "/console/alerts/"+id)
	}
	for _, page := range console.Pages() {
		if page.Method == http.MethodGet && !strings.Contains(page.Path, "{") && !strings.Contains(page.Path, "export") && page.Path != "/console/api/openapi.yaml" {
			paths = append(paths, page.Path)
		}
	}
	said := 0
	for _, path := range paths {
		page := admin.get(path)
		require.Less(t, page.status, http.StatusInternalServerError, path)
		requireHarmless(t, page, path)
		if strings.Contains(page.text(), "planted()") {
			said++
		}
	}
	require.GreaterOrEqual(t, said, 9, "it is all there to be read")
}

// What was typed into a form comes back in it as text.
func TestNothingThatIsTypedBecomesMarkup(t *testing.T) {
	t.Parallel()
	r, ids := crowded(t)
	admin := r.as(sam, api.Admin)
	text := hostile(4000) + strings.Repeat("A", 9000)
	for _, path := range []string{
		"/console/exceptions", "/console/opt-outs", "/console/tokens", "/console/new", "/console/new/preview", "/console/policy",
		"/console/alerts/" + ids[3] + "/resolve", "/console/people/mallory@example.com/lost-phone", "/console/pause",
	} {
		page := admin.post(path, "person", text, "detection", text, "scope", text, "reason", text, "for", text, "source", text,
			"scopes", text, "title", text, "subject", text, "context", text, "alert", text, "description", text)
		require.GreaterOrEqual(t, page.status, http.StatusBadRequest, path)
		require.Less(t, page.status, http.StatusInternalServerError, path)
		requireHarmless(t, page, path)
	}
	for _, name := range []string{"q", "status", "person", "detection", "earliest", "cursor", "cols", "key"} {
		requireHarmless(t, admin.get("/console/alerts?"+name+"="+strings.ReplaceAll(strings.ReplaceAll(urlEscape(hostile(300)), "+", "%20"), "%00", "")), name)
	}
}

// requireHarmless tells that a page has no element, attribute or comment that came
// of a text, and that no character in it turns or hides others.
func requireHarmless(t *testing.T, page shown, path string) {
	t.Helper()
	scripts := 0
	page.each(func(node *html.Node) {
		switch node.Type {
		case html.CommentNode:
			require.Fail(t, "a comment", "%s: %s", path, node.Data)
		case html.ElementNode:
			require.NotContains(t, node.Data, "planted", path)
			scripts += requirePlain(t, node, path)
		case html.TextNode:
			require.False(t, strings.ContainsFunc(node.Data, turning) && !within(node, "textarea"), "%s: %q", path, node.Data)
		default:
		}
	})
	require.Equal(t, 2, scripts, "%s: ours, and no other", path)
}

func turning(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200b || r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0
}

func within(node *html.Node, name string) bool {
	return node.Parent != nil && node.Parent.Data == name
}

// addresses are attributes that lead somewhere.
var addresses = []string{"href", "src", "action", "formaction", "hx-get"}

// requirePlain looks at one element, and counts scripts.
func requirePlain(t *testing.T, node *html.Node, path string) int {
	t.Helper()
	require.NotContains(t, []string{"iframe", "object", "embed", "base", "style"}, node.Data, path)
	for _, each := range node.Attr {
		require.False(t, strings.HasPrefix(each.Key, "on") || each.Key == "style" || each.Key == "srcdoc" || each.Key == "autofocus", "%s: %s", path, each.Key)
		if !slices.Contains(addresses, each.Key) {
			continue
		}
		local := strings.HasPrefix(each.Val, "/") && !strings.HasPrefix(each.Val, "//") || strings.HasPrefix(each.Val, "#")
		foreign := node.Data == "a" && strings.HasPrefix(each.Val, "http")
		require.True(t, local || foreign, "%s: %s=%q", path, each.Key, each.Val)
		if foreign && !strings.HasPrefix(each.Val, "http://temporal.example.com/") {
			require.Equal(t, "noopener noreferrer nofollow", attribute(node, "rel"))
			require.Equal(t, "no-referrer", attribute(node, "referrerpolicy"))
			require.NotContains(t, each.Val, "planted.example.com", "only the alert's own address leads anywhere")
		}
	}
	if node.Data == "script" {
		require.True(t, strings.HasPrefix(attribute(node, "src"), "/console/assets/"), path)
		require.Nil(t, node.FirstChild, path)
		return 1
	}
	return 0
}
