package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"securitybot/activities"
	"securitybot/api"
	"securitybot/api/login"
	"securitybot/internal/chat/slack"
	"securitybot/internal/config"
	"securitybot/internal/evidence"
	"securitybot/internal/factor"
	"securitybot/internal/factor/duo"
	"securitybot/internal/inbox"
	"securitybot/internal/outbox"
	"securitybot/internal/person"
	"securitybot/internal/sandbox"
	"securitybot/internal/seal"
	"securitybot/internal/sink"
	"securitybot/internal/sink/webhook"
	"securitybot/internal/store"
	"securitybot/internal/temporalclient"
	"securitybot/internal/words"
)

// stopWithin bounds each step of a stop.
const stopWithin = 25 * time.Second

// App is a process that is wired and listens, but does not work yet.
type App struct {
	options    Options
	config     config.Config
	logger     *slog.Logger
	listener   net.Listener
	store      *store.Store
	sandbox    *sandbox.Sandbox
	slack      *slack.Slack
	receiver   *slack.Receiver
	factor     factor.Factor
	sealer     *seal.Sealer
	temporal   client.Client
	namespace  string
	outbox     *outbox.Outbox
	steps      *activities.Activities
	people     *person.Directory
	team       *team
	policies   *policies
	book       *words.Book
	api        *api.Server
	login      *login.Login
	evidence   *evidence.Key // nil: nothing is signed
	dev        *devServer
	demo       string
	demoOnce   sync.Once
	policyText []byte      // of the file, as it was last looked at
	chatDown   atomic.Bool // the directory could not be read last time
	cleanups   []cleanup
}

// cleanup is what is undone at the end, the last first.
type cleanup struct {
	name string
	run  func(context.Context) error
}

// New wires a process. What it opened is closed by Run, or here when it fails.
func New(ctx context.Context, options Options) (*App, error) {
	a := &App{options: options, config: options.Config, logger: options.Logger}
	if options.Config.Sandbox() && !options.Role.Sandbox {
		return nil, errors.New("no Slack is configured: set " + config.SlackBotToken +
			", or use `securitybot run`, which brings a sandbox")
	}
	if err := a.wire(ctx); err != nil {
		return nil, errors.Join(err, a.close(ctx))
	}
	return a, nil
}

