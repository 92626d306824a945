package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"securitybot/api"
	"securitybot/internal/alert"
	"securitybot/internal/app"
	"securitybot/internal/policy"
	"securitybot/internal/store"
)

// newPolicyCommand gives the commands that try a policy file. None of them puts
// it in force.
func newPolicyCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "policy",
		Short: "Check, test and compare policy files before they are in force",
		Args:  cobra.NoArgs,
	}
	command.AddCommand(newPolicyCheck(), newPolicyTest(), newPolicyExplain(), newPolicyDiff(), newPolicyBacktest())
	return command
}

// readPolicy reads and checks a policy file. The error has a line for each fault.
func readPolicy(name string) (*policy.File, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	file, err := policy.Parse(text)
	return file, located(name, err)
}

// located puts a file's name before each of its faults.
func located(name string, err error) error {
	faults, ok := errors.AsType[policy.Faults](err)
	if !ok {
		return err
	}
	lines := make([]string, 0, len(faults))
	for _, fault := range faults {
		lines = append(lines, name+":"+fault.String())
	}
	return fmt.Errorf("%s: mistakes: %d\n%s", name, len(faults), strings.Join(lines, "\n"))
}

// judged is a file as it would be in force, without an installation's own timing.
func judged(name string) (*policy.Policy, error) {
	file, err := readPolicy(name)
	if err != nil {
		return nil, err
	}
	return file.Policy(policy.Environment{}), nil
}

func newPolicyCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Name every mistake in a policy file",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			file, err := readPolicy(args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(command.OutOrStdout(), "%s is a good policy, revision %s.\n", args[0], file.Revision())
			return nil
		},
	}
}

func newPolicyTest() *cobra.Command {
	var casesFile string
	command := &cobra.Command{
		Use:   "test FILE",
		Short: "Run the cases that are written beside a policy file",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			rules, err := judged(args[0])
			if err != nil {
				return err
			}
			if casesFile == "" {
				casesFile = strings.TrimSuffix(args[0], ".yaml") + "_cases.yaml"
			}
			text, err := os.ReadFile(casesFile)
			if err != nil {
				return fmt.Errorf("read cases: %w", err)
			}
			results, err := policy.RunCases(rules, text, readReported)
			if err != nil {
				return located(casesFile, err)
			}
			return printResults(command.OutOrStdout(), results)
		},
	}
	command.Flags().StringVar(&casesFile, "cases", "", "file with the cases (default: FILE without .yaml, and _cases.yaml)")
	return command
}

func printResults(out io.Writer, results []policy.CaseResult) error {
	failed := 0
	for _, one := range results {
		if len(one.Mismatches) > 0 {
			failed++
		}
		if err := one.WriteText(out); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d cases failed", failed, len(results))
	}
	return nil
}

// readReported reads an alert as the API does.
func readReported(body []byte, at time.Time) (alert.Alert, error) {
	reported, faults := api.ReadAlert(body, at)
	if len(faults) == 0 {
		return reported, nil
	}
	texts := make([]string, 0, len(faults))
	for _, fault := range faults {
		texts = append(texts, fault.Field+" "+fault.Detail)
	}
	return reported, errors.New(strings.Join(texts, "; "))
}

// asIf says whom an explained alert is about, and when it arrives.
type asIf struct {
	person, zone, manager, source, at, away string
	groups                                  []string
	json                                    bool
}

func newPolicyExplain() *cobra.Command {
	var given asIf
	command := &cobra.Command{
		Use:   "explain FILE ALERT.json",
		Short: "Say what a policy would do with an alert, and why",
		Args:  cobra.ExactArgs(2),
		RunE: func(command *cobra.Command, args []string) error {
			rules, err := judged(args[0])
			if err != nil {
				return err
			}
			body, err := readAlert(command.InOrStdin(), args[1])
			if err != nil {
				return err
			}
			explained, err := given.explain(rules, body)
			if err != nil {
				return err
			}
			if given.json {
				return printJSON(command.OutOrStdout(), explained)
			}
			return explained.WriteText(command.OutOrStdout())
		},
	}
	set := command.Flags()
	set.StringVar(&given.person, "person", "", "email of the person that it is about (default: the alert's subject)")
	set.StringVar(&given.zone, "zone", "", "the person's zone, such as Europe/Berlin")
	set.StringVar(&given.manager, "manager", "", "email of the person's manager")
	set.StringVar(&given.away, "away-until", "", "until when the person is away, as RFC 3339")
	set.StringSliceVar(&given.groups, "group", nil, "id of a user group that the person is in")
	set.StringVar(&given.source, "source", "", "who reports it")
	set.StringVar(&given.at, "at", "", "when it arrives, as RFC 3339 (default now)")
	set.BoolVar(&given.json, "json", false, "print JSON")
	return command
}

