package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"securitybot/internal/conversation"
	"securitybot/internal/outbox"
	"securitybot/internal/temporalclient"
	"securitybot/worker"
)

const (
	retryEngine = time.Second
	warmEvery   = 15 * time.Minute
	warmRetry   = 5 * time.Second
)

// runEngine runs everything that speaks to Temporal and to the chat system on its
// own, and gives a channel that is closed when all of it has ended.
func (a *App) runEngine(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		devCtx, stopDev := context.WithCancel(context.WithoutCancel(ctx))
		devDone := a.runDev(devCtx)
		a.runOnTemporal(ctx)
		stopDev() // only now: the worker has drained
		<-devDone
	}()
	return done
}

func (a *App) runDev(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	if a.dev == nil {
		close(done)
		return done
	}
	go func() {
		defer close(done)
		a.dev.run(ctx)
	}()
	return done
}

func (a *App) runOnTemporal(ctx context.Context) {
	var group sync.WaitGroup
	if a.outbox != nil {
		group.Go(func() { a.whenUp(ctx, a.outbox.Run) })
	}
	if a.steps != nil {
		group.Go(func() { a.whenUp(ctx, a.runWorker) })
		group.Go(func() { a.keepWarm(ctx) })
		group.Go(func() { a.whenUp(ctx, a.keepSchedules) })
		group.Go(func() { a.whenUp(ctx, outbox.NewReconciler(a.store, a.steps, a.temporal, a.logger).Run) })
	}
	group.Wait()
}

// whenUp waits for the own server, which may have to be built first. A cluster
// is not waited for: what needs it tries by itself.
func (a *App) whenUp(ctx context.Context, run func(context.Context)) {
	if a.dev != nil {
		select {
		case <-ctx.Done():
			return
		case <-a.dev.up:
		}
	}
	run(ctx)
}

// runWorker serves the queues, again whenever Temporal was away.
func (a *App) runWorker(ctx context.Context) {
	for ctx.Err() == nil {
		if err := a.serveQueues(ctx); err != nil && ctx.Err() == nil {
			a.logger.Warn("the worker waits for Temporal", "error", err)
		}
		_ = pause(ctx, retryEngine)
	}
}

func (a *App) serveQueues(ctx context.Context) error {
	if err := temporalclient.RegisterSearchAttributes(ctx, a.temporal, a.namespace); errors.Is(err, temporalclient.ErrNotAllowed) {
		a.logger.Warn("add the search attributes to the namespace by hand", "names", conversation.SearchAttributes())
	} else if err != nil {
		return err
	}
	fatal := make(chan error, 8)
	serving := worker.New(a.temporal, a.steps, worker.Options{OnFatalError: func(err error) {
		select {
		case fatal <- err:
		default:
		}
	}})
	if err := serving.Start(); err != nil {
		return err
	}
	defer serving.Stop()
	a.logger.Info("the worker is ready")
	select {
	case <-ctx.Done():
		return nil
	case err := <-fatal:
		return fmt.Errorf("serve queues: %w", err)
	}
}

// keepWarm keeps the directory cache up to date.
func (a *App) keepWarm(ctx context.Context) {
	for ctx.Err() == nil {
		count, err := a.warm(ctx)
		a.chatDown.Store(err != nil)
		if err != nil {
			if ctx.Err() == nil {
				a.logger.Warn("could not read the directory", "error", err)
			}
			_ = pause(ctx, warmRetry)
			continue
		}
		a.logger.Debug("directory read", "people", count)
		_ = pause(ctx, warmEvery)
	}
}

// warm reads the directory, of the right team.
func (a *App) warm(ctx context.Context) (int, error) {
	if err := a.team.check(ctx); err != nil {
		return 0, err
	}
	count, err := a.people.Warm(ctx)
	if err != nil {
		return count, err
	}
	current, err := a.policies.Current(ctx)
	if err != nil {
		return count, err
	}
	return count, a.people.WarmGroups(ctx, current.Groups())
}

// runSocket keeps a Socket Mode connection.
func (a *App) runSocket(ctx context.Context) {
	for ctx.Err() == nil {
		err := a.receiver.RunSocket(ctx)
		if ctx.Err() == nil {
			a.logger.Error("Socket Mode ended", "error", err)
			_ = pause(ctx, warmRetry)
		}
	}
}
