package api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// Directory is whom the record knows.
type Directory interface {
	Person(ctx context.Context, key alert.PersonKey) (alert.Person, bool, error)
	PeopleByEmail(ctx context.Context, team, email string) ([]alert.Person, error)
	People(ctx context.Context, team, prefix, afterUser string, limit int) ([]alert.Person, error)
	PersonStory(ctx context.Context, key alert.PersonKey, except *alert.Person) (store.PersonStory, error)
	ReportLostPhone(ctx context.Context, lost store.LostPhone) (store.Record, store.Refusal, error)
	ErasePerson(ctx context.Context, person alert.Person, by, reason string) (store.Erasure, error)
	Distrusted(ctx context.Context, person alert.PersonKey) (bool, error)
	Distrusts(ctx context.Context, limit int) ([]store.Distrust, error)
	Trust(ctx context.Context, person alert.PersonKey, by, reason string) error
}

// Someone is a person whom something is about.
type Someone struct {
	Team    string `json:"team"`
	SlackID string `json:"slack_id"`
	Email   string `json:"email,omitempty"`
	Name    string `json:"name,omitempty"`
}

// PersonSummary is somebody in the directory: GET /v1/people?q=.
type PersonSummary struct {
	Someone
	Username    string `json:"username,omitempty"`
	Deactivated bool   `json:"deactivated,omitempty"`
	Bot         bool   `json:"bot,omitempty"`
}

// PeoplePage is a part of the directory, by email. Next is nil at its end.
type PeoplePage struct {
	People []PersonSummary `json:"people"`
	Next   *string         `json:"next"`
}

// PersonDetail is what Securitybot knows of somebody: GET /v1/people/{email}.
type PersonDetail struct {
	PersonSummary
	Zone         string            `json:"zone,omitempty"` // IANA name
	FactorName   string            `json:"factor_name,omitempty"`
	Manager      string            `json:"manager,omitempty"` // email
	AwayUntil    time.Time         `json:"away_until,omitzero"`
	SeenAt       time.Time         `json:"seen_at,omitzero"` // in the directory, last
	Groups       []string          `json:"groups"`           // of the chat system, as far as policy names them
	Devices      []DeviceView      `json:"devices"`
	Distrust     *DistrustView     `json:"distrust"` // in force
	OptOut       *OptOutView       `json:"opt_out"`  // in force
	Suppressions []SuppressionView `json:"suppressions"`
	Open         []Summary         `json:"open"`   // alerts without a verdict
	Recent       []Summary         `json:"recent"` // the last alerts, the newest first
	Today        BudgetView        `json:"today"`
}

// DeviceView is something of a person's that takes pushes. It proves nothing before
// TrustedFrom.
type DeviceView struct {
	Factor      string    `json:"factor"`
	Name        string    `json:"name"`
	FirstSeen   time.Time `json:"first_seen"`
	TrustedFrom time.Time `json:"trusted_from"`
}

// BudgetView is how often somebody was contacted, and how often they may be. A most
// of 0 is no limit.
type BudgetView struct {
	Questions      int `json:"questions"` // in the last 24 hours
	QuestionsMost  int `json:"questions_most"`
	Open           int `json:"open"` // questions that are open
	OpenMost       int `json:"open_most"`
	Pushes         int `json:"pushes"` // in the last 24 hours
	PushesMost     int `json:"pushes_most"`
	PushesHour     int `json:"pushes_hour"` // in the last hour
	PushesHourMost int `json:"pushes_hour_most"`
}

func someone(person alert.Person) Someone {
	return Someone{Team: person.Team, SlackID: person.User, Email: person.Email, Name: person.Name}
}

func personSummary(person alert.Person) PersonSummary {
	return PersonSummary{
		Someone: someone(person), Username: person.Username, Deactivated: person.Deactivated, Bot: person.Bot,
	}
}

// listPeople lists the directory without the person who asks.
func (s *Server) listPeople(c *gin.Context) error {
	limit, prefix, after := defaultLimit, "", ""
	faults := readQuery(c.Request.URL.RawQuery, map[string]func(string) error{
		"q": plain(&prefix), "limit": limited(&limit), "cursor": plain(&after),
	})
	if len(faults) > 0 {
		return problemOf(http.StatusBadRequest, "the query is not valid", faults...)
	}
	team, err := s.team(c.Request.Context())
	if err != nil {
		return err
	}
	list, err := s.opt.Record.People(c.Request.Context(), team, strings.TrimSpace(prefix), after, limit+1)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return problemOf(http.StatusBadRequest, "the query is not valid", Fault{Field: "cursor", Detail: "is not a cursor of this list"})
	case err != nil:
		return fmt.Errorf("list people: %w", err)
	}
	page := PeoplePage{People: make([]PersonSummary, 0, len(list))}
	if len(list) > limit {
		list = list[:limit]
		page.Next = &list[limit-1].User
	}
	for _, each := range list {
		if !isSelf(c, each.PersonKey) {
			page.People = append(page.People, personSummary(each))
		}
	}
	return writeJSON(c, http.StatusOK, page)
}

