package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"securitybot/internal/app"
	"securitybot/internal/store"
)

func newAuditCommand() *cobra.Command {
	command := &cobra.Command{Use: "audit", Short: "Whether the record is as Securitybot wrote it"}
	command.AddCommand(newAuditVerifyCommand())
	return command
}

func newAuditVerifyCommand() *cobra.Command {
	var given flags
	var keys, told []string
	command := &cobra.Command{
		Use:   "verify",
		Short: "Check every timeline, the log of their heads and its signatures, in the database itself",
		Long: "Checks everything that can be checked, and names the first thing that is wrong of each alert and of the\n" +
			"log. Others may go on writing meanwhile. Give it with --told what rollups told the channel of the log,\n" +
			"an old one too: whoever rewrites the whole record, and waits until it is signed, can't rewrite that.",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			cfg, _, err := given.load()
			if err != nil {
				return err
			}
			far := &auditProgress{out: command.ErrOrStderr(), now: time.Now, said: time.Now()}
			audit, err := app.Audit(command.Context(), cfg, keys, told, far.say)
			if err != nil {
				return err
			}
			if err := printAudit(command.OutOrStdout(), audit); err != nil {
				return err
			}
			if len(audit.Faults) > 0 {
				return fmt.Errorf("%d changes behind the application's back were found", len(audit.Faults))
			}
			return nil
		},
	}
	given.add(command)
	command.Flags().StringArrayVar(&keys, "key", nil, "a public key that checkpoints may be signed with, again for a former one (default: the key of this configuration)")
	command.Flags().StringArrayVar(&told, "told", nil, "SIZE:ROOT of the log, as a rollup or a checkpoint that you kept says; may be given more than once")
	return command
}

// tellProgressEvery is how long an audit says nothing.
const tellProgressEvery = 5 * time.Second

// auditProgress says how far an audit is that takes long.
type auditProgress struct {
	out  io.Writer
	now  func() time.Time
	said time.Time // or begun
}

func (p *auditProgress) say(audit store.Audit) {
	if p.now().Sub(p.said) < tellProgressEvery {
		return
	}
	p.said = p.now()
	far := fmt.Sprintf("%d leaves of the log", audit.Leaves)
	if audit.Alerts > 0 {
		far += fmt.Sprintf(", %d alerts", audit.Alerts)
	}
	_, _ = fmt.Fprintf(p.out, "So far: %s, %d changes found\n", far, len(audit.Faults))
}

func printAudit(out io.Writer, audit store.Audit) error {
	for _, fault := range audit.Faults {
		if _, err := fmt.Fprintln(out, fault); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "%d alerts, %d entries (the personal part of %d was erased), %d leaves of the log, %d checkpoints\n",
		audit.Alerts, audit.Entries, audit.Erased, audit.Leaves, audit.Checkpoints)
	if err != nil || audit.Last == nil {
		return err
	}
	_, err = fmt.Fprintf(out, "The last checkpoint: %d leaves, root %s, signed on %s\n", audit.Last.Size, audit.Last.Root, moment(audit.Last.At))
	return err
}
