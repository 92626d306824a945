package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// The limits of a request with many alerts.
const (
	maxBatch     = 4 << 20 // bytes
	maxBatchSize = 1000    // alerts
)

// Batch is the answer to many alerts at once, in their order.
type Batch struct {
	Results []Result `json:"results"`
}

// Result is what became of one alert of many: either it was taken, or there is a
// problem. Status is the HTTP status that it would have got alone.
type Result struct {
	Index     int        `json:"index"` // from 0
	Status    int        `json:"status"`
	ID        string     `json:"id,omitempty"`
	Duplicate bool       `json:"duplicate,omitempty"`
	Links     *LinksView `json:"links,omitempty"`
	Problem   *problem   `json:"problem,omitempty"`

	RetryAfter int `json:"retry_after,omitempty"` // seconds; of status 429
}

// faultsOfMany is how many faults are told of each alert of a batch.
const faultsOfMany = 10

// takeBatch answers to many alerts at once, to each for itself.
func (s *Server) takeBatch(c *gin.Context, caller Caller, contentType string, body []byte) error {
	bodies, err := split(contentType, body)
	if err != nil {
		s.counts.refuse(caller.Source, http.StatusBadRequest)
		return problemOf(http.StatusBadRequest, "the alerts can't be told apart", Fault{Field: "body", Detail: err.Error()})
	}
	outcomes, err := s.take(c.Request.Context(), caller, bodies, "")
	if err != nil {
		return err
	}
	batch := Batch{Results: make([]Result, len(outcomes))}
	for i, outcome := range outcomes {
		outcome.retryAfter(c)
		batch.Results[i] = s.resultOf(i, outcome)
	}
	return writeJSON(c, http.StatusMultiStatus, batch)
}

func (s *Server) resultOf(index int, outcome outcome) Result {
	result := Result{Index: index, Status: outcome.status()}
	if refused := outcome.refused; refused != nil {
		refused.Errors = refused.Errors[:min(len(refused.Errors), faultsOfMany)]
		result.Problem, result.RetryAfter = refused, int(outcome.wait/time.Second)
		return result
	}
	links := s.opt.Links.linksOf(outcome.Record.ID)
	result.ID, result.Duplicate, result.Links = outcome.Record.ID, outcome.Duplicate, &links
	return result
}

const contentTypeLines = "application/x-ndjson"

// isBatch tells a list of alerts, as a JSON array or in lines, from a single one.
func isBatch(contentType string, body []byte) bool {
	return isLines(contentType) || bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("["))
}

func isLines(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == contentTypeLines
}

// split gives the alerts of a batch as they were sent. Of an array that is no JSON,
// nothing can be told apart; a line that is none is one bad alert.
func split(contentType string, body []byte) ([][]byte, error) {
	var items [][]byte
	var err error
	if isLines(contentType) {
		items = splitLines(body)
	} else {
		items, err = splitArray(body)
	}
	switch {
	case err != nil:
		return nil, err
	case len(items) == 0:
		return nil, errors.New("has no alerts")
	case len(items) > maxBatchSize:
		return nil, fmt.Errorf("has more than %d alerts", maxBatchSize)
	default:
		return items, nil
	}
}

// splitLines leaves out empty lines.
func splitLines(body []byte) [][]byte {
	var items [][]byte
	for line := range bytes.Lines(body) {
		if line = bytes.TrimSpace(line); len(line) > 0 && len(items) <= maxBatchSize {
			items = append(items, line)
		}
	}
	return items
}

// splitArray takes no look at what is in the alerts: one that isn't UTF-8 must not
// hurt the others.
func splitArray(body []byte) ([][]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if _, err := decoder.Token(); err != nil {
		return nil, notJSON(err)
	}
	var items [][]byte
	for decoder.More() && len(items) <= maxBatchSize {
		var item json.RawMessage
		if err := decoder.Decode(&item); err != nil {
			return nil, notJSON(err)
		}
		items = append(items, item)
	}
	if len(items) > maxBatchSize {
		return items, nil
	}
	if _, err := decoder.Token(); err != nil {
		return nil, notJSON(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("is not JSON: something follows the array")
	}
	return items, nil
}

// notJSON tells where JSON ends to be some.
func notJSON(err error) error {
	if wrong, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("is not JSON: %w at byte %d", err, wrong.Offset)
	}
	return fmt.Errorf("is not JSON: %w", err)
}
