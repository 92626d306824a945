package slackserver

import (
	"encoding/json"
	"time"
)

const (
	triggerTTL  = 3 * time.Second
	maxViewSize = 250 << 10
	maxStack    = 3
)

// trigger is the right to open a modal for a person, once and soon.
type trigger struct {
	ID    string    `json:"id"`
	User  string    `json:"user"`
	At    time.Time `json:"at"`
	Used  bool      `json:"used"`
	Modal bool      `json:"modal"` // from within a modal: views.push works
}

// modalStack is what a person has open, the topmost view last.
type modalStack struct {
	User   string            `json:"user"`
	Views  []object          `json:"views"`
	Errors map[string]string `json:"errors,omitempty"` // by block id, shown in the topmost view
}

func (m *modalStack) top() object { return m.Views[len(m.Views)-1] }

// newTrigger makes a trigger and forgets old ones; the caller holds mu.
func (s *Server) newTrigger(user string, modal bool) string {
	now := s.opt.Clock()
	for id, t := range s.triggers {
		if now.Sub(t.At) > time.Minute {
			delete(s.triggers, id)
			s.opt.Disk.Delete("trigger", id)
		}
	}
	t := &trigger{ID: newSecret()[:12] + "." + newSecret(), User: user, At: now, Modal: modal}
	s.triggers[t.ID] = t
	s.opt.Disk.Put("trigger", t.ID, t)
	return t.ID
}

func (s *Server) useTrigger(id string) (*trigger, error) {
	t := s.triggers[id]
	switch {
	case t == nil:
		return nil, refuse("invalid_trigger_id")
	case s.opt.Clock().Sub(t.At) > triggerTTL:
		return nil, refuse("expired_trigger_id")
	case t.Used:
		return nil, refuse("exchanged_trigger_id")
	}
	t.Used = true
	s.opt.Disk.Put("trigger", t.ID, t)
	return t, nil
}

func readView(raw, kind string) (object, error) {
	if len(raw) > maxViewSize {
		return nil, refuse("view_too_large")
	}
	var view object
	if json.Unmarshal([]byte(raw), &view) != nil || view == nil {
		return nil, refuse("invalid_arguments", "[ERROR] view is not an object [json-pointer:/view]")
	}
	if problems := checkView(view, kind); len(problems) > 0 {
		return nil, refuse("invalid_arguments", problems...)
	}
	return view, nil
}

// dress adds what Slack adds to a view it has accepted.
func dress(view object, id, previous, root string) object {
	view["id"], view["hash"] = id, newSecret()[:16]
	view["team_id"], view["app_id"], view["app_installed_team_id"], view["bot_id"] = TeamID, AppID, TeamID, BotID
	view["state"] = object{"values": object{}}
	view["root_view_id"], view["previous_view_id"] = root, previous
	for _, name := range []string{"private_metadata", "callback_id", "external_id"} {
		if view[name] == nil {
			view[name] = ""
		}
	}
	return view
}

func (s *Server) viewsOpen(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	view, err := readView(a["view"], "modal")
	if err != nil {
		return nil, err
	}
	t, err := s.useTrigger(a["trigger_id"])
	if err != nil {
		return nil, err
	}
	id := newID("V")
	s.show(&modalStack{User: t.User, Views: []object{dress(view, id, "", id)}})
	return object{"view": view}, nil
}

func (s *Server) viewsPush(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	view, err := readView(a["view"], "modal")
	if err != nil {
		return nil, err
	}
	t, err := s.useTrigger(a["trigger_id"])
	if err != nil {
		return nil, err
	}
	stack := s.modals[t.User]
	if stack == nil || !t.Modal {
		return nil, refuse("not_found")
	}
	if len(stack.Views) >= maxStack {
		return nil, refuse("push_limit_reached")
	}
	s.push(stack, view)
	return object{"view": view}, nil
}

func (s *Server) push(stack *modalStack, view object) {
	root, _ := stack.Views[0]["id"].(string)
	previous, _ := stack.top()["id"].(string)
	stack.Views = append(stack.Views, dress(view, newID("V"), previous, root))
	stack.Errors = nil
	s.show(stack)
}

// show stores a stack, or removes it once its last view is closed.
func (s *Server) show(stack *modalStack) {
	if len(stack.Views) == 0 {
		delete(s.modals, stack.User)
		s.opt.Disk.Delete("modal", stack.User)
		return
	}
	s.modals[stack.User] = stack
	s.opt.Disk.Put("modal", stack.User, stack)
}

func (s *Server) viewsUpdate(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, stack := range s.modals {
		for i, old := range stack.Views {
			if old["id"] != a["view_id"] && (a["external_id"] == "" || old["external_id"] != a["external_id"]) {
				continue
			}
			if a["hash"] != "" && a["hash"] != old["hash"] {
				return nil, refuse("hash_conflict")
			}
			view, err := readView(a["view"], "modal")
			if err != nil {
				return nil, err
			}
			s.replace(stack, i, view)
			return object{"view": view}, nil
		}
	}
	return nil, refuse("not_found")
}

func (s *Server) replace(stack *modalStack, i int, view object) {
	old := stack.Views[i]
	id, _ := old["id"].(string)
	previous, _ := old["previous_view_id"].(string)
	root, _ := old["root_view_id"].(string)
	stack.Views[i] = dress(view, id, previous, root)
	stack.Errors = nil
	s.show(stack)
}

func (s *Server) appsConnectionsOpen(args) (object, error) {
	return object{"url": s.sockets.newLink()}, nil
}
