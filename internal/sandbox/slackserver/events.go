package slackserver

import (
	"context"
	"time"

	"securitybot/internal/sandbox/disk"
)

// bootGrace lets an app that starts together with the sandbox begin to listen.
const bootGrace = 2 * time.Second

// pendingEvent is an event that the app has not acknowledged yet. It outlives
// the process.
type pendingEvent struct {
	ID      string    `json:"id"`
	Payload object    `json:"payload"`
	Attempt int       `json:"attempt"` // 0 is the first delivery
	Reason  string    `json:"reason,omitempty"`
	Due     time.Time `json:"due"`

	busy bool
}

func (s *Server) loadEvents(ctx context.Context) error {
	if err := s.loadDeliveries(ctx); err != nil {
		return err
	}
	pending, err := disk.Load[pendingEvent](ctx, s.opt.Disk, "event")
	if err != nil {
		return err
	}
	grace := s.opt.Clock().Add(bootGrace)
	for _, e := range pending {
		if e.Due.Before(grace) {
			e.Due = grace
		}
		s.events[e.ID] = e
	}
	return nil
}

// newEvent queues an event for the app; the caller holds mu and calls attempt
// after it has released it.
func (s *Server) newEvent(inner object) *pendingEvent {
	now := s.opt.Clock()
	id := newID("Ev")
	e := &pendingEvent{ID: id, Due: now, busy: true, Payload: object{
		"token": "unused", "team_id": TeamID, "api_app_id": AppID, "type": "event_callback", "event": inner,
		"event_id": id, "event_time": now.Unix(), "is_ext_shared_channel": false,
		"authorizations": []object{{
			"enterprise_id": nil, "team_id": TeamID, "user_id": BotUserID, "is_bot": true, "is_enterprise_install": false,
		}},
	}}
	s.events[id] = e
	s.opt.Disk.Put("event", id, e)
	return e
}

// attempt delivers an event once and plans the next attempt if the app didn't
// acknowledge it.
func (s *Server) attempt(ctx context.Context, e *pendingEvent) Receipt {
	receipt := s.deliver(ctx, callback{
		kind: kindEvent, payload: e.Payload, eventID: e.ID, attempt: e.Attempt, reason: e.Reason,
	})
	if s.run.Err() != nil {
		return receipt // stopping: the event waits for the next start
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e.busy = false
	if receipt.Delivered || receipt.noRetry || e.Attempt >= len(s.opt.EventRetries) {
		delete(s.events, e.ID)
		s.opt.Disk.Delete("event", e.ID)
		return receipt
	}
	e.Due = s.opt.Clock().Add(s.opt.EventRetries[e.Attempt])
	e.Attempt++
	e.Reason = receipt.Error
	s.opt.Disk.Put("event", e.ID, e)
	s.poke()
	return receipt
}

func (s *Server) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// redeliver runs the attempts that have come due until the server closes.
func (s *Server) redeliver() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-s.run.Done():
			return
		case <-timer.C:
		case <-s.wake:
		}
		timer.Reset(s.startDue())
	}
}

// startDue starts what is due and returns how long until the next one is.
func (s *Server) startDue() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, next := s.opt.Clock(), time.Minute
	for _, e := range s.events {
		wait := e.Due.Sub(now)
		switch {
		case e.busy:
		case wait <= 0:
			e.busy = true
			s.work.Go(func() { s.attempt(s.run, e) })
		default:
			next = min(next, wait)
		}
	}
	return next
}
