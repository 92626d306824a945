package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"securitybot/internal/devchild"
)

func newDevServerCommand() *cobra.Command {
	command := &cobra.Command{Use: "devserver", Short: "The Temporal server that `run` brings along"}
	var source, out string
	build := &cobra.Command{
		Use: "build", Short: "Build it, unless it is up to date", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if devchild.Current(source, out) {
				return nil
			}
			fmt.Fprintln(command.ErrOrStderr(), "compiling the Temporal dev server, once; this takes some minutes")
			return devchild.Build(command.Context(), source, out, nil)
		},
	}
	build.Flags().StringVar(&source, "source", "devserver", "its sources")
	build.Flags().StringVar(&out, "out", "bin", "where the program goes")
	command.AddCommand(build)
	return command
}
