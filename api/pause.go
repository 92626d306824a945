package api

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"
)

func (s *Server) showPause(c *gin.Context) error {
	paused, err := s.opt.Record.Paused(c.Request.Context())
	if err != nil {
		return fmt.Errorf("read pause: %w", err)
	}
	return writePause(c, paused)
}

func writePause(c *gin.Context, paused bool) error {
	return writeJSON(c, http.StatusOK, map[string]bool{"paused": paused})
}

func (s *Server) pause(c *gin.Context) error {
	reason, err := s.readReason(c, "a pause")
	if err != nil {
		return err
	}
	refusal, err := s.opt.Record.Pause(c.Request.Context(), actor(c), reason)
	if err := s.done(refusal, err, "paused already"); err != nil {
		return err
	}
	return writePause(c, true)
}

func (s *Server) resume(c *gin.Context) error {
	refusal, err := s.opt.Record.Resume(c.Request.Context(), actor(c))
	if err := s.done(refusal, err, "not paused"); err != nil {
		return err
	}
	return writePause(c, false)
}
