package console

import (
	"net/http"

	"securitybot/api"
)

// Page is one page, or one thing that is done from a page. Path is a pattern of
// [http.ServeMux].
type Page struct {
	Method string
	Path   string
	Scope  api.Scope // that a caller needs; "": any who is logged in
	Menu   string    // its line in the menu; "": none
	Within string    // the line of the menu that it belongs to
	Title  string
	show   func(*exchange) error
}

// Pages are all of them. What may be done in truth is the API's to say: a scope
// here only keeps from showing what would be refused.
func Pages() []Page {
	shown := []Page{
		{Path: "/console", Menu: "Overview", Title: "Overview", show: showOverview},
		{Path: "/console/{$}", Within: "Overview", Title: "Overview", show: showOverview},
		{Path: "/console/alerts", Menu: "Alerts", Title: "Alerts", show: showAlerts},
		{Path: "/console/alerts/export", Within: "Alerts", Title: "Export", show: exportAlerts},
		{Path: "/console/alerts/{id}", Within: "Alerts", Title: "Alert", show: showAlert},
		{Path: "/console/alerts/{id}/evidence", Within: "Alerts", Title: "Evidence", show: exportEvidence},
		{Path: "/console/cases", Menu: "Cases", Title: "Open cases", show: showCases},
		{Path: "/console/review", Menu: "Review", Title: "Review", show: showReviews},
		{Path: "/console/new", Scope: api.ScopeRespond, Menu: "New alert", Title: "New alert", show: showNewAlert},
		{Path: "/console/suppressions", Menu: "Suppressions", Title: "Suppressions and exceptions", show: showSuppressions},
		{Path: "/console/opt-outs", Menu: "Opt-outs", Title: "Opt-outs", show: showOptOuts},
		{Path: "/console/distrusted", Menu: "Distrusted", Title: "Distrusted people", show: showDistrusts},
		{Path: "/console/people", Menu: "People", Title: "People", show: showPeople},
		{Path: "/console/people/{email}", Within: "People", Title: "Person", show: showPerson},
		{Path: "/console/policy", Menu: "Policy", Title: "Policy", show: showPolicy},
		{Path: "/console/policy/{revision}", Within: "Policy", Title: "Policy", show: showRevision},
		{Path: "/console/tokens", Scope: api.ScopeAdmin, Menu: "Tokens", Title: "API tokens", show: showTokens},
		{Path: "/console/evidence", Menu: "Evidence", Title: "Evidence", show: showCheckpoints},
		{Path: "/console/api", Menu: "API", Title: "API", show: showDocument},
		{Path: "/console/api/openapi.yaml", Within: "API", Title: "API", show: exportDocument},
	}
	for i := range shown {
		shown[i].Method = http.MethodGet
		if shown[i].Scope == "" {
			shown[i].Scope = api.ScopeRead
		}
	}
	return append(shown, deeds()...)
}

// deeds are what is done from pages.
func deeds() []Page {
	done := []Page{
		{Path: "/console/alerts/{id}/acknowledge", Scope: api.ScopeRespond, Within: "Alerts", Title: "Alert", show: acknowledge},
		{Path: "/console/alerts/{id}/resolve", Scope: api.ScopeRespond, Within: "Alerts", Title: "Alert", show: resolve},
		{Path: "/console/alerts/{id}/withdraw", Scope: api.ScopeRespond, Within: "Alerts", Title: "Alert", show: withdraw},
		{Path: "/console/alerts/{id}/review", Scope: api.ScopeRespond, Within: "Alerts", Title: "Alert", show: review},
		{Path: "/console/new", Scope: api.ScopeRespond, Within: "New alert", Title: "New alert", show: sendAlert},
		{Path: "/console/new/preview", Scope: api.ScopeRespond, Within: "New alert", Title: "New alert", show: previewAlert},
		{Path: "/console/suppressions/{id}/revoke", Scope: api.ScopeRespond, Within: "Suppressions", Title: "Suppressions and exceptions", show: revoke},
		{Path: "/console/exceptions", Scope: api.ScopeAdmin, Within: "Suppressions", Title: "Suppressions and exceptions", show: except},
		{Path: "/console/opt-outs", Scope: api.ScopeAdmin, Within: "Opt-outs", Title: "Opt-outs", show: optOut},
		{Path: "/console/opt-outs/{email}/end", Scope: api.ScopeAdmin, Within: "Opt-outs", Title: "Opt-outs", show: optIn},
		{Path: "/console/pause", Scope: api.ScopeAdmin, Within: "Opt-outs", Title: "Opt-outs", show: pause},
		{Path: "/console/resume", Scope: api.ScopeAdmin, Within: "Opt-outs", Title: "Opt-outs", show: resume},
		{Path: "/console/distrusted/{email}/clear", Scope: api.ScopeRespond, Within: "Distrusted", Title: "Distrusted people", show: trust},
		{Path: "/console/people/{email}/lost-phone", Scope: api.ScopeRespond, Within: "People", Title: "Person", show: losePhone},
		{Path: "/console/people/{email}/erase", Scope: api.ScopeAdmin, Within: "People", Title: "Person", show: erasePerson},
		{Path: "/console/policy", Scope: api.ScopeRead, Within: "Policy", Title: "Policy", show: tryAlert},
		{Path: "/console/tokens", Scope: api.ScopeAdmin, Within: "Tokens", Title: "API tokens", show: makeToken},
		{Path: "/console/tokens/{id}/revoke", Scope: api.ScopeAdmin, Within: "Tokens", Title: "API tokens", show: endToken},
		{Path: "/console/theme", Scope: api.ScopeRead, Title: "Colours", show: setTheme},
	}
	for i := range done {
		done[i].Method = http.MethodPost
	}
	return done
}
