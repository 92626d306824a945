package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// The patience of the listener. It has no time-out for answers, because streams of
// mounts go on for as long as somebody looks; the API's own are bounded.
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = 30 * time.Second
	idleTimeout   = time.Minute
	maxHeader     = 64 << 10
	stopGrace     = 5 * time.Second  // for answers under way
	stopTimeout   = 10 * time.Second // then connections are cut
)

// Serve answers requests on a listener until ctx ends, lets those under way
// finish, and closes the listener. Event streams end at once.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	requests, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		BaseContext:       func(net.Listener) context.Context { return requests },
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve api: %w", err)
	case <-ctx.Done():
		err := s.stop(requests, cancel, server)
		if cause := <-failed; !errors.Is(cause, http.ErrServerClosed) {
			err = errors.Join(err, fmt.Errorf("serve api: %w", cause))
		}
		return err
	}
}

func (s *Server) stop(ctx context.Context, cancel context.CancelFunc, server *http.Server) error {
	close(s.stopping)
	hurry := time.AfterFunc(stopGrace, cancel)
	defer hurry.Stop()
	patience, done := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer done()
	if err := server.Shutdown(patience); err != nil {
		return errors.Join(fmt.Errorf("stop api: %w", err), server.Close())
	}
	return nil
}
