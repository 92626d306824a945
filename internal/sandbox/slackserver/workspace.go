package slackserver

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"securitybot/internal/sandbox/disk"
)

// The fixed parts of the workspace.
const (
	TeamID     = "T0SANDBOX1"
	AppID      = "A0SANDBOX1"
	BotUserID  = "U0SBXSECBOT"
	BotID      = "B0SBXSECBOT"
	teamDomain = "sandbox"
	slackbotID = "USLACKBOT"
	samID      = "U0SBXSAM00"
	kimID      = "U0SBXKIM00"
)

// User is one account of the workspace.
type User struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	RealName string `json:"real_name"`
	Email    string `json:"email"`
	Title    string `json:"title"`
	TZ       string `json:"tz"`
	TZLabel  string `json:"tz_label"`

	StatusText    string `json:"status_text,omitempty"`
	StatusEmoji   string `json:"status_emoji,omitempty"`
	StatusExpires int64  `json:"status_expires,omitempty"` // unix seconds; 0 is never

	// Deactivated people keep their id and history; lookups by email don't find them.
	Deactivated bool `json:"deactivated"`
	Bot         bool `json:"bot"`
}

// Channel is a public channel or the direct messages of one person with the bot.
type Channel struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	IM      bool     `json:"im"`
	User    string   `json:"user"` // whose direct messages these are
	Members []string `json:"members"`
}

func seedUsers() []*User {
	person := func(id, name, fullName, title, tz, label string) *User {
		return &User{
			ID: id, Name: name, RealName: fullName, Email: name + "@example.com", Title: title, TZ: tz, TZLabel: label,
		}
	}
	frank := person("U0SBXFRANK", "frank", "Frank Osei", "Former contractor", "Africa/Accra", "Greenwich Mean Time")
	frank.Deactivated = true
	return []*User{
		person("U0SBXALICE", "alice", "Alice Nguyen", "Platform engineer", "Europe/Berlin", "Central European Time"),
		person("U0SBXBOB00", "bob", "Bob Martins", "Site reliability engineer", "America/New_York", "Eastern Time"),
		person("U0SBXCAROL", "carol", "Carol Haddad", "Security analyst", "Europe/London", "Greenwich Mean Time"),
		person("U0SBXDAVE0", "dave", "Dave Okafor", "Security lead", "America/Los_Angeles", "Pacific Time"),
		person("U0SBXERIN0", "erin", "Erin Kowalski", "Finance", "Europe/Warsaw", "Central European Time"),
		frank,
		person(samID, "sam", "Sam Rivera", "Security responder", "Europe/Berlin", "Central European Time"),
		person(kimID, "kim", "Kim Lindqvist", "Security responder", "America/New_York", "Eastern Time"),
		{ID: BotUserID, Name: "securitybot", RealName: "Securitybot", TZ: "Etc/UTC", TZLabel: "UTC", Bot: true},
		{ID: "U0SBXCIBOT", Name: "ci-bot", RealName: "CI", TZ: "Etc/UTC", TZLabel: "UTC", Bot: true},
		{ID: slackbotID, Name: "slackbot", RealName: "Slackbot", TZ: "America/Los_Angeles", TZLabel: "Pacific Time"},
	}
}

// seedChannels has a channel that the bot may post to and one that it was not invited to.
func seedChannels() []*Channel {
	people := []string{"U0SBXALICE", "U0SBXBOB00", "U0SBXCAROL", "U0SBXDAVE0", "U0SBXERIN0", samID, kimID}
	return []*Channel{
		{ID: "C0SBXSECUR", Name: "security", Members: append(slices.Clone(people), BotUserID)},
		{ID: "C0SBXGENER", Name: "general", Members: people},
		{ID: "C0SBXLEADS", Name: "security-leads", Members: []string{"U0SBXDAVE0", BotUserID}},
	}
}

func (s *Server) load(ctx context.Context) error {
	d := s.opt.Disk
	var err error
	if s.users, err = disk.Load[User](ctx, d, "user"); err != nil {
		return err
	}
	if s.channels, err = disk.Load[Channel](ctx, d, "channel"); err != nil {
		return err
	}
	s.found()
	slices.SortStableFunc(s.users, func(a, b *User) int { return strings.Compare(seedOrder(a.ID), seedOrder(b.ID)) })
	if err := s.loadMessages(ctx); err != nil {
		return err
	}
	if err := s.loadHandles(ctx); err != nil {
		return err
	}
	if err := s.loadEvents(ctx); err != nil {
		return err
	}
	return s.flush(ctx)
}

