package slackserver

import (
	"slices"
	"strings"
)

func (s *Server) conversationsOpen(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userByID(strings.Split(a["users"], ",")[0])
	if err := reachable(u); err != nil {
		return nil, err
	}
	c, opened := s.openIM(u)
	out := object{"channel": object{"id": c.ID}, "no_op": !opened, "already_open": !opened}
	if a.flag("return_im") {
		out["channel"] = wireChannel(c)
	}
	return out, nil
}

// reachable tells whether the bot may write to a person.
func reachable(u *User) error {
	switch {
	case u == nil:
		return refuse("user_not_found")
	case u.Deactivated:
		return refuse("user_disabled")
	case u.Bot || u.ID == slackbotID:
		return refuse("cannot_dm_bot")
	}
	return nil
}

func wireChannel(c *Channel) object {
	out := object{
		"id": c.ID, "name": c.Name, "is_channel": !c.IM, "is_im": c.IM, "is_group": false, "is_private": c.IM,
		"is_archived": false, "is_member": c.has(BotUserID), "is_ext_shared": false, "is_pending_ext_shared": false,
		"is_shared": false, "is_org_shared": false, "created": 1, "context_team_id": TeamID,
	}
	if c.IM {
		out["user"] = c.User
		delete(out, "name")
	} else {
		out["name_normalized"], out["num_members"] = c.Name, len(c.Members)
	}
	return out
}

func (s *Server) conversationsInfo(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channelByID(a["channel"])
	if c == nil {
		return nil, refuse("channel_not_found")
	}
	return object{"channel": wireChannel(c)}, nil
}

func (s *Server) conversationsList(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	types := strings.Split(a["types"], ",")
	channels := []object{}
	for _, c := range s.channels {
		if c.IM && slices.Contains(types, "im") || !c.IM && (a["types"] == "" || slices.Contains(types, "public_channel")) {
			channels = append(channels, wireChannel(c))
		}
	}
	return object{"channels": channels, "response_metadata": object{"next_cursor": ""}}, nil
}

func (s *Server) conversationsMembers(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channelByID(a["channel"])
	if c == nil {
		return nil, refuse("channel_not_found")
	}
	return object{"members": c.Members, "response_metadata": object{"next_cursor": ""}}, nil
}

// conversationsHistory pages from the newest message backwards, without replies
// and without what only one person sees.
func (s *Server) conversationsHistory(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.readable(a["channel"])
	if err != nil {
		return nil, err
	}
	var all []*message
	for _, m := range slices.Backward(s.messages[c.ID]) {
		if m.Ephemeral == "" && (m.ThreadTS == "" || m.Broadcast) && a.within(m.TS) {
			all = append(all, m)
		}
	}
	return s.page(all, a, 100)
}

// conversationsReplies pages a thread from its parent on.
func (s *Server) conversationsReplies(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.readable(a["channel"])
	if err != nil {
		return nil, err
	}
	parent := s.find(c.ID, s.root(c.ID, a["ts"]))
	if parent == nil || parent.Ephemeral != "" {
		return nil, refuse("thread_not_found")
	}
	all := []*message{parent}
	for _, m := range s.thread(parent) {
		if a.within(m.TS) {
			all = append(all, m)
		}
	}
	return s.page(all, a, 1000)
}

func (s *Server) readable(id string) (*Channel, error) {
	c := s.channelByID(id)
	if c == nil {
		return nil, refuse("channel_not_found")
	}
	if !c.IM && !slices.Contains(s.opt.Scopes, "channels:history") {
		return nil, &apiError{code: "missing_scope", needed: "channels:history"}
	}
	if !c.has(BotUserID) {
		return nil, refuse("not_in_channel")
	}
	return c, nil
}

// within applies oldest and latest, which are exclusive unless inclusive is set.
func (a args) within(ts string) bool {
	at, inclusive := parseTS(ts), a.flag("inclusive")
	if oldest := a["oldest"]; oldest != "" && oldest != "0" {
		if from := parseTS(oldest); at < from || at == from && !inclusive {
			return false
		}
	}
	if latest := a["latest"]; latest != "" && latest != "now" {
		if to := parseTS(latest); at > to || at == to && !inclusive {
			return false
		}
	}
	return true
}

func (s *Server) page(all []*message, a args, fallback int) (object, error) {
	from, err := readCursor(a["cursor"])
	if err != nil || from > len(all) {
		return nil, refuse("invalid_cursor")
	}
	to := min(len(all), from+a.number("limit", fallback, 999))
	messages := []object{}
	for _, m := range all[from:to] {
		messages = append(messages, s.wire(m, a.flag("include_all_metadata")))
	}
	out := object{"messages": messages, "has_more": to < len(all)}
	if to < len(all) {
		out["response_metadata"] = object{"next_cursor": writeCursor(to)}
	}
	return out, nil
}

func (s *Server) reactionsAdd(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.find(a["channel"], a["timestamp"])
	switch {
	case m == nil:
		return nil, refuse("message_not_found")
	case a["name"] == "":
		return nil, refuse("invalid_name")
	case slices.Contains(m.Reactions, a["name"]):
		return nil, refuse("already_reacted")
	}
	m.Reactions = append(m.Reactions, a["name"])
	s.save(m)
	return object{}, nil
}
