package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"
)

const headerRequestID = "X-Request-Id"

var givenRequestID = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

type requestIDKey struct{}

// requestID is the id of the request that a context belongs to.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// observe names the request, measures it and logs it, by its route: paths and
// queries may hold what people do not want in a log.
func (s *Server) observe(c *gin.Context) {
	began := time.Now()
	id := c.GetHeader(headerRequestID)
	if !givenRequestID.MatchString(id) {
		id = rand.Text()
	}
	c.Header(headerRequestID, id)
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), requestIDKey{}, id))
	c.Next()
	took := time.Since(began)
	route := c.FullPath()
	if route == "" {
		route = "none"
	}
	s.counts.request(route, c.Request.Method, c.Writer.Status(), took)
	s.log.DebugContext(c.Request.Context(), "request", "method", c.Request.Method, "route", route,
		"status", c.Writer.Status(), "took", took, "source", callerOf(c).Source, "request_id", id)
}

// recoverPanic keeps a fault in one request from ending the process.
func (s *Server) recoverPanic(c *gin.Context) {
	defer func() {
		switch fault := recover(); fault {
		case nil:
		case http.ErrAbortHandler:
			panic(fault) // net/http's own way to cut a connection
		default:
			s.log.ErrorContext(c.Request.Context(), "request panicked", "panic", fault,
				"stack", string(debug.Stack()), "request_id", requestID(c.Request.Context()))
			c.Abort()
			if !c.Writer.Written() {
				problemOf(http.StatusInternalServerError, "internal error").write(c.Writer)
			}
		}
	}()
	c.Next()
}
