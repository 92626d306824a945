package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"securitybot/internal/client"
)

// printRaw prints the API's own JSON, indented.
func printRaw(out io.Writer, raw json.RawMessage) error {
	var text bytes.Buffer
	if err := json.Indent(&text, raw, "", "  "); err != nil {
		return fmt.Errorf("print answer: %w", err)
	}
	_, err := fmt.Fprintln(out, strings.TrimSpace(text.String()))
	return err
}

func printSent(out io.Writer, sent client.Sent) error {
	word := "accepted"
	if sent.Duplicate {
		word = "known already"
	}
	lines := [][2]string{{word, sent.ID}, {"status", sent.Status}, {"alert", sent.Links.Self}, {"console", sent.Links.Console}, {"workflow", sent.Links.Temporal}}
	return printLines(out, lines)
}

// printLines prints names and values in two columns, without empty values.
func printLines(out io.Writer, lines [][2]string) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, line := range lines {
		if line[1] != "" {
			_, _ = fmt.Fprintf(table, "%s\t%s\n", line[0], clean(line[1])) // Flush tells its error
		}
	}
	return table.Flush()
}

// printTable prints rows in columns; of nothing but a heading, or of nothing at
// all, it says what that means.
func printTable(out io.Writer, rows [][]string, nothing string) error {
	if nothing != "" && len(rows) == 1 {
		_, err := fmt.Fprintln(out, nothing)
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = clean(cell)
		}
		_, _ = fmt.Fprintln(table, strings.Join(cells, "\t")) // Flush tells its error
	}
	return table.Flush()
}

// printPage prints a table of alerts.
func printPage(out io.Writer, page client.Page, now time.Time) error {
	if len(page.Alerts) == 0 {
		_, err := fmt.Fprintln(out, "No alerts.")
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "ID\tAGE\tSEVERITY\tSTATUS\tVERDICT\tSUBJECT\tDETECTION\tTITLE")
	for _, alert := range page.Alerts {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", alert.ID, age(now.Sub(alert.ReceivedAt)),
			alert.Severity, alert.Status, orDash(verdict(alert)), clean(alert.Subject.String()), alert.Detection, clean(alert.Title))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if page.Next == "" {
		return nil
	}
	_, err := fmt.Fprintf(out, "There are more: --cursor %s\n", page.Next)
	return err
}

// printAlert prints an alert and its timeline in plain lines.
func printAlert(out io.Writer, alert client.Alert) error {
	lines := [][2]string{
		{"alert", alert.ID},
		{"title", alert.Title},
		{"detection", alert.Detection},
		{"severity", alert.Severity},
		{"source", alert.Source},
		{"key", alert.Key},
		{"subject", alert.Subject.String()},
		{"received", moment(alert.ReceivedAt)},
		{"occurred", moment(alert.OccurredAt)},
		{"status", alert.Status},
		{"verdict", verdict(alert)},
		{"deadline", moment(alert.Deadline)},
	}
	if answer := alert.Answer; answer != nil {
		lines = append(lines, [2]string{"answer", withWords(answer.Choice, answer.Explanation)})
	}
	if proof := alert.Proof; proof != nil {
		lines = append(lines, [2]string{"proof", withReason(proof.Result, proof.Reason) + " by " + proof.Factor})
	}
	if escalation := alert.Escalation; escalation != nil {
		lines = append(lines, [2]string{"case", escalation.Reason + ", " + moment(escalation.At)})
	}
	lines = append(lines, [2]string{"console", alert.Links.Console}, [2]string{"workflow", alert.Links.Temporal})
	if err := printLines(out, lines); err != nil {
		return err
	}
	return printTimeline(out, alert.Timeline)
}

func printTimeline(out io.Writer, entries []client.Entry) error {
	if _, err := fmt.Fprintln(out); err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, entry := range entries {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", moment(entry.At), clean(entry.Actor),
			strings.ReplaceAll(entry.Kind, "_", " "), clean(fields(entry.Fields)))
	}
	return table.Flush()
}

// digests are fields that say nothing to people: evidence is checked with them.
var digests = []string{"content", "payload"}

// fields are an entry's own, by name.
func fields(of map[string]any) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		if slices.Contains(digests, name) {
			continue
		}
		value := of[name]
		if text, ok := value.(string); ok && strings.ContainsAny(text, " \n") {
			value = fmt.Sprintf("%q", text)
		}
		parts = append(parts, fmt.Sprintf("%s=%v", name, value))
	}
	return strings.Join(parts, " ")
}

func verdict(alert client.Alert) string { return withReason(alert.Verdict, alert.VerdictReason) }

func withReason(word, reason string) string {
	if reason == "" {
		return word
	}
	return word + " (" + reason + ")"
}

func withWords(choice, words string) string {
	if words == "" {
		return choice
	}
	return fmt.Sprintf("%s, %q", choice, words)
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// moment is a time as people read it, empty when there is none.
func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02 15:04:05 UTC")
}

// age is how long ago something was, to two digits or so.
func age(length time.Duration) string {
	switch {
	case length < time.Minute:
		return fmt.Sprintf("%ds", max(0, int(length.Seconds())))
	case length < time.Hour:
		return fmt.Sprintf("%dm", int(length.Minutes()))
	case length < 48*time.Hour:
		return fmt.Sprintf("%dh", int(length.Hours()))
	default:
		return fmt.Sprintf("%dd", int(length.Hours()/24))
	}
}

// clean keeps hostile texts from moving the cursor of a terminal or turning
// its letters round.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, text)
}
