package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// maxBody is the most bytes of an alert, and of any request that is no list of them.
const maxBody = 256 << 10

// Intake is what the API needs of the store to take alerts.
type Intake interface {
	AcceptAll(ctx context.Context, source string, reports []store.Report, perHour int) ([]store.Accepted, error)
}

// Taken is the answer to an alert that will be handled to the end.
type Taken struct {
	ID        string       `json:"id"`
	Status    alert.Status `json:"status"`
	Duplicate bool         `json:"duplicate"`
	Links     LinksView    `json:"links"`
}

// takeAlert takes one alert, or many: a JSON array, or lines.
func (s *Server) takeAlert(c *gin.Context) error {
	caller := callerOf(c)
	body, err := readUpTo(c, "a request", maxBatch)
	if err != nil {
		s.counts.refuse(caller.Source, s.statusOf(err))
		return err
	}
	if contentType := c.GetHeader("Content-Type"); isBatch(contentType, body) {
		return s.takeBatch(c, caller, contentType, body)
	}
	return s.takeOne(c, caller, body, "")
}

// takeOne answers to a single alert. by is who reports it, where that isn't its source.
func (s *Server) takeOne(c *gin.Context, caller Caller, body []byte, by string) error {
	outcomes, err := s.take(c.Request.Context(), caller, [][]byte{body}, by)
	if err != nil {
		return err
	}
	outcome := outcomes[0]
	if outcome.refused != nil {
		outcome.retryAfter(c)
		return outcome.refused
	}
	taken := takenOf(outcome.Accepted, s.opt.Links)
	c.Header("Location", taken.Links.Self)
	return writeJSON(c, outcome.status(), taken)
}

// takenOf is what the API answers to an alert that was accepted.
func takenOf(accepted store.Accepted, links Links) Taken {
	record := accepted.Record
	return Taken{ID: record.ID, Status: record.Status, Duplicate: accepted.Duplicate, Links: links.linksOf(record.ID)}
}

// outcome is what became of one alert of a request.
type outcome struct {
	store.Accepted
	refused *problem
	wait    time.Duration // until it may be sent again; zero when that would not help
}

func (o outcome) status() int {
	switch {
	case o.refused != nil:
		return o.refused.Status
	case o.Duplicate:
		return http.StatusOK
	default:
		return http.StatusAccepted
	}
}

// retryAfter says when to come again.
func (o outcome) retryAfter(c *gin.Context) {
	if o.wait > 0 {
		c.Header("Retry-After", o.seconds())
	}
}

func (o outcome) seconds() string { return strconv.Itoa(int(o.wait / time.Second)) }

// take reads alerts, each for itself, and has those stored that are in order: all of
// them or, with an error, none.
func (s *Server) take(ctx context.Context, caller Caller, bodies [][]byte, by string) ([]outcome, error) {
	outcomes := make([]outcome, len(bodies))
	var reports []store.Report
	var places []int
	for i, body := range bodies {
		reported, refused := s.readReport(caller, body)
		if outcomes[i].refused = refused; refused == nil {
			reports, places = append(reports, store.Report{Alert: reported, Body: body, By: by}), append(places, i)
		}
	}
	if len(reports) > 0 {
		accepted, err := s.opt.Record.AcceptAll(ctx, caller.Source, reports, caller.Token.PerHour)
		if err != nil {
			s.counts.refuse(caller.Source, http.StatusServiceUnavailable)
			told := problemOf(http.StatusServiceUnavailable, "nothing could be stored, and nothing was: send it again")
			return nil, because{told, fmt.Errorf("accept alerts: %w", err)}
		}
		for i, place := range places {
			outcomes[place] = outcomeOf(accepted[i])
		}
	}
	s.countTaken(caller.Source, outcomes)
	return outcomes, nil
}

// readReport reads an alert, and refuses what the caller's token may not report.
func (s *Server) readReport(caller Caller, body []byte) (alert.Alert, *problem) {
	if len(body) > maxBody {
		return alert.Alert{}, tooLarge("an alert", maxBody)
	}
	reported, faults := ReadAlert(body, s.opt.Now())
	if len(faults) > 0 {
		return reported, problemOf(http.StatusBadRequest, "the alert is not valid", faults...)
	}
	if field := caller.Token.Allows(reported); field != "" {
		return reported, problemOf(http.StatusForbidden, "the token does not allow this "+field,
			Fault{Field: field, Detail: "is not one that this token may report"})
	}
	return reported, nil
}

func outcomeOf(accepted store.Accepted) outcome {
	if limit, ok := errors.AsType[*store.LimitError](accepted.Err); ok {
		refused := problemOf(http.StatusTooManyRequests, fmt.Sprintf(
			"%d alerts an hour are taken from this source: send it again in %d seconds", limit.PerHour, limit.Wait/time.Second))
		return outcome{refused: refused, wait: limit.Wait}
	}
	if accepted.Err != nil { // ErrConflict is the only other one
		return outcome{refused: conflict()}
	}
	return outcome{Accepted: accepted}
}

func conflict() *problem {
	return problemOf(http.StatusConflict, "the key was used for another subject or detection",
		Fault{Field: "key", Detail: "was used for an alert with another subject or detection"})
}

// countTaken counts what became of alerts, and has what is new started at once.
func (s *Server) countTaken(source string, outcomes []outcome) {
	fresh := false
	for _, each := range outcomes {
		switch each.status() {
		case http.StatusAccepted:
			fresh = true
			s.counts.accepted.WithLabelValues(source).Inc()
		case http.StatusOK:
			s.counts.duplicates.WithLabelValues(source).Inc()
		default:
			s.counts.refuse(source, each.status())
		}
	}
	if fresh {
		s.opt.Kick()
	}
}

// readBody reads a request that is no list of alerts.
func readBody(c *gin.Context, what string) ([]byte, error) { return readUpTo(c, what, maxBody) }

// readUpTo takes any Content-Type: who may report is in the token, and no page of
// another site has one.
func readUpTo(c *gin.Context, what string, most int64) ([]byte, error) {
	if coding := c.GetHeader("Content-Encoding"); coding != "" && coding != "identity" {
		return nil, problemOf(http.StatusUnsupportedMediaType, "send the body without Content-Encoding")
	}
	if c.Request.ContentLength > most {
		return nil, tooLarge(what, most)
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, most))
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		return nil, tooLarge(what, most)
	}
	if err != nil {
		return nil, problemOf(http.StatusBadRequest, "the body could not be read")
	}
	return body, nil
}

func tooLarge(what string, most int64) *problem {
	limit := fmt.Sprintf("%s has at most %d bytes", what, most)
	return problemOf(http.StatusRequestEntityTooLarge, limit, Fault{Field: "body", Detail: limit})
}

// statusOf is the HTTP status that an error will be told with.
func (s *Server) statusOf(err error) int {
	if told, ok := errors.AsType[*problem](err); ok {
		return told.Status
	}
	return http.StatusInternalServerError
}

func (c *counts) refuse(source string, status int) {
	c.rejected.WithLabelValues(source, strconv.Itoa(status)).Inc()
}
