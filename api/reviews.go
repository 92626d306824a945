package api

import (
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"securitybot/internal/store"
)

// ReviewSummary is a confirmed alert that policy wants looked at and nobody has
// looked at yet: GET /v1/reviews, the newest first.
type ReviewSummary struct {
	Summary
	SettledAt time.Time `json:"settled_at"`
}

// ReviewPage is a part of the list of reviews. Next is nil at its end.
type ReviewPage struct {
	Reviews []ReviewSummary `json:"reviews"`
	Next    *string         `json:"next"`
}

func (s *Server) listReviews(c *gin.Context) error {
	limit, before := defaultLimit, store.Cursor{}
	faults := readQuery(c.Request.URL.RawQuery, map[string]func(string) error{
		"limit": limited(&limit), "cursor": cursor(&before),
	})
	if len(faults) > 0 {
		return problemOf(http.StatusBadRequest, "the query is not valid", faults...)
	}
	list, err := s.opt.Record.Reviews(c.Request.Context(), before, limit+1, self(c)) // one more tells whether there is a next page
	if err != nil {
		return fmt.Errorf("list reviews: %w", err)
	}
	page := ReviewPage{Reviews: make([]ReviewSummary, 0, len(list))}
	if len(list) > limit {
		list = list[:limit]
		next := cursorText(list[limit-1].Record)
		page.Next = &next
	}
	for _, each := range list {
		page.Reviews = append(page.Reviews, ReviewSummary{
			Summary: foundOf(each, s.opt.Links), SettledAt: each.Record.SettledAt.UTC(),
		})
	}
	return writeJSON(c, http.StatusOK, page)
}
