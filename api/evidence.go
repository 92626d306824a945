package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"securitybot/internal/evidence"
	"securitybot/internal/store"
)

// Evidence is what can be checked without trusting the record.
type Evidence interface {
	Evidence(ctx context.Context, id string) (evidence.Bundle, error)
	Checkpoints(ctx context.Context, limit int) ([]store.Checkpoint, error)
}

// CheckpointView is the signed state of the log of timelines at a moment.
type CheckpointView struct {
	Size int64     `json:"size"` // heads of timelines that are in the log
	At   time.Time `json:"at"`
	Note string    `json:"note"` // a signed note, see golang.org/x/mod/sumdb/note
}

// CheckpointList are the last checkpoints, the newest first.
type CheckpointList struct {
	Checkpoints []CheckpointView `json:"checkpoints"`
}

// showEvidence gives the bundle of an alert, a signed note.
func (s *Server) showEvidence(c *gin.Context) error {
	id, err := s.alertParam(c)
	if err != nil {
		return err
	}
	if _, err := s.story(c, id); err != nil {
		return err
	}
	if s.opt.EvidenceKey == nil {
		return problemOf(http.StatusServiceUnavailable, "this installation has no key that evidence is signed with")
	}
	bundle, err := s.opt.Record.Evidence(c.Request.Context(), id)
	if err != nil {
		return fmt.Errorf("gather evidence: %w", err)
	}
	bundle.ExportedAt = s.opt.Now().UTC()
	signed, err := evidence.Sign(bundle, *s.opt.EvidenceKey)
	if err != nil {
		return fmt.Errorf("sign evidence: %w", err)
	}
	secure(c.Writer.Header())
	c.Header("Content-Disposition", `attachment; filename="evidence-`+id[:12]+`.txt"`)
	c.Data(http.StatusOK, "text/plain; charset=utf-8", signed)
	return nil
}

func (s *Server) listCheckpoints(c *gin.Context) error {
	limit := defaultLimit
	faults := readQuery(c.Request.URL.RawQuery, map[string]func(string) error{"limit": limited(&limit)})
	if len(faults) > 0 {
		return problemOf(http.StatusBadRequest, "the query is not valid", faults...)
	}
	list, err := s.opt.Record.Checkpoints(c.Request.Context(), limit)
	if err != nil {
		return fmt.Errorf("list checkpoints: %w", err)
	}
	views := CheckpointList{Checkpoints: make([]CheckpointView, 0, len(list))}
	for _, each := range list {
		views.Checkpoints = append(views.Checkpoints, CheckpointView{Size: each.Size, At: each.At.UTC(), Note: each.Note})
	}
	return writeJSON(c, http.StatusOK, views)
}
