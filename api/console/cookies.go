package console

import (
	"net/http"
	"strings"
)

const (
	themeCookie = "securitybot_theme"
	flashCookie = "securitybot_done"
)

// flashes are what can be said after something was done: a cookie that somebody
// planted says nothing else.
var flashes = map[string]string{ //nolint:gosec // sentences; one of them is about a token
	"acknowledged": "Acknowledged: the case is yours.",
	"resolved":     "The case is resolved.",
	"withdrawn":    "The alert is withdrawn. The person is told that nothing is to be done.",
	"reviewed":     "Noted, thank you.",
	"sent":         "The alert is on its way.",
	"sent_before":  "This alert was sent before. Here it is.",
	"revoked":      "The suppression is revoked: the next alert is asked about again.",
	"excepted":     "The exception holds from now on.",
	"opted_out":    "They are not asked any more until then. What concerns them goes to the security team.",
	"opted_in":     "They are asked again.",
	"trusted":      "The distrust is cleared.",
	"lost_phone":   "Their phone is noted as lost.",
	"erased":       "What Securitybot knew of them is erased.",
	"token_ended":  "The token is revoked.",
	"paused":       "Asking is paused. What comes in goes to the security team.",
	"resumed":      "Asking goes on.",
}

func (x *exchange) setCookie(name, value string, seconds int) {
	http.SetCookie(x.w, &http.Cookie{ //nolint:gosec // on this machine alone there is no https
		Name: name, Value: value, Path: "/", MaxAge: seconds, HttpOnly: true,
		Secure: x.console.opt.Secure, SameSite: http.SameSiteLaxMode,
	})
}

func (x *exchange) cookie(name string) string {
	cookie, err := x.r.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// setFlash keeps what was done for the page that is shown next.
func (x *exchange) setFlash(done string) {
	if done != "" {
		x.setCookie(flashCookie, done, 60)
	}
}

// takeFlash is what was done a moment ago; it is said once.
func (x *exchange) takeFlash() string {
	done := x.cookie(flashCookie)
	if done == "" {
		return ""
	}
	x.setCookie(flashCookie, "", -1)
	return flashes[done]
}

// theme is dark or light, or nothing: then the browser's wish counts.
func (x *exchange) theme() string {
	switch theme := x.cookie(themeCookie); theme {
	case "dark", "light":
		return theme
	default:
		return ""
	}
}

const yearOfSeconds = 365 * 24 * 60 * 60

// setTheme keeps what somebody likes, and leads back to where they were.
func setTheme(x *exchange) error {
	switch theme := x.r.PostForm.Get("theme"); theme {
	case "dark", "light":
		x.setCookie(themeCookie, theme, yearOfSeconds)
	default:
		x.setCookie(themeCookie, "", -1)
	}
	back := x.r.PostForm.Get("back")
	if back != "/console" && !strings.HasPrefix(back, "/console/") && !strings.HasPrefix(back, "/console?") ||
		strings.ContainsAny(back, "\\\r\n") {
		back = "/console"
	}
	return x.redirect(back, "")
}
