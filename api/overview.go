package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// Reading is what the API needs of the store to find alerts and to sum them up.
type Reading interface {
	Search(ctx context.Context, search store.Search) ([]store.Found, error)
	Lookup(ctx context.Context, source string, keys []string) ([]store.Found, error)
	Overview(ctx context.Context, name string, except *alert.Person) (store.Overview, error)
}

// OverviewView is how things stand and went: GET /v1/overview?range=24h|7d|30d.
type OverviewView = store.Overview

func (s *Server) showOverview(c *gin.Context) error {
	name := "24h"
	faults := readQuery(c.Request.URL.RawQuery, map[string]func(string) error{
		"range": oneOf(&name, "24h", "7d", "30d"),
	})
	if len(faults) > 0 {
		return problemOf(http.StatusBadRequest, "the query is not valid", faults...)
	}
	overview, err := s.opt.Record.Overview(c.Request.Context(), name, self(c))
	if err != nil {
		return fmt.Errorf("sum up: %w", err)
	}
	return writeJSON(c, http.StatusOK, overview)
}
