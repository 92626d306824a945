package slackserver

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// home is a person's Home tab.
type home struct {
	User string `json:"user"`
	View object `json:"view"`
	// Earlier states, oldest first, for the person who presses on a copy that
	// their client has not refreshed.
	Earlier []object `json:"earlier,omitempty"`
}

func (s *Server) viewsPublish(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userByID(a["user_id"])
	if u == nil || u.Deactivated {
		return nil, refuse("invalid_arguments", "[ERROR] user not found [json-pointer:/user_id]")
	}
	old := s.homes[u.ID]
	if a["hash"] != "" && (old == nil || a["hash"] != old.View["hash"]) {
		return nil, refuse("hash_conflict")
	}
	view, err := readView(a["view"], "home")
	if err != nil {
		return nil, err
	}
	s.watchMentions("home of "+u.ID, mrkdwnTexts(view["blocks"]))
	id, fresh := newID("V"), &home{User: u.ID}
	if old != nil {
		id = text(old.View["id"])
		fresh.Earlier = append(slices.Clone(old.Earlier), old.View)
		fresh.Earlier = fresh.Earlier[max(0, len(fresh.Earlier)-keepVersions):]
	}
	fresh.View = dress(view, id, "", id)
	s.homes[u.ID] = fresh
	s.opt.Disk.Put("home", u.ID, fresh)
	return object{"view": view}, nil
}

// Home returns a person's published Home tab, nil if none. Beside what Slack
// answers to views.publish it has "actions", as a message shown has, and "text":
// every line to read, in order.
func (s *Server) Home(email string) (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userByEmail(email)
	if u == nil {
		return nil, ErrNoUser
	}
	h := s.homes[u.ID]
	if h == nil {
		return nil, nil //nolint:nilnil // none is a usual state, shown as null
	}
	view, blocks := maps.Clone(h.View), blocksOf(h.View)
	view["actions"] = actionsOf(blocks)
	view["text"] = strings.Join(textsOf(blocks), "\n")
	return view, nil
}

// OpenHome is a person opening the app's Home tab.
func (s *Server) OpenHome(ctx context.Context, email string) (Receipt, error) {
	event, err := s.openHome(email)
	if err != nil {
		return Receipt{}, err
	}
	if err := s.flush(ctx); err != nil {
		return Receipt{}, err
	}
	return s.attempt(ctx, event), s.flush(ctx)
}

func (s *Server) openHome(email string) (*pendingEvent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, c, err := s.place(email, "")
	if err != nil {
		return nil, err
	}
	inner := object{"type": "app_home_opened", "user": u.ID, "channel": c.ID, "tab": "home", "event_ts": s.nextTS()}
	if h := s.homes[u.ID]; h != nil {
		inner["view"] = h.View
	}
	return s.newEvent(inner), nil
}

// pressHome finds what is pressed in a person's own Home tab.
func (s *Server) pressHome(u *User, p Press) (object, error) {
	h := s.homes[u.ID]
	if h == nil {
		return nil, ErrNoView
	}
	views := append(slices.Clone(h.Earlier), h.View)
	for _, view := range slices.Backward(views) {
		if b, e := p.target(blocksOf(view)); e != nil {
			return s.homePayload(u, view, text(b["block_id"]), e, p.valueOf(e)), nil
		}
	}
	return nil, ErrNotShown
}

// homePayload is the block_actions payload of a press in a Home tab: it has a
// view, and neither channel, message nor response_url.
func (s *Server) homePayload(u *User, view object, blockID string, e object, value string) object {
	out := interaction("block_actions", u)
	out["container"] = object{"type": "view", "view_id": view["id"]}
	out["view"], out["trigger_id"] = view, s.newTrigger(u.ID, false)
	out["actions"] = []object{s.action(blockID, e, value)}
	return out
}

// blocksOf are the blocks of a view.
func blocksOf(view object) []object {
	var blocks []object
	for _, v := range list(view["blocks"]) {
		if b, ok := v.(object); ok {
			blocks = append(blocks, b)
		}
	}
	return blocks
}

// textsOf returns what blocks say, but for the labels of their buttons, in the
// order in which it is read.
func textsOf(blocks []object) []string {
	var texts []string
	for _, b := range blocks {
		for _, v := range slices.Concat([]any{b["text"]}, list(b["fields"]), list(b["elements"])) {
			switch t, _ := v.(object); t["type"] {
			case "mrkdwn", "plain_text":
				texts = append(texts, text(t["text"]))
			case "rich_text_section", "rich_text_quote", "rich_text_preformatted", "rich_text_list":
				texts = append(texts, richLines(t)...)
			}
		}
	}
	return texts
}

// richLines are what a part of a rich text says: a list has a line for each item.
func richLines(part object) []string {
	line, lines := "", []string(nil)
	for _, v := range list(part["elements"]) {
		e, _ := v.(object)
		if e["type"] == "rich_text_section" {
			lines = append(lines, richLines(e)...)
		}
		line += text(e["text"])
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
