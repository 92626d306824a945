package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"securitybot/internal/client"
)

// adminFlags are the flags of a command that needs an admin's token.
func adminFlags(command *cobra.Command) *apiFlags {
	flags := &apiFlags{tokenFrom: envAdminToken, sandboxToken: "sandbox-admin"}
	flags.addTo(command)
	return flags
}

// answered is what the API said, as it came and as people read it.
type answered struct {
	raw   json.RawMessage
	print func(io.Writer) error
}

// call makes a command of one call of the API.
func (f *apiFlags) call(call func(context.Context, *client.Client, []string) (answered, error)) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, args []string) error {
		api, err := f.client()
		if err != nil {
			return err
		}
		answer, err := call(command.Context(), api, args)
		if err != nil {
			return err
		}
		if f.json {
			return printRaw(command.OutOrStdout(), answer.raw)
		}
		return answer.print(command.OutOrStdout())
	}
}

// say prints one line.
func say(format string, args ...any) func(io.Writer) error {
	return func(out io.Writer) error {
		_, err := fmt.Fprintln(out, clean(fmt.Sprintf(format, args...)))
		return err
	}
}

// needReason adds the flag that everything needs which will be asked about one day.
func needReason(command *cobra.Command, reason *string) {
	command.Flags().StringVar(reason, "reason", "", "why, for everybody to read")
	_ = command.MarkFlagRequired("reason") // only fails for a flag that is not there
}

func newPauseCommand() *cobra.Command {
	var reason string
	command := &cobra.Command{
		Use: "pause --reason REASON", Short: "Stop all contact with people at once; alerts are recorded and escalated", Args: cobra.NoArgs,
	}
	flags := adminFlags(command)
	command.RunE = flags.call(func(ctx context.Context, api *client.Client, _ []string) (answered, error) {
		pause, err := api.Pause(ctx, reason)
		return answered{pause.Raw, say("Paused: nobody is contacted until `securitybot resume`.")}, err
	})
	needReason(command, &reason)
	return command
}

func newResumeCommand() *cobra.Command {
	command := &cobra.Command{Use: "resume", Short: "Contact people again", Args: cobra.NoArgs}
	flags := adminFlags(command)
	command.RunE = flags.call(func(ctx context.Context, api *client.Client, _ []string) (answered, error) {
		pause, err := api.Resume(ctx)
		return answered{pause.Raw, say("People are contacted again.")}, err
	})
	return command
}

func newOptOutCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "opt-out", Short: "People who are not asked for a while; what is about them goes to the security team", Args: cobra.NoArgs,
	}
	flags := adminFlags(command)
	command.AddCommand(newOptOutList(flags), newOptOutAdd(flags), newOptOutRemove(flags))
	return command
}

func newOptOutList(flags *apiFlags) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List them", Args: cobra.NoArgs,
		RunE: flags.call(func(ctx context.Context, api *client.Client, _ []string) (answered, error) {
			list, err := api.OptOuts(ctx)
			return answered{list.Raw, func(out io.Writer) error {
				rows := [][]string{{"PERSON", "UNTIL", "BY", "REASON"}}
				for _, each := range list.List {
					rows = append(rows, []string{each.Person.String(), moment(each.Until), each.By, each.Reason})
				}
				return printTable(out, rows, "Nobody is opted out.")
			}}, err
		}),
	}
}

func newOptOutAdd(flags *apiFlags) *cobra.Command {
	var length, reason string
	command := &cobra.Command{
		Use: "add EMAIL --for 30d --reason REASON", Short: "Ask somebody nothing, for at most 90 days", Args: cobra.ExactArgs(1),
		RunE: flags.call(func(ctx context.Context, api *client.Client, args []string) (answered, error) {
			made, err := api.OptOut(ctx, args[0], length, reason)
			return answered{made.Raw, say("%s is not asked until %s.", made.Person, moment(made.Until))}, err
		}),
	}
	command.Flags().StringVar(&length, "for", "24h", "how long, such as 24h or 30d")
	needReason(command, &reason)
	return command
}

func newOptOutRemove(flags *apiFlags) *cobra.Command {
	return &cobra.Command{
		Use: "remove EMAIL", Short: "Ask somebody again", Args: cobra.ExactArgs(1),
		RunE: flags.call(func(ctx context.Context, api *client.Client, args []string) (answered, error) {
			ended, err := api.OptIn(ctx, args[0])
			return answered{ended.Raw, say("%s is asked again from now on.", ended.Person)}, err
		}),
	}
}

func newCaseCommand() *cobra.Command {
	command := &cobra.Command{Use: "case", Short: "What the security team has to see to", Args: cobra.NoArgs}
	flags := adminFlags(command)
	var limit int
	list := &cobra.Command{
		Use: "list", Short: "List the cases that nobody has resolved, oldest first", Args: cobra.NoArgs,
		RunE: flags.call(func(ctx context.Context, api *client.Client, _ []string) (answered, error) {
			cases, err := api.Cases(ctx, limit)
			return answered{cases.Raw, func(out io.Writer) error { return printCases(out, cases.List) }}, err
		}),
	}
	list.Flags().IntVar(&limit, "limit", 0, "how many, at most 200 (default 50)")
	command.AddCommand(list)
	return command
}

func printCases(out io.Writer, cases []client.Case) error {
	rows := [][]string{{"ALERT", "OPENED", "SEVERITY", "WHY", "WHO", "ACKNOWLEDGED BY", "TITLE"}}
	for _, each := range cases {
		reason := ""
		if each.Escalation != nil {
			reason = each.Escalation.Reason
		}
		rows = append(rows, []string{
			each.AlertID, moment(each.OpenedAt), each.Severity, orDash(reason), orDash(each.Who.String()), orDash(each.AckedBy), each.Title,
		})
	}
	return printTable(out, rows, "No open cases.")
}
