// Package page serves the sandbox's web page: one screen that shows a person's
// Slack, the security channel, the person's phone and an alert's timeline,
// live. It holds static files only; the data comes from the sandbox's and the
// app's JSON endpoints under /sandbox/.
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"time"
)

//go:embed assets
var files embed.FS

// contentSecurityPolicy lets the page run its own modules and style sheets and
// talk to its own origin, and nothing else. Trusted Types make the browser
// refuse any code that would build markup out of text.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

// contentTypes is fixed here because the system's table of types may lack or
// change an entry, and a module with a wrong type does not run.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// Handler serves the page at /sandbox and its files at /sandbox/assets/. It
// answers GET and HEAD only and expects the full path, not a stripped one.
func Handler() http.Handler {
	mux := http.NewServeMux()
	index := func(w http.ResponseWriter, r *http.Request) { serve(w, r, "index.html") }
	mux.HandleFunc("GET /sandbox", index)
	mux.HandleFunc("GET /sandbox/{$}", index)
	mux.HandleFunc("GET /sandbox/assets/{name...}", func(w http.ResponseWriter, r *http.Request) {
		serve(w, r, r.PathValue("name"))
	})
	return mux
}

func serve(w http.ResponseWriter, r *http.Request, name string) {
	secure(w.Header())
	body, err := files.ReadFile(path.Join("assets", name))
	contentType, known := contentTypes[path.Ext(name)]
	if err != nil || !known {
		http.Error(w, "no such file", http.StatusNotFound)
		return
	}
	sum := sha256.Sum256(body)
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
}

// secure sets the headers of every answer, errors included. no-cache makes the
// browser ask again each time, so that a newer binary is never shown with an
// older page.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", contentSecurityPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-cache")
}
