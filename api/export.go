package api

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"securitybot/internal/store"
)

// mostExported is how many alerts one file has at most.
const mostExported = 100_000

// The columns of a list as CSV.
var alertColumns = []string{
	"id", "received_at", "occurred_at", "source", "key", "detection", "title", "severity",
	"subject_email", "subject_username", "subject_slack_id", "name", "email",
	"status", "verdict", "verdict_reason", "answered", "authenticated", "escalation", "escalated_at", "link",
}

func (s *Server) exportCSV(c *gin.Context, search store.Search) error {
	table := csv.NewWriter(c.Writer)
	return s.export(c, search, file{
		name: "alerts.csv", contentType: "text/csv; charset=utf-8",
		begin: func() error { return table.Write(alertColumns) },
		add:   func(summary Summary) error { return table.Write(cellsOf(summary)) },
		end: func(*string) error {
			table.Flush()
			return table.Error()
		},
	})
}

func cellsOf(summary Summary) []string {
	escalation, escalatedAt := "", ""
	if summary.Escalation != nil {
		escalation, escalatedAt = summary.Escalation.Reason, stamp(summary.Escalation.At)
	}
	cells := []string{
		summary.ID, stamp(summary.ReceivedAt), maybeStamp(summary.OccurredAt), summary.Source, summary.Key, summary.Detection,
		summary.Title, string(summary.Severity), summary.Subject.Email, summary.Subject.Username, summary.Subject.SlackID,
		summary.Who.Name, summary.Who.Email, string(summary.Status), string(summary.Verdict), summary.VerdictReason,
		string(summary.Answered), strconv.FormatBool(summary.Authenticated), escalation, escalatedAt, summary.Links.Self,
	}
	for i, cell := range cells {
		cells[i] = defused(cell)
	}
	return cells
}

func maybeStamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return stamp(at)
}

// exportJSON writes a Page that is longer than others.
func (s *Server) exportJSON(c *gin.Context, search store.Search) error {
	before := `{"alerts":[`
	return s.export(c, search, file{
		name: "alerts.json", contentType: "application/json; charset=utf-8",
		begin: func() error { return nil },
		add: func(summary Summary) error {
			encoded, err := json.Marshal(summary)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.Writer, "%s\n%s", before, encoded)
			before = ","
			return err
		},
		end: func(next *string) error {
			if before != "," {
				if _, err := io.WriteString(c.Writer, before); err != nil {
					return err
				}
			}
			encoded, err := json.Marshal(next)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.Writer, "],\n\"next\":%s}\n", encoded)
			return err
		},
	})
}

// file is how a list is written down. What follows it is told at its end.
type file struct {
	name, contentType string
	begin             func() error
	add               func(Summary) error
	end               func(next *string) error
}

// export writes a list page by page, as it is read: nothing holds more than a page
// of it. When reading fails after the answer has begun, the connection is cut, so
// that nobody takes a part for the whole.
func (s *Server) export(c *gin.Context, search store.Search, to file) error {
	wanted := search.Limit
	search.Limit = min(wanted, maxLimit)
	page, err := s.page(c.Request.Context(), search)
	if err != nil {
		return err
	}
	secure(c.Writer.Header())
	c.Header("Content-Type", to.contentType)
	c.Header("Content-Disposition", `attachment; filename="`+to.name+`"`)
	c.Status(http.StatusOK)
	if err := s.writePages(c.Request.Context(), search, page, wanted, to); err != nil {
		s.logError(c.Request.Context(), fmt.Errorf("export alerts: %w", err))
		panic(http.ErrAbortHandler)
	}
	return nil
}

func (s *Server) writePages(ctx context.Context, search store.Search, page Page, wanted int, to file) error {
	if err := to.begin(); err != nil {
		return err
	}
	for {
		for _, summary := range page.Alerts {
			if err := to.add(summary); err != nil {
				return err
			}
		}
		wanted -= len(page.Alerts)
		if page.Next == nil || wanted == 0 {
			return to.end(page.Next)
		}
		if err := cursor(&search.Before)(*page.Next); err != nil {
			return err
		}
		search.Limit = min(wanted, maxLimit)
		var err error
		if page, err = s.page(ctx, search); err != nil {
			return err
		}
	}
}
