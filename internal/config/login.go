package config

import (
	"net/url"
	"slices"
	"strings"
)

// Login is how people log in to the console. Who stands in several of its lists
// may do what the last of them says.
type Login struct {
	Issuer       string // as its discovery document says it
	ClientID     string
	ClientSecret Secret
	RolesClaim   string // empty: emails alone say who may do what
	TrustEmail   bool   // an email that isn't said to be verified counts
	Viewers      []string
	Responders   []string
	Admins       []string
}

// Configured tells whether there is a provider to log in with.
func (l Login) Configured() bool { return l.Issuer != "" }

func (r *reader) login() Login {
	return Login{
		Issuer: r.issuer(), ClientID: r.text(OIDCClientID), ClientSecret: r.secret(OIDCSecret), RolesClaim: r.text(OIDCClaim),
		TrustEmail: r.choice(OIDCTrust, "true", "false") == "true",
		Viewers:    r.list(Viewers), Responders: r.list(Responders), Admins: r.list(ConsoleAdmins),
	}
}

// issuer is kept to the letter, a slash at the end included: it is compared with
// what the provider says of itself.
func (r *reader) issuer() string {
	value := r.text(OIDCIssuer)
	u, err := url.Parse(value)
	if value != "" && (err != nil || !safeTarget(value) || u.User != nil || u.RawQuery != "" || u.Fragment != "") {
		r.fault(OIDCIssuer, "is not an https URL without user, query and fragment, nor http on this machine")
		return ""
	}
	return value
}

// list is what stands between commas or lines.
func (r *reader) list(name string) []string {
	var list []string
	for part := range strings.FieldsFuncSeq(r.text(name), func(c rune) bool { return c == ',' || c == '\n' }) {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

func isEmail(text string) bool { return strings.Contains(text, "@") }

// completeLogin wants all of a provider or nothing, and addresses at which its
// cookies are safe.
func (r *reader) completeLogin(c Config) {
	login := c.Login
	if !login.Configured() {
		r.loginWithoutIssuer(login)
		return
	}
	if login.ClientID == "" {
		r.fault(OIDCClientID, "is needed with %s", OIDCIssuer)
	}
	if login.ClientSecret == "" {
		r.fault(OIDCSecret, "is needed with %s", OIDCIssuer)
	}
	r.completeRoles(login)
	r.loginAddress(c.PublicURL)
}

func (r *reader) loginWithoutIssuer(login Login) {
	given := []struct {
		name string
		set  bool
	}{
		{OIDCClientID, login.ClientID != ""},
		{OIDCSecret, login.ClientSecret != ""},
		{OIDCClaim, login.RolesClaim != ""},
		{OIDCTrust, login.TrustEmail},
		{Viewers, len(login.Viewers) > 0},
		{Responders, len(login.Responders) > 0},
		{ConsoleAdmins, len(login.Admins) > 0},
	}
	for _, one := range given {
		if one.set {
			r.fault(one.name, "is of no use without %s", OIDCIssuer)
		}
	}
}

// completeRoles refuses a group that nothing could say somebody is in.
func (r *reader) completeRoles(login Login) {
	lists := []struct {
		name   string
		values []string
	}{{Viewers, login.Viewers}, {Responders, login.Responders}, {ConsoleAdmins, login.Admins}}
	anybody := false
	for _, list := range lists {
		anybody = anybody || len(list.values) > 0
		group := slices.IndexFunc(list.values, func(value string) bool { return !isEmail(value) })
		if login.RolesClaim == "" && group >= 0 {
			r.fault(list.name, "%q is no email, and %s is not set", list.values[group], OIDCClaim)
		}
	}
	if !anybody {
		r.warnings = append(r.warnings, "nobody may use the console: set "+Viewers+", "+Responders+" or "+ConsoleAdmins)
	}
}

// loginAddress is where the provider sends people back to.
func (r *reader) loginAddress(public string) {
	u, err := url.Parse(public)
	switch {
	case public == "":
		r.fault(PublicURL, "is needed with %s: it is where people come back to", OIDCIssuer)
	case err != nil || u.Path != "":
		r.fault(PublicURL, "has a path: the console needs a host of its own")
	case !safeTarget(public):
		r.fault(PublicURL, "is not https: with %s it has to be, but on this machine", OIDCIssuer)
	}
}
