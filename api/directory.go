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

// actor is how announcements name the person who makes a request, for everybody to
// know who that is.
func actor(c *gin.Context) string { return nameOf(*self(c)) }

// withEmail finds the people of our team who have an address and are still there.
func (s *Server) withEmail(ctx context.Context, email string) ([]alert.Person, error) {
	team, err := s.team(ctx)
	if err != nil {
		return nil, err
	}
	people, err := s.opt.Record.PeopleByEmail(ctx, team, email)
	if err != nil {
		return nil, fmt.Errorf("look a person up: %w", err)
	}
	return slices.DeleteFunc(people, func(person alert.Person) bool { return person.Deactivated || person.Foreign }), nil
}

func (s *Server) team(ctx context.Context) (string, error) {
	team, err := s.opt.Team(ctx)
	if err != nil {
		return "", because{problemOf(http.StatusServiceUnavailable, "the chat system's team is not known yet"), err}
	}
	return team, nil
}

// other finds the person whom a path names, who must not be the one who asks.
func (s *Server) other(c *gin.Context) (alert.Person, error) {
	person, err := s.person(c.Request.Context(), c.Param("email"))
	if err == nil && isSelf(c, person.PersonKey) {
		err = errOwn()
	}
	return person, err
}

// isSelf tells that something is about the person who makes a request.
func isSelf(c *gin.Context, key alert.PersonKey) bool {
	who := self(c)
	return who != nil && who.PersonKey == key
}

// person finds the one whom a request is about.
func (s *Server) person(ctx context.Context, email string) (alert.Person, error) {
	people, err := s.withEmail(ctx, email)
	if err != nil {
		return alert.Person{}, err
	}
	if len(people) != 1 {
		detail := "nobody in the directory has this address"
		if len(people) > 1 {
			detail = "several people in the directory have this address"
		}
		return alert.Person{}, problemOf(http.StatusBadRequest, "the person is not known", Fault{Field: "person", Detail: detail})
	}
	return people[0], nil
}

// directory looks people up by what rows have of them, each of them once.
type directory struct {
	record Record
	found  map[alert.PersonKey]Someone
}

func (s *Server) directory() *directory {
	return &directory{record: s.opt.Record, found: map[alert.PersonKey]Someone{}}
}

func (d *directory) find(ctx context.Context, key alert.PersonKey) (Someone, error) {
	if known, ok := d.found[key]; ok {
		return known, nil
	}
	person, _, err := d.record.Person(ctx, key)
	if err != nil {
		return Someone{}, fmt.Errorf("read person: %w", err)
	}
	person.PersonKey = key
	d.found[key] = someone(person)
	return d.found[key], nil
}

// nameOf names a person in announcements.
func nameOf(person alert.Person) string {
	return store.WhoIs(person, alert.Subject{SlackID: person.User}).String()
}
