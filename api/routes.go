package api

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// Route is something that the API does. Path is written as openapi.yaml does it,
// with parameters in braces.
type Route struct {
	Method string
	Path   string
	Scopes []Scope // one of them is enough; none: any caller
	handle func(*gin.Context) error
}

// Routes are all of /v1, each with what a caller must be allowed to do.
func (s *Server) Routes() []Route {
	return []Route{
		{http.MethodPost, "/v1/alerts", ingest, s.takeAlert},
		{http.MethodGet, "/v1/alerts", reports, s.listAlerts},
		{http.MethodGet, "/v1/alerts/{id}", reports, s.showAlert},

		{http.MethodPost, "/v1/alerts/{id}/acknowledge", respond, s.acknowledge},
		{http.MethodPost, "/v1/alerts/{id}/resolve", respond, s.resolve},
		{http.MethodPost, "/v1/alerts/{id}/review", respond, s.review},
		{http.MethodPost, "/v1/alerts/{id}/withdraw", withdrawers, s.withdraw},

		{http.MethodGet, "/v1/alerts/{id}/evidence", read, s.showEvidence},
		{http.MethodPost, "/v1/alerts/by-hand", respond, s.reportByHand},
		{http.MethodPost, "/v1/alerts/preview", respond, s.preview},

		{http.MethodPost, "/v1/lookups", reports, s.lookUp},
		{http.MethodGet, "/v1/overview", read, s.showOverview},
		{http.MethodGet, "/v1/tokens", admin, s.listTokens},
		{http.MethodPost, "/v1/tokens", admin, s.makeToken},
		{http.MethodDelete, "/v1/tokens/{id}", admin, s.revokeToken},

		{http.MethodGet, "/v1/cases", read, s.listCases},
		{http.MethodGet, "/v1/reviews", read, s.listReviews},
		{http.MethodGet, "/v1/rollups", read, s.sumUp},

		{http.MethodGet, "/v1/distrusts", read, s.listDistrusts},
		{http.MethodPost, "/v1/distrusts/{email}/clear", respond, s.clearDistrust},
		{http.MethodGet, "/v1/people", read, s.listPeople},
		{http.MethodGet, "/v1/people/{email}", read, s.showPerson},
		{http.MethodPost, "/v1/people/{email}/lost-phone", respond, s.reportLostPhone},
		{http.MethodPost, "/v1/people/{email}/erase", admin, s.erasePerson},

		{http.MethodGet, "/v1/suppressions", read, s.listSuppressions},
		{http.MethodDelete, "/v1/suppressions/{id}", respond, s.revoke},
		{http.MethodPost, "/v1/exceptions", admin, s.except},
		{http.MethodGet, "/v1/opt-outs", read, s.listOptOuts},
		{http.MethodPost, "/v1/opt-outs", admin, s.optOut},
		{http.MethodDelete, "/v1/opt-outs/{email}", admin, s.optIn},
		{http.MethodGet, "/v1/pause", read, s.showPause},
		{http.MethodPost, "/v1/pause", admin, s.pause},
		{http.MethodPost, "/v1/resume", admin, s.resume},

		{http.MethodGet, "/v1/policy", read, s.showPolicy},
		{http.MethodGet, "/v1/policies", read, s.listPolicies},
		{http.MethodGet, "/v1/policies/{revision}", read, s.showRevision},
		{http.MethodPost, "/v1/policy/explain", read, s.explain},

		{http.MethodGet, "/v1/checkpoints", read, s.listCheckpoints},
		{http.MethodGet, "/v1/openapi.yaml", nil, s.describe},
	}
}

// What routes need.
var (
	ingest  = []Scope{ScopeIngest}
	read    = []Scope{ScopeRead}
	reports = []Scope{ScopeRead, ScopeIngest} // with ingest alone: what the caller's own source reported
	respond = []Scope{ScopeRespond}

	withdrawers = []Scope{ScopeRespond, ScopeIngest} // with ingest alone: what the caller's own source reported
	admin       = []Scope{ScopeAdmin}
)

// route puts the table into an engine.
func (s *Server) route(engine *gin.Engine) {
	for _, each := range s.Routes() {
		engine.Handle(each.Method, ginPath(each.Path),
			bounded, s.handle(s.authenticate), s.handle(s.authorize(each.Scopes)), s.handle(each.handle))
	}
}

// ginPath writes {id} as :id.
func ginPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}
