package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"securitybot/internal/client"
)

// The environment of the commands that call the API, for what their flags don't say.
const (
	envURL        = "SECURITYBOT_URL"
	envToken      = "SECURITYBOT_TOKEN"       //nolint:gosec // a name
	envAdminToken = "SECURITYBOT_ADMIN_TOKEN" //nolint:gosec // a name
	defaultURL    = "http://127.0.0.1:8080"
)

// maxAlertFile is more than the API takes, so that the API says so.
const maxAlertFile = 1 << 20

// apiFlags say which API a command talks to and how it prints the answer.
type apiFlags struct {
	url, token string
	json       bool

	tokenFrom    string // the environment's name of the token
	sandboxToken string // of an API that runs a sandbox
}

// addTo gives a command and those below it the flags.
func (f *apiFlags) addTo(command *cobra.Command) {
	set := command.PersistentFlags()
	set.StringVar(&f.url, "url", "", "address of the API (default $"+envURL+" or "+defaultURL+")")
	set.StringVar(&f.token, "token", "", "API token (default $"+f.tokenFrom+" or "+f.sandboxToken+")")
	set.BoolVar(&f.json, "json", false, "print the API's JSON")
}

// newAlertCommand gives the commands that send and read alerts through the API.
func newAlertCommand() *cobra.Command {
	flags := &apiFlags{tokenFrom: envToken, sandboxToken: "sandbox"}
	command := &cobra.Command{
		Use:   "alert",
		Short: "Send and read alerts through the API",
		Args:  cobra.NoArgs,
	}
	flags.addTo(command)
	command.AddCommand(newAlertSend(flags), newAlertShow(flags), newAlertList(flags))
	return command
}

// client is the one that flags, environment and defaults lead to, in this
// order. The environment is not a flag's default: help would print the token.
func (f *apiFlags) client() (*client.Client, error) {
	return client.New(firstOf(f.url, os.Getenv(envURL), defaultURL), firstOf(f.token, os.Getenv(f.tokenFrom), f.sandboxToken))
}

func firstOf(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}

func newAlertSend(flags *apiFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "send FILE|-",
		Short: "Report the alert in a JSON file, or on standard input",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			body, err := readAlert(command.InOrStdin(), args[0])
			if err != nil {
				return err
			}
			api, err := flags.client()
			if err != nil {
				return err
			}
			sent, err := api.Send(command.Context(), body)
			if err != nil {
				return err
			}
			if flags.json {
				return printRaw(command.OutOrStdout(), sent.Raw)
			}
			return printSent(command.OutOrStdout(), sent)
		},
	}
}

func readAlert(stdin io.Reader, name string) ([]byte, error) {
	file := stdin
	if name != "-" {
		opened, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("open alert: %w", err)
		}
		defer func() { _ = opened.Close() }()
		file = opened
	}
	body, err := io.ReadAll(io.LimitReader(file, maxAlertFile))
	if err != nil {
		return nil, fmt.Errorf("read alert: %w", err)
	}
	return body, nil
}

func newAlertShow(flags *apiFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Show an alert and its timeline",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			api, err := flags.client()
			if err != nil {
				return err
			}
			shown, err := api.Show(command.Context(), args[0])
			if err != nil {
				return err
			}
			if flags.json {
				return printRaw(command.OutOrStdout(), shown.Raw)
			}
			return printAlert(command.OutOrStdout(), shown)
		},
	}
}

func newAlertList(flags *apiFlags) *cobra.Command {
	var filter client.Filter
	command := &cobra.Command{
		Use:   "list",
		Short: "List alerts, newest first",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return listAlerts(command.Context(), command.OutOrStdout(), flags, filter)
		},
	}
	set := command.Flags()
	set.StringVar(&filter.Status, "status", "", "only with this status: received, held, asking, proving, escalated or closed")
	set.StringVar(&filter.Verdict, "verdict", "", "only with this verdict")
	set.StringVar(&filter.Detection, "detection", "", "only of this detection")
	set.StringVar(&filter.Subject, "subject", "", "only about this email, username or Slack id")
	set.StringVar(&filter.Source, "source", "", "only from this source")
	set.StringVar(&filter.Key, "key", "", "only with this key")
	set.IntVar(&filter.Limit, "limit", 0, "how many, at most 200 (default 50)")
	set.StringVar(&filter.Cursor, "cursor", "", "go on where another list ended")
	return command
}

func listAlerts(ctx context.Context, out io.Writer, flags *apiFlags, filter client.Filter) error {
	api, err := flags.client()
	if err != nil {
		return err
	}
	page, err := api.List(ctx, filter)
	if err != nil {
		return err
	}
	if flags.json {
		return printRaw(out, page.Raw)
	}
	return printPage(out, page, time.Now())
}
