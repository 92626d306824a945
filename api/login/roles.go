package login

import (
	"fmt"
	"slices"
	"strings"

	"securitybot/api"
)

// roles are who has which role, the strongest first.
type roles []membership

type membership struct {
	role   api.Role
	emails []string
	values []string // of the claim
}

func readRoles(given map[string][]string) (roles, error) {
	known := []api.Role{api.Admin, api.Responder, api.Viewer}
	for name := range given {
		if !slices.Contains(known, api.Role(name)) {
			return nil, fmt.Errorf("login: there is no role %q", name)
		}
	}
	var all roles
	for _, role := range known {
		members := membership{role: role}
		for _, each := range given[string(role)] {
			each = strings.TrimSpace(each)
			switch {
			case each == "":
			case strings.Contains(each, "@"):
				members.emails = append(members.emails, lower(each))
			default:
				members.values = append(members.values, each)
			}
		}
		all = append(all, members)
	}
	return all, nil
}

// of is the strongest role that somebody has, "" for none. An address is never
// looked for among the claim's values: groups can be named like addresses.
func (r roles) of(who identity) api.Role {
	for _, each := range r {
		if slices.Contains(each.emails, who.Email) ||
			slices.ContainsFunc(who.Values, func(value string) bool { return slices.Contains(each.values, value) }) {
			return each.role
		}
	}
	return ""
}

// lower maps A to Z alone: other letters become ASCII ones when lowered (the
// Kelvin sign a k), and somebody else's address with them.
func lower(email string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, email)
}
