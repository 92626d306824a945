package e2e_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"securitybot/activities"
	"securitybot/api"
	"securitybot/internal/alert"
	"securitybot/internal/chat/slack"
	"securitybot/internal/conversation"
	"securitybot/internal/factor/duo"
	"securitybot/internal/inbox"
	"securitybot/internal/outbox"
	"securitybot/internal/person"
	rulebook "securitybot/internal/policy"
	"securitybot/internal/sandbox"
	"securitybot/internal/seal"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite"
	"securitybot/internal/temporalclient"
	"securitybot/internal/words"
	"securitybot/worker"
)

// forwardClock runs like every clock, ahead of the real one, and is only ever put
// forward.
type forwardClock struct{ ahead atomic.Int64 }

func (c *forwardClock) Now() time.Time { return time.Now().Add(c.lead()) }

func (c *forwardClock) lead() time.Duration { return time.Duration(c.ahead.Load()) }

func (c *forwardClock) reaches(at time.Time) {
	for {
		ahead, wanted := c.ahead.Load(), int64(time.Until(at))
		if wanted <= ahead || c.ahead.CompareAndSwap(ahead, wanted) {
			return
		}
	}
}

// pacemaker keeps Temporal's time and the record's together: a conversation starts
// at the record's time, and the record's clock follows each step of a conversation.
type pacemaker struct {
	interceptor.InterceptorBase

	clock *forwardClock
}

func (p *pacemaker) InterceptClient(next interceptor.ClientOutboundInterceptor) interceptor.ClientOutboundInterceptor {
	return &delayedStarts{interceptor.ClientOutboundInterceptorBase{Next: next}, p.clock}
}

func (p *pacemaker) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &watchedWorkflow{interceptor.WorkflowInboundInterceptorBase{Next: next}, p.clock}
}

type delayedStarts struct {
	interceptor.ClientOutboundInterceptorBase

	clock *forwardClock
}

func (d *delayedStarts) ExecuteWorkflow(ctx context.Context, in *interceptor.ClientExecuteWorkflowInput) (client.WorkflowRun, error) {
	if in.WorkflowType == conversation.WorkflowAlert {
		in.Options.StartDelay = d.clock.lead()
	}
	return d.Next.ExecuteWorkflow(ctx, in)
}

type watchedWorkflow struct {
	interceptor.WorkflowInboundInterceptorBase

	clock *forwardClock
}

func (w *watchedWorkflow) Init(out interceptor.WorkflowOutboundInterceptor) error {
	return w.Next.Init(&watchedSteps{interceptor.WorkflowOutboundInterceptorBase{Next: out}, w.clock})
}

type watchedSteps struct {
	interceptor.WorkflowOutboundInterceptorBase

	clock *forwardClock
}

func (w *watchedSteps) ExecuteActivity(ctx workflow.Context, step string, args ...any) workflow.Future {
	w.clock.reaches(workflow.Now(ctx))
	return w.Next.ExecuteActivity(ctx, step, args...)
}

func (w *watchedSteps) ExecuteLocalActivity(ctx workflow.Context, step string, args ...any) workflow.Future {
	w.clock.reaches(workflow.Now(ctx))
	return w.Next.ExecuteLocalActivity(ctx, step, args...)
}

// fixedPolicy is in force all the time.
type fixedPolicy struct{ *rulebook.Policy }

func (p fixedPolicy) Planner(context.Context) (store.Planner, error) { return p.Policy, nil }

func (p fixedPolicy) EscalateTo(context.Context, alert.PersonKey) ([]alert.Step, error) {
	return nil, nil
}

func (p fixedPolicy) OptOutMost(context.Context) (time.Duration, error) {
	return p.Policy.OptOutMost(), nil
}

func (fixedPolicy) Responder(context.Context, alert.PersonKey) (alert.Person, bool, error) {
	return alert.Person{}, false, nil
}

// noLinks leaves the addresses out of messages.
type noLinks struct{}

func (noLinks) Alert(string) string    { return "" }
func (noLinks) Workflow(string) string { return "" }

// calendar is an installation in this process whose time can be put forward: a real
// Temporal server that skips time, a real record, and the sandbox at the other end
// of the wire. Slack delivers by Socket Mode, and Duo's clock is the real one: what is
// signed is signed with that.
type calendar struct {
	*bot

	phones   *bot
	clock    *forwardClock
	temporal client.Client
	logger   *slog.Logger
	skips    int
}

