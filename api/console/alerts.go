package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"securitybot/api"
)

// filters are the parameters of GET /v1/alerts that people fill in.
var filters = []string{
	"q", "status", "verdict", "answered", "authenticated", "severity", "detection", "person", "source", "key",
	"earliest", "latest",
}

// column is something that the list of alerts shows when it is wanted.
type column struct {
	Name, Label string
	Shown       bool
}

// columns are all of them, in their order. What an alert is about is always shown.
func columns() []column {
	return []column{
		{"received", "Received", true},
		{"severity", "Severity", true},
		{"person", "Person", true},
		{"verdict", "Verdict", true},
		{"answered", "Answered", true},
		{"authenticated", "Authenticated", false},
		{"detection", "Detection", true},
		{"source", "Source", false},
		{"key", "Key", false},
		{"occurred", "Occurred", false},
		{"deadline", "Answer by", false},
		{"id", "Id", false},
	}
}

// alertsPage is a part of the list of alerts.
type alertsPage struct {
	api.Page
	Filter                   Form
	Columns                  []column
	Show                     map[string]bool
	Filtered                 int // filters that are in use
	Newest, Older, CSV, JSON string
	First                    bool
}

func showAlerts(x *exchange) error {
	query := searchOf(x.r.Form)
	page := &alertsPage{Filter: filled(x.r.Form), First: query.Get("cursor") == ""}
	page.Filter.ID = "search"
	page.Columns = chosenColumns(x.r.Form["cols"])
	page.Show = map[string]bool{}
	for _, each := range page.Columns {
		page.Show[each.Name] = each.Shown
	}
	if err := x.filter(with("/v1/alerts", query), &page.Page, &page.Filter); err != nil {
		return err
	}
	status := http.StatusOK
	if page.Filter.Problem != "" {
		status = http.StatusBadRequest
	}
	page.link(query, x.r.Form["cols"])
	return x.render(status, "alerts", page)
}

// link makes the addresses that keep the filters and the columns.
func (p *alertsPage) link(query url.Values, cols []string) {
	for _, name := range filters {
		if query.Get(name) != "" && name != "q" {
			p.Filtered++
		}
	}
	query.Del("cursor")
	export := url.Values{}
	for name := range query {
		export.Set(name, query.Get(name))
	}
	export.Set("format", "csv")
	p.CSV = with("/console/alerts/export", export)
	export.Set("format", "json")
	p.JSON = with("/console/alerts/export", export)
	if len(cols) > 0 {
		query.Set("cols", strings.Join(cols, ","))
	}
	p.Newest = with("/console/alerts", query)
	if p.Next != nil {
		query.Set("cursor", *p.Next)
		p.Older = with("/console/alerts", query)
	}
}

// searchOf is what the API is asked for: of what is in the address, what it knows.
func searchOf(given url.Values) url.Values {
	query := url.Values{}
	for _, name := range append([]string{"cursor", "limit"}, filters...) {
		if value := strings.TrimSpace(given.Get(name)); value != "" {
			query.Set(name, value)
		}
	}
	for _, name := range []string{"earliest", "latest"} {
		if value := query.Get(name); value != "" {
			query.Set(name, moment(value))
		}
	}
	return query
}

// minute is a time as browsers write what was picked. Pages say that it is UTC.
const minute = "2006-01-02T15:04"

// moment is a time that was picked as the API takes it. Others stay as they are.
func moment(value string) string {
	for _, layout := range []string{minute, "2006-01-02T15:04:05"} {
		if at, err := time.Parse(layout, value); err == nil {
			return at.Format(time.RFC3339)
		}
	}
	return value
}

// picked is a time of the address as browsers show it in a field; false for what
// is none.
func picked(value string) (string, bool) {
	for _, layout := range []string{minute, time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, value); err == nil {
			return at.UTC().Format(minute), true
		}
	}
	return value, value == ""
}

// chosenColumns are all columns, with those shown that an address names, each by
// itself or several with commas between them.
func chosenColumns(given []string) []column {
	all := columns()
	wanted := strings.FieldsFunc(strings.Join(given, ","), func(r rune) bool { return r == ',' })
	if len(wanted) == 0 {
		return all
	}
	for i := range all {
		all[i].Shown = slices.Contains(wanted, all[i].Name)
	}
	return all
}

// Picked is a filter by time as a field shows it. What is no time stays to be seen.
func (p *alertsPage) Picked(name, label string) field {
	made := fieldOf(p.Filter, name, label, "datetime-local", "UTC")
	var ok bool
	if made.Value, ok = picked(made.Value); !ok {
		made.Kind = "text"
	}
	return made
}

// Usual are the columns that are shown when none are named.
func (*alertsPage) Usual() string {
	var names []string
	for _, each := range columns() {
		if each.Shown {
			names = append(names, each.Name)
		}
	}
	return strings.Join(names, ",")
}

func exportAlerts(x *exchange) error {
	query := searchOf(x.r.Form)
	query.Del("cursor")
	query.Del("limit")
	query.Set("format", x.r.Form.Get("format"))
	return x.download(with("/v1/alerts", query))
}
