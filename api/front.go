package api

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// front stands before all routes: foreign names are refused, bodies must come
// in time, and event streams end when the server stops.
func (s *Server) front(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.opt.Hosts != nil && !s.opt.Hosts(hostname(r.Host)) {
			problemOf(http.StatusMisdirectedRequest, "this host name is not served").write(w)
			return
		}
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // what the last request left; not every writer has one
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

// How long a request of the API may take to be answered, and its client to read the
// answer. Mounts have none: their streams go on.
const (
	answerWithin = time.Minute
	exportWithin = 10 * time.Minute
	readWithin   = 30 * time.Second
)

// bounded ends what takes too long, so that neither a slow query nor a client that
// stops reading holds anything for good.
func bounded(c *gin.Context) {
	within := answerWithin
	if c.Query("format") != "" {
		within = exportWithin
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), within)
	defer cancel()
	c.Request = c.Request.WithContext(ctx)
	_ = http.NewResponseController(c.Writer).SetWriteDeadline(time.Now().Add(within + readWithin)) // not every writer has one
	c.Next()
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
