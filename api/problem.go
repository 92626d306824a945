package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"securitybot/internal/store"
)

const contentTypeProblem = "application/problem+json"

// mostFaults limits what a hostile body gets echoed.
const mostFaults = 50

// Fault is one thing that is wrong with a request.
type Fault struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

// problem is RFC 9457's answer. Its type says no more than the status does.
type problem struct {
	Type   string  `json:"type"`
	Title  string  `json:"title"`
	Status int     `json:"status"`
	Detail string  `json:"detail"`
	Errors []Fault `json:"errors,omitempty"`
}

func problemOf(status int, detail string, faults ...Fault) *problem {
	if len(faults) > mostFaults {
		faults = faults[:mostFaults]
	}
	return &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Errors: faults}
}

// Error implements error, so that handlers can return a problem.
func (p *problem) Error() string { return p.Title + ": " + p.Detail }

func (p *problem) write(w http.ResponseWriter) {
	answer, err := json.Marshal(p)
	if err != nil {
		http.Error(w, p.Title, p.Status)
		return
	}
	secure(w.Header())
	w.Header().Set("Content-Type", contentTypeProblem)
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(answer, '\n')) // the client may have gone
}

func secure(header http.Header) {
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
}

func writeJSON(c *gin.Context, status int, answer any) error {
	encoded, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	secure(c.Writer.Header())
	c.Data(status, "application/json; charset=utf-8", append(encoded, '\n'))
	return nil
}

// handle runs a handler and tells its error. Here errors are logged, once.
func (s *Server) handle(handler func(*gin.Context) error) gin.HandlerFunc {
	return func(c *gin.Context) {
		err := handler(c)
		if err == nil {
			return
		}
		c.Abort()
		told := s.tell(c.Request.Context(), err)
		if told.Status == http.StatusServiceUnavailable {
			c.Header("Retry-After", "5")
		}
		told.write(c.Writer)
	}
}

// tell maps an error to a problem. What it does not know stays inside.
func (s *Server) tell(ctx context.Context, err error) *problem {
	if told, ok := errors.AsType[*problem](err); ok {
		if cause := errors.Unwrap(err); cause != nil {
			s.logError(ctx, err)
		}
		return told
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return problemOf(http.StatusNotFound, "no such alert")
	case errors.Is(err, store.ErrConflict):
		return problemOf(http.StatusConflict, "the key was used for another subject or detection",
			Fault{Field: "key", Detail: "was used for an alert with another subject or detection"})
	case s.opt.Record.Ping(ctx) != nil:
		s.logError(ctx, err)
		return problemOf(http.StatusServiceUnavailable, "the record can't be read at the moment")
	default:
		s.logError(ctx, err)
		return problemOf(http.StatusInternalServerError, "internal error")
	}
}

func (s *Server) logError(ctx context.Context, err error) {
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return // the client has gone
	}
	s.log.ErrorContext(ctx, "request failed", "error", err, "request_id", requestID(ctx))
}

// because is a problem with a cause that only the log tells.
type because struct {
	*problem
	cause error
}

func (b because) Error() string { return b.problem.Error() + ": " + b.cause.Error() }

// As finds the problem.
func (b because) As(target any) bool {
	told, ok := target.(**problem)
	if ok {
		*told = b.problem
	}
	return ok
}

// Unwrap finds the cause.
func (b because) Unwrap() error { return b.cause }
