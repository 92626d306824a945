package api

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

const checkTimeout = 2 * time.Second

// healthy tells that the process answers.
func (s *Server) healthy(c *gin.Context) error {
	return writeJSON(c, http.StatusOK, map[string]string{"status": "ok"})
}

// ready tells whether an alert can be taken. That depends on the record alone;
// what else is away delays alerts and loses none.
func (s *Server) ready(c *gin.Context) error {
	ctx, cancel := context.WithTimeout(c.Request.Context(), checkTimeout)
	defer cancel()
	if err := s.opt.Record.Ping(ctx); err != nil {
		return because{problemOf(http.StatusServiceUnavailable, "the record does not answer"), err}
	}
	degraded := s.opt.Degraded(ctx)
	if degraded == nil {
		degraded = []string{}
	}
	return writeJSON(c, http.StatusOK, map[string]any{"status": "ready", "degraded": degraded})
}