// calendarFrom gives an installation whose record begins at a moment to come.
func calendarFrom(t *testing.T, begin time.Time, rules string) *calendar {
	t.Helper()
	ports := freePorts(t, 3)
	out := &lockedBuffer{}
	c := &calendar{
		bot:   &bot{T: t, port: ports[0], sandboxPort: ports[1], out: out},
		clock: &forwardClock{}, logger: slog.New(slog.NewTextHandler(out, nil)),
	}
	c.phones = &bot{T: t, sandboxPort: ports[2], out: out}
	c.clock.reaches(begin)
	c.startTemporal()
	chatWorld := c.plays(ports[1], c.clock.Now)
	phoneWorld := c.plays(ports[2], time.Now)
	c.wire(chatWorld, phoneWorld, rules)
	return c
}

func (c *calendar) startTemporal() {
	c.Helper()
	options := client.Options{
		Interceptors: []interceptor.ClientInterceptor{&pacemaker{clock: c.clock}},
		Logger:       sdklog.NewStructuredLogger(c.logger),
	}
	server, err := testsuite.StartDevServer(c.Context(), testsuite.DevServerOptions{
		ExistingPath: filepath.Join(filepath.Dir(binary), "temporal-devserver"), ClientOptions: &options,
		LogLevel: "error", Stdout: io.Discard, Stderr: io.Discard,
		ExtraArgs: []string{"--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"},
	})
	require.NoError(c, err, "start Temporal")
	c.Cleanup(func() { require.NoError(c, server.Stop()) })
	c.temporal = server.Client()
	c.Cleanup(c.temporal.Close)
	require.NoError(c, temporalclient.RegisterSearchAttributes(c.Context(), c.temporal, client.DefaultNamespace))
}

// plays starts a sandbox on a port.
func (c *calendar) plays(port int, now func() time.Time) *sandbox.Sandbox {
	c.Helper()
	at := &bot{T: c.T, port: port}
	played, err := sandbox.New(sandbox.Options{
		DataDir: c.TempDir(), PublicURL: at.url(""), CallbackURL: c.bot.url(""), Loopback: true, Clock: now, Logger: c.logger,
		BotToken: "xoxb-calendar", AppToken: "xapp-calendar", SigningSecret: "calendar-secret",
		DuoIKey: "calendar-ikey", DuoSKey: "calendar-skey",
	})
	require.NoError(c, err)
	c.Cleanup(func() { require.NoError(c, played.Close(background())) })
	require.NoError(c, played.Start(c.Context()))
	c.serves(port, played.Handler())
	return played
}

func (c *calendar) serves(port int, handler http.Handler) {
	c.Helper()
	server := &http.Server{Addr: (&bot{port: port}).url("")[len("http://"):], Handler: handler, ReadHeaderTimeout: patience}
	ended := make(chan error, 1)
	go func() { ended <- server.ListenAndServe() }()
	c.Cleanup(func() {
		require.NoError(c, server.Close())
		require.ErrorIs(c, <-ended, http.ErrServerClosed)
	})
}

