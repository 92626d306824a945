package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"securitybot/api/login"
	"securitybot/examples"
	"securitybot/internal/sandbox"
	"securitybot/internal/sandbox/page"
)

// The sandbox's credentials are known to everybody: it plays, on this machine.
const (
	sandboxBotToken      = "xoxb-sandbox" //nolint:gosec // see above
	sandboxAppToken      = "xapp-sandbox"
	sandboxSigningSecret = "sandbox-signing-secret"
	sandboxDuoIKey       = "sandbox-duo-ikey"
	sandboxDuoSKey       = "sandbox-duo-skey"
	sandboxAPIToken      = "sandbox"
)

func (a *App) openSandbox(ctx context.Context) error {
	if !a.options.Sandbox.AllowRemote && !loopback(a.listener.Addr()) {
		return errors.New("the sandbox answers anybody who reaches it, so it listens on this machine only; " +
			"--allow-remote says that you mean it")
	}
	callback := a.address()
	if !a.options.Role.API {
		callback = a.options.Sandbox.CallbackURL
	}
	options := sandbox.Options{
		DataDir: filepath.Join(a.config.DataDir, "sandbox"), PublicURL: a.sandboxURL(), CallbackURL: callback,
		BotToken: sandboxBotToken, AppToken: sandboxAppToken, SigningSecret: sandboxSigningSecret,
		DuoIKey: sandboxDuoIKey, DuoSKey: sandboxDuoSKey, DuoListen: a.options.Sandbox.DuoListen,
		DuoName: a.options.Sandbox.DuoName, AllowedHosts: a.options.Sandbox.Hosts,
		Loopback: loopback(a.listener.Addr()), Page: a.page(), Status: a.bootStatus, Logger: a.logger,
	}
	if a.options.Role.API {
		options.OIDCClientID, options.OIDCClientSecret = sandboxOIDCClient, sandboxOIDCSecret
		options.OIDCRedirectURL = a.publicURL() + login.Path + "/callback"
	}
	played, err := sandbox.New(options)
	if err != nil {
		return err
	}
	a.sandbox = played
	a.onClose("sandbox", played.Close)
	return played.Start(ctx)
}

func loopback(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

func (a *App) sandboxURL() string {
	if a.options.Sandbox.PublicURL != "" {
		return a.options.Sandbox.PublicURL
	}
	return a.address()
}

func (a *App) bootStatus() any {
	if a.dev == nil {
		return BootStatus{Phase: PhaseReady}
	}
	return a.dev.Status()
}

// page is the sandbox's page and what it needs of the API beside the sandbox.
func (a *App) page() http.Handler {
	mux := http.NewServeMux()
	if a.options.Role.API {
		mux.HandleFunc("GET /sandbox/examples", a.listExamples)
		mux.HandleFunc("GET /sandbox/alerts", a.forward)
		mux.HandleFunc("GET /sandbox/alerts/{id}", a.forward)
		mux.HandleFunc("POST /sandbox/alerts", a.sendExample)
		mux.HandleFunc("POST /sandbox/trust", a.trustAgain)
	}
	mux.Handle("/", page.Handler())
	return mux
}

// pageExamples is how many alerts the page offers.
const pageExamples = 4

func (a *App) listExamples(w http.ResponseWriter, _ *http.Request) {
	type offered struct {
		Name   string          `json:"name"`
		Button string          `json:"button"`
		Alert  json.RawMessage `json:"alert"`
	}
	var list []offered
	for _, example := range examples.List()[:pageExamples] {
		list = append(list, offered(example))
	}
	text, err := json.Marshal(list)
	if err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text) // a reader that went away is no fault of ours
}

// forward reads from the API, as the page's own source.
func (a *App) forward(w http.ResponseWriter, r *http.Request) {
	inner := r.Clone(r.Context())
	inner.URL.Path = "/v1" + r.URL.Path[len("/sandbox"):]
	a.serveAPI(w, inner)
}