func (a asIf) explain(rules *policy.Policy, body []byte) (policy.Explanation, error) {
	now, err := momentOf("at", a.at, time.Now())
	if err != nil {
		return policy.Explanation{}, err
	}
	away, err := momentOf("away-until", a.away, time.Time{})
	if err != nil {
		return policy.Explanation{}, err
	}
	reported, err := readReported(body, now)
	if err != nil {
		return policy.Explanation{}, fmt.Errorf("read alert: %w", err)
	}
	reported.Source, reported.ReceivedAt = a.source, now
	who := alert.Person{
		Email: firstOf(a.person, reported.Subject.Email), Username: reported.Subject.Username,
		Zone: a.zone, Manager: a.manager, AwayUntil: away,
	}
	return policy.Explain(rules, reported, who, a.groups, now), nil
}

func momentOf(flag, text string, otherwise time.Time) (time.Time, error) {
	if text == "" {
		return otherwise, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fmt.Errorf("--%s %q is no moment such as 2026-11-20T17:30:00+01:00", flag, text)
	}
	return at, nil
}

func printJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

func newPolicyDiff() *cobra.Command {
	var failOnLooser, asJSON bool
	command := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say what a new policy changes, and what becomes looser",
		Args:  cobra.ExactArgs(2),
		RunE: func(command *cobra.Command, args []string) error {
			before, err := readPolicy(args[0])
			if err != nil {
				return err
			}
			after, err := readPolicy(args[1])
			if err != nil {
				return err
			}
			changes := policy.Diff(before, after)
			if err := printChanges(command.OutOrStdout(), changes, asJSON); err != nil {
				return err
			}
			if failOnLooser && slices.ContainsFunc(changes, func(one policy.Change) bool { return one.Looser }) {
				return errors.New("the new policy is looser")
			}
			return nil
		},
	}
	command.Flags().BoolVar(&failOnLooser, "fail-on-looser", false, "exit with 1 if something becomes looser")
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func printChanges(out io.Writer, changes []policy.Change, asJSON bool) error {
	if asJSON {
		return printJSON(out, append([]policy.Change{}, changes...))
	}
	if len(changes) == 0 {
		fmt.Fprintln(out, "Nothing changes.")
	}
	for _, one := range changes {
		mark := "        "
		if one.Looser {
			mark = "LOOSER  "
		}
		fmt.Fprintln(out, mark+one.Text)
	}
	return nil
}

func newPolicyBacktest() *cobra.Command {
	var given flags
	var since string
	var asJSON bool
	command := &cobra.Command{
		Use:   "backtest FILE",
		Short: "Say what a policy would have done with the alerts of the record",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			rules, err := judged(args[0])
			if err != nil {
				return err
			}
			length, err := policy.ParseLength(since)
			if err != nil || length <= 0 {
				return fmt.Errorf("--since %q is no length of time such as 30d or 12h", since)
			}
			report, err := backtest(command.Context(), given, rules, time.Now().Add(-length))
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(command.OutOrStdout(), report)
			}
			return report.WriteText(command.OutOrStdout())
		},
	}
	given.add(command)
	command.Flags().StringVar(&since, "since", "30d", "how far to look back")
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func backtest(ctx context.Context, given flags, rules *policy.Policy, since time.Time) (report policy.Report, err error) {
	cfg, _, err := given.load()
	if err != nil {
		return report, err
	}
	record, err := app.OpenStore(ctx, cfg)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, record.Close()) }()
	return policy.Backtest(rules, pastAlerts(ctx, record, since))
}

// pageOfPast is how many alerts are read at a time.
const pageOfPast = 200

// pastAlerts gives the alerts since a moment, newest first.
func pastAlerts(ctx context.Context, record *store.Store, since time.Time) iter.Seq2[policy.Past, error] {
	return func(yield func(policy.Past, error) bool) {
		people := map[alert.PersonKey]known{}
		filter := store.Filter{Limit: pageOfPast}
		for {
			page, err := record.List(ctx, filter)
			if err != nil {
				yield(policy.Past{}, fmt.Errorf("list alerts: %w", err))
				return
			}
			for _, one := range page {
				if one.ReceivedAt.Before(since) {
					return
				}
				past, err := pastOf(ctx, record, one, people)
				if !yield(past, err) || err != nil {
					return
				}
				filter.Before = store.Cursor{ReceivedAt: one.ReceivedAt, ID: one.ID}
			}
			if len(page) < pageOfPast {
				return
			}
		}
	}
}

// known is a person and the groups that they are in.
type known struct {
	who    alert.Person
	groups []string
}

// pastOf looks each person up once.
func pastOf(ctx context.Context, record *store.Store, one store.Record, people map[alert.PersonKey]known) (policy.Past, error) {
	past := policy.Past{Alert: one.Alert, At: one.AdmittedAt, Plan: one.Plan, Verdict: one.Verdict}
	if past.At.IsZero() {
		past.At = one.ReceivedAt
	}
	about, ok := people[one.Person]
	if !ok && one.Person.User != "" {
		var err error
		if about.who, _, err = record.Person(ctx, one.Person); err != nil {
			return past, fmt.Errorf("read a person: %w", err)
		}
		if about.groups, err = record.GroupsOf(ctx, one.Person); err != nil {
			return past, fmt.Errorf("read a person's groups: %w", err)
		}
		people[one.Person] = about
	}
	past.Person, past.Groups = about.who, about.groups
	return past, nil
}
