package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"securitybot/api"
	"securitybot/internal/config"
	"securitybot/internal/conversation"
	"securitybot/internal/store"
)

func (a *App) openAPI(ctx context.Context) error {
	options := api.Options{
		Record: a.store, Sources: a.source, Admins: a.config.Admins.Source, Kick: func() {}, Degraded: a.degraded,
		Links: api.Links{Alert: a.resourceURL, Workflow: a.workflowURL, Console: a.consoleURL, Chat: a.chatURL}, Hosts: a.hostAllowed(), Logger: a.logger,
		Policy: a.policies, Finder: a.people, Render: a.render, LostPhoneTitle: a.book.LostPhoneTitle(), EvidenceKey: a.evidence,
	}
	if a.outbox != nil {
		options.Kick = a.outbox.Kick
	}
	if a.team != nil {
		options.Team = a.team.id
	}
	if a.config.MetricsListen != "" {
		registry := prometheus.NewRegistry()
		options.Registerer = registry
		if err := a.openMetrics(ctx, registry); err != nil {
			return err
		}
	}
	if a.receiver != nil {
		options.Mounts = append(options.Mounts,
			api.Mount{Path: "/slack/events", Handler: a.receiver.Events()},
			api.Mount{Path: "/slack/interactions", Handler: a.receiver.Interactions()},
			api.Mount{Path: "/slack/commands", Handler: a.receiver.Commands()})
	}
	if a.sandbox != nil {
		options.Mounts = append(options.Mounts, api.Mount{Path: "/sandbox", Handler: a.sandbox.Handler()})
	}
	pages, err := a.consoleMounts()
	if err != nil {
		return err
	}
	options.Mounts = append(options.Mounts, pages...)
	a.api = api.New(options)
	return a.missSources(ctx)
}

// missSources says that nobody may report alerts: all else looks well then.
func (a *App) missSources(ctx context.Context) error {
	if a.sandbox != nil || len(a.config.Tokens) > 0 {
		return nil
	}
	kept, err := a.store.Tokens(ctx)
	if err != nil {
		return err
	}
	reports := func(token store.Token) bool { return token.Source != "" && token.Live(a.store.Now()) }
	if !slices.ContainsFunc(kept, reports) {
		a.logger.Warn("nobody may report alerts yet: make a token in the console, or by `securitybot token create`")
	}
	return nil
}

// render is a question as the chat system shows it.
func (a *App) render(story store.Story) (text string, blocks json.RawMessage, err error) {
	shown, err := a.slack.Rendered(a.book.Question(story, a.sealer))
	return shown.Text, shown.Blocks, err
}

// openMetrics listens for /metrics alone.
func (a *App) openMetrics(ctx context.Context, registry *prometheus.Registry) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", a.config.MetricsListen)
	if err != nil {
		return fmt.Errorf("listen for metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with Shutdown
	a.onClose("metrics", server.Shutdown)
	return nil
}

// source tells whose token it is.
func (a *App) source(token string) (string, bool) {
	tokens := a.config.Tokens
	if a.sandbox != nil {
		tokens = append(slices.Clone(tokens),
			config.Token{Source: "sandbox", Token: sandboxAPIToken},
			config.Token{Source: demoSource, Token: config.Secret(a.demoToken())})
	}
	return tokens.Source(token)
}

// demoToken is known to nobody outside this process.
func (a *App) demoToken() string {
	a.demoOnce.Do(func() { a.demo = rand.Text() })
	return a.demo
}

// hostAllowed keeps other sites' names away from a sandbox; a real installation
// sits behind names that only its operator knows.
func (a *App) hostAllowed() func(string) bool {
	if a.sandbox == nil || !loopback(a.listener.Addr()) {
		return nil
	}
	return func(host string) bool {
		ip := net.ParseIP(strings.Trim(host, "[]"))
		return strings.EqualFold(host, "localhost") || (ip != nil && ip.IsLoopback())
	}
}

// checkFor bounds the look at Temporal that a readiness answer waits for.
const checkFor = time.Second

// degraded names what does not work at the moment. None of it keeps an alert
// from being taken.
func (a *App) degraded(ctx context.Context) []string {
	var names []string
	if !a.temporalUp(ctx) {
		names = append(names, "temporal")
	}
	if a.chatDown.Load() {
		names = append(names, "slack")
	}
	return names
}

func (a *App) temporalUp(ctx context.Context) bool {
	if a.dev != nil && a.dev.Status().Phase != PhaseReady {
		return false
	}
	bounded, cancel := context.WithTimeout(ctx, checkFor)
	defer cancel()
	_, err := a.temporal.CheckHealth(bounded, nil)
	return err == nil
}

// resourceURL is an alert in the API.
func (a *App) resourceURL(id string) string {
	return strings.TrimSuffix(a.publicURL(), "/") + "/v1/alerts/" + id
}

// caseLinks are the addresses in cases: those that a browser can open.
type caseLinks struct{ *App }

func (l caseLinks) Alert(id string) string { return l.consoleURL(id) }

func (l caseLinks) Workflow(id string) string { return l.workflowURL(id) }

// chatURL is a message in the chat system; of the sandbox's there is one page.
func (a *App) chatURL(channel, ts string) string {
	if a.sandbox != nil {
		return a.sandboxURL() + "/sandbox"
	}
	return a.team.message(channel, ts)
}

// workflowURL is an alert's workflow in the Temporal UI; "" when there is none.
func (a *App) workflowURL(id string) string {
	base := a.config.TemporalUIURL
	if base == "" && a.dev != nil {
		base = a.dev.uiURL()
	}
	if base == "" {
		return ""
	}
	return fmt.Sprintf("%s/namespaces/%s/workflows/%s", strings.TrimSuffix(base, "/"),
		url.PathEscape(a.namespace), conversation.AlertWorkflowID(id))
}
