package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"securitybot/internal/sandbox/slackserver"
	"securitybot/internal/sandbox/traffic"
)

type okay struct {
	OK bool `json:"ok"`
}

func (s *Sandbox) messages(r *http.Request) (any, error) {
	user, channel := r.URL.Query().Get("user"), r.URL.Query().Get("channel")
	switch {
	case channel != "":
		return readable(s.slack.ChannelMessages(channel, user))
	case user != "":
		return readable(s.slack.DirectMessages(user))
	}
	return nil, errNoTarget
}

var decode = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// readable gives texts as a person reads them, not as Slack encodes them.
func readable(messages []slackserver.Shown, err error) (any, error) {
	for i := range messages {
		messages[i].Text = decode.Replace(messages[i].Text)
	}
	return messages, err
}

func (s *Sandbox) deleteMessage(r *http.Request) (any, error) {
	in, err := read[slackserver.Pointed](r)
	if err != nil {
		return nil, err
	}
	return s.slack.Delete(r.Context(), in)
}

func (s *Sandbox) edit(r *http.Request) (any, error) {
	in, err := read[struct {
		slackserver.Pointed
		Text string `json:"text"`
	}](r)
	if err != nil {
		return nil, err
	}
	return s.slack.Edit(r.Context(), in.Pointed, in.Text)
}

func (s *Sandbox) users(*http.Request) (any, error) { return s.people(), nil }

func (s *Sandbox) channels(*http.Request) (any, error) { return s.slack.Channels(), nil }

func (s *Sandbox) modal(r *http.Request) (any, error) {
	return s.slack.Modal(r.URL.Query().Get("user"))
}

func (s *Sandbox) home(r *http.Request) (any, error) {
	view, err := s.slack.Home(r.URL.Query().Get("user"))
	if text, ok := view["text"].(string); ok {
		view["text"] = decode.Replace(text)
	}
	return view, err
}

func (s *Sandbox) click(r *http.Request) (any, error) {
	in, err := read[slackserver.Press](r)
	if err != nil {
		return nil, err
	}
	return s.slack.Click(r.Context(), in)
}

func (s *Sandbox) reply(r *http.Request) (any, error) {
	in, err := read[slackserver.Reply](r)
	if err != nil {
		return nil, err
	}
	return s.slack.Reply(r.Context(), in)
}

func (s *Sandbox) submit(r *http.Request) (any, error) {
	in, err := read[struct {
		User   string         `json:"user"`
		Values map[string]any `json:"values"`
	}](r)
	if err != nil {
		return nil, err
	}
	return s.submitSoon(r.Context(), in.User, in.Values)
}

// opensWithin is how long a modal may take to open: a trigger lives no longer.
const opensWithin = 3 * time.Second

// submitSoon waits for the modal that a press is about to open, as a person would.
func (s *Sandbox) submitSoon(ctx context.Context, user string, values map[string]any) (any, error) {
	bounded, cancel := context.WithTimeout(ctx, opensWithin)
	defer cancel()
	for {
		done, err := s.slack.Submit(ctx, user, values)
		if !errors.Is(err, slackserver.ErrNoModal) {
			return done, err
		}
		select {
		case <-bounded.Done():
			return done, err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *Sandbox) closeModal(r *http.Request) (any, error) {
	in, err := read[struct {
		User string `json:"user"`
	}](r)
	if err != nil {
		return nil, err
	}
	return s.slack.CloseModal(r.Context(), in.User)
}

func (s *Sandbox) openHome(r *http.Request) (any, error) {
	in, err := read[struct {
		User string `json:"user"`
	}](r)
	if err != nil {
		return nil, err
	}
	return s.slack.OpenHome(r.Context(), in.User)
}

func (s *Sandbox) command(r *http.Request) (any, error) {
	in, err := read[slackserver.Command](r)
	if err != nil {
		return nil, err
	}
	return s.slack.Slash(r.Context(), in)
}

func (s *Sandbox) deactivate(r *http.Request) (any, error) {
	in, err := read[struct {
		User        string `json:"user"`
		Deactivated bool   `json:"deactivated"`
	}](r)
	if err != nil {
		return nil, err
	}
	return okay{true}, s.slack.Deactivate(r.Context(), in.User, in.Deactivated)
}

func (s *Sandbox) person(r *http.Request) (any, error) {
	in, err := read[struct {
		slackserver.Profile
		User   string  `json:"user"`
		Factor *string `json:"factor,omitempty"`
		Answer *string `json:"answer,omitempty"`
	}](r)
	if err != nil {
		return nil, err
	}
	if in.Profile != (slackserver.Profile{}) {
		if err := s.slack.Describe(r.Context(), in.User, in.Profile); err != nil {
			return nil, err
		}
	}
	return okay{true}, s.duo.Script(r.Context(), in.User, in.Factor, in.Answer)
}

func (s *Sandbox) pushes(r *http.Request) (any, error) {
	return s.duo.Pushes(r.URL.Query().Get("user")), nil
}

func (s *Sandbox) decide(r *http.Request) (any, error) {
	in, err := read[struct {
		Result string `json:"result"`
	}](r)
	if err != nil {
		return nil, err
	}
	return okay{true}, s.duo.Decide(r.Context(), r.PathValue("txid"), in.Result)
}

func (s *Sandbox) requests(r *http.Request) (any, error) {
	return s.desk.Requests(r.URL.Query().Get("service")), nil
}

func (s *Sandbox) deliveries(*http.Request) (any, error) { return s.slack.Deliveries(), nil }

func (s *Sandbox) violations(*http.Request) (any, error) { return s.desk.Violations(), nil }

func (s *Sandbox) faults(*http.Request) (any, error) { return s.desk.Faults(), nil }

func (s *Sandbox) clearFaults(*http.Request) (any, error) {
	s.desk.ClearFaults()
	return okay{true}, nil
}

func (s *Sandbox) orderFault(r *http.Request) (any, error) {
	in, err := read[traffic.Fault](r)
	if err != nil {
		return nil, err
	}
	return s.desk.Order(in)
}

// deliver misbehaves as networks do: it repeats the last callback, or ends the
// Socket Mode connections.
func (s *Sandbox) deliver(r *http.Request) (any, error) {
	in, err := read[struct {
		Kind string `json:"kind"` // duplicate | disconnect | drop
	}](r)
	if err != nil {
		return nil, err
	}
	switch in.Kind {
	case "duplicate":
		return s.slack.Redeliver(r.Context())
	case "disconnect", "drop":
		s.slack.Disconnect(in.Kind == "drop")
		return okay{true}, nil
	}
	return nil, fmt.Errorf("%w: kind %q is none of duplicate, disconnect, drop", errBadBody, in.Kind)
}

func (s *Sandbox) rawCallback(r *http.Request) (any, error) {
	in, err := read[slackserver.Raw](r)
	if err != nil {
		return nil, err
	}
	return s.slack.SendRaw(r.Context(), in)
}