func (s *Server) showPerson(c *gin.Context) error {
	person, err := s.other(c)
	if err != nil {
		return err
	}
	story, err := s.opt.Record.PersonStory(c.Request.Context(), person.PersonKey, self(c))
	if err != nil {
		return fmt.Errorf("read person: %w", err)
	}
	detail := s.personDetail(story)
	if detail.Today, err = s.budget(c.Request.Context(), story); err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, detail)
}

func (s *Server) personDetail(story store.PersonStory) PersonDetail {
	person, now := story.Person, s.opt.Now()
	who := someone(person)
	detail := PersonDetail{
		PersonSummary: personSummary(person), Zone: person.Zone, FactorName: person.FactorName, Manager: person.Manager,
		AwayUntil: person.AwayUntil.UTC(), SeenAt: person.SeenAt.UTC(), Groups: append([]string{}, story.Groups...),
		Devices: []DeviceView{}, Suppressions: []SuppressionView{},
		Open: s.summariesOf(person, story.Open), Recent: s.summariesOf(person, story.Recent),
	}
	for _, device := range story.Devices {
		detail.Devices = append(detail.Devices, DeviceView{
			Factor: device.Factor, Name: device.Name, FirstSeen: device.FirstSeen.UTC(), TrustedFrom: device.TrustedFrom().UTC(),
		})
	}
	for _, suppression := range story.Suppressions {
		detail.Suppressions = append(detail.Suppressions, suppressionOf(suppression, who, now))
	}
	if story.Distrust != nil {
		distrust := distrustOf(*story.Distrust, who)
		detail.Distrust = &distrust
	}
	if story.OptOut != nil {
		optOut := optOutOf(*story.OptOut, who)
		detail.OptOut = &optOut
	}
	return detail
}

func (s *Server) summariesOf(person alert.Person, records []store.Record) []Summary {
	views := make([]Summary, 0, len(records))
	for _, record := range records {
		views = append(views, foundOf(store.Found{Record: record, Person: person}, s.opt.Links))
	}
	return views
}

// budget compares what somebody had with what they may have, as policy says today.
func (s *Server) budget(ctx context.Context, story store.PersonStory) (BudgetView, error) {
	current, err := s.policy(ctx)
	if err != nil {
		return BudgetView{}, err
	}
	limits := current.Plan(alert.Alert{Severity: alert.Low}, story.Person, story.Groups, s.opt.Now()).Limits
	budget := BudgetView{
		Questions: story.Questions, QuestionsMost: limits.PersonDay, OpenMost: limits.Open,
		Pushes: story.Pushes, PushesMost: store.MostPushesDay, PushesHour: story.PushesHour, PushesHourMost: store.MostPushesHour,
	}
	for _, record := range story.Open {
		if record.HasTurn() {
			budget.Open++
		}
	}
	return budget, nil
}

// reportLostPhone takes somebody's phone for lost; everybody may say so of their own.
func (s *Server) reportLostPhone(c *gin.Context) error {
	reason, err := s.readReason(c, "a lost phone")
	if err != nil {
		return err
	}
	person, err := s.person(c.Request.Context(), c.Param("email"))
	if err != nil {
		return err
	}
	escalateTo, err := s.opt.Policy.EscalateTo(c.Request.Context(), person.PersonKey)
	if err != nil {
		return fmt.Errorf("read policy: %w", err)
	}
	lost, refusal, err := s.opt.Record.ReportLostPhone(c.Request.Context(), store.LostPhone{
		Delivery: "api " + rand.Text(), Person: person.PersonKey, Title: s.opt.LostPhoneTitle, EscalateTo: escalateTo,
		By: called(c), Reason: reason,
	})
	if err := s.done(refusal, err, "the phone was reported as lost already"); err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, map[string]any{"person": someone(person), "alert_id": lost.ID})
}

// erasePerson removes what is personal of somebody from the record.
func (s *Server) erasePerson(c *gin.Context) error {
	reason, err := s.readReason(c, "an erasure")
	if err != nil {
		return err
	}
	person, err := s.other(c)
	if err != nil {
		return err
	}
	erased, err := s.opt.Record.ErasePerson(c.Request.Context(), person, called(c), reason)
	if err != nil {
		return fmt.Errorf("erase person: %w", err)
	}
	return writeJSON(c, http.StatusOK, erased)
}
