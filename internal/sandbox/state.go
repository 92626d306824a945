package sandbox

import (
	"net/http"

	"securitybot/internal/sandbox/duoserver"
	"securitybot/internal/sandbox/slackserver"
)

// channelShown is the channel on the page.
const channelShown = "security"

// someone is a person of the workspace as the page lists them.
type someone struct {
	ID          string `json:"id"`
	Email       string `json:"email"`
	Name        string `json:"name"` // as people say it
	Handle      string `json:"handle"`
	Title       string `json:"title"`
	Deactivated bool   `json:"deactivated"`
	HasPhone    bool   `json:"has_phone"`
	TZ          string `json:"tz"`
	Responder   bool   `json:"responder"` // may press what cases offer
}

// screen is everything that the page shows of one person, and of the responder
// who looks at the channel.
type screen struct {
	Version    int64               `json:"version"`
	Users      []someone           `json:"users"`
	DM         []slackserver.Shown `json:"dm"`
	Home       map[string]any      `json:"home"`
	Channel    []slackserver.Shown `json:"channel"`
	Modal      map[string]any      `json:"modal"`
	Pushes     []duoserver.Push    `json:"pushes"`
	Responder  responder           `json:"responder"`
	SocketMode bool                `json:"socket_mode"`
}

type responder struct {
	Email  string           `json:"email"`
	Modal  map[string]any   `json:"modal"`
	Pushes []duoserver.Push `json:"pushes"`
}

// people lists those with an email: bots and Slackbot are nobody to switch to.
func (s *Sandbox) people() []someone {
	phones := map[string]bool{}
	for _, p := range s.duo.People() {
		phones[p.Email] = p.HasPhone()
	}
	out := []someone{}
	for _, u := range s.slack.Users() {
		if u.Email == "" {
			continue
		}
		out = append(out, someone{
			ID: u.ID, Email: u.Email, Name: u.RealName, Handle: u.Name, Title: u.Title, Deactivated: u.Deactivated,
			HasPhone: phones[u.Email] && !u.Deactivated, TZ: u.TZ,
			Responder: slackserver.IsResponder(u.ID),
		})
	}
	return out
}

func (s *Sandbox) serveState(w http.ResponseWriter, r *http.Request) {
	s.answer(func(r *http.Request) (any, error) {
		return s.screen(r.URL.Query().Get("user"), r.URL.Query().Get("responder"))
	}).ServeHTTP(w, r)
}

// screen reads the version first: a change during the reading is told again.
// The responder is the first one, if none is named.
func (s *Sandbox) screen(email, responding string) (screen, error) {
	out := screen{Version: s.live.now(), Users: s.people(), SocketMode: s.slack.SocketMode()}
	var err error
	if out.DM, err = s.slack.DirectMessages(email); err != nil {
		return out, err
	}
	if out.Home, err = s.slack.Home(email); err != nil {
		return out, err
	}
	if out.Modal, err = s.slack.Modal(email); err != nil {
		return out, err
	}
	out.Pushes = s.duo.Pushes(email)
	for _, u := range out.Users {
		if u.Responder && responding == "" {
			responding = u.Email
		}
	}
	if out.Channel, err = s.slack.ChannelMessages(channelShown, responding); err != nil {
		return out, err
	}
	out.Responder, err = s.responder(responding)
	return out, err
}

func (s *Sandbox) responder(email string) (responder, error) {
	modal, err := s.slack.Modal(email)
	return responder{Email: email, Modal: modal, Pushes: s.duo.Pushes(email)}, err
}

func (s *Sandbox) serveStatus(w http.ResponseWriter, _ *http.Request) {
	var status any = map[string]any{"phase": "ready"}
	if s.opt.Status != nil {
		status = s.opt.Status()
	}
	writeJSON(w, http.StatusOK, status)
}
