package slack

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"securitybot/internal/chat"
)

const (
	// ackBudget keeps recording within the 3 s that Slack waits for an answer.
	ackBudget = 2500 * time.Millisecond
	// workLimit bounds what is done after the answer.
	workLimit = 20 * time.Second
)

// ReceiverOptions of a receiver. No error and no log line carries the secret.
type ReceiverOptions struct {
	SigningSecret string // without it, every HTTP request is refused
}

// Receiver takes what people press and write, over HTTP or Socket Mode. It gives
// everything to the inbox first, acknowledges then, and only then does what the
// inbox replied.
type Receiver struct {
	slack  *Slack
	inbox  chat.Inbox
	secret string
	log    *slog.Logger

	mu      sync.Mutex
	stopped bool
	working sync.WaitGroup
}

// work is what is left to do once Slack has its answer.
type work func(context.Context)

// errForeign is a delivery for a workspace that isn't ours.
var errForeign = errors.New("delivery of another workspace")

// NewReceiver makes a receiver that answers through the client.
func NewReceiver(client *Slack, inbox chat.Inbox, options ReceiverOptions) (*Receiver, error) {
	if client == nil || inbox == nil {
		return nil, errors.New("slack: a receiver needs a client and an inbox")
	}
	return &Receiver{
		slack: client, inbox: inbox, secret: options.SigningSecret, log: client.log,
	}, nil
}

// Stop takes no more deliveries and waits for those under way and what follows
// them, at most until ctx ends.
func (r *Receiver) Stop(ctx context.Context) error {
	r.mu.Lock()
	r.stopped = true
	r.mu.Unlock()
	done := make(chan struct{})
	go func() {
		r.working.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// enter begins a delivery, unless the receiver stops; r.working.Done ends it.
func (r *Receiver) enter() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.stopped {
		r.working.Add(1)
	}
	return !r.stopped
}

// after runs work that outlives the delivery it follows from.
func (r *Receiver) after(ctx context.Context, do work) {
	if do == nil {
		return
	}
	r.working.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), workLimit)
		defer cancel()
		defer r.recovered(ctx)
		do(ctx)
	})
}

// recovered keeps a panic over one delivery from ending the process.
func (r *Receiver) recovered(ctx context.Context) {
	if cause := recover(); cause != nil {
		r.log.ErrorContext(ctx, "panic while handling a Slack delivery",
			"cause", cause, "stack", string(debug.Stack()))
	}
}

// workspace checks that a delivery is for the workspace of our token.
func (r *Receiver) workspace(ctx context.Context, team string) (*identity, error) {
	me, err := r.slack.me(ctx)
	if err != nil {
		return nil, err
	}
	if team != me.team {
		return nil, errForeign
	}
	return me, nil
}

// first gives the first text that isn't empty.
func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// moment reads a Slack time stamp, or gives the present.
func (r *Receiver) moment(ts string) time.Time {
	if at, err := parseTS(ts); err == nil {
		return at
	}
	return r.slack.now()
}