// wire puts the parts together as the program does.
func (c *calendar) wire(chatWorld, phoneWorld *sandbox.Sandbox, rules string) {
	c.Helper()
	file := filepath.Join(c.TempDir(), "securitybot.db")
	require.NoError(c, sqlite.Migrate(c.Context(), file))
	backend, err := sqlite.Open(c.Context(), file)
	require.NoError(c, err)
	record := store.New(backend, store.WithClock(c.clock.Now))
	c.Cleanup(func() { require.NoError(c, record.Close()) })
	parsed, err := rulebook.Parse([]byte(rules))
	require.NoError(c, err)
	inForce := fixedPolicy{parsed.Policy(rulebook.Environment{})}
	sealer, err := seal.New(seal.NewKey())
	require.NoError(c, err)
	people, err := slack.New(slack.Options{
		APIURL: chatWorld.SlackAPIURL(), BotToken: "xoxb-calendar", AppToken: "xapp-calendar", Logger: c.logger, Now: c.clock.Now,
	})
	require.NoError(c, err)
	c.Cleanup(people.Close)
	phones, err := duo.New(duo.Options{
		IntegrationKey: "calendar-ikey", SecretKey: "calendar-skey", Host: phoneWorld.DuoHost(), CAFile: phoneWorld.DuoCAFile(),
	})
	require.NoError(c, err)
	c.Cleanup(phones.Close)
	directory := person.New(person.Options{Cache: record, Chat: people, Team: people.Team, Now: c.clock.Now})
	steps, err := activities.New(activities.Options{
		Record: record, Finder: directory, Policy: inForce, Book: words.Default(), Chat: people, Channel: "security",
		Factor: phones, Sealer: sealer, Links: noLinks{}, Logger: c.logger,
	})
	require.NoError(c, err)
	out := outbox.New(record, c.temporal, c.logger)
	box := inbox.New(inbox.Options{Record: record, Sealer: sealer, Book: words.Default(), Policy: inForce, Kick: out.Kick})
	receiver, err := slack.NewReceiver(people, box, slack.ReceiverOptions{})
	require.NoError(c, err)
	c.Cleanup(func() { require.NoError(c, receiver.Stop(background())) })
	c.serves(c.port, api.New(api.Options{
		Record: record, Kick: out.Kick, Logger: c.logger, Now: c.clock.Now,
		Sources: func(token string) (string, bool) { return token, token == "sandbox" },
	}).Handler())
	_, err = directory.Warm(c.Context())
	require.NoError(c, err)
	listen := func(ctx context.Context) { _ = receiver.RunSocket(ctx) } // ends with ctx
	c.runs(worker.New(c.temporal, steps, worker.Options{}), out.Run, listen, outbox.NewReconciler(record, steps, c.temporal, c.logger).Run)
}

// runs what the program runs for as long as the test lasts.
func (c *calendar) runs(serving *worker.Worker, loops ...func(context.Context)) {
	c.Helper()
	require.NoError(c, serving.Start())
	ctx, stop := context.WithCancel(background())
	var group sync.WaitGroup
	for _, loop := range loops {
		group.Go(func() { loop(ctx) })
	}
	c.Cleanup(func() {
		stop()
		group.Wait()
		serving.Stop()
	})
}

// reportsNow sends an alert, whose conversation begins now by the record's clock.
func (c *calendar) reportsNow(body map[string]any) string {
	c.Helper()
	id := c.reports(body)
	c.eventually("its workflow exists", func() bool {
		_, err := c.temporal.DescribeWorkflowExecution(c.Context(), conversation.AlertWorkflowID(id), "")
		return err == nil
	})
	c.skip(id, c.clock.lead()+time.Second)
	return id
}

// forward lets a conversation's time pass until a moment; what is due before it
// happens in its turn.
func (c *calendar) forward(id string, until time.Time) {
	c.Helper()
	c.skip(id, until.Sub(c.clock.Now()))
	c.clock.reaches(until)
}

// skip waits until Temporal has put a workflow's own clock forward.
func (c *calendar) skip(id string, length time.Duration) {
	c.Helper()
	c.skips++
	name := fmt.Sprint("skip-", c.skips)
	execution := &common.WorkflowExecution{WorkflowId: conversation.AlertWorkflowID(id)}
	_, err := c.temporal.WorkflowService().UpdateWorkflowExecutionOptions(c.Context(), &workflowservice.UpdateWorkflowExecutionOptionsRequest{
		Namespace: client.DefaultNamespace, WorkflowExecution: execution,
		WorkflowExecutionOptions: &workflowpb.WorkflowExecutionOptions{TimeSkippingConfig: &common.TimeSkippingConfig{
			Enabled: true, FastForwardConfig: &common.FastForwardConfig{Id: name, Duration: durationpb.New(length)},
		}},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"time_skipping_config"}},
	})
	require.NoError(c, err, "let time pass")
	c.eventually("Temporal has skipped "+length.String(), func() bool {
		reply, err := c.temporal.WorkflowService().PollWorkflowExecutionTimeSkipping(c.Context(), &workflowservice.PollWorkflowExecutionTimeSkippingRequest{
			Namespace: client.DefaultNamespace, WorkflowExecution: execution, FastForwardId: name,
		})
		require.NoError(c, err)
		return reply.GetFastForwardPollingResult() == enums.FAST_FORWARD_POLLING_RESULT_FAST_FORWARD_COMPLETED
	})
}
