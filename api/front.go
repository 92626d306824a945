package api

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// front stands before all routes: foreign names are refused, bodies must come
// in time, and event streams end when the server stops.
func (s *Server) front(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.opt.Hosts != nil && !s.opt.Hosts(hostname(r.Host)) {
			problemOf(http.StatusMisdirectedRequest, "this host name is not served").write(w)
			return
		}
		r, done := s.untilStop(r)
		defer done()
		next.ServeHTTP(w, hurried(w, r))
	})
}

func hostname(hostport string) string {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	return strings.Trim(host, "[]")
}

// untilStop ends an event stream with the server. Others finish in their time.
func (s *Server) untilStop(r *http.Request) (*http.Request, func()) {
	if !strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		return r, func() {}
	}
	ctx, cancel := context.WithCancel(r.Context())
	go func() {
		select {
		case <-s.stopping:
			cancel()
		case <-ctx.Done():
		}
	}()
	return r.WithContext(ctx), cancel
}

// hurried gives a request's body a time-out of its own: http.Server's would cut
// streams as well.
func hurried(w http.ResponseWriter, r *http.Request) *http.Request {
	if r.Body == nil || r.Body == http.NoBody {
		return r
	}
	connection := http.NewResponseController(w)
	if connection.SetReadDeadline(time.Now().Add(bodyTimeout)) != nil {
		return r
	}
	slow := r.Clone(r.Context())
	slow.Body = &body{ReadCloser: r.Body, read: func() { _ = connection.SetReadDeadline(time.Time{}) }}
	return slow
}

// body lifts the time-out when it has been read.
type body struct {
	io.ReadCloser
	read func()
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.read()
	}
	return n, err
}
