package console_test

import (
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"securitybot/api"
)

var (
	inline    = regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|javascript:|<script[^>]*>[^<]|hx-on|hx-vals="js|hx-vars`)
	elsewhere = regexp.MustCompile(`(?i)(?:src|href|url\(|@import|fetch\()\s*=?\s*["']?(?:https?:)?//`)
	sinks     = regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser`)
)

func sources(t *testing.T, folder, ending string) map[string]string {
	t.Helper()
	found := map[string]string{}
	entries, err := fs.ReadDir(os.DirFS("."), folder)
	require.NoError(t, err)
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ending) {
			body, err := os.ReadFile(folder + "/" + entry.Name())
			require.NoError(t, err)
			found[entry.Name()] = string(body)
		}
	}
	require.NotEmpty(t, found)
	return found
}

func TestTemplatesHaveNothingInline(t *testing.T) {
	t.Parallel()
	for name, text := range sources(t, "templates", ".html") {
		require.Empty(t, inline.FindString(text), name)
		require.Empty(t, elsewhere.FindString(text), name)
		require.NotContains(t, text, "<!--", name)
	}
}

func TestAssetsNeedNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	require.Empty(t, elsewhere.FindString(sources(t, "assets", ".css")["console.css"]))
	script := sources(t, "assets", ".js")["console.js"]
	require.Empty(t, elsewhere.FindString(script))
	require.Empty(t, sinks.FindString(script), "nothing is made markup of")
}

// Assets are for everybody, as the login needs them too, and are kept only under
// an address that names their content.
func TestAssetsAreServed(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	nobody := r.nobody()
	for name, kind := range map[string]string{
		"console.css": "text/css", "console.js": "text/javascript", "htmx.min.js": "text/javascript", "icon.svg": "image/svg+xml",
		"htmx.LICENSE.txt": "text/plain",
	} {
		plain := nobody.get("/console/assets/" + name)
		require.Equal(t, http.StatusOK, plain.status, name)
		require.Contains(t, plain.header.Get("Content-Type"), kind)
		require.Equal(t, "no-cache", plain.header.Get("Cache-Control"))
		again := nobody.get("/console/assets/"+name, "If-None-Match", plain.header.Get("ETag"))
		require.Equal(t, http.StatusNotModified, again.status, name)
	}
	require.Equal(t, http.StatusNotFound, nobody.get("/console/assets/..%2fconsole.go").status)
	for _, node := range r.as(vera, api.Viewer).sees("/console").elements("script") {
		file := nobody.get(attribute(node, "src"))
		require.Equal(t, http.StatusOK, file.status)
		require.Contains(t, file.header.Get("Cache-Control"), "immutable")
	}
}
