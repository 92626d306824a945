package main

import (
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"securitybot/internal/evidence"
)

func newEvidenceCommand() *cobra.Command {
	command := &cobra.Command{Use: "evidence", Short: "What can be shown to somebody who does not trust the record"}
	command.AddCommand(newEvidenceKeyCommand(), newEvidenceExportCommand(), newEvidenceVerifyCommand())
	return command
}

func newEvidenceKeyCommand() *cobra.Command {
	var name string
	command := &cobra.Command{
		Use:   "key",
		Short: "Make a key that timelines and evidence are signed with",
		Long: "Makes an Ed25519 key. The secret goes to the standard output, for SECURITYBOT_EVIDENCE_KEY or a file\n" +
			"that SECURITYBOT_EVIDENCE_KEY_FILE names; keep it away from the database. The public key goes to the\n" +
			"standard error, for everybody who is to check signatures.",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			secret, public, err := evidence.GenerateKey(name)
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintln(command.OutOrStdout(), secret); err != nil {
				return err
			}
			_, err = fmt.Fprintf(command.ErrOrStderr(), "The public key is %s\n", public)
			return err
		},
	}
	command.Flags().StringVar(&name, "name", "securitybot", "what signatures bear, such as securitybot.example.com")
	return command
}

func newEvidenceExportCommand() *cobra.Command {
	var output string
	command := &cobra.Command{
		Use: "export ID", Short: "Fetch all evidence of an alert, as one signed file", Args: cobra.ExactArgs(1),
	}
	flags := adminFlags(command)
	command.RunE = func(command *cobra.Command, args []string) error {
		api, err := flags.client()
		if err != nil {
			return err
		}
		file, err := api.Evidence(command.Context(), args[0])
		if err != nil {
			return err
		}
		if output == "" {
			_, err = command.OutOrStdout().Write(file)
			return err
		}
		return os.WriteFile(output, file, 0o600)
	}
	command.Flags().StringVarP(&output, "output", "o", "", "write it to this file")
	return command
}

func newEvidenceVerifyCommand() *cobra.Command {
	var keys []string
	command := &cobra.Command{
		Use:   "verify FILE",
		Short: "Check a file of evidence, without a network or a database",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			file, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			report, err := evidence.Verify(file, keys...)
			if err != nil {
				return fmt.Errorf("%s proves nothing: %w", args[0], err)
			}
			return printReport(command.OutOrStdout(), report)
		},
	}
	command.Flags().StringArrayVar(&keys, "key", nil, "the public key that must have signed it; again for a former one")
	return command
}

func printReport(out io.Writer, report evidence.Report) error {
	bundle := report.Bundle
	var lines []string
	signer := report.SignedBy
	if report.OwnKey {
		signer = "the key in it, " + signer + ","
		lines = append(lines, "Nobody said whose signature to expect: the file is whole, but anybody may have made it. Give the key that you know with --key.")
	}
	lines = append(lines,
		fmt.Sprintf("Alert %s: %s, %s, received %s", bundle.Alert.ID, bundle.Alert.Detection, orDash(string(bundle.Alert.Verdict)),
			moment(bundle.Alert.ReceivedAt)),
		fmt.Sprintf("The file is as %s signed it on %s.", signer, moment(bundle.ExportedAt)),
		fmt.Sprintf("The timeline is whole: %d entries, of %d of which the personal part was erased.", len(bundle.Timeline), report.Erased),
	)
	if report.Checkpoint == nil {
		lines = append(lines, "No checkpoint covers it yet.")
	} else {
		lines = append(lines, fmt.Sprintf("The log of %d timelines' heads that was signed on %s holds it up to entry %d.",
			report.Checkpoint.Size, moment(report.Checkpoint.At), bundle.Log.Seq))
		if len(bundle.Unlogged) > 0 {
			lines = append(lines, fmt.Sprintf("Entries %d to %d came after it.", slices.Min(bundle.Unlogged), slices.Max(bundle.Unlogged)))
		}
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	return nil
}
