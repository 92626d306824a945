package main

import (
	"fmt"
	"os/user"

	"github.com/spf13/cobra"

	"securitybot/internal/app"
)

func newPersonCommand() *cobra.Command {
	command := &cobra.Command{Use: "person", Short: "What Securitybot holds of people"}
	command.AddCommand(newTrustCommand())
	return command
}

func newTrustCommand() *cobra.Command {
	var given flags
	var reason string
	command := &cobra.Command{
		Use:   "trust EMAIL --reason REASON",
		Short: "End the distrust of somebody whose chat account was suspected to be stolen",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			cfg, _, err := given.load()
			if err != nil {
				return err
			}
			if err := app.Trust(command.Context(), cfg, args[0], operator(), reason); err != nil {
				return err
			}
			fmt.Fprintf(command.OutOrStdout(), "%s is asked again from now on.\n", args[0])
			return nil
		},
	}
	given.add(command)
	command.Flags().StringVar(&reason, "reason", "", "why, for the timeline")
	_ = command.MarkFlagRequired("reason") // only fails for a flag that is not there
	return command
}

// operator names who did it, as well as this machine knows.
func operator() string {
	who, err := user.Current()
	if err != nil {
		return "operator"
	}
	return "operator " + who.Username
}
