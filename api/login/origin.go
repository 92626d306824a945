package login

import (
	"net/http"
	"net/url"
	"strings"
)

// SameOrigin refuses what another site makes a browser send, as browsers tell it
// by Sec-Fetch-Site or Origin. A request that changes something and says neither
// is refused as well: every browser says one of them.
func SameOrigin(next http.Handler) http.Handler {
	refuse := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		secure(w.Header())
		http.Error(w, "This request did not come from a page of Securitybot.", http.StatusForbidden)
	})
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(refuse)
	protected := protection.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !safe(r.Method) && r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "" {
			refuse(w, r)
			return
		}
		protected.ServeHTTP(w, r)
	})
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// maxNext limits what nobody can make us keep, in bytes.
const maxNext = 2000

// local is an address of this server, path and query alone; what isn't one leads
// home. Browsers take a backslash for a slash, and // begins another host.
func local(next string) string {
	u, err := url.Parse(next)
	switch {
	case err != nil, u.Scheme != "", u.Host != "", u.User != nil, strings.Contains(next, `\`):
		return home
	case !strings.HasPrefix(next, "/"), strings.HasPrefix(next, "//"), len(next) > maxNext:
		return home
	case u.Path == Path, strings.HasPrefix(u.Path, Path+"/"), u.Path == LogoutPath:
		return home
	default:
		return next
	}
}

// welcomeFor is where somebody logs in who wants to go on to a page.
func welcomeFor(next string) string {
	return Path + "?" + url.Values{"next": {local(next)}}.Encode()
}
