package slackserver

import "slices"

// Responders is the user group of the people who handle cases.
const Responders = "S_RESPONDERS"

// group is a user group, as the page at docs.slack.dev/reference/objects/usergroup-object shows them.
type group struct {
	id, handle, name, description string
	users                         []string
}

func groups() []group {
	return []group{{
		id: Responders, handle: "security-responders", name: "Security responders",
		description: "They handle what Securitybot brings to the security team", users: []string{samID, kimID},
	}}
}

func (s *Server) usergroupsList(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []object{}
	for _, g := range groups() {
		out := object{
			"id": g.id, "team_id": TeamID, "is_usergroup": true, "is_subteam": true, "name": g.name, "handle": g.handle,
			"description": g.description, "is_external": false, "date_create": 1, "date_update": 1, "date_delete": 0,
			"auto_type": nil, "created_by": g.users[0], "updated_by": g.users[0], "deleted_by": nil,
			"prefs": object{"channels": []string{}, "groups": []string{}},
		}
		if a.flag("include_users") {
			out["users"] = s.active(g)
		}
		if a.flag("include_count") {
			out["user_count"] = len(s.active(g))
		}
		all = append(all, out)
	}
	return object{"usergroups": all}, nil
}

func (s *Server) usergroupsUsersList(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range groups() {
		if g.id == a["usergroup"] {
			return object{"users": s.active(g)}, nil
		}
	}
	return nil, refuse("no_such_subteam")
}

// active are the members of a group who have not left.
func (s *Server) active(g group) []string {
	return slices.DeleteFunc(slices.Clone(g.users), func(id string) bool {
		u := s.userByID(id)
		return u == nil || u.Deactivated
	})
}

// IsResponder tells whether a person is in the user group Responders.
func IsResponder(userID string) bool {
	return slices.ContainsFunc(groups(), func(g group) bool { return g.id == Responders && slices.Contains(g.users, userID) })
}
