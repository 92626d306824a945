package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"securitybot/internal/alert"
	"securitybot/internal/policy"
	"securitybot/internal/store"
)

// PolicyView is a revision of the policy. Lists leave out the text.
type PolicyView struct {
	Revision string         `json:"revision"`
	LoadedAt time.Time      `json:"loaded_at,omitzero"`
	LoadedBy string         `json:"loaded_by,omitempty"`
	Text     *string        `json:"text,omitempty"`
	Before   string         `json:"before,omitempty"` // the revision that was in force before
	Changes  []PolicyChange `json:"changes"`          // since then
	Looser   int            `json:"looser"`           // how many of the changes are looser
}

// PolicyChange is one change in plain words. A looser one asks, proves, shows or
// tells less.
type PolicyChange = policy.Change

// Explanation is what the policy in force does with an alert, and why: POST
// /v1/policy/explain.
type Explanation = policy.Explanation

// builtIn is the revision of an installation that never had a policy file.
const builtIn = "built-in"

// mostPolicies is how far back the history of the policy is looked at.
const mostPolicies = 1000

func (s *Server) showPolicy(c *gin.Context) error {
	current, ok, err := s.opt.Record.Policy(c.Request.Context())
	if err != nil {
		return fmt.Errorf("read policy: %w", err)
	}
	if !ok {
		return writeJSON(c, http.StatusOK, PolicyView{Revision: builtIn, Text: new(string), Changes: []PolicyChange{}})
	}
	return s.writePolicy(c, current.Revision)
}

func (s *Server) showRevision(c *gin.Context) error { return s.writePolicy(c, c.Param("revision")) }

// writePolicy shows a revision with its text and what it changed.
func (s *Server) writePolicy(c *gin.Context, revision string) error {
	list, err := s.opt.Record.Policies(c.Request.Context(), mostPolicies)
	if err != nil {
		return fmt.Errorf("list policies: %w", err)
	}
	at := slices.IndexFunc(list, func(each store.PolicyText) bool { return each.Revision == revision })
	if at < 0 {
		return problemOf(http.StatusNotFound, "no such revision of the policy")
	}
	view := policyOf(list, at)
	view.Text = &list[at].Text
	return writeJSON(c, http.StatusOK, view)
}

func (s *Server) listPolicies(c *gin.Context) error {
	limit := defaultLimit
	faults := readQuery(c.Request.URL.RawQuery, map[string]func(string) error{"limit": limited(&limit)})
	if len(faults) > 0 {
		return problemOf(http.StatusBadRequest, "the query is not valid", faults...)
	}
	list, err := s.opt.Record.Policies(c.Request.Context(), limit+1) // one more for what the last one changed
	if err != nil {
		return fmt.Errorf("list policies: %w", err)
	}
	views := make([]PolicyView, 0, limit)
	for at := range list[:min(len(list), limit)] {
		views = append(views, policyOf(list, at))
	}
	return writeJSON(c, http.StatusOK, map[string]any{"policies": views})
}

// policyOf shows one of a list that begins with the newest, and what it changed of
// the one that was loaded before it: of the first, of what is built in.
func policyOf(list []store.PolicyText, at int) PolicyView {
	view := PolicyView{
		Revision: list[at].Revision, LoadedAt: list[at].LoadedAt.UTC(), LoadedBy: list[at].LoadedBy,
		Before: builtIn, Changes: []PolicyChange{},
	}
	before := policy.BuiltIn()
	now, err := policy.Parse([]byte(list[at].Text))
	if err == nil && at+1 < len(list) {
		view.Before = list[at+1].Revision
		before, err = policy.Parse([]byte(list[at+1].Text))
	}
	if err != nil {
		return view // of another version of the program: it can't be compared
	}
	view.Changes = append(view.Changes, policy.Diff(before, now)...)
	for _, change := range view.Changes {
		if change.Looser {
			view.Looser++
		}
	}
	return view
}

// explain tells what the policy in force would do with an alert, which is reported
// to nobody.
func (s *Server) explain(c *gin.Context) error {
	at, source := s.opt.Now(), alert.ByHand
	faults := readQuery(c.Request.URL.RawQuery, map[string]func(string) error{"at": moment(&at), "source": plain(&source)})
	if len(faults) > 0 {
		return problemOf(http.StatusBadRequest, "the query is not valid", faults...)
	}
	tried, _, err := s.readByHand(c)
	if err != nil {
		return err
	}
	tried.Source, tried.ReceivedAt = source, at.UTC()
	who, err := s.identified(c.Request.Context(), tried.Subject)
	if err != nil {
		return err
	}
	current, err := s.policy(c.Request.Context())
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, policy.Explain(current, tried, who.Person, who.Groups, at))
}

// policy is the one in force.
func (s *Server) policy(ctx context.Context) (*policy.Policy, error) {
	current, err := s.opt.Policy.Current(ctx)
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	return current, nil
}
