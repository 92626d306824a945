// Package app wires the parts and runs them: the only room that sees everything.
package app

import (
	"context"
	_ "embed"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"securitybot/internal/config"
	"securitybot/internal/person"
	"securitybot/internal/policy"
	"securitybot/internal/store"
	"securitybot/internal/store/postgres"
	"securitybot/internal/store/sqlite"
)

// Role is what a process does.
type Role struct {
	API     bool // takes alerts and what people do
	Worker  bool // holds conversations
	Sandbox bool // plays Slack and Duo
	Dev     bool // brings its own Temporal server
}

// Options are what a process is started with, beside its configuration.
type Options struct {
	Config config.Config
	Role   Role
	Logger *slog.Logger

	TemporalPort    int // of the own server; 0 takes a free one
	TemporalUIPort  int
	DevServerSource string // built from there when it is missing
	BinDir          string // where the own server's program is
	Sample          bool   // send one alert to begin with
	Sandbox         SandboxOptions
	Announce        func(Links)
}

// SandboxOptions are for a sandbox that other processes use.
type SandboxOptions struct {
	AllowRemote bool     // listen for other machines too
	PublicURL   string   // where clients reach it
	CallbackURL string   // where the API is that gets what people do
	Hosts       []string // further names that requests may be addressed to
	DuoListen   string
	DuoName     string // host name of Duo, if clients can't use the one of DuoListen
}

// Links are what a person may want to open once everything runs.
type Links struct {
	Console  string // "" when nobody can log in
	SignInAs string // somebody there who may do everything; "" where that is not ours to know
	Page     string // of the sandbox; "" without one
	API      string
	Temporal string // the UI
	Workflow string // of the sample alert
	Alert    string // the sample alert's id
}

// OpenStore opens the record that the configuration names, and brings its schema
// up to date.
func OpenStore(ctx context.Context, cfg config.Config) (*store.Store, error) {
	if url := cfg.DatabaseURL.Reveal(); url != "" {
		return openPostgres(ctx, url, cfg.DatabaseRole)
	}
	path, err := sqlitePath(cfg)
	if err != nil {
		return nil, err
	}
	if err := sqlite.Migrate(ctx, path); err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	backend, err := sqlite.Open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open the record: %w", err)
	}
	return store.New(backend), nil
}

// migrateFor is how long a process waits for a database that is not there yet.
const migrateFor = time.Minute

// openPostgres migrates as well. That does nothing where nothing is to be done, which
// the role of api and worker may do, and waits for who owns the tables where it isn't.
func openPostgres(ctx context.Context, url, role string) (*store.Store, error) {
	var options []postgres.MigrateOption
	if role != "" {
		options = append(options, postgres.WithRole(role))
	}
	bounded, cancel := context.WithTimeout(ctx, migrateFor)
	defer cancel()
	for {
		err := postgres.Migrate(bounded, url, options...)
		if err == nil {
			break
		}
		if waitErr := pause(bounded, time.Second); waitErr != nil {
			return nil, fmt.Errorf("migrate: %w", err)
		}
	}
	backend, err := postgres.Open(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("open the record: %w", err)
	}
	return store.New(backend), nil
}

func sqlitePath(cfg config.Config) (string, error) {
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return "", fmt.Errorf("make the data folder: %w", err)
	}
	return filepath.Join(cfg.DataDir, "securitybot.db"), nil
}

// demoSource is the source of the alerts that the sandbox's page sends.
const demoSource = "demo"

// environmentOf is what this installation adds to its policy.
func environmentOf(cfg config.Config) policy.Environment {
	env := policy.Environment{Override: cfg.Timing, Unprovable: !cfg.Sandbox() && !cfg.Duo.Configured()}
	if cfg.Sandbox() {
		env.BySource = map[string]policy.Timing{demoSource: {
			Deadline:  90 * time.Second,
			Reminders: []time.Duration{20 * time.Second, time.Minute},
			WatchFor:  15 * time.Minute,
		}}
	}
	return env
}

//go:embed sandbox-policy.yaml
var sandboxPolicy []byte

// basePolicy holds where no policy file was ever loaded: the built-in one, and in
// a sandbox one that names its responders.
func basePolicy(cfg config.Config) (*policy.File, error) {
	if !cfg.Sandbox() {
		return policy.BuiltIn(), nil
	}
	file, err := policy.Parse(sandboxPolicy)
	if err != nil {
		return nil, fmt.Errorf("read the sandbox's policy: %w", err)
	}
	return file, nil
}

// peopleOf are the configured rules; a sandbox knows its people's usernames as well.
func peopleOf(cfg config.Config) (person.Rules, error) {
	rules := cfg.People
	if !cfg.Sandbox() {
		return rules, nil
	}
	return rules, rules.ReadInline(`([a-z]+) => $1@example.com`)
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
