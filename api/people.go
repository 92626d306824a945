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

// Someone is a person whom something is about.
type Someone struct {
	Team    string `json:"team"`
	SlackID string `json:"slack_id"`
	Email   string `json:"email,omitempty"`
	Name    string `json:"name,omitempty"`
}

func someone(person alert.Person) Someone {
	return Someone{Team: person.Team, SlackID: person.User, Email: person.Email, Name: person.Name}
}

// actor is how timelines and announcements name an admin. No source has a space
// in its name.
func actor(c *gin.Context) string { return "admin " + c.GetString(adminKey) }

// withEmail finds the people of our team who have an address and are still there.
func (s *Server) withEmail(ctx context.Context, email string) ([]alert.Person, error) {
	team, err := s.opt.Team(ctx)
	if err != nil {
		return nil, because{problemOf(http.StatusServiceUnavailable, "the chat system's team is not known yet"), err}
	}
	people, err := s.opt.Record.PeopleByEmail(ctx, team, email)
	if err != nil {
		return nil, fmt.Errorf("look a person up: %w", err)
	}
	return slices.DeleteFunc(people, func(person alert.Person) bool { return person.Deactivated || person.Foreign }), nil
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

// self is the admin as the directory knows them: who can't be found there can't
// be told from the person whom something is about.
func (s *Server) self(c *gin.Context) (alert.Person, error) {
	people, err := s.withEmail(c.Request.Context(), c.GetString(adminKey))
	if err == nil && len(people) != 1 {
		err = problemOf(http.StatusForbidden,
			"the directory must know exactly one person with the admin's address, so that nobody excepts themselves")
	}
	if err != nil {
		return alert.Person{}, err
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
