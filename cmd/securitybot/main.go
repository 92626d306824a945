// Command securitybot asks people about suspicious activity under their name,
// proves their answers, and brings the rest to the security team.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // people are told times in their own zone, on any machine

	"github.com/spf13/cobra"
)

func main() { os.Exit(run()) }

// run gives the exit code: 0 after a clean stop, 1 after an error. A second
// signal ends the process at once.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	err := newCommand().ExecuteContext(ctx)
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "securitybot:", err)
		return 1
	}
	return 0
}

func newCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "securitybot",
		Short:         "Asks the person, proves the answer, and lets the security team see only what matters",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(
		newRunCommand(), newAPICommand(), newWorkerCommand(), newSandboxCommand(), newMigrateCommand(),
		newAlertCommand(), newCaseCommand(), newRollupCommand(), newSuppressionCommand(), newOptOutCommand(),
		newPauseCommand(), newResumeCommand(), newPersonCommand(), newTokenCommand(), newPolicyCommand(),
		newEvidenceCommand(), newAuditCommand(), newDevServerCommand(), newVersionCommand(),
		newFormerCommand("bot", "worker"), newFormerCommand("frontend", "api"),
	)
	return root
}

// newFormerCommand refuses an argument of the original's image, by name: whoever
// comes from there should not have to guess.
func newFormerCommand(former, now string) *cobra.Command {
	return &cobra.Command{
		Use: former, Hidden: true, DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error {
			return fmt.Errorf("%q is an argument of the original Securitybot's image: use %q", former, now)
		},
	}
}
