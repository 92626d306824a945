package main

import (
	"fmt"
	"io"
	"os/user"

	"github.com/spf13/cobra"

	"securitybot/internal/app"
	"securitybot/internal/store"
)

func newPersonCommand() *cobra.Command {
	command := &cobra.Command{Use: "person", Short: "What Securitybot holds of people"}
	command.AddCommand(newTrustCommand(), newEraseCommand())
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

func newEraseCommand() *cobra.Command {
	var given flags
	var reason string
	command := &cobra.Command{
		Use:   "erase EMAIL --reason REASON",
		Short: "Erase what is personal of somebody; that it was erased stays, and every timeline still verifies",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			cfg, _, err := given.load()
			if err != nil {
				return err
			}
			erasure, err := app.ErasePerson(command.Context(), cfg, args[0], operator(), reason)
			if err != nil {
				return err
			}
			return printErasure(command.OutOrStdout(), args[0], erasure)
		},
	}
	given.add(command)
	command.Flags().StringVar(&reason, "reason", "", "why; it stays on the timelines for good, so name nobody in it")
	_ = command.MarkFlagRequired("reason") // only fails for a flag that is not there
	return command
}

func printErasure(out io.Writer, email string, erasure store.Erasure) error {
	if _, err := fmt.Fprintf(out, "%d alerts about %s were erased.\n", erasure.Erased, email); err != nil {
		return err
	}
	for _, id := range erasure.Open {
		if _, err := fmt.Fprintf(out, "Alert %s is still open: it is erased when it is closed.\n", id); err != nil {
			return err
		}
	}
	if erasure.Distrusted {
		_, err := fmt.Fprintln(out, "They are under distrust: what the directory knows of them is erased once that is cleared.")
		return err
	}
	return nil
}

// operator names who did it, as well as this machine knows.
func operator() string {
	who, err := user.Current()
	if err != nil {
		return "operator"
	}
	return "operator " + who.Username
}
