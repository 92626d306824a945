package slackserver

import (
	"context"
	"errors"
	"maps"
	"slices"
	"unicode/utf8"
)

// What a person can't do, because there is nothing like it on their screen.
var (
	ErrNoUser    = errors.New("no such person in the workspace")
	ErrNoChannel = errors.New("no such channel")
	ErrNoMessage = errors.New("no such message")
	ErrNotShown  = errors.New("the message doesn't show that action now")
	ErrNoModal   = errors.New("the person has no modal open")
	ErrNoView    = errors.New("the person has no such view")
	ErrTooLong   = errors.New("the message is longer than Slack takes")
)

// Press is a person pressing a button, or choosing an option, in a message or in
// a view of their own.
type Press struct {
	User     string  `json:"user"` // email
	Channel  string  `json:"channel,omitempty"`
	TS       string  `json:"ts,omitempty"`
	View     string  `json:"view,omitempty"` // "home", instead of Channel and TS
	ActionID string  `json:"action_id"`
	BlockID  string  `json:"block_id,omitempty"` // which, if several blocks have the action
	Value    *string `json:"value,omitempty"`    // forged, instead of the button's own
}

// target finds what is pressed among blocks; both are nil if they don't show it.
func (p Press) target(blocks []object) (block, element object) {
	for _, b := range blocks {
		if p.BlockID != "" && text(b["block_id"]) != p.BlockID {
			continue
		}
		for _, e := range interactive(b) {
			if text(e["action_id"]) == p.ActionID {
				return b, e
			}
		}
	}
	return nil, nil
}

func (p Press) valueOf(e object) string {
	if p.Value != nil {
		return *p.Value
	}
	return text(e["value"])
}

// Click delivers a press. A confirm dialog counts as confirmed.
func (s *Server) Click(ctx context.Context, p Press) (Receipt, error) {
	payload, err := s.press(p)
	if err != nil {
		return Receipt{}, err
	}
	if err := s.flush(ctx); err != nil {
		return Receipt{}, err
	}
	return s.deliver(ctx, callback{kind: kindInteractive, payload: payload}), nil
}

func (s *Server) press(p Press) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userByEmail(p.User)
	if u == nil {
		return nil, ErrNoUser
	}
	switch p.View {
	case "":
		return s.pressMessage(u, p)
	case "home":
		return s.pressHome(u, p)
	}
	return nil, ErrNoView
}

func (s *Server) pressMessage(u *User, p Press) (object, error) {
	m := s.find(p.Channel, p.TS)
	if m == nil {
		return nil, ErrNoMessage
	}
	// A client that has not caught up still shows an earlier copy.
	copies := []version{{Text: m.Text, Blocks: m.Blocks}}
	for _, earlier := range slices.Backward(m.Earlier) {
		copies = append(copies, earlier)
	}
	for _, shown := range copies {
		if b, e := p.target(shown.Blocks); e != nil {
			return s.clickPayload(u, m, shown, text(b["block_id"]), e, p.valueOf(e)), nil
		}
	}
	return nil, ErrNotShown
}

// Reply is a person writing to the bot, at the top level or in a thread.
type Reply struct {
	User     string `json:"user"`
	Text     string `json:"text"`
	ThreadTS string `json:"thread_ts,omitempty"`
	Channel  string `json:"channel,omitempty"` // name or id; the direct messages if empty
	File     bool   `json:"file,omitempty"`    // with a picture; then the text may be empty
}

// Sent is where a person's message went, and whether the app took the event.
type Sent struct {
	Channel string `json:"channel"`
	TS      string `json:"ts"`
	Receipt
}

// Reply stores the message and delivers its event once; further attempts follow
// in the background. The app hears of direct messages only.
func (s *Server) Reply(ctx context.Context, r Reply) (Sent, error) {
	m, event, err := s.write(r)
	if err != nil {
		return Sent{}, err
	}
	return s.tell(ctx, m, event)
}