func (a *App) wire(ctx context.Context) error {
	steps := []struct {
		name string
		run  func(context.Context) error
		when bool
	}{
		{"lock the data folder", a.lockData, a.embeds()},
		{"listen", a.listen, a.options.Role.API || a.options.Role.Sandbox},
		{"open the record", a.openRecord, a.options.Role.API || a.options.Role.Worker},
		{"load the policy", a.loadPolicy, a.options.Role.API || a.options.Role.Worker},
		{"read the messages", a.openWords, a.options.Role.API || a.options.Role.Worker},
		{"read the evidence key", a.openEvidence, a.options.Role.API || a.options.Role.Worker},
		{"find Temporal", a.openTemporal, a.options.Role.API || a.options.Role.Worker},
		{"start the sandbox", a.openSandbox, a.options.Role.Sandbox},
		{"open the chat system", a.openChat, a.options.Role.API || a.options.Role.Worker},
		{"open the second factor", a.openFactor, a.options.Role.Worker},
		{"make the steps", a.openSteps, a.options.Role.Worker},
		{"make the login", a.openLogin, a.options.Role.API},
		{"make the API", a.openAPI, a.options.Role.API},
	}
	for _, step := range steps {
		if !step.when {
			continue
		}
		if err := step.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// onClose registers what undoes a step.
func (a *App) onClose(name string, run func(context.Context) error) {
	a.cleanups = append(a.cleanups, cleanup{name, run})
}

func (a *App) close(ctx context.Context) error {
	var errs []error
	for _, cleanup := range slices.Backward(a.cleanups) {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
		if err := cleanup.run(bounded); err != nil {
			errs = append(errs, fmt.Errorf("close %s: %w", cleanup.name, err))
		}
		cancel()
	}
	a.cleanups = nil
	return errors.Join(errs...)
}

func (a *App) listen(ctx context.Context) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", a.config.Listen)
	if err != nil {
		return fmt.Errorf("%w (choose another address with --listen)", err)
	}
	a.listener = listener
	a.onClose("listener", func(context.Context) error {
		_ = listener.Close() // the server has closed it, unless nothing ever ran
		return nil
	})
	return nil
}

// address is where this process is reached on this machine.
func (a *App) address() string {
	host, port, err := net.SplitHostPort(a.listener.Addr().String())
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// publicURL is where others reach this process.
func (a *App) publicURL() string {
	if a.config.PublicURL != "" {
		return a.config.PublicURL
	}
	if a.listener == nil {
		return ""
	}
	return a.address()
}

func (a *App) openRecord(ctx context.Context) error {
	record, err := OpenStore(ctx, a.config)
	if err != nil {
		return err
	}
	a.store = record
	a.onClose("record", func(context.Context) error { return record.Close() })
	key, err := record.KeepSetting(ctx, seal.Setting, seal.NewKey())
	if err != nil {
		return fmt.Errorf("keep the button key: %w", err)
	}
	a.sealer, err = seal.New(key)
	return err
}

// openWords reads what we say, and refuses an override that can't be said. Who
// reads answers is as the policy has it at the start.
func (a *App) openWords(ctx context.Context) (err error) {
	var override []byte
	if a.config.MessagesFile != "" {
		if override, err = os.ReadFile(a.config.MessagesFile); err != nil {
			return err
		}
	}
	book, err := words.Load(override)
	if err != nil {
		return err
	}
	current, err := a.policies.Current(ctx)
	if err != nil {
		return err
	}
	readBy, keptFor := current.Kept()
	a.book = book.With(readBy, keptFor)
	if !a.options.Role.Sandbox && keptFor > 0 && (a.config.Retention == 0 || a.config.Retention > keptFor) {
		a.logger.Warn("people are told that their answers are kept for a shorter time than they are",
			"told", keptFor, "kept", a.config.Retention, "set", config.Retention)
	}
	return nil
}

func (a *App) openTemporal(ctx context.Context) error {
	hostPort := ""
	if a.options.Role.Dev {
		dev, err := newDevServer(ctx, a.options, a.logger)
		if err != nil {
			return err
		}
		a.dev, hostPort = dev, dev.address
	}
	temporal, err := temporalclient.New(temporalclient.Options{
		HostPort: hostPort, Keys: a.config.PayloadKey.Reveal(), Logger: a.logger,
	})
	if err != nil {
		return err
	}
	a.temporal, a.namespace = temporal, temporalclient.Namespace(hostPort)
	a.onClose("Temporal client", func(context.Context) error {
		temporal.Close()
		return nil
	})
	a.outbox = outbox.New(a.store, temporal, a.logger)
	return nil
}

func (a *App) openChat(context.Context) error {
	options := slack.Options{
		APIURL: a.config.Slack.APIURL, BotToken: a.config.Slack.BotToken.Reveal(),
		AppToken: a.config.Slack.AppToken.Reveal(), Logger: a.logger,
	}
	secret := a.config.Slack.SigningSecret.Reveal()
	if a.sandbox != nil {
		options.APIURL, options.BotToken, options.AppToken = a.sandbox.SlackAPIURL(), sandboxBotToken, sandboxAppToken
		secret = sandboxSigningSecret
	}
	client, err := slack.New(options)
	if err != nil {
		return err
	}
	a.slack = client
	a.onClose("chat client", func(context.Context) error {
		client.Close()
		return nil
	})
	rules, err := peopleOf(a.config)
	if err != nil {
		return err
	}
	a.team = newTeam(a.store, client)
	var leave *person.Leave
	if a.config.LeaveFile != "" {
		if leave, err = person.OpenLeave(a.config.LeaveFile, a.logger); err != nil {
			return err
		}
	}
	a.people = person.New(person.Options{Cache: a.store, Chat: client, Rules: rules, Leave: leave, Team: a.team.id})
	if !a.options.Role.API {
		return nil
	}
	box := inbox.New(inbox.Options{
		Record: a.store, Sealer: a.sealer, Book: a.book, Policy: a.policies, Kick: a.outbox.Kick,
	})
	a.receiver, err = slack.NewReceiver(client, box, slack.ReceiverOptions{SigningSecret: secret})
	if err != nil {
		return err
	}
	a.onClose("chat receiver", a.receiver.Stop)
	return nil
}

func (a *App) openFactor(context.Context) error {
	if a.sandbox == nil && !a.config.Duo.Configured() {
		a.factor = factor.None{}
		return nil
	}
	options := duo.Options{
		IntegrationKey: a.config.Duo.IKey, SecretKey: a.config.Duo.SKey.Reveal(),
		Host: a.config.Duo.Host, CAFile: a.config.Duo.CAFile,
	}
	if a.sandbox != nil {
		options = duo.Options{
			IntegrationKey: sandboxDuoIKey, SecretKey: sandboxDuoSKey,
			Host: a.sandbox.DuoHost(), CAFile: a.sandbox.DuoCAFile(),
		}
	}
	client, err := duo.New(options)
	if err != nil {
		return err
	}
	a.factor = client
	a.onClose("second factor", func(context.Context) error {
		client.Close()
		return nil
	})
	return nil
}

func (a *App) openSteps(context.Context) (err error) {
	var second sink.CaseTarget
	if a.config.Webhook.Configured() {
		target, err := webhook.New(webhook.Options{
			URL: a.config.Webhook.URL.Reveal(), Secret: a.config.Webhook.Secret.Reveal(),
		})
		if err != nil {
			return err
		}
		second = target
		a.onClose("second target", func(context.Context) error {
			target.Close()
			return nil
		})
	}
	places := newTargets(a.config, a.policies, a.logger)
	a.onClose("targets", func(context.Context) error {
		places.Close()
		return nil
	})
	a.steps, err = activities.New(activities.Options{
		Record: a.store, Finder: a.people, Policy: a.policies, Book: a.book, Chat: a.slack, Channel: a.config.Channel,
		Second: second, Targets: places.Targets, Factor: a.factor, Sealer: a.sealer, Links: caseLinks{a}, Logger: a.logger,
		EvidenceKey: a.evidence, Retention: a.config.Retention,
	})
	return err
}

// Run works until the context ends, then lets everything come to its end.
func (a *App) Run(ctx context.Context) error {
	err := a.work(ctx)
	return errors.Join(err, a.close(ctx))
}

// work runs the loops. Those that need Temporal outlive the ones that take new
// work, so that a stop leaves nothing half-done.
func (a *App) work(ctx context.Context) error {
	intake, intakeCtx := errgroup.WithContext(ctx)
	engine, stopEngine := context.WithCancel(context.WithoutCancel(ctx))
	defer stopEngine()
	engineDone := a.runEngine(engine)
	switch {
	case a.api != nil:
		intake.Go(func() error { return a.api.Serve(intakeCtx, a.listener) })
	case a.sandbox != nil:
		intake.Go(func() error { return a.serveSandbox(intakeCtx) })
	}
	if a.receiver != nil && a.sandbox == nil && a.config.Slack.AppToken != "" {
		intake.Go(func() error {
			a.runSocket(intakeCtx)
			return nil
		})
	}
	intake.Go(func() error { return a.announce(intakeCtx) })
	if a.api != nil {
		intake.Go(func() error {
			a.pruneSessions(intakeCtx)
			return nil
		})
	}
	if a.store != nil {
		intake.Go(func() error {
			a.watchPolicy(intakeCtx)
			return nil
		})
	}
	intake.Go(func() error {
		<-intakeCtx.Done()
		return nil
	})
	err := intake.Wait()
	a.logger.Info("stopping")
	stopEngine()
	<-engineDone
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || err == nil) {
		return nil
	}
	return err
}
