package sandbox

import (
	"strings"

	"securitybot/internal/sandbox/oidcserver"
	"securitybot/internal/sandbox/slackserver"
)

// The groups of the identity provider's people.
const (
	GroupViewers    = "security-viewers" // they look on
	GroupResponders = "security"         // they handle cases
	GroupAdmins     = "security-admins"  // they run Securitybot
)

// OIDCIssuer is the address of the identity provider.
func (s *Sandbox) OIDCIssuer() string { return s.opt.PublicURL + "/sandbox/oidc" }

// identities are the people who can log in: all who have not left.
func (s *Sandbox) identities() []oidcserver.Person {
	var people []oidcserver.Person
	for _, u := range s.slack.Users() {
		if u.Email == "" || u.Deactivated {
			continue
		}
		groups := groupsOf(u)
		people = append(people, oidcserver.Person{
			Subject: u.ID, Name: u.RealName, Title: strings.Join(append([]string{u.Title}, groups...), " · "),
			Claims: map[string]any{"email": u.Email, "email_verified": true, "groups": groups},
		})
	}
	return people
}

func groupsOf(u slackserver.User) []string {
	groups := []string{}
	if u.Name == "carol" || u.Name == "dave" {
		groups = append(groups, GroupViewers)
	}
	if slackserver.IsResponder(u.ID) {
		groups = append(groups, GroupResponders)
	}
	if u.Name == "sam" {
		groups = append(groups, GroupAdmins)
	}
	return groups
}
