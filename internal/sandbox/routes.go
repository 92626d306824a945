package sandbox

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"securitybot/internal/sandbox/disk"
	"securitybot/internal/sandbox/duoserver"
	"securitybot/internal/sandbox/slackserver"
	"securitybot/internal/sandbox/traffic"
)

// Handler serves everything under /sandbox.
func (s *Sandbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/sandbox/slack/", s.slack.Handler())
	mux.Handle("/sandbox/control/", s.local(s.control()))
	if s.oidc != nil {
		mux.Handle("/sandbox/oidc/", s.here(s.oidc.Handler()))
	}
	mux.HandleFunc("GET /sandbox/events", s.serveEvents)
	mux.HandleFunc("GET /sandbox/state", s.serveState)
	mux.HandleFunc("GET /sandbox/status", s.serveStatus)
	if s.opt.Page != nil {
		mux.Handle("/sandbox", s.opt.Page)
		mux.Handle("/sandbox/", s.opt.Page)
	}
	return s.guard(mux)
}

// control is the interface for tests and for the page's people.
func (s *Sandbox) control() http.Handler {
	mux := http.NewServeMux()
	for pattern, handler := range map[string]func(*http.Request) (any, error){
		"GET messages":       s.messages,
		"GET users":          s.users,
		"GET channels":       s.channels,
		"GET modal":          s.modal,
		"GET home":           s.home,
		"GET pushes":         s.pushes,
		"GET requests":       s.requests,
		"GET deliveries":     s.deliveries,
		"GET violations":     s.violations,
		"GET faults":         s.faults,
		"DELETE faults":      s.clearFaults,
		"POST faults":        s.orderFault,
		"POST click":         s.click,
		"POST reply":         s.reply,
		"POST edit":          s.edit,
		"POST delete":        s.deleteMessage,
		"POST submit":        s.submit,
		"POST close":         s.closeModal,
		"POST command":       s.command,
		"POST home":          s.openHome,
		"POST deactivate":    s.deactivate,
		"POST person":        s.person,
		"DELETE messages":    s.deleteMessage,
		"POST deliver":       s.deliver,
		"POST callback":      s.rawCallback,
		"POST pushes/{txid}": s.decide,
	} {
		mux.Handle(at(pattern), s.answer(handler))
	}
	return mux
}

// at puts a pattern below the control interface.
func at(pattern string) string {
	return strings.Replace(pattern, " ", " /sandbox/control/", 1)
}

// answer runs a control call and answers only what is on disk.
func (s *Sandbox) answer(call func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		out, err := call(r)
		if err == nil {
			err = s.disk.Flush(r.Context())
		}
		if err != nil {
			writeJSON(w, statusOf(err), map[string]any{"error": err.Error()})
			return
		}
		writeJSON(w, http.StatusOK, out)
	})
}

var (
	errBadBody  = errors.New("body is not the JSON that this call takes")
	errNoTarget = errors.New("give user=EMAIL or channel=NAME")
)

func statusOf(err error) int {
	is := func(target error) bool { return errors.Is(err, target) }
	switch {
	case slices.ContainsFunc(missing, is):
		return http.StatusNotFound
	case slices.ContainsFunc(mistaken, is):
		return http.StatusBadRequest
	case is(duoserver.ErrAnswered):
		return http.StatusConflict
	case is(disk.ErrClosed):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

var (
	missing = []error{
		slackserver.ErrNoUser, slackserver.ErrNoChannel, slackserver.ErrNoMessage, slackserver.ErrNotShown,
		slackserver.ErrNoModal, slackserver.ErrNoView, slackserver.ErrNothingSent, duoserver.ErrNoPerson, duoserver.ErrNoPush,
	}
	mistaken = []error{
		errBadBody, errNoTarget, duoserver.ErrBadScript, slackserver.ErrBadPath, slackserver.ErrBadZone,
		slackserver.ErrTooLong, traffic.ErrUnknownFault,
	}
)

func writeJSON(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		http.Error(w, "sandbox: answer can't be encoded", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n')) // the client may have gone
}

// read decodes a body strictly: a misspelt field in a test is a mistake.
func read[T any](r *http.Request) (T, error) {
	var in T
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return in, errors.Join(errBadBody, err)
	}
	return in, nil
}
