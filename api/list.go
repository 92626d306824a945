package api

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

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
	values, err := url.ParseQuery(query)
	if err != nil {
		return store.Filter{}, []Fault{{Field: "query", Detail: "is not a query string"}}
	}
	r := &filterReader{filter: store.Filter{Limit: defaultLimit}}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		r.read(name, values[name])
	}
	return r.filter, r.faults
}

type filterReader struct {
	filter store.Filter
	faults []Fault
}

func (r *filterReader) read(name string, values []string) {
	value := values[0]
	readers := map[string]func(string) error{
		"status":    oneOf(&r.filter.Status, alert.Received, alert.Asking, alert.Proving, alert.Escalated, alert.Closed),
		"verdict":   oneOf(&r.filter.Outcome, outcomes...),
		"detection": plain(&r.filter.Detection),
		"subject":   plain(&r.filter.Subject),
		"source":    plain(&r.filter.Source),
		"key":       plain(&r.filter.Key),
		"limit":     r.limit,
		"cursor":    r.cursor,
	}
	read, ok := readers[name]
	var err error
	switch {
	case !ok:
		name, err = shown(strings.ToValidUTF8(name, "�")), errors.New("unknown parameter")
	case len(values) > 1:
		err = errors.New("is given twice")
	case value != "":
		err = read(value)
	}
	if err != nil {
		r.faults = append(r.faults, Fault{Field: name, Detail: err.Error()})
	}
}

var outcomes = []alert.Outcome{
	alert.Confirmed, alert.Unproven, alert.Denied, alert.Unsure, alert.NoResponse, alert.Unreachable, alert.Unasked,
}

func oneOf[T ~string](into *string, choices ...T) func(string) error {
	return func(value string) error {
		if !slices.Contains(choices, T(value)) {
			return fmt.Errorf("must be one of %v", choices)
		}
		*into = value
		return nil
	}
}

func plain(into *string) func(string) error {
	return func(value string) error {
		if !utf8.ValidString(value) {
			return errors.New("is not UTF-8")
		}
		if utf8.RuneCountInString(value) > maxFilter {
			return fmt.Errorf("has more than %d characters", maxFilter)
		}
		*into = value
		return checkText(value)
	}
}

func (r *filterReader) limit(value string) error {
	limit, err := strconv.Atoi(value)
	if err != nil || limit < 1 || limit > maxLimit {
		return fmt.Errorf("must be a number from 1 to %d", maxLimit)
	}
	r.filter.Limit = limit
	return nil
}

// cursorText is a place in the list, which clients hand back as it is.
func cursorText(record store.Record) string {
	place := strconv.FormatInt(record.ReceivedAt.UnixMicro(), 10) + " " + record.ID
	return base64.RawURLEncoding.EncodeToString([]byte(place))
}

func (r *filterReader) cursor(value string) error {
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
	r.filter.Before = store.Cursor{ReceivedAt: time.UnixMicro(at).UTC(), ID: id}
	return nil
}
