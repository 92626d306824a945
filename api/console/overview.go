package console

import (
	"net/url"

	"securitybot/api"
)

// overviewPage is how things stand and went.
type overviewPage struct {
	api.OverviewView
	Cases  []api.CaseSummary // the gravest
	More   int               // open cases that are not listed
	Chart  chart
	Ranges []menuItem
	Paused bool
}

// mostOnOverview are the cases that come first.
const mostOnOverview = "8"

func showOverview(x *exchange) error {
	query := url.Values{}
	if chosen := x.r.Form.Get("range"); chosen != "" {
		query.Set("range", chosen)
	}
	var page overviewPage
	if err := x.get(with("/v1/overview", query), &page.OverviewView); err != nil {
		return err
	}
	var cases api.CasePage
	if err := x.get("/v1/cases?limit="+mostOnOverview, &cases); err != nil {
		return err
	}
	var paused struct{ Paused bool }
	if err := x.get("/v1/pause", &paused); err != nil {
		return err
	}
	page.Cases, page.More, page.Paused = cases.Cases, max(0, page.OpenCases.Total-len(cases.Cases)), paused.Paused
	page.Chart = chartOf(page.OverviewView)
	for _, each := range [][2]string{{"24h", "24 hours"}, {"7d", "7 days"}, {"30d", "30 days"}} {
		page.Ranges = append(page.Ranges, menuItem{Name: each[1], Path: "/console?range=" + each[0], Here: each[0] == page.Range})
	}
	return x.render(200, "overview", page)
}

// Took is a time to answer in words, for seconds that may be unknown.
func (overviewPage) Took(seconds *int) string {
	if seconds == nil {
		return "–"
	}
	return length(secondsLong(*seconds))
}
