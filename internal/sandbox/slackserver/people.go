package slackserver

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"securitybot/internal/sandbox/traffic"
)

// What a person can't do, because there is nothing like it on their screen.
var (
	ErrNoUser    = errors.New("no such person in the workspace")
	ErrNoChannel = errors.New("no such channel")
	ErrNoMessage = errors.New("no such message")
	ErrNotShown  = errors.New("the message doesn't show that action now")
	ErrNoModal   = errors.New("the person has no modal open")
)

// Press is a person pressing a button, or choosing an option.
type Press struct {
	User     string  `json:"user"` // email
	Channel  string  `json:"channel"`
	TS       string  `json:"ts"`
	ActionID string  `json:"action_id"`
	Value    *string `json:"value,omitempty"` // forged, instead of the button's own
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
		for _, b := range shown.Blocks {
			for _, e := range interactive(b) {
				if text(e["action_id"]) != p.ActionID {
					continue
				}
				value := text(e["value"])
				if p.Value != nil {
					value = *p.Value
				}
				return s.clickPayload(u, m, shown, text(b["block_id"]), e, value), nil
			}
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
	s.mu.Lock()
	defer s.mu.Unlock()
	u, c, err := s.place(r.User, r.Channel)
	if err != nil {
		return nil, nil, err
	}
	m := s.add(&message{
		Channel: c.ID, ThreadTS: s.root(c.ID, r.ThreadTS), User: u.ID, Text: typed(r.Text),
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

// Edit changes a person's own message; the app gets a message_changed event.
func (s *Server) Edit(ctx context.Context, channel, ts, newText string) (Sent, error) {
	m, event, err := s.edit(channel, ts, newText)
	if err != nil {
		return Sent{}, err
	}
	return s.tell(ctx, m, event)
}

func (s *Server) edit(channel, ts, newText string) (*message, *pendingEvent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.find(channel, ts)
	if m == nil || m.Bot {
		return nil, nil, ErrNoMessage
	}
	before := s.wire(m, true)
	s.change(m, typed(newText), nil)
	return m, s.imEvent(m, "message_changed", object{"message": s.wire(m, true), "previous_message": before}), nil
}

// Delete removes a message of anybody, as an administrator can.
func (s *Server) Delete(ctx context.Context, channel, ts string) (Sent, error) {
	m, event, err := s.erase(channel, ts)
	if err != nil {
		return Sent{}, err
	}
	return s.tell(ctx, m, event)
}

func (s *Server) erase(channel, ts string) (*message, *pendingEvent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.find(channel, ts)
	if m == nil {
		return nil, nil, ErrNoMessage
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

// OpenHome is a person opening the app's Home tab.
func (s *Server) OpenHome(ctx context.Context, email string) (Receipt, error) {
	s.mu.Lock()
	u, c, err := s.place(email, "")
	if err != nil {
		s.mu.Unlock()
		return Receipt{}, err
	}
	inner := object{"type": "app_home_opened", "user": u.ID, "channel": c.ID, "tab": "home", "event_ts": s.nextTS()}
	if view := s.homes[u.ID]; view != nil {
		inner["view"] = view
	}
	event := s.newEvent(inner)
	s.mu.Unlock()
	if err := s.flush(ctx); err != nil {
		return Receipt{}, err
	}
	return s.attempt(ctx, event), nil
}

// Command is a person using a slash command.
type Command struct {
	User    string `json:"user"`
	Command string `json:"command"`
	Text    string `json:"text"`
	Channel string `json:"channel,omitempty"`
}

// Slash delivers a command and shows the answer that came with the acknowledgement.
func (s *Server) Slash(ctx context.Context, cmd Command) (Receipt, error) {
	payload, u, c, err := s.commandPayload(cmd)
	if err != nil {
		return Receipt{}, err
	}
	if err := s.flush(ctx); err != nil {
		return Receipt{}, err
	}
	receipt := s.deliver(ctx, callback{kind: kindCommand, payload: payload})
	if receipt.Delivered && len(receipt.body) > 0 {
		s.mu.Lock()
		if err := s.respond(&hook{Channel: c.ID, User: u.ID}, readResponse(receipt.body)); err != nil {
			receipt.Error = err.Error()
		}
		s.mu.Unlock()
		s.opt.Changed()
	}
	return receipt, s.flush(ctx)
}

func (s *Server) commandPayload(cmd Command) (object, *User, *Channel, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, c, err := s.place(cmd.User, cmd.Channel)
	if err != nil {
		return nil, nil, nil, err
	}
	return object{
		"token": "unused", "team_id": TeamID, "team_domain": teamDomain, "channel_id": c.ID, "channel_name": c.Name,
		"user_id": u.ID, "user_name": u.Name, "command": "/" + strings.TrimPrefix(cmd.Command, "/"), "text": cmd.Text,
		"api_app_id": AppID, "is_enterprise_install": "false",
		"response_url": s.newHook(c.ID, "", u.ID), "trigger_id": s.newTrigger(u.ID, false),
	}, u, c, nil
}

// Deactivate switches an account off or on again.
func (s *Server) Deactivate(ctx context.Context, email string, off bool) error {
	s.mu.Lock()
	u := s.userByEmail(email)
	if u != nil {
		u.Deactivated = off
		s.opt.Disk.Put("user", u.ID, u)
		delete(s.refused, u.ID)
	}
	s.mu.Unlock()
	if u == nil {
		return ErrNoUser
	}
	s.opt.Changed()
	return s.flush(ctx)
}

// response is what an app sends to a response_url or with the ack of a command.
type response struct {
	Type            string          `json:"response_type"`
	Text            string          `json:"text"`
	Blocks          json.RawMessage `json:"blocks"`
	ThreadTS        string          `json:"thread_ts"`
	ReplaceOriginal bool            `json:"replace_original"`
	DeleteOriginal  bool            `json:"delete_original"`
}

// readResponse takes JSON or plain text.
func readResponse(body []byte) response {
	var r response
	if json.Unmarshal(body, &r) != nil {
		r = response{Text: string(body)}
	}
	return r
}

func (s *Server) serveResponseURL(w http.ResponseWriter, r *http.Request) {
	a, err := readArgs(w, r)
	if err != nil {
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	token := r.PathValue("token")
	s.opt.Desk.Serve(w, r, traffic.Call{
		Service: "slack", Method: "response_url", Args: a, Dialect: dialect{},
		Effect: func() traffic.Answer { return s.useHook(token, a) },
	})
}

func (s *Server) useHook(token string, a args) traffic.Answer {
	s.mu.Lock()
	h := s.hooks[token]
	if h == nil || h.Uses >= hookUses || s.opt.Clock().After(h.Expires) {
		s.mu.Unlock()
		code := "expired_url"
		if h != nil && h.Uses >= hookUses {
			code = "used_url"
		}
		return jsonAnswer(http.StatusNotFound, object{"ok": false, "error": code}, code)
	}
	h.Uses++
	s.opt.Disk.Put("hook", h.Token, h)
	err := s.respond(h, response{
		Type: a["response_type"], Text: a["text"], Blocks: json.RawMessage(a["blocks"]), ThreadTS: a["thread_ts"],
		ReplaceOriginal: a.flag("replace_original"), DeleteOriginal: a.flag("delete_original"),
	})
	s.mu.Unlock()
	s.opt.Changed()
	if refused, ok := errors.AsType[*apiError](err); ok {
		return jsonAnswer(http.StatusBadRequest, object{"ok": false, "error": refused.code}, refused.code)
	}
	return jsonAnswer(http.StatusOK, object{"ok": true}, "")
}

// respond changes or adds a message; the caller holds mu.
func (s *Server) respond(h *hook, r response) error {
	c, err := s.readContent(args{"channel": h.Channel, "text": r.Text, "blocks": string(r.Blocks)})
	if err != nil {
		return err
	}
	original := s.find(h.Channel, h.TS)
	switch {
	case r.DeleteOriginal && original != nil:
		s.remove(original)
		return nil
	case r.ReplaceOriginal && original != nil:
		s.change(original, c.text, c.blocks)
		return nil
	case strings.TrimSpace(c.text) == "" && len(c.blocks) == 0:
		return refuse("no_text")
	}
	only := h.User
	if r.Type == "in_channel" {
		only = ""
	}
	s.add(&message{
		Channel: h.Channel, ThreadTS: s.root(h.Channel, r.ThreadTS), User: BotUserID, Bot: true,
		Text: c.text, Blocks: c.blocks, Ephemeral: only,
	})
	return nil
}
