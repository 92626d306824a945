package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

func (s *Server) showAlert(c *gin.Context) error {
	id, err := s.alertParam(c)
	if err != nil {
		return err
	}
	story, err := s.story(c, id)
	if err != nil {
		return err
	}
	detail, err := DetailOf(story, s.opt.Links)
	if err != nil {
		return fmt.Errorf("show alert %.12s: %w", id, err)
	}
	return writeJSON(c, http.StatusOK, detail)
}

// story reads an alert that the caller may see: nobody sees what is about
// themselves, and a source that only reports what others reported. A person gets here
// without the scope read once they have responded to it.
func (s *Server) story(c *gin.Context, id string) (store.Story, error) {
	story, err := s.readStory(c.Request.Context(), id)
	if err != nil {
		return story, err
	}
	caller := callerOf(c)
	if !caller.May(ScopeRead) && caller.Email == "" {
		if caller.Source != story.Record.Source {
			return store.Story{}, problemOf(http.StatusNotFound, "no such alert")
		}
		others := func(record store.Record) bool { return record.Source != caller.Source }
		story.Joined, story.Members = slices.DeleteFunc(story.Joined, others), slices.DeleteFunc(story.Members, others)
	}
	if who := self(c); who != nil && about(story, *who) {
		return store.Story{}, errOwn()
	}
	return story, nil
}

func (s *Server) readStory(ctx context.Context, id string) (store.Story, error) {
	story, err := s.opt.Record.Story(ctx, id)
	if err != nil {
		return story, fmt.Errorf("read alert: %w", err)
	}
	return story, nil
}

// about tells that an alert concerns somebody, or what it lists does, or what a wish
// is about.
func about(story store.Story, who alert.Person) bool {
	all := slices.Concat([]store.Record{story.Record}, story.Joined, story.Members)
	if story.Subject != nil {
		all = append(all, *story.Subject)
	}
	return slices.ContainsFunc(all, func(record store.Record) bool { return record.Concerns(who) })
}
