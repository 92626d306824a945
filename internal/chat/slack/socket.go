package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/slack-go/slack/socketmode"

	"securitybot/internal/chat"
)

const (
	// atOnce is how many deliveries are recorded at the same time.
	atOnce = 16
	// maxFrame is in bytes. A longer one ends the connection, and comes again: the
	// longest message, edited, is four times in one and must stay below.
	maxFrame = 4 << 20
)

// socket is one run of Socket Mode.
type socket struct {
	*Receiver
	client  *socketmode.Client
	slots   chan struct{}
	pending sync.WaitGroup
}

// RunSocket takes deliveries over Socket Mode until ctx ends, whose error it then
// gives. The library reconnects by itself; what it can't mend, a refused token,
// comes back as a *[chat.Error].
func (r *Receiver) RunSocket(ctx context.Context) error {
	if !r.slack.socket {
		return errors.New("slack: Socket Mode needs an app token")
	}
	s := &socket{
		Receiver: r,
		client:   socketmode.New(r.slack.api, socketmode.OptionReadLimit(maxFrame)),
		slots:    make(chan struct{}, atOnce),
	}
	defer s.pending.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.client.RunContext(ctx) }()
	for {
		select {
		case event := <-s.client.Events:
			s.dispatch(ctx, event)
		case err := <-ended:
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("run Socket Mode: %w", &chat.Error{
				Failure: chat.Operator, Reason: "socket_refused", Err: r.slack.scrub(err),
			})
		}
	}
}

// dispatch takes one event of the library off its small buffer and handles it aside.
func (s *socket) dispatch(ctx context.Context, event socketmode.Event) {
	switch event.Type {
	case socketmode.EventTypeConnected:
		s.log.InfoContext(ctx, "Socket Mode connected")
		return
	case socketmode.EventTypeConnectionError:
		s.log.WarnContext(ctx, "Socket Mode connection failed, trying again")
		return
	}
	request := envelopeOf(event)
	if request.EnvelopeID == "" {
		return // nobody waits for an answer
	}
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return
	}
	s.pending.Go(func() {
		defer func() { <-s.slots }()
		defer s.recovered(ctx)
		s.take(ctx, request)
	})
}

// envelopeOf gives what Slack sent, also where the library could not read it, as
// with kinds of events that it doesn't know: Slack sends those again and again
// until somebody acknowledges them.
func envelopeOf(event socketmode.Event) socketmode.Request {
	if event.Request != nil {
		return *event.Request
	}
	var request socketmode.Request
	if bad, ok := event.Data.(*socketmode.ErrorBadMessage); ok && json.Unmarshal(bad.Message, &request) != nil {
		return socketmode.Request{}
	}
	return request
}

// handle records what an envelope holds.
func (s *socket) handle(ctx context.Context, request socketmode.Request) (delivered, error) {
	switch request.Type {
	case socketmode.RequestTypeEventsAPI:
		return s.event(ctx, request.Payload)
	case socketmode.RequestTypeInteractive:
		return s.interaction(ctx, request.Payload)
	case socketmode.RequestTypeSlashCommands:
		return s.slash(ctx, request.Payload)
	}
	return delivered{}, nil
}

func (s *socket) slash(ctx context.Context, payload []byte) (delivered, error) {
	var written command
	if json.Unmarshal(payload, &written) != nil {
		return delivered{}, errMalformed
	}
	return s.command(ctx, written)
}

// take records a delivery, acknowledges it, and then does what follows. A stop
// doesn't cut the recording short.
func (s *socket) take(ctx context.Context, request socketmode.Request) {
	if !s.enter() {
		return // unacknowledged: for another of us
	}
	defer s.working.Done()
	recording, cancel := context.WithTimeout(context.WithoutCancel(ctx), ackBudget)
	defer cancel()
	result, err := s.handle(recording, request)
	if err = s.forgive(ctx, err); err != nil {
		s.log.ErrorContext(ctx, "Slack delivery not recorded", "error", err)
		return // unacknowledged: Slack sends events again, and warns the presser
	}
	if err := s.client.AckCtx(ctx, request.EnvelopeID, result.body); err != nil {
		s.log.WarnContext(ctx, "Slack delivery recorded but not acknowledged", "error", err)
	}
	s.after(ctx, result.next)
}
