package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"securitybot/internal/app"
	"securitybot/internal/policy"
	"securitybot/internal/store"
)

// newTokenCommand works on the record itself: the first token can't be made with one.
func newTokenCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "token", Short: "Tokens of the API, for sources that report and people who act", Args: cobra.NoArgs,
	}
	command.AddCommand(newTokenCreate(), newTokenList(), newTokenRevoke())
	return command
}

// onRecord runs something on the record that the settings name.
func onRecord(given *flags, f func(context.Context, *store.Store) error) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, _ []string) (err error) {
		cfg, _, err := given.load()
		if err != nil {
			return err
		}
		record, err := app.OpenStore(command.Context(), cfg)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, record.Close()) }()
		return f(command.Context(), record)
	}
}

func newTokenCreate() *cobra.Command {
	var given flags
	var wanted store.Token
	var length string
	command := &cobra.Command{
		Use:   "create --source NAME | --person EMAIL --scope SCOPE…",
		Short: "Make a token, and print it for the only time; a source or person may have two",
		Long: "Make a token, and print it for the only time. A source or person may have two, so that one can be changed\n" +
			"without a gap. The security team is told of one that does more than ingest.",
		Args: cobra.NoArgs,
	}
	command.RunE = onRecord(&given, func(ctx context.Context, record *store.Store) error {
		var err error
		if wanted.ExpiresAt, err = endOf(wanted, length, record.Now()); err != nil {
			return err
		}
		made, plain, err := record.MakeToken(ctx, wanted, operator())
		if err != nil {
			return err
		}
		fmt.Fprintf(command.ErrOrStderr(), "The token of %s, with the id %s; nobody can show it again:\n",
			cmp.Or(made.Source, made.Email), made.ID)
		fmt.Fprintln(command.OutOrStdout(), plain)
		return nil
	})
	given.add(command)
	set := command.Flags()
	set.StringVar(&wanted.Source, "source", "", "name of the source that reports with it")
	set.StringVar(&wanted.Email, "person", "", "email of the person who acts with it")
	set.StringSliceVar(&wanted.Scopes, "scope", nil, "ingest or read of a source; read, respond or admin of a person; may be repeated")
	set.StringSliceVar(&wanted.Detections, "detection", nil, "that it may report, or the beginning of names as nmap_*; may be repeated (default all)")
	set.StringSliceVar(&wanted.Severities, "severity", nil, "that it may report; may be repeated (default all)")
	set.IntVar(&wanted.PerHour, "per-hour", 0, "alerts of the source that are taken in an hour (default any number)")
	set.StringVar(&length, "for", "", "how long it is good for, such as 30d (default of a source's until it is revoked; of a person's 90d, its most)")
	command.MarkFlagsOneRequired("source", "person")
	command.MarkFlagsMutuallyExclusive("source", "person")
	_ = command.MarkFlagRequired("scope") // only fails for a flag that is not there
	return command
}

// endOf is when a token ends that is to last for a length; without one a person's
// lasts as long as it may, and a source's for good.
func endOf(wanted store.Token, length string, now time.Time) (time.Time, error) {
	switch {
	case length == "" && wanted.Email != "":
		return now.Add(store.LongestPersonToken), nil
	case length == "":
		return time.Time{}, nil
	}
	lasts, err := policy.ParseLength(length)
	if err != nil {
		return time.Time{}, fmt.Errorf("--for %q is not a length of time such as 90d", length)
	}
	return now.Add(lasts), nil
}

func newTokenList() *cobra.Command {
	var given flags
	command := &cobra.Command{Use: "list", Short: "List the tokens, the newest first", Args: cobra.NoArgs}
	command.RunE = onRecord(&given, func(ctx context.Context, record *store.Store) error {
		tokens, err := record.Tokens(ctx)
		if err != nil {
			return err
		}
		rows := [][]string{{"ID", "WHOSE", "STATE", "SCOPES", "DETECTIONS", "SEVERITIES", "PER HOUR", "LAST USED", "MADE", "BY"}}
		for _, token := range tokens {
			rows = append(rows, []string{
				token.ID, cmp.Or(token.Source, token.Email), lifeOf(token, record.Now()), strings.Join(token.Scopes, " "),
				cmp.Or(strings.Join(token.Detections, " "), "all"), cmp.Or(strings.Join(token.Severities, " "), "all"),
				perHour(token.PerHour), momentOrDash(token.LastUsedAt), moment(token.CreatedAt), token.CreatedBy,
			})
		}
		return printTable(command.OutOrStdout(), rows, "No tokens.")
	})
	given.add(command)
	return command
}

func lifeOf(token store.Token, now time.Time) string {
	switch {
	case !token.RevokedAt.IsZero():
		return "revoked by " + token.RevokedBy
	case !token.Live(now):
		return "expired"
	case token.ExpiresAt.IsZero():
		return "active"
	default:
		return "until " + moment(token.ExpiresAt)
	}
}

func perHour(most int) string {
	if most == 0 {
		return "any"
	}
	return strconv.Itoa(most)
}

func momentOrDash(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return moment(at)
}

func newTokenRevoke() *cobra.Command {
	var given flags
	command := &cobra.Command{Use: "revoke ID", Short: "End a token at once", Args: cobra.ExactArgs(1)}
	command.RunE = func(command *cobra.Command, args []string) error {
		return onRecord(&given, func(ctx context.Context, record *store.Store) error {
			token, err := record.RevokeToken(ctx, args[0], operator())
			if errors.Is(err, store.ErrNotFound) {
				return fmt.Errorf("there is no token with the id %q", args[0])
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(command.OutOrStdout(), "The token %s of %s is no longer taken.\n", token.ID, cmp.Or(token.Source, token.Email))
			return nil
		})(command, args)
	}
	given.add(command)
	return command
}
