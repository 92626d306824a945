package slackserver

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (s *Server) apiTest(a args) (object, error) {
	if a["error"] != "" {
		return nil, refuse(a["error"])
	}
	return object{"args": a}, nil
}

func (s *Server) authTest(args) (object, error) {
	return object{
		"url": "https://" + teamDomain + ".slack.com/", "team": "Sandbox", "team_id": TeamID,
		"user": "securitybot", "user_id": BotUserID, "bot_id": BotID, "app_id": AppID, "is_enterprise_install": false,
	}, nil
}

func (s *Server) teamInfo(args) (object, error) {
	return object{"team": object{"id": TeamID, "name": "Sandbox", "domain": teamDomain, "email_domain": "example.com"}}, nil
}

func (s *Server) botsInfo(a args) (object, error) {
	if a["bot"] != "" && a["bot"] != BotID {
		return nil, refuse("bot_not_found")
	}
	return object{"bot": object{
		"id": BotID, "deleted": false, "name": "Securitybot", "app_id": AppID, "user_id": BotUserID, "updated": 1,
	}}, nil
}

// usersLookupByEmail doesn't find deactivated people: Slack doesn't tell them from unknown ones.
func (s *Server) usersLookupByEmail(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userByEmail(a["email"])
	if u == nil || u.Deactivated {
		return nil, refuse("users_not_found")
	}
	return object{"user": s.visible(u)}, nil
}

func (s *Server) usersInfo(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userByID(a["user"])
	if u == nil {
		return nil, refuse("user_not_found")
	}
	return object{"user": s.visible(u)}, nil
}

func (s *Server) usersList(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, err := readCursor(a["cursor"])
	if err != nil || from > len(s.users) {
		return nil, refuse("invalid_cursor")
	}
	to := min(len(s.users), from+a.number("limit", len(s.users), 1000))
	members := []object{}
	for _, u := range s.users[from:to] {
		members = append(members, s.visible(u))
	}
	next := ""
	if to < len(s.users) {
		next = writeCursor(to)
	}
	return object{
		"members": members, "cache_ts": s.opt.Clock().Unix(), "response_metadata": object{"next_cursor": next},
	}, nil
}

// visible is the user object without what the token's scopes don't show.
func (s *Server) visible(u *User) object {
	out := u.wire(s.opt.Clock())
	if profile, ok := out["profile"].(object); ok && !slices.Contains(s.opt.Scopes, "users:read.email") {
		delete(profile, "email")
	}
	return out
}

func (s *Server) usersGetPresence(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userByID(a["user"])
	if u == nil {
		return nil, refuse("user_not_found")
	}
	presence := "active"
	if u.Deactivated {
		presence = "away"
	}
	return object{"presence": presence}, nil
}

func (s *Server) dndInfo(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userByID(a["user"])
	if u == nil {
		return nil, refuse("user_not_found")
	}
	zone, err := time.LoadLocation(u.TZ)
	if err != nil {
		zone = time.UTC
	}
	now := s.opt.Clock().In(zone)
	start := time.Date(now.Year(), now.Month(), now.Day(), 22, 0, 0, 0, zone)
	return object{
		"dnd_enabled": true, "next_dnd_start_ts": start.Unix(), "next_dnd_end_ts": start.Add(10 * time.Hour).Unix(),
	}, nil
}

func readCursor(cursor string) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	raw, err := base64.StdEncoding.DecodeString(cursor)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimPrefix(string(raw), "from:"))
	return max(0, n), err
}

func writeCursor(from int) string {
	return base64.StdEncoding.EncodeToString([]byte("from:" + strconv.Itoa(from)))
}
