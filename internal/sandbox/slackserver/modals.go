package slackserver

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"
)

// Submission is what became of a submitted or closed modal.
type Submission struct {
	Receipt
	// ResponseAction is what the app answered; empty means close this view.
	ResponseAction string `json:"response_action,omitempty"`
	// Errors by block id, from the app or from the client's own checks.
	Errors map[string]string `json:"errors,omitempty"`
}

// Modal returns the topmost view that a person has open, nil if none. The key
// "errors" holds the messages shown beside its inputs.
func (s *Server) Modal(email string) (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userByEmail(email)
	if u == nil {
		return nil, ErrNoUser
	}
	stack := s.modals[u.ID]
	if stack == nil {
		return nil, nil //nolint:nilnil // no modal is a usual state, shown as null
	}
	view := maps.Clone(stack.top())
	view["errors"] = maps.Clone(stack.Errors)
	return view, nil
}

// Submit sends the open modal. Values are by action id, or by block id and
// action id.
func (s *Server) Submit(ctx context.Context, email string, values map[string]any) (Submission, error) {
	payload, stack, problems, err := s.submission(email, flatten(values))
	if err != nil || problems != nil {
		return Submission{Errors: problems}, err
	}
	if err := s.flush(ctx); err != nil {
		return Submission{}, err
	}
	out := Submission{Receipt: s.deliver(ctx, callback{kind: kindInteractive, payload: payload})}
	if out.Delivered {
		s.apply(stack, payload["view"], &out)
	}
	s.opt.Changed()
	return out, s.flush(ctx)
}

func flatten(values map[string]any) map[string]string {
	out := map[string]string{}
	for k, v := range values {
		switch v := v.(type) {
		case map[string]any:
			maps.Copy(out, flatten(v))
		case string:
			out[k] = v
		default:
			out[k] = fmt.Sprint(v)
		}
	}
	return out
}

func (s *Server) submission(email string, values map[string]string) (object, *modalStack, map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, stack, err := s.openModal(email)
	if err != nil {
		return nil, nil, nil, err
	}
	if problems := complain(stack.top(), values); len(problems) > 0 {
		stack.Errors = problems
		s.show(stack)
		return nil, stack, problems, nil
	}
	view := maps.Clone(stack.top())
	view["state"] = stateOf(view, values)
	payload := interaction("view_submission", u)
	payload["view"], payload["trigger_id"] = view, s.newTrigger(u.ID, true)
	payload["response_urls"] = []object{}
	return payload, stack, nil, nil
}

func (s *Server) openModal(email string) (*User, *modalStack, error) {
	u := s.userByEmail(email)
	if u == nil {
		return nil, nil, ErrNoUser
	}
	stack := s.modals[u.ID]
	if stack == nil {
		return nil, nil, ErrNoModal
	}
	return u, stack, nil
}

// complain checks what Slack's client checks before it sends anything.
func complain(view object, values map[string]string) map[string]string {
	problems := map[string]string{}
	for _, v := range list(view["blocks"]) {
		b, _ := v.(object)
		e, ok := b["element"].(object)
		if b["type"] != "input" || !ok {
			continue
		}
		optional, _ := b["optional"].(bool)
		given := values[text(e["action_id"])]
		if given == "" {
			given = text(e["initial_value"])
		}
		n := utf8.RuneCountInString(given)
		switch block := text(b["block_id"]); {
		case n == 0 && !optional:
			problems[block] = "Please complete this required field."
		case n > lengthOf(e, "max_length", 3000):
			problems[block] = "This is too long."
		case n > 0 && n < lengthOf(e, "min_length", 0):
			problems[block] = "This is too short."
		}
	}
	return problems
}

// apply does what the app's answer to a submission says.
func (s *Server) apply(stack *modalStack, submitted any, out *Submission) {
	var answer struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	if len(out.body) > 0 {
		_ = json.Unmarshal(out.body, &answer) // Slack closes the view on a body that it can't read
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.modals[stack.User] != stack {
		return // the app has opened another one meanwhile
	}
	out.ResponseAction, out.Errors = answer.Action, answer.Errors
	switch answer.Action {
	case "errors":
		stack.Errors = answer.Errors
		s.show(stack)
	case "update", "push":
		s.applyView(stack, answer.Action, answer.View, out)
	case "clear":
		stack.Views = nil
		s.show(stack)
	default:
		view, _ := submitted.(object)
		s.closeView(stack, view["id"])
	}
}

// closeView removes one view: the app may have pushed another on top of the one
// that was submitted.
func (s *Server) closeView(stack *modalStack, id any) {
	stack.Views = slices.DeleteFunc(stack.Views, func(view object) bool { return view["id"] == id })
	stack.Errors = nil
	s.show(stack)
}

func (s *Server) applyView(stack *modalStack, action string, raw json.RawMessage, out *Submission) {
	view, err := readView(string(raw), "modal")
	switch {
	case err != nil:
		out.Error = err.Error()
	case action == "update":
		s.replace(stack, len(stack.Views)-1, view)
	case len(stack.Views) >= maxStack:
		out.Error = "push_limit_reached"
	default:
		s.push(stack, view)
	}
}

// CloseModal is a person cancelling the topmost view. The app hears of it only
// if the view asked for it.
func (s *Server) CloseModal(ctx context.Context, email string) (Submission, error) {
	payload, err := s.cancelModal(email)
	if err != nil {
		return Submission{}, err
	}
	if err := s.flush(ctx); err != nil {
		return Submission{}, err
	}
	s.opt.Changed()
	if payload == nil {
		return Submission{}, nil
	}
	return Submission{Receipt: s.deliver(ctx, callback{kind: kindInteractive, payload: payload})}, nil
}

func (s *Server) cancelModal(email string) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, stack, err := s.openModal(email)
	if err != nil {
		return nil, err
	}
	view := stack.top()
	s.closeView(stack, view["id"])
	if wanted, _ := view["notify_on_close"].(bool); !wanted {
		return nil, nil //nolint:nilnil // nobody wants to hear of it
	}
	payload := interaction("view_closed", u)
	payload["view"], payload["is_cleared"] = view, false
	return payload, nil
}
