package api

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

const (
	defaultSpan = 24 * time.Hour
	longestSpan = 31 * 24 * time.Hour
)

// sumUp answers with a store.Rollup, as JSON or as CSV.
func (s *Server) sumUp(c *gin.Context) error {
	var from, to time.Time
	format := ""
	faults := readQuery(c.Request.URL.RawQuery, map[string]func(string) error{
		"from": moment(&from), "to": moment(&to), "format": oneOf(&format, "json", "csv"),
	})
	if to.IsZero() {
		to = s.opt.Now().UTC()
	}
	if from.IsZero() {
		from = to.Add(-defaultSpan)
	}
	switch {
	case len(faults) > 0:
	case !from.Before(to):
		faults = []Fault{{Field: "from", Detail: "is not before to"}}
	case to.Sub(from) > longestSpan:
		faults = []Fault{{Field: "from", Detail: "is more than 31 days before to"}}
	}
	if len(faults) > 0 {
		return problemOf(http.StatusBadRequest, "the query is not valid", faults...)
	}
	rollup, err := s.opt.Record.Rollup(c.Request.Context(), from, to)
	if err != nil {
		return fmt.Errorf("sum up: %w", err)
	}
	if who := self(c); who != nil {
		leaveOut(&rollup, *who)
	}
	if format == "csv" || format == "" && strings.HasPrefix(c.GetHeader("Accept"), "text/csv") {
		secure(c.Writer.Header())
		c.Header("Content-Type", "text/csv; charset=utf-8")
		c.Header("Content-Disposition", `attachment; filename="rollup.csv"`)
		c.Status(http.StatusOK)
		return writeCSV(c.Writer, rollup)
	}
	return writeJSON(c, http.StatusOK, rollup)
}

// leaveOut takes every line out of a rollup that is about somebody. What is counted
// names nobody.
func leaveOut(rollup *store.Rollup, who alert.Person) {
	own := func(line store.Who) bool {
		unknown := line.Email == "" && (line.Name == who.User || line.Name != "" && strings.EqualFold(line.Name, who.Username))
		return unknown || line.Email != "" && strings.EqualFold(line.Email, who.Email)
	}
	answered := func(line store.Explained) bool { return own(line.Who) }
	rollup.Confirmed = slices.DeleteFunc(rollup.Confirmed, answered)
	rollup.Slowest = slices.DeleteFunc(rollup.Slowest, answered)
	rollup.OpenCases = slices.DeleteFunc(rollup.OpenCases, func(line store.RollupCase) bool { return own(line.Who) })
	rollup.OptedOut = slices.DeleteFunc(rollup.OptedOut, func(line store.RollupOptOut) bool { return own(line.Who) })
	rollup.Exceptions = slices.DeleteFunc(rollup.Exceptions, func(line store.RollupException) bool { return own(line.Who) })
}

// The columns of the CSV. What a line has none of is empty; section says which of
// the rollup's lists it is from.
var columns = []string{
	"section", "detection", "outcome", "count", "alert_id", "title", "severity", "name", "email",
	"explanation", "reason", "seconds", "at", "until", "by",
}

// line is one line of the CSV, by column.
type line map[string]string

func writeCSV(out io.Writer, rollup store.Rollup) error {
	table := csv.NewWriter(out)
	_ = table.Write(columns) // Error tells it
	for _, each := range linesOf(rollup) {
		cells := make([]string, len(columns))
		for i, column := range columns {
			cells[i] = defused(each[column])
		}
		_ = table.Write(cells)
	}
	table.Flush()
	if err := table.Error(); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	return nil
}

// defused keeps a spreadsheet from taking somebody's text for a formula.
func defused(cell string) string {
	if strings.ContainsAny(cell[:min(len(cell), 1)], "=+-@\t\r\n") || strings.HasPrefix(cell, "＝") ||
		strings.HasPrefix(cell, "＋") || strings.HasPrefix(cell, "－") || strings.HasPrefix(cell, "＠") {
		return "'" + cell
	}
	return cell
}

func linesOf(rollup store.Rollup) []line {
	lines := []line{
		{"section": "asked", "count": strconv.Itoa(rollup.Asked), "at": stamp(rollup.From), "until": stamp(rollup.To)},
		{"section": "unasked", "count": strconv.Itoa(rollup.Unasked), "at": stamp(rollup.From), "until": stamp(rollup.To)},
	}
	for _, each := range rollup.Verdicts {
		for _, outcome := range slices.Sorted(maps.Keys(each.Counts)) {
			lines = append(lines, line{
				"section": "verdict", "detection": each.Detection, "outcome": string(outcome),
				"count": strconv.Itoa(each.Counts[outcome]),
			})
		}
	}
	for _, result := range slices.Sorted(maps.Keys(rollup.Pushes)) {
		lines = append(lines, line{"section": "push", "outcome": result, "count": strconv.Itoa(rollup.Pushes[result])})
	}
	for _, each := range rollup.Observed {
		lines = append(lines, line{
			"section": "observed", "detection": each.Detection, "outcome": string(each.Would), "reason": each.Reason,
			"count": strconv.Itoa(each.Count),
		})
	}
	lines = append(append(lines, answerLines("confirmed", rollup.Confirmed)...), answerLines("slowest", rollup.Slowest)...)
	lines = append(lines, linesInForce(rollup)...)
	for _, list := range slices.Sorted(maps.Keys(rollup.More)) {
		lines = append(lines, line{"section": "more", "title": list, "count": strconv.Itoa(rollup.More[list])})
	}
	return lines
}

func answerLines(section string, answers []store.Explained) []line {
	var lines []line
	for _, each := range answers {
		lines = append(lines, line{
			"section": section, "detection": each.Detection, "alert_id": each.AlertID, "title": each.Title,
			"name": each.Who.Name, "email": each.Who.Email, "explanation": each.Explanation,
			"seconds": strconv.Itoa(each.Seconds), "count": strconv.Itoa(1 + each.Joined),
		})
	}
	return lines
}

func linesInForce(rollup store.Rollup) []line {
	var lines []line
	for _, each := range rollup.OpenCases {
		lines = append(lines, line{
			"section": "open_case", "alert_id": each.AlertID, "title": each.Title, "severity": string(each.Severity),
			"name": each.Who.Name, "email": each.Who.Email, "reason": each.Reason, "at": stamp(each.OpenedAt), "by": each.AckedBy,
		})
	}
	for _, each := range rollup.OptedOut {
		lines = append(lines, line{
			"section": "opted_out", "name": each.Who.Name, "email": each.Who.Email, "until": stamp(each.Until), "by": each.By,
		})
	}
	for _, each := range rollup.Exceptions {
		lines = append(lines, line{
			"section": "exception", "detection": each.Detection, "title": each.Scope, "name": each.Who.Name, "email": each.Who.Email,
			"reason": each.Reason, "until": stamp(each.Until), "by": each.By, "count": strconv.Itoa(each.Used),
		})
	}
	return lines
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }
