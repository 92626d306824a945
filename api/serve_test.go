package api_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/api"
	"securitybot/internal/store"
)

const patience = 20 * time.Second // of a test that would hang

// listening serves a desk on a port of its own until stop is called.
func listening(t *testing.T, d *desk) (address string, stop func() error) {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- d.server.Serve(ctx, listener) }()
	return "http://" + listener.Addr().String(), func() error {
		cancel()
		select {
		case err := <-served:
			return err
		case <-time.After(patience):
			return context.DeadlineExceeded
		}
	}
}

// call sends one request on a connection of its own.
func call(t *testing.T, method, target string, sent io.Reader, header ...string) (*http.Response, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, target, sent)
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	return alone().Do(request)
}

// alone is a client that keeps no connection.
func alone() *http.Client { return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} }

func TestServeStopsWhenToldTo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	address, stop := listening(t, d)
	answer, err := call(t, http.MethodPost, address+"/v1/alerts", strings.NewReader(body(t)),
		"Authorization", "Bearer "+falcoToken, "Content-Type", "application/json")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusAccepted, answer.StatusCode)
	require.NoError(t, stop())
	_, err = call(t, http.MethodGet, address+"/healthz", nil)
	require.Error(t, err)
}

func TestAStreamDoesNotHoldUpTheEnd(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	d := newDesk(t, func(o *api.Options) {
		o.Mounts = []api.Mount{{Path: "/stream", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer close(ended)
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = fmt.Fprint(w, "data: first\n\n")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		})}}
	})
	address, stop := listening(t, d)
	answer, err := call(t, http.MethodGet, address+"/stream", nil, "Accept", "text/event-stream")
	require.NoError(t, err)
	line, err := bufio.NewReader(answer.Body).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "data: first\n", line)
	require.NoError(t, stop())
	<-ended
	require.NoError(t, answer.Body.Close())
}

func TestAnAnswerUnderWayIsFinished(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	d := newDesk(t, func(o *api.Options) {
		o.Mounts = []api.Mount{{Path: "/slow", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(entered)
			<-leave
			_, _ = fmt.Fprint(w, "done ", r.Context().Err())
		})}}
	})
	address, stop := listening(t, d)
	type result struct {
		text string
		err  error
	}
	results := make(chan result, 1)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/slow", strings.NewReader("x"))
	require.NoError(t, err)
	go func() {
		answer, err := alone().Do(request)
		if err != nil {
			results <- result{err: err}
			return
		}
		defer func() { _ = answer.Body.Close() }()
		text, err := io.ReadAll(answer.Body)
		results <- result{string(text), err}
	}()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	requireRefused(t, address)
	close(leave)
	require.NoError(t, <-stopped)
	got := <-results
	require.NoError(t, got.err)
	require.Equal(t, "done <nil>", got.text)
}

// requireRefused waits until a listener takes no new connections.
func requireRefused(t *testing.T, address string) {
	t.Helper()
	require.Eventually(t, func() bool {
		var dialer net.Dialer
		connection, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(address, "http://"))
		if err == nil {
			_ = connection.Close()
		}
		return err != nil
	}, patience, 5*time.Millisecond)
}

func TestAFailedListenerIsAnError(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	require.ErrorContains(t, d.server.Serve(t.Context(), listener), "serve api")
}

// timed tells how long a search may take.
type timed struct {
	api.Record
	within chan time.Duration
}

func (r timed) Search(ctx context.Context, search store.Search) ([]store.Found, error) {
	ends, _ := ctx.Deadline()
	r.within <- time.Until(ends)
	return r.Record.Search(ctx, search)
}

func TestEveryAnswerHasAnEnd(t *testing.T) {
	t.Parallel()
	within := make(chan time.Duration, 1)
	d := newDesk(t, func(o *api.Options) { o.Record = timed{o.Record, within} })
	for target, most := range map[string]time.Duration{
		"/v1/alerts": time.Minute, "/v1/alerts?format=csv": 10 * time.Minute,
	} {
		require.Equal(t, http.StatusOK, d.get(target).status)
		left := <-within
		require.Positive(t, left, target)
		require.LessOrEqual(t, left, most, target)
	}
}

// A client that stops reading is cut off; what it sends next has all its time again.
func TestAnAnswerMustBeRead(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	writer := &patient{ResponseRecorder: httptest.NewRecorder()}
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/alerts", nil)
	d.server.Handler().ServeHTTP(writer, request)
	require.Len(t, writer.until, 2)
	require.True(t, writer.until[0].IsZero())
	require.True(t, writer.until[1].After(time.Now()))
	writer.until = nil
	d.server.Handler().ServeHTTP(writer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/healthz", nil))
	require.Equal(t, []time.Time{{}}, writer.until)
}

// patient is a connection that keeps until when it is written to.
type patient struct {
	*httptest.ResponseRecorder
	until []time.Time
}

func (p *patient) SetWriteDeadline(until time.Time) error {
	p.until = append(p.until, until)
	return nil
}
