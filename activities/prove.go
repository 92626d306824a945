package activities

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"securitybot/internal/alert"
	"securitybot/internal/conversation"
	"securitybot/internal/factor"
	"securitybot/internal/store"
)

const (
	pushLives = 75 * time.Second // Duo's live for 60
	pollFor   = 8 * time.Second
	beatEvery = 5 * time.Second // within the heartbeat's time-out
	pollEvery = time.Second
	keepFor   = 30 * time.Second
)

// Prove runs one attempt to prove a yes: one push, and what the vendor says
// became of it. An attempt that was begun is taken up where it was left, and a
// push of which nobody knows the transaction is never sent again by itself.
func (a *Activities) Prove(ctx context.Context, in conversation.ProveInput) (conversation.Proved, error) {
	defer a.beat(ctx)()
	// Read before the attempt is recorded: a failure after that is a lost push.
	story, err := a.Record.Story(ctx, in.AlertID)
	if err != nil {
		return conversation.Proved{}, missing(err)
	}
	if err := a.mayContact(ctx); err != nil {
		return conversation.Proved{}, err
	}
	proof, turn, err := a.Record.BeginProof(ctx, in.AlertID, in.Attempt, a.Factor.Name())
	if err != nil {
		return conversation.Proved{}, missing(err)
	}
	if turn == store.ProofPush {
		proof, turn, err = a.push(ctx, story, proof)
		if err != nil {
			return conversation.Proved{}, err
		}
	}
	if turn == store.ProofPoll {
		if proof, err = a.poll(ctx, proof); err != nil {
			return conversation.Proved{}, err
		}
	}
	return conversation.Proved{Result: proof.Result}, nil
}

// push sends it and records its transaction before anybody waits for it. Whatever
// fails before ProofSending leaves nothing behind.
func (a *Activities) push(ctx context.Context, story store.Story, proof alert.Proof) (alert.Proof, store.ProofTurn, error) {
	person := story.Person.FactorName
	devices, err := a.Factor.Devices(ctx, person)
	if err != nil {
		return a.notPushed(ctx, proof, err)
	}
	if proof, err = a.Record.ProofSending(ctx, proof, devicesOf(devices)); err != nil {
		return proof, "", err
	}
	if proof.Result != alert.ProofPending {
		return proof, store.ProofDone, nil
	}
	if proof.Transaction, err = a.Factor.Push(ctx, person, proof.Device, a.Book.Push(story)); err != nil {
		return a.notPushed(ctx, proof, err)
	}
	return proof, store.ProofPoll, a.keepTransaction(ctx, proof)
}

func devicesOf(listed []factor.Device) []store.Device {
	devices := make([]store.Device, 0, len(listed))
	for _, device := range listed {
		devices = append(devices, store.Device{ID: device.ID, Name: device.Name})
	}
	return devices
}

// keepTransaction insists while a database restarts: without its transaction the
// push is lost, and the person would have to ask for another.
func (a *Activities) keepTransaction(ctx context.Context, proof alert.Proof) error {
	for deadline := time.Now().Add(keepFor); ; {
		err := a.Record.ProofPushed(ctx, proof)
		if err == nil || time.Now().After(deadline) || pause(ctx, pollEvery) != nil {
			return err
		}
	}
}

// beat says that this process lives while a step lasts, and gives what ends it.
// Who approves at once costs no heartbeat.
func (a *Activities) beat(ctx context.Context) (stop func()) {
	if !activity.IsActivity(ctx) {
		return func() {}
	}
	beating, cancel := context.WithCancel(ctx)
	var beats sync.WaitGroup
	beats.Go(func() {
		for pause(beating, beatEvery) == nil {
			activity.RecordHeartbeat(ctx)
		}
	})
	return func() {
		cancel()
		beats.Wait()
	}
}

func (a *Activities) notPushed(ctx context.Context, proof alert.Proof, cause error) (alert.Proof, store.ProofTurn, error) {
	failed := factor.FailureOf(cause)
	var err error
	switch failed.Failure {
	case factor.NotSent:
		if err := a.Record.ProofNotSent(ctx, proof); err != nil {
			return proof, "", err
		}
		return proof, "", retryLater("push", failed)
	case factor.NotProof:
		proof, err = a.Record.ProofDecided(ctx, proof, alert.ProofUnavailable, failed.Reason)
	default:
		proof, err = a.Record.ProofDecided(ctx, proof, alert.ProofLost, failed.Reason)
	}
	return proof, store.ProofDone, err
}

// poll reads the transaction until it has a result or the push is dead.
func (a *Activities) poll(ctx context.Context, proof alert.Proof) (alert.Proof, error) {
	dead := proof.PushedAt
	if dead.IsZero() {
		dead = time.Now()
	}
	dead = dead.Add(pushLives)
	for {
		result, reason, err := a.pollOnce(ctx, proof)
		if err != nil {
			return proof, err
		}
		if result == alert.ProofPending && time.Now().After(dead) {
			result = alert.ProofTimedOut
		}
		if result != alert.ProofPending {
			return a.Record.ProofDecided(ctx, proof, result, reason)
		}
		if err := pause(ctx, pollEvery); err != nil {
			return proof, err
		}
	}
}

// pollOnce lets go when the worker stops: the next one takes the push up.
func (a *Activities) pollOnce(ctx context.Context, proof alert.Proof) (alert.ProofResult, string, error) {
	short, cancel := context.WithTimeout(ctx, pollFor)
	defer cancel()
	if activity.IsActivity(ctx) {
		go func() {
			select {
			case <-activity.GetWorkerStopChannel(ctx):
				cancel()
			case <-short.Done():
			}
		}()
	}
	result, reason, err := a.Factor.Poll(short, proof.Transaction)
	if err != nil {
		return "", "", retryLater("poll", factor.FailureOf(err))
	}
	return result, reason, nil
}

func retryLater(doing string, failed *factor.Error) error {
	return temporal.NewApplicationErrorWithOptions(
		fmt.Sprintf("%s: %s", doing, failed.Reason), errProvider,
		temporal.ApplicationErrorOptions{NextRetryDelay: failed.RetryAfter})
}

func pause(ctx context.Context, length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