func (s *Server) write(r Reply) (*message, *pendingEvent, error) {
	if utf8.RuneCountInString(r.Text) > maxPostText {
		return nil, nil, ErrTooLong
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u, c, err := s.place(r.User, r.Channel)
	if err != nil {
		return nil, nil, err
	}
	m := s.add(&message{
		Channel: c.ID, ThreadTS: s.root(c.ID, r.ThreadTS), User: u.ID, Text: typed(r.Text), File: r.File,
	})
	if !c.IM {
		return m, nil, nil
	}
	inner := object{
		"type": "message", "channel": c.ID, "channel_type": "im", "user": u.ID, "text": m.Text, "ts": m.TS,
		"event_ts": m.TS, "team": TeamID, "client_msg_id": newSecret(),
	}
	if m.ThreadTS != "" {
		inner["thread_ts"], inner["parent_user_id"] = m.ThreadTS, s.author(c.ID, m.ThreadTS)
	}
	if m.File {
		inner["subtype"], inner["files"] = "file_share", m.files()
		inner["upload"], inner["display_as_bot"] = true, false
	}
	return m, s.newEvent(inner), nil
}

// place resolves who acts and where.
func (s *Server) place(email, channel string) (*User, *Channel, error) {
	u := s.userByEmail(email)
	if u == nil {
		return nil, nil, ErrNoUser
	}
	if channel == "" {
		c, _ := s.openIM(u)
		return u, c, nil
	}
	c := s.channelByID(channel)
	if c == nil {
		c = s.channelByName(channel)
	}
	if c == nil {
		return nil, nil, ErrNoChannel
	}
	return u, c, nil
}

// tell makes a person's change durable and delivers its event, if there is one.
func (s *Server) tell(ctx context.Context, m *message, event *pendingEvent) (Sent, error) {
	if err := s.flush(ctx); err != nil {
		return Sent{}, err
	}
	s.opt.Changed()
	out := Sent{Channel: m.Channel, TS: m.TS}
	if event != nil {
		out.Receipt = s.attempt(ctx, event)
	}
	return out, s.flush(ctx)
}

// Pointed names a message that a person edits or deletes.
type Pointed struct {
	User    string `json:"user,omitempty"`    // whose it must be; empty takes anybody's
	Channel string `json:"channel,omitempty"` // name or id; the user's direct messages if empty
	TS      string `json:"ts"`
}

func (s *Server) pointed(p Pointed) (*message, error) {
	channel, author := p.Channel, ""
	if p.User != "" {
		u, c, err := s.place(p.User, p.Channel)
		if err != nil {
			return nil, err
		}
		channel, author = c.ID, u.ID
	}
	m := s.find(channel, p.TS)
	if m == nil || author != "" && m.User != author {
		return nil, ErrNoMessage
	}
	return m, nil
}

// Edit changes a person's own message; the app gets a message_changed event.
func (s *Server) Edit(ctx context.Context, at Pointed, newText string) (Sent, error) {
	m, event, err := s.edit(at, newText)
	if err != nil {
		return Sent{}, err
	}
	return s.tell(ctx, m, event)
}

func (s *Server) edit(at Pointed, newText string) (*message, *pendingEvent, error) {
	if utf8.RuneCountInString(newText) > maxPostText {
		return nil, nil, ErrTooLong
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.pointed(at)
	if err != nil {
		return nil, nil, err
	}
	if m.Bot {
		return nil, nil, ErrNoMessage
	}
	before := s.wire(m, true)
	s.change(m, typed(newText), nil)
	return m, s.imEvent(m, "message_changed", object{"message": s.wire(m, true), "previous_message": before}), nil
}

// Delete removes a message: a person's own, or anybody's, as an administrator
// can; the app gets a message_deleted event.
func (s *Server) Delete(ctx context.Context, at Pointed) (Sent, error) {
	m, event, err := s.erase(at)
	if err != nil {
		return Sent{}, err
	}
	return s.tell(ctx, m, event)
}

func (s *Server) erase(at Pointed) (*message, *pendingEvent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.pointed(at)
	if err != nil {
		return nil, nil, err
	}
	before := s.wire(m, true)
	s.remove(m)
	if m.Ephemeral != "" {
		return m, nil, nil
	}
	return m, s.imEvent(m, "message_deleted", object{"deleted_ts": m.TS, "previous_message": before}), nil
}

// imEvent is the event of a change to a message, nil outside direct messages.
func (s *Server) imEvent(m *message, subtype string, fields object) *pendingEvent {
	c := s.channelByID(m.Channel)
	if c == nil || !c.IM {
		return nil
	}
	now := s.nextTS()
	inner := object{
		"type": "message", "subtype": subtype, "channel": m.Channel, "channel_type": "im", "hidden": true,
		"ts": now, "event_ts": now,
	}
	maps.Copy(inner, fields)
	return s.newEvent(inner)
}
