package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"securitybot/internal/client"
	"securitybot/internal/policy"
)

func newRollupCommand() *cobra.Command {
	var since string
	var csv bool
	command := &cobra.Command{
		Use: "rollup", Short: "Sum up what happened lately, and what is open or silenced now", Args: cobra.NoArgs,
	}
	flags := adminFlags(command)
	command.RunE = func(command *cobra.Command, args []string) error {
		length, err := policy.ParseLength(since)
		if err != nil {
			return fmt.Errorf("--since %q is no length of time such as 24h or 7d", since)
		}
		if csv && flags.json {
			return errors.New("give either --csv or --json")
		}
		to := time.Now()
		from := to.Add(-length)
		if csv {
			return printCSV(command, flags, from, to)
		}
		return flags.call(func(ctx context.Context, api *client.Client, _ []string) (answered, error) {
			sum, err := api.Rollup(ctx, from, to)
			return answered{sum.Raw, func(out io.Writer) error { return printRollup(out, sum) }}, err
		})(command, args)
	}
	command.Flags().StringVar(&since, "since", "24h", "how far to look back, at most 31d")
	command.Flags().BoolVar(&csv, "csv", false, "print it for a spreadsheet")
	return command
}

// printCSV prints the API's CSV as it came: it is for a file.
func printCSV(command *cobra.Command, flags *apiFlags, from, to time.Time) error {
	api, err := flags.client()
	if err != nil {
		return err
	}
	text, err := api.RollupCSV(command.Context(), from, to)
	if err != nil {
		return err
	}
	_, err = command.OutOrStdout().Write(text)
	return err
}

// section is one list of a rollup as people read it.
type section struct {
	title string
	rows  [][]string
}

func printRollup(out io.Writer, sum client.Rollup) error {
	_, err := fmt.Fprintf(out, "From %s to %s: %d alerts, %d asked about, %d not.\n",
		moment(sum.From), moment(sum.To), sum.Alerts, sum.Asked, sum.Unasked)
	if err != nil {
		return err
	}
	for _, section := range append(happened(sum), holding(sum)...) {
		if len(section.rows) == 0 {
			continue
		}
		if _, err := fmt.Fprintf(out, "\n%s\n", section.title); err != nil {
			return err
		}
		if err := printTable(out, section.rows, ""); err != nil {
			return err
		}
	}
	for _, list := range slices.Sorted(maps.Keys(sum.More)) {
		if _, err := fmt.Fprintf(out, "\n%s: %d more\n", strings.ReplaceAll(list, "_", " "), sum.More[list]); err != nil {
			return err
		}
	}
	return nil
}

// happened are the lists of what was decided.
func happened(sum client.Rollup) []section {
	var verdicts, observed [][]string
	for _, each := range sum.Verdicts {
		var counts []string
		for _, outcome := range slices.Sorted(maps.Keys(each.Counts)) {
			counts = append(counts, fmt.Sprintf("%d %s", each.Counts[outcome], outcome))
		}
		verdicts = append(verdicts, []string{each.Detection, strings.Join(counts, ", ")})
	}
	for _, each := range sum.Observed {
		observed = append(observed, []string{fmt.Sprint(each.Count), each.Detection, each.Reason, orDash(each.Would)})
	}
	return []section{
		{"By detection", verdicts},
		{"Confirmed", explained(sum.Confirmed)},
		{"Slowest answers", explained(sum.Slowest)},
		{"Only observed", observed},
	}
}

func explained(answers []client.Explained) [][]string {
	var rows [][]string
	for _, each := range answers {
		took := (time.Duration(each.Seconds) * time.Second).String()
		rows = append(rows, []string{each.Who.String(), took, each.Title, each.Explanation})
	}
	return rows
}

// holding are the lists of what is open or silenced now.
func holding(sum client.Rollup) []section {
	var cases, optedOut, exceptions [][]string
	for _, each := range sum.OpenCases {
		cases = append(cases, []string{moment(each.OpenedAt), each.Severity, each.Reason, each.Who.String(), orDash(each.AckedBy), each.Title})
	}
	for _, each := range sum.OptedOut {
		optedOut = append(optedOut, []string{each.Who.String(), moment(each.Until), each.By})
	}
	for _, each := range sum.Exceptions {
		exceptions = append(exceptions, []string{each.Who.String(), each.Detection, moment(each.Until), each.Reason})
	}
	return []section{{"Open cases", cases}, {"Opted out", optedOut}, {"Exceptions", exceptions}}
}