// sendExample sends an example about somebody of the workspace, through the API.
func (a *App) sendExample(w http.ResponseWriter, r *http.Request) {
	var wanted struct {
		Example string `json:"example"`
		User    string `json:"user"`

		OccurredAt string `json:"occurred_at"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&wanted); err != nil {
		http.Error(w, "want {\"example\",\"user\"}", http.StatusBadRequest)
		return
	}
	body, err := bodyFor(wanted.Example, wanted.User, wanted.OccurredAt)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	inner, err := http.NewRequestWithContext(r.Context(), http.MethodPost, "/v1/alerts", bytes.NewReader(body))
	if err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	inner.Host, inner.RemoteAddr = r.Host, r.RemoteAddr
	inner.Header.Set("Content-Type", "application/json")
	a.serveAPI(w, inner)
}

func (a *App) serveAPI(w http.ResponseWriter, r *http.Request) {
	r.Header.Set("Authorization", "Bearer "+a.demoToken())
	a.api.Handler().ServeHTTP(w, r)
}

// bodyFor is the body of what a button of the page stands for.
func bodyFor(name, email, occurredAt string) ([]byte, error) {
	if name == nightLogin {
		return nightFor(email, time.Now())
	}
	return exampleFor(name, email, occurredAt)
}

// nightLogin is the alert that waits for somebody's next shift.
const nightLogin = "night_login"

// nightFor is that alert, about somebody whose shift was over a while ago: the
// sandbox's policy knows one every six hours.
func nightFor(email string, now time.Time) ([]byte, error) {
	over := now.UTC().Add(-time.Hour).Truncate(6 * time.Hour)
	return json.Marshal(map[string]any{
		"key": rand.Text(), "detection": "sandbox/" + nightLogin, "title": "Login to the wiki at night",
		"description": "Nothing that could not wait until the next shift.", "severity": "low",
		"subject": map[string]string{"email": email}, "context": map[string]string{"shift": over.Format("15:04 UTC")},
	})
}

// trustAgain ends somebody's distrust, as a responder who spoke to them does.
func (a *App) trustAgain(w http.ResponseWriter, r *http.Request) {
	var wanted struct {
		User      string `json:"user"`
		Responder string `json:"responder"`
		Reason    string `json:"reason"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&wanted); err != nil || wanted.Reason == "" {
		http.Error(w, "want {\"user\",\"responder\",\"reason\"}", http.StatusBadRequest)
		return
	}
	if err := a.trustAs(r.Context(), wanted.Responder, wanted.User, wanted.Reason); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"ok":true}`))
}

// trustAs refuses whoever is no responder, and the person themselves.
func (a *App) trustAs(ctx context.Context, responder, email, reason string) error {
	by, err := knownPerson(ctx, a.store, responder)
	if err != nil {
		return err
	}
	who, allowed, err := a.policies.Responder(ctx, by.PersonKey)
	if err != nil {
		return err
	}
	if !allowed || responder == email {
		return fmt.Errorf("%s can't clear that", responder)
	}
	return trust(ctx, a.store, email, "responder "+who.Name, reason)
}

// exampleFor is an example's body, about one person and never a repetition.
func exampleFor(name, email, occurredAt string) ([]byte, error) {
	for _, example := range examples.List() {
		if example.Name != name {
			continue
		}
		var body map[string]any
		if err := json.Unmarshal(example.Alert, &body); err != nil {
			return nil, fmt.Errorf("read example %s: %w", name, err)
		}
		body["key"] = rand.Text()
		if email != "" {
			body["subject"] = map[string]string{"email": email}
		}
		if occurredAt != "" {
			body["occurred_at"] = occurredAt
		}
		return json.Marshal(body)
	}
	return nil, fmt.Errorf("there is no example %q", name)
}

// serveSandbox serves a sandbox that stands alone.
func (a *App) serveSandbox(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.Handle("/sandbox", a.sandbox.Handler())
	mux.Handle("/sandbox/", a.sandbox.Handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })() // live pages never end by themselves
	a.logger.Info("the sandbox is ready", "url", a.sandboxURL()+"/sandbox",
		"slack_api_url", a.sandbox.SlackAPIURL(), "duo_host", a.sandbox.DuoHost(), "duo_ca_file", a.sandbox.DuoCAFile())
	if err := server.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the sandbox: %w", err)
	}
	return nil
}
