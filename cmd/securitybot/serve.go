package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/spf13/cobra"

	"securitybot/internal/app"
	"securitybot/internal/config"
	"securitybot/internal/telemetry"
)

// flags are the settings that may also come by flag.
type flags struct {
	listen, data, databaseURL string
}

func (f *flags) add(command *cobra.Command) {
	command.Flags().StringVar(&f.listen, "listen", "", "address to listen on (SECURITYBOT_LISTEN, default 127.0.0.1:8080)")
	command.Flags().StringVar(&f.data, "data", "", "folder for data (SECURITYBOT_DATA, default ./.securitybot)")
	command.Flags().StringVar(&f.databaseURL, "database-url", "", "PostgreSQL to keep the record in (DATABASE_URL, default: SQLite in the data folder)")
}

// lookup lets a flag go before the environment.
func (f *flags) lookup(name string) (string, bool) {
	for variable, value := range map[string]string{
		config.Listen: f.listen, config.DataDir: f.data, config.DatabaseURL: f.databaseURL,
	} {
		if name == variable && value != "" {
			return value, true
		}
	}
	return os.LookupEnv(name)
}

func (f *flags) load() (config.Config, *slog.Logger, error) {
	cfg, err := config.Load(f.lookup, os.ReadFile)
	if err != nil {
		return cfg, nil, err
	}
	logger := telemetry.NewLogger(os.Stderr, cfg.LogJSON, cfg.LogLevel)
	for _, warning := range cfg.Warnings {
		logger.Warn("check a setting", "warning", warning)
	}
	return cfg, logger, nil
}

// serve wires and runs a process until it is told to stop.
func serve(command *cobra.Command, options app.Options) error {
	process, err := app.New(command.Context(), options)
	if err != nil {
		return err
	}
	return process.Run(command.Context())
}

func newRunCommand() *cobra.Command {
	var given flags
	var options app.Options
	command := &cobra.Command{
		Use:   "run",
		Short: "Run everything on this machine: API, worker, Temporal, and, without credentials, a sandbox Slack and Duo",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) (err error) {
			if options.Config, options.Logger, err = given.load(); err != nil {
				return err
			}
			if options.BinDir, err = binDir(); err != nil {
				return err
			}
			options.Role = app.Role{
				API: true, Worker: true, Sandbox: options.Config.Sandbox(),
				Dev: os.Getenv("TEMPORAL_ADDRESS") == "",
			}
			options.Announce = announce(command)
			return serve(command, options)
		},
	}
	given.add(command)
	command.Flags().IntVar(&options.TemporalPort, "temporal-port", 0, "port of the Temporal dev server (default 7233 or a free one)")
	command.Flags().IntVar(&options.TemporalUIPort, "temporal-ui-port", 0, "port of the Temporal UI (default 8233 or a free one)")
	command.Flags().StringVar(&options.DevServerSource, "devserver-source", "devserver", "where the dev server is built from when it is missing")
	command.Flags().BoolVar(&options.Sample, "sample", true, "send one sample alert to begin with")
	return command
}

// announce prints the links that a person wants next.
func announce(command *cobra.Command) func(app.Links) {
	return func(links app.Links) {
		out := command.OutOrStdout()
		console := links.Console
		if links.SignInAs != "" {
			console += "   (sign in as " + links.SignInAs + ")"
		}
		fmt.Fprintln(out, "Securitybot is running.")
		for _, line := range [][2]string{
			{"The console", console},
			{"The sandbox (start here)", links.Page},
			{"The API", links.API},
			{"The Temporal UI", links.Temporal},
			{"The sample alert's workflow", links.Workflow},
		} {
			if line[1] != "" {
				fmt.Fprintf(out, "  %-28s %s\n", line[0], line[1])
			}
		}
		fmt.Fprintln(out, "Press Ctrl-C to stop; everything is kept and goes on at the next start.")
	}
}

func newAPICommand() *cobra.Command {
	return newRoleCommand("api", "Take alerts and what people do in Slack", app.Role{API: true})
}

func newWorkerCommand() *cobra.Command {
	return newRoleCommand("worker", "Hold the conversations", app.Role{Worker: true})
}

func newRoleCommand(use, short string, role app.Role) *cobra.Command {
	var given flags
	command := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			cfg, logger, err := given.load()
			if err != nil {
				return err
			}
			return serve(command, app.Options{Config: cfg, Role: role, Logger: logger})
		},
	}
	given.add(command)
	return command
}

func newSandboxCommand() *cobra.Command {
	var given flags
	options := app.Options{Role: app.Role{Sandbox: true}}
	command := &cobra.Command{
		Use: "sandbox", Short: "Play a Slack and a Duo for trying Securitybot without an account", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) (err error) {
			if options.Config, options.Logger, err = given.load(); err != nil {
				return err
			}
			return serve(command, options)
		},
	}
	given.add(command)
	sandbox := &options.Sandbox
	command.Flags().BoolVar(&sandbox.AllowRemote, "allow-remote", false, "listen for other machines too: whoever reaches it can be anybody in it")
	command.Flags().StringVar(&sandbox.PublicURL, "public-url", "", "where clients reach it")
	command.Flags().StringVar(&sandbox.CallbackURL, "callback-url", "", "the API that gets what people do; without it over Socket Mode alone")
	command.Flags().StringArrayVar(&sandbox.Hosts, "allow-host", nil, "a further name that requests may be addressed to")
	command.Flags().StringVar(&sandbox.DuoListen, "duo-listen", "127.0.0.1:0", "address of Duo")
	command.Flags().StringVar(&sandbox.DuoName, "duo-name", "", "the host name that clients reach Duo by")
	return command
}

func newMigrateCommand() *cobra.Command {
	var given flags
	command := &cobra.Command{
		Use: "migrate", Short: "Bring the database's schema up to date", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			cfg, logger, err := given.load()
			if err != nil {
				return err
			}
			record, err := app.OpenStore(command.Context(), cfg)
			if err != nil {
				return err
			}
			logger.Info("the database is up to date")
			return record.Close()
		},
	}
	given.add(command)
	return command
}

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(command *cobra.Command, _ []string) {
			version := "unknown"
			if info, ok := debug.ReadBuildInfo(); ok {
				version = info.Main.Version
			}
			fmt.Fprintln(command.OutOrStdout(), "securitybot", version)
		},
	}
}

// binDir is the folder of this program: the dev server stands beside it.
func binDir() (string, error) {
	program, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	return filepath.Dir(program), nil
}
