package slackserver

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"securitybot/internal/sandbox/traffic"
)

// Command is a person using a slash command.
type Command struct {
	User    string `json:"user"`
	Command string `json:"command,omitempty"` // as in /securitybot, which is what empty means
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
	if answer := readResponse(receipt.body); receipt.Delivered && !answer.empty() {
		s.mu.Lock()
		if err := s.respond(&hook{Channel: c.ID, User: u.ID}, answer); err != nil {
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
		"user_id": u.ID, "user_name": u.Name, "command": "/" + cmp.Or(strings.TrimPrefix(cmd.Command, "/"), "securitybot"), "text": cmd.Text,
		"api_app_id": AppID, "is_enterprise_install": "false",
		"response_url": s.newHook(c.ID, "", u.ID), "trigger_id": s.newTrigger(u.ID, false),
	}, u, c, nil
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

// empty tells an acknowledgement from an answer.
func (r response) empty() bool { return strings.TrimSpace(r.Text) == "" && len(r.Blocks) == 0 }

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
