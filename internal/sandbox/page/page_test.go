package page_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"securitybot/internal/sandbox/page"
)

// svgNamespace is a name, not an address: no browser asks for it.
const svgNamespace = "http://www.w3.org/2000/svg"

var (
	address    = regexp.MustCompile(`(?i)\b(?:https?|wss?|ftp):|["'(]//[a-z0-9]`)
	htmlTarget = regexp.MustCompile(`(?:src|href)="([^"]+)"`)
	jsImport   = regexp.MustCompile(`(?:from|import)\s*\(?"([^"]+)"`)
	assetPath  = regexp.MustCompile(`/sandbox/assets/[a-z0-9.-]+`)
	inlineHTML = regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|javascript:|<script[^>]*>[^<]`)
	markupSink = regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|setHTML`)
)

func get(t *testing.T, method, target string) *http.Response {
	t.Helper()
	recorder := httptest.NewRecorder()
	page.Handler().ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), method, target, nil))
	return recorder.Result()
}

func body(t *testing.T, target string) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	page.Handler().ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil))
	require.Equal(t, http.StatusOK, recorder.Code, target)
	return recorder.Body.String()
}

// assets lists every file of the page as it lies on disk, so that a file that
// the handler forgets fails a test.
func assets(t *testing.T) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS("assets"), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, name)
		}
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, names)
	return names
}

func TestEveryAssetIsServedWithItsTypeAndPolicy(t *testing.T) {
	t.Parallel()
	types := map[string]string{
		".html": "text/html; charset=utf-8",
		".css":  "text/css; charset=utf-8",
		".js":   "text/javascript; charset=utf-8",
		".svg":  "image/svg+xml",
	}
	targets := map[string]string{"/sandbox": ".html", "/sandbox/": ".html"}
	for _, name := range assets(t) {
		targets["/sandbox/assets/"+name] = path.Ext(name)
	}
	for target, ext := range targets {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			answer := get(t, http.MethodGet, target)
			require.Equal(t, http.StatusOK, answer.StatusCode)
			require.Equal(t, types[ext], answer.Header.Get("Content-Type"))
			require.Equal(t, "nosniff", answer.Header.Get("X-Content-Type-Options"))
			require.NotEmpty(t, body(t, target))
			requireStrictPolicy(t, answer.Header.Get("Content-Security-Policy"))
		})
	}
}

func requireStrictPolicy(t *testing.T, policy string) {
	t.Helper()
	require.Contains(t, policy, "default-src 'none'")
	for directive := range strings.SplitSeq(policy, ";") {
		fields := strings.Fields(directive)
		require.NotEmpty(t, fields)
		if !strings.HasSuffix(fields[0], "-src") {
			continue
		}
		require.Len(t, fields, 2, directive)
		require.Contains(t, []string{"'none'", "'self'"}, fields[1], directive)
	}
	for _, locked := range []string{"base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "trusted-types 'none'"} {
		require.Contains(t, policy, locked)
	}
}

func TestNothingElseIsServed(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, method, target string
		want                 int
	}{
		{"a file that does not exist", http.MethodGet, "/sandbox/assets/nothing.js", http.StatusNotFound},
		{"the folder itself", http.MethodGet, "/sandbox/assets/", http.StatusNotFound},
		{"a file above the folder", http.MethodGet, "/sandbox/assets/%2e%2e/page.go", http.StatusNotFound},
		{"a path of the sandbox's data", http.MethodGet, "/sandbox/state", http.StatusNotFound},
		{"a write", http.MethodPost, "/sandbox", http.StatusMethodNotAllowed},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, get(t, tc.method, tc.target).StatusCode)
		})
	}
}

func TestAnUnchangedFileIsNotSentAgain(t *testing.T) {
	t.Parallel()
	tag := get(t, http.MethodGet, "/sandbox/assets/app.js").Header.Get("ETag")
	require.NotEmpty(t, tag)
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/sandbox/assets/app.js", nil)
	request.Header.Set("If-None-Match", tag)
	recorder := httptest.NewRecorder()
	page.Handler().ServeHTTP(recorder, request)
	require.Equal(t, http.StatusNotModified, recorder.Code)
	require.Empty(t, recorder.Body.Bytes())
}

func TestNoAssetNamesAnotherHost(t *testing.T) {
	t.Parallel()
	for _, name := range assets(t) {
		text := strings.ReplaceAll(body(t, "/sandbox/assets/"+name), svgNamespace, "")
		// The one pattern that recognises a web address in a Slack message.
		text = strings.ReplaceAll(text, `/^https?:\/\//i`, "")
		require.Empty(t, address.FindAllString(text, -1), name)
	}
}

func TestMarkupNeverComesFromText(t *testing.T) {
	t.Parallel()
	for _, name := range assets(t) {
		text := body(t, "/sandbox/assets/"+name)
		require.Empty(t, markupSink.FindAllString(text, -1), name)
		if path.Ext(name) == ".html" {
			require.Empty(t, inlineHTML.FindAllString(text, -1), name)
		}
	}
}

func TestEveryReferenceLeadsToAnAsset(t *testing.T) {
	t.Parallel()
	for _, match := range htmlTarget.FindAllStringSubmatch(body(t, "/sandbox"), -1) {
		require.NotEmpty(t, body(t, match[1]))
	}
	for _, name := range assets(t) {
		text := body(t, "/sandbox/assets/"+name)
		for _, target := range assetPath.FindAllString(text, -1) {
			require.NotEmpty(t, body(t, target), name)
		}
		for _, match := range jsImport.FindAllStringSubmatch(text, -1) {
			require.NotEmpty(t, body(t, path.Join("/sandbox/assets", match[1])), name)
		}
	}
}

func TestTheHooksOfTheBrowserTestsExist(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for _, name := range assets(t) {
		all.WriteString(body(t, "/sandbox/assets/"+name))
	}
	hooks := []string{
		"`story-${name}`", `"it-was-me":`, "stolen:", "several:", "nobody:", "`send-${example.name}`", "`curl-${example.name}`",
		"`push-${result}`", `"approve"`, `"deny"`, `"fraud"`,
		"`tab-${name}`", "`as-${p.email", `burst("repeats"`, `burst("storm"`, `burst("night"`, `"trust-now"`,
	}
	for _, id := range []string{"interrupted", "dm", "channel", "phone", "modal", "modal-input", "modal-submit", "timeline", "temporal-link", "person-switch", "hint", "home", "composer", "responder-phone"} {
		require.Regexp(t, `(?:data-testid=|testid: |dataset\.testid = )"`+id+`"`, all.String(), id)
	}
	for _, hook := range hooks {
		require.Contains(t, all.String(), hook)
	}
}
