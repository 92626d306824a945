package sinktest

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/sink"
)

func everyStatus(b *bench) {
	for status, refused := range statuses() {
		b.answers(status, nil)
		failed := b.failure(b.target.Send(b.Context(), Told(sink.Opened)))
		require.Equal(b, refused, failed.Refused, "status %d", status)
		require.Equal(b, status, failed.Status)
	}
}

func retryAfter(b *bench) {
	for header, want := range map[string]time.Duration{
		"7": 7 * time.Second, "0": 0, "-5": 0, "soon": 0, "4000000000": time.Hour, "99999999999999999999": 0,
	} {
		b.answers(http.StatusServiceUnavailable, map[string]string{"Retry-After": header})
		failed := b.failure(b.target.Send(b.Context(), Told(sink.Opened)))
		require.Equal(b, want, failed.RetryAfter, header)
	}
	b.answers(http.StatusTooManyRequests, map[string]string{"Retry-After": "7"})
	require.Equal(b, 7*time.Second, b.failure(b.target.Send(b.Context(), Told(sink.Opened))).RetryAfter)
}

func redirect(b *bench) {
	for _, status := range []int{
		http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect,
	} {
		before := len(b.got())
		b.answers(status, map[string]string{"Location": b.url + "/elsewhere"})
		require.False(b, b.failure(b.target.Send(b.Context(), Told(sink.Opened))).Refused)
		require.Len(b, b.got(), before+1, strconv.Itoa(status))
	}
}

func nobodyListens(b *bench) {
	var config net.ListenConfig
	listener, err := config.Listen(b.Context(), "tcp", "127.0.0.1:0")
	require.NoError(b, err)
	require.NoError(b, listener.Close())
	target := b.subject.New(b.T, "http://"+listener.Addr().String())
	failed := b.failure(target.Send(b.Context(), Told(sink.Opened)))
	require.False(b, failed.Refused)
	require.Zero(b, failed.Status)
}

func connectionCut(b *bench) {
	b.answersBy(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	failed := b.failure(b.target.Send(b.Context(), Told(sink.Opened)))
	require.False(b, failed.Refused)
	require.Zero(b, failed.Status)
}

// endlessAnswer is judged by its status, whatever follows.
func endlessAnswer(b *bench) {
	b.answersBy(func(w http.ResponseWriter, request *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		for request.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 32<<10)); err != nil {
				return
			}
		}
	})
	require.True(b, b.failure(b.target.Send(b.Context(), Told(sink.Opened))).Refused)
}

func cancelledBefore(b *bench) {
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	failed := b.failure(b.target.Send(ctx, Told(sink.Opened)))
	require.False(b, failed.Refused)
	require.ErrorIs(b, failed, context.Canceled)
	require.Empty(b, b.got())
}

func cancelledMeanwhile(b *bench) {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.answersBy(func(_ http.ResponseWriter, request *http.Request) {
		cancel()
		<-request.Context().Done()
	})
	failed := b.failure(b.target.Send(ctx, Told(sink.Opened)))
	require.False(b, failed.Refused)
	require.ErrorIs(b, failed, context.Canceled)
}
