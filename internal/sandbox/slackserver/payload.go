package slackserver

import (
	"strconv"
	"time"
)

const (
	hookUses = 5
	hookTTL  = 30 * time.Minute
)

// hook is a response_url: the right to answer one interaction a few times.
type hook struct {
	Token   string    `json:"token"`
	Channel string    `json:"channel"`
	TS      string    `json:"ts,omitempty"` // the message acted on; empty after a command
	User    string    `json:"user"`
	Uses    int       `json:"uses"`
	Expires time.Time `json:"expires"`
}

// newHook makes a response_url and forgets expired ones; the caller holds mu.
func (s *Server) newHook(channel, ts, user string) string {
	now := s.opt.Clock()
	for token, h := range s.hooks {
		if now.After(h.Expires) {
			delete(s.hooks, token)
			s.opt.Disk.Delete("hook", token)
		}
	}
	h := &hook{Token: newSecret(), Channel: channel, TS: ts, User: user, Expires: now.Add(hookTTL)}
	s.hooks[h.Token] = h
	s.opt.Disk.Put("hook", h.Token, h)
	return s.opt.PublicURL + "/sandbox/slack/response/" + h.Token
}

func wireActor(u *User) object {
	return object{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": TeamID}
}

func wireTeam() object { return object{"id": TeamID, "domain": teamDomain} }

// interaction is what every interaction payload has.
func interaction(kind string, u *User) object {
	return object{
		"type": kind, "team": wireTeam(), "user": wireActor(u), "api_app_id": AppID, "token": "unused",
		"enterprise": nil, "is_enterprise_install": false,
	}
}

// clickPayload is the block_actions payload of a press on a button of a message.
func (s *Server) clickPayload(u *User, m *message, shown version, blockID string, e object, value string) object {
	container := object{
		"type": "message", "message_ts": m.TS, "channel_id": m.Channel,
		"is_ephemeral": m.Ephemeral != "", "is_app_unfurl": false,
	}
	if m.ThreadTS != "" {
		container["thread_ts"] = m.ThreadTS
	}
	name := "directmessage"
	if c := s.channelByID(m.Channel); c != nil {
		name = c.Name
	}
	out := interaction("block_actions", u)
	out["container"], out["trigger_id"] = container, s.newTrigger(u.ID, false)
	out["channel"] = object{"id": m.Channel, "name": name}
	out["response_url"] = s.newHook(m.Channel, m.TS, u.ID)
	out["state"] = object{"values": object{}}
	out["actions"] = []object{s.action(blockID, e, value)}
	if m.Ephemeral == "" {
		wire := s.wire(m, true)
		wire["text"], wire["blocks"] = shown.Text, shown.Blocks
		out["message"] = wire
	}
	return out
}

// action is one entry of a payload's actions.
func (s *Server) action(blockID string, e object, value string) object {
	kind := text(e["type"])
	out := object{
		"type": kind, "action_id": e["action_id"], "block_id": blockID,
		"action_ts": formatTS(s.opt.Clock().UnixMicro()),
	}
	switch kind {
	case "static_select", "overflow", "radio_buttons":
		out["selected_option"] = option(e, value)
	default:
		out["text"] = e["text"]
		if value != "" {
			out["value"] = value
		}
	}
	return out
}

// option finds the choice with a value, or makes one up for a forged value.
func option(e object, value string) object {
	for _, v := range list(e["options"]) {
		if o, ok := v.(object); ok && text(o["value"]) == value {
			return o
		}
	}
	return object{"text": object{"type": "plain_text", "text": value}, "value": value}
}

// stateOf is the state of a view with what a person entered, by block and action.
func stateOf(view object, entered map[string]string) object {
	values := object{}
	for _, v := range list(view["blocks"]) {
		b, _ := v.(object)
		for _, e := range interactive(b) {
			given, ok := entered[text(e["action_id"])]
			if !ok {
				given = text(e["initial_value"])
			}
			if b["type"] == "input" || ok {
				values[text(b["block_id"])] = object{text(e["action_id"]): input(e, given)}
			}
		}
	}
	return object{"values": values}
}

// input is one entered value; Slack sends null for a field left empty.
func input(e object, given string) object {
	out := object{"type": e["type"]}
	switch text(e["type"]) {
	case "static_select", "radio_buttons":
		out["selected_option"] = nil
		if given != "" {
			out["selected_option"] = option(e, given)
		}
	case "checkboxes", "multi_static_select":
		out["selected_options"] = []object{}
		if given != "" {
			out["selected_options"] = []object{option(e, given)}
		}
	default:
		out["value"] = nil
		if given != "" {
			out["value"] = given
		}
	}
	return out
}

// lengthOf reads a limit of an input element, as in min_length.
func lengthOf(e object, name string, fallback int) int {
	switch n := e[name].(type) {
	case float64:
		return int(n)
	case string:
		if v, err := strconv.Atoi(n); err == nil {
			return v
		}
	}
	return fallback
}
