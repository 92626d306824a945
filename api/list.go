package api

import (
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

func (s *Server) showAlert(c *gin.Context) error {
	id := c.Param("id")
	if !alertID.MatchString(id) {
		return problemOf(http.StatusNotFound, "no such alert")
	}
	story, err := s.opt.Record.Story(c.Request.Context(), id)
	if err != nil {
		return fmt.Errorf("read alert: %w", err)
	}
	detail, err := DetailOf(story, s.opt.Links)
	if err != nil {
		return fmt.Errorf("show alert %.12s: %w", id, err)
	}
	return writeJSON(c, http.StatusOK, detail)
}

func (s *Server) listAlerts(c *gin.Context) error {
	filter, faults := readFilter(c.Request.URL.RawQuery)
	if len(faults) > 0 {
		return problemOf(http.StatusBadRequest, "the query is not valid", faults...)
	}
	limit := filter.Limit
	filter.Limit++ // one more tells whether there is a next page
	records, err := s.opt.Record.List(c.Request.Context(), filter)
	if err != nil {
		return fmt.Errorf("list alerts: %w", err)
	}
	return writeJSON(c, http.StatusOK, pageOf(records, limit, s.opt.Links))
}

// pageOf shows up to limit records. One record more means that there is a next page.
func pageOf(records []store.Record, limit int, links Links) Page {
	page := Page{Alerts: []Summary{}}
	if len(records) > limit {
		records = records[:limit]
		next := cursorText(records[limit-1])
		page.Next = &next
	}
	for _, record := range records {
		page.Alerts = append(page.Alerts, summaryOf(record, links))
	}
	return page
}

// readFilter reads the query of GET /v1/alerts and tells everything that is
// wrong with it.
func readFilter(query string) (store.Filter, []Fault) {
	filter := store.Filter{Limit: defaultLimit}
	faults := readQuery(query, map[string]func(string) error{
		"status": oneOf(&filter.Status, alert.Received, alert.Held, alert.Asking, alert.Proving,
			alert.Escalated, alert.Closed),
		"verdict":   oneOf(&filter.Outcome, outcomes...),
		"detection": plain(&filter.Detection),
		"subject":   plain(&filter.Subject),
		"source":    plain(&filter.Source),
		"key":       plain(&filter.Key),
		"limit":     limited(&filter.Limit),
		"cursor":    cursor(&filter.Before),
	})
	return filter, faults
}

var outcomes = []alert.Outcome{
	alert.Confirmed, alert.Unproven, alert.Denied, alert.Unsure, alert.NoResponse, alert.Unreachable, alert.Unasked,
	alert.Observed, alert.Suppressed,
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