// found adds what the workspace lacks: everything at its first start, later what
// a newer sandbox brings to the data of an older one.
func (s *Server) found() {
	for _, u := range seedUsers() {
		if s.userByID(u.ID) == nil {
			s.users = append(s.users, u)
			s.opt.Disk.Put("user", u.ID, u)
		}
	}
	for _, seed := range seedChannels() {
		c := s.channelByID(seed.ID)
		if c == nil {
			c = &Channel{ID: seed.ID, Name: seed.Name}
			s.channels = append(s.channels, c)
		}
		for _, member := range seed.Members {
			if !c.has(member) {
				c.Members = append(c.Members, member)
				s.opt.Disk.Put("channel", c.ID, c)
			}
		}
	}
}

// seedOrder makes lists read like the cast list and not like a hash.
func seedOrder(id string) string {
	for i, u := range seedUsers() {
		if u.ID == id {
			return fmt.Sprintf("%03d", i)
		}
	}
	return id
}

func (s *Server) loadMessages(ctx context.Context) error {
	all, err := disk.Load[message](ctx, s.opt.Disk, "message")
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b *message) int { return strings.Compare(a.TS, b.TS) })
	for _, m := range all {
		s.messages[m.Channel] = append(s.messages[m.Channel], m)
		s.lastTS = max(s.lastTS, parseTS(m.TS))
	}
	return nil
}

func (s *Server) loadHandles(ctx context.Context) error {
	d := s.opt.Disk
	stacks, err := disk.Load[modalStack](ctx, d, "modal")
	if err != nil {
		return err
	}
	for _, m := range stacks {
		s.modals[m.User] = m
	}
	triggers, err := disk.Load[trigger](ctx, d, "trigger")
	if err != nil {
		return err
	}
	for _, t := range triggers {
		s.triggers[t.ID] = t
	}
	hooks, err := disk.Load[hook](ctx, d, "hook")
	if err != nil {
		return err
	}
	for _, h := range hooks {
		s.hooks[h.Token] = h
	}
	homes, err := disk.Load[home](ctx, d, "home")
	for _, h := range homes {
		s.homes[h.User] = h
	}
	return err
}

// Users returns the people and bots of the workspace.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]User, 0, len(s.users))
	for _, u := range s.users {
		out = append(out, *u)
	}
	return out
}

// Channels returns the channels and the direct message conversations opened so far.
func (s *Server) Channels() []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Channel, 0, len(s.channels))
	for _, c := range s.channels {
		out = append(out, *c)
	}
	return out
}

func (s *Server) userByID(id string) *User {
	for _, u := range s.users {
		if u.ID == id {
			return u
		}
	}
	return nil
}

// userByEmail finds deactivated people, too: the control interface names people by email.
func (s *Server) userByEmail(email string) *User {
	for _, u := range s.users {
		if u.Email != "" && strings.EqualFold(u.Email, email) {
			return u
		}
	}
	return nil
}

func (s *Server) channelByID(id string) *Channel {
	for _, c := range s.channels {
		if c.ID == id {
			return c
		}
	}
	return nil
}

func (s *Server) channelByName(name string) *Channel {
	name = strings.TrimPrefix(name, "#")
	for _, c := range s.channels {
		if !c.IM && c.Name == name {
			return c
		}
	}
	return nil
}

// openIM returns the direct messages of a person with the bot, opening them if needed.
func (s *Server) openIM(u *User) (c *Channel, opened bool) {
	for _, c := range s.channels {
		if c.IM && c.User == u.ID {
			return c, false
		}
	}
	c = &Channel{ID: "D" + u.ID[1:], Name: "directmessage", IM: true, User: u.ID, Members: []string{u.ID, BotUserID}}
	s.channels = append(s.channels, c)
	s.opt.Disk.Put("channel", c.ID, c)
	return c, true
}

func (c *Channel) has(user string) bool { return slices.Contains(c.Members, user) }
