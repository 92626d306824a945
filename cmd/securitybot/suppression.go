package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"securitybot/internal/client"
)

func newSuppressionCommand() *cobra.Command {
	command := &cobra.Command{Use: "suppression", Short: "What people are not asked about", Args: cobra.NoArgs}
	flags := adminFlags(command)
	command.AddCommand(newSuppressionList(flags), newSuppressionRevoke(flags), newSuppressionExcept(flags))
	return command
}

func newSuppressionList(flags *apiFlags) *cobra.Command {
	var all bool
	var email string
	var limit int
	command := &cobra.Command{
		Use: "list", Short: "List what is in force, newest first", Args: cobra.NoArgs,
		RunE: flags.call(func(ctx context.Context, api *client.Client, _ []string) (answered, error) {
			list, err := api.Suppressions(ctx, !all, email, limit)
			return answered{list.Raw, func(out io.Writer) error { return printSuppressions(out, list.List) }}, err
		}),
	}
	set := command.Flags()
	set.BoolVar(&all, "all", false, "those of the last week that are over, too")
	set.StringVar(&email, "person", "", "only of this email")
	set.IntVar(&limit, "limit", 0, "how many, at most 200 (default 50)")
	return command
}

func printSuppressions(out io.Writer, list []client.Suppression) error {
	rows := [][]string{{"ID", "KIND", "STATE", "PERSON", "DETECTION", "SCOPE", "UP TO", "UNTIL", "USED", "BY", "REASON"}}
	for _, each := range list {
		rows = append(rows, []string{
			each.ID, each.Kind, stateOf(each), each.Person.String(), each.Detection, string(each.Scope), each.Severity,
			moment(each.Until), fmt.Sprintf("%d/%d", each.Used, each.Most), each.By, orDash(each.Reason),
		})
	}
	return printTable(out, rows, "No suppressions.")
}

func stateOf(suppression client.Suppression) string {
	switch {
	case suppression.Active:
		return "active"
	case !suppression.RevokedAt.IsZero():
		return "revoked"
	default:
		return "over"
	}
}

func newSuppressionRevoke(flags *apiFlags) *cobra.Command {
	var reason string
	command := &cobra.Command{
		Use: "revoke ID --reason REASON", Short: "End a suppression", Args: cobra.ExactArgs(1),
		RunE: flags.call(func(ctx context.Context, api *client.Client, args []string) (answered, error) {
			revoked, err := api.Revoke(ctx, args[0], reason)
			return answered{revoked.Raw, say("%s is asked about %s again.", revoked.Person, revoked.Detection)}, err
		}),
	}
	needReason(command, &reason)
	return command
}

func newSuppressionExcept(flags *apiFlags) *cobra.Command {
	var wanted client.Exception
	var scope []string
	command := &cobra.Command{
		Use:   "except EMAIL DETECTION --scope host=web-1 --severity medium --for 24h --reason REASON",
		Short: "Don't ask somebody else about a detection, for at most 7 days; the security team is told",
		Args:  cobra.ExactArgs(2),
		RunE: flags.call(func(ctx context.Context, api *client.Client, args []string) (answered, error) {
			var err error
			if wanted.Scope, err = readScope(scope); err != nil {
				return answered{}, err
			}
			wanted.Person, wanted.Detection = args[0], args[1]
			made, err := api.Except(ctx, wanted)
			return answered{made.Raw, say("%s: %s is not asked about %s on %s until %s.",
				made.ID, made.Person, made.Detection, made.Scope, moment(made.Until))}, err
		}),
	}
	set := command.Flags()
	set.StringArrayVar(&scope, "scope", nil, "a field of the context and its text, as host=web-1; a number or truth as port:=22; may be repeated")
	set.StringVar(&wanted.Severity, "severity", "", "the gravest that it covers: low, medium, high or critical")
	set.StringVar(&wanted.For, "for", "24h", "how long, such as 24h or 3d")
	needReason(command, &wanted.Reason)
	for _, name := range []string{"scope", "severity"} {
		_ = command.MarkFlagRequired(name) // only fails for a flag that is not there
	}
	return command
}

// readScope reads field=text and field:=JSON.
func readScope(pairs []string) (map[string]any, error) {
	scope := map[string]any{}
	for _, pair := range pairs {
		name, text, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--scope %q is not field=text", pair)
		}
		var value any = text
		if field, written := strings.CutSuffix(name, ":"); written {
			name = field
			if err := json.Unmarshal([]byte(text), &value); err != nil {
				return nil, fmt.Errorf("--scope %q: %q is no JSON value", pair, text)
			}
		}
		if _, twice := scope[name]; twice {
			return nil, fmt.Errorf("--scope: %q is given twice", name)
		}
		scope[name] = value
	}
	return scope, nil
}
