package api

import (
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// PolicyView is a revision of the policy. Lists leave out the text.
type PolicyView struct {
	Revision string    `json:"revision"`
	LoadedAt time.Time `json:"loaded_at,omitzero"`
	LoadedBy string    `json:"loaded_by,omitempty"`
	Text     *string   `json:"text,omitempty"`
}

// builtIn is the revision of an installation that never had a policy file.
const builtIn = "built-in"

func (s *Server) showPolicy(c *gin.Context) error {
	current, ok, err := s.opt.Record.Policy(c.Request.Context())
	if err != nil {
		return fmt.Errorf("read policy: %w", err)
	}
	if !ok {
		current.Revision = builtIn
	}
	return writeJSON(c, http.StatusOK, PolicyView{
		Revision: current.Revision, LoadedAt: current.LoadedAt.UTC(), LoadedBy: current.LoadedBy, Text: &current.Text,
	})
}

func (s *Server) listPolicies(c *gin.Context) error {
	limit := defaultLimit
	faults := readQuery(c.Request.URL.RawQuery, map[string]func(string) error{"limit": limited(&limit)})
	if len(faults) > 0 {
		return problemOf(http.StatusBadRequest, "the query is not valid", faults...)
	}
	list, err := s.opt.Record.Policies(c.Request.Context(), limit)
	if err != nil {
		return fmt.Errorf("list policies: %w", err)
	}
	views := make([]PolicyView, 0, len(list))
	for _, each := range list {
		views = append(views, PolicyView{Revision: each.Revision, LoadedAt: each.LoadedAt.UTC(), LoadedBy: each.LoadedBy})
	}
	return writeJSON(c, http.StatusOK, map[string]any{"policies": views})
}
