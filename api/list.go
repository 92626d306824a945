package api

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

const (
	defaultLimit = 50
	maxLimit     = 200
	maxFilter    = 300
)

var alertID = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Page is a part of the list of alerts, newest first. Next is nil at its end.
type Page struct {
	Alerts []Summary `json:"alerts"`
	Next   *string   `json:"next"`
}

// listAlerts answers with a page of alerts, or with all of them as a file.
func (s *Server) listAlerts(c *gin.Context) error {
	query := listQuery{}
	if faults := query.read(c.Request.URL.RawQuery); len(faults) > 0 {
		return problemOf(http.StatusBadRequest, "the query is not valid", faults...)
	}
	if err := s.narrow(c, &query); err != nil {
		return err
	}
	switch query.format {
	case "csv":
		return s.exportCSV(c, query.Search)
	case "json":
		return s.exportJSON(c, query.Search)
	default:
		page, err := s.page(c.Request.Context(), query.Search)
		if err != nil {
			return err
		}
		return writeJSON(c, http.StatusOK, page)
	}
}

// narrow leaves out what a caller must not see: a person what is about them, and who
// may only report what others reported.
func (s *Server) narrow(c *gin.Context, query *listQuery) error {
	query.Except = self(c)
	if caller := callerOf(c); !caller.May(ScopeRead) {
		if query.Source != "" && query.Source != caller.Source {
			return othersReports()
		}
		query.Source = caller.Source
	}
	if query.Email == "" {
		return nil
	}
	var err error
	if query.Team, err = s.opt.Team(c.Request.Context()); err != nil {
		return because{problemOf(http.StatusServiceUnavailable, "the chat system's team is not known yet"), err}
	}
	return nil
}

func othersReports() *problem {
	return problemOf(http.StatusForbidden, "a token with the scope ingest alone reads what its own source reported",
		Fault{Field: "source", Detail: "is another source"})
}

// page reads a part of the list.
func (s *Server) page(ctx context.Context, search store.Search) (Page, error) {
	limit := search.Limit
	search.Limit++ // one more tells whether there is a next page
	list, err := s.opt.Record.Search(ctx, search)
	if err != nil {
		return Page{}, fmt.Errorf("list alerts: %w", err)
	}
	return pageOf(list, limit, s.opt.Links), nil
}

// pageOf shows up to limit alerts. One more means that there is a next page.
func pageOf(list []store.Found, limit int, links Links) Page {
	page := Page{Alerts: []Summary{}}
	if len(list) > limit {
		list = list[:limit]
		next := cursorText(list[limit-1].Record)
		page.Next = &next
	}
	for _, each := range list {
		page.Alerts = append(page.Alerts, foundOf(each, links))
	}
	return page
}

// foundOf shows an alert with the person whom it was resolved to.
func foundOf(each store.Found, links Links) Summary {
	summary := summaryOf(each.Record, links)
	summary.Who = store.WhoIs(each.Person, each.Record.Subject)
	return summary
}

// listQuery is the query of GET /v1/alerts. Without a format it is a page of the list,
// else all of it.
type listQuery struct {
	store.Search
	format string
}

// read tells everything that is wrong with a query.
func (q *listQuery) read(query string) []Fault {
	faults := readQuery(query, map[string]func(string) error{
		"status": oneOf(&q.Status, alert.Received, alert.Held, alert.Asking, alert.Proving,
			alert.Escalated, alert.Closed),
		"verdict":       oneOf(&q.Outcome, outcomes...),
		"detection":     plain(&q.Detection),
		"person":        address(&q.Email),
		"subject":       plain(&q.Subject),
		"source":        plain(&q.Source),
		"key":           plain(&q.Key),
		"severity":      oneOf(&q.Severity, alert.Severities()...),
		"answered":      oneOf(&q.Answered, alert.Yes, alert.No, alert.NotSure, alert.SomeNot, store.AnsweredNone),
		"authenticated": truth(&q.Proven),
		"earliest":      edge(&q.From, false),
		"latest":        edge(&q.Until, true),
		"q":             words(&q.Text),
		"limit":         func(value string) error { return upTo(&q.Limit, q.most())(value) }, // format is read before
		"cursor":        cursor(&q.Before),
		"format":        oneOf(&q.format, "json", "csv"),
	})
	if len(faults) > 0 {
		return faults
	}
	if !q.Until.IsZero() && q.Until.Before(q.From) {
		return []Fault{{Field: "latest", Detail: "is before earliest"}}
	}
	if q.Limit == 0 && q.format == "" {
		q.Limit = defaultLimit
	}
	if q.Limit == 0 {
		q.Limit = mostExported
	}
	return nil
}

// most is how many alerts there are at a time.
func (q *listQuery) most() int {
	if q.format == "" {
		return maxLimit
	}
	return mostExported
}

// words reads a text to search for.
func words(into *string) func(string) error {
	return func(value string) error {
		if err := plain(into)(value); err != nil {
			return err
		}
		if len(store.SearchWords(value)) == 0 {
			return errors.New("has no letter and no digit to search for")
		}
		return nil
	}
}

var outcomes = []alert.Outcome{
	alert.Confirmed, alert.Unproven, alert.Denied, alert.Unsure, alert.NoResponse, alert.Unreachable, alert.Unasked,
	alert.Observed, alert.Suppressed, alert.Withdrawn,
}

// cursorText is a place in the list, which clients hand back as it is.
func cursorText(record store.Record) string {
	place := strconv.FormatInt(record.ReceivedAt.UnixMicro(), 10) + " " + record.ID
	return base64.RawURLEncoding.EncodeToString([]byte(place))
}

func cursor(into *store.Cursor) func(string) error {
	return func(value string) error {
		invalid := errors.New("is not a cursor of this list")
		place, err := base64.RawURLEncoding.DecodeString(value)
		if err != nil {
			return invalid
		}
		micros, id, _ := strings.Cut(string(place), " ")
		at, err := strconv.ParseInt(micros, 10, 64)
		if err != nil || at <= 0 || at > 1<<53 || !alertID.MatchString(id) {
			return invalid
		}
		*into = store.Cursor{ReceivedAt: time.UnixMicro(at).UTC(), ID: id}
		return nil
	}
}
