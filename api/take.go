package api

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// maxBody is the most bytes of a request.
const maxBody = 256 << 10

// Taken is the answer to an alert that will be handled to the end.
type Taken struct {
	ID        string       `json:"id"`
	Status    alert.Status `json:"status"`
	Duplicate bool         `json:"duplicate"`
	Links     LinksView    `json:"links"`
}

func (s *Server) takeAlert(c *gin.Context) error {
	source := c.GetString(sourceKey)
	accepted, err := s.accept(c, source)
	if err != nil {
		s.counts.refuse(source, s.statusOf(err))
		return err
	}
	status, count := http.StatusAccepted, s.counts.accepted
	if accepted.Duplicate {
		status, count = http.StatusOK, s.counts.duplicates
	} else {
		s.opt.Kick()
	}
	count.WithLabelValues(source).Inc()
	taken := takenOf(accepted, s.opt.Links)
	c.Header("Location", taken.Links.Self)
	return writeJSON(c, status, taken)
}

// takenOf is what the API answers to an alert that was accepted.
func takenOf(accepted store.Accepted, links Links) Taken {
	record := accepted.Record
	return Taken{ID: record.ID, Status: record.Status, Duplicate: accepted.Duplicate, Links: links.linksOf(record.ID)}
}

func (s *Server) accept(c *gin.Context, source string) (store.Accepted, error) {
	body, err := readBody(c, "an alert")
	if err != nil {
		return store.Accepted{}, err
	}
	reported, faults := ReadAlert(body, s.opt.Now())
	if len(faults) > 0 {
		return store.Accepted{}, problemOf(http.StatusBadRequest, "the alert is not valid", faults...)
	}
	reported.Source = source
	accepted, err := s.opt.Record.Accept(c.Request.Context(), reported)
	if err != nil && !errors.Is(err, store.ErrConflict) {
		told := problemOf(http.StatusServiceUnavailable, "the alert could not be stored; nothing was, send it again")
		return store.Accepted{}, because{told, fmt.Errorf("accept alert: %w", err)}
	}
	return accepted, err
}

// readBody takes any Content-Type: who may report is in the token, and no page of
// another site has one.
func readBody(c *gin.Context, what string) ([]byte, error) {
	if coding := c.GetHeader("Content-Encoding"); coding != "" && coding != "identity" {
		return nil, problemOf(http.StatusUnsupportedMediaType, "send the body without Content-Encoding")
	}
	limit := fmt.Sprintf("%s has at most %d bytes", what, maxBody)
	tooLarge := problemOf(http.StatusRequestEntityTooLarge, limit, Fault{Field: "body", Detail: limit})
	if c.Request.ContentLength > maxBody {
		return nil, tooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxBody))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, tooLarge
	case err != nil:
		return nil, problemOf(http.StatusBadRequest, "the body could not be read")
	default:
		return body, nil
	}
}

// statusOf is the HTTP status that an error will be told with.
func (s *Server) statusOf(err error) int {
	var told *problem
	switch {
	case errors.As(err, &told):
		return told.Status
	case errors.Is(err, store.ErrConflict):
		return http.StatusConflict
	default:
		return http.StatusInternalServerError
	}
}

func (c *counts) refuse(source string, status int) {
	c.rejected.WithLabelValues(source, strconv.Itoa(status)).Inc()
}
