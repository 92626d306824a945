package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"securitybot/api"
	"securitybot/internal/alert"
)

func urlEscape(text string) string { return url.QueryEscape(text) }

// listed are the alerts of a list, by their ids.
func listed(page shown) []string {
	var ids []string
	for _, link := range page.elements("a") {
		if id, ok := strings.CutPrefix(attribute(link, "id"), "row-"); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

func TestEveryFilterOfTheListWorks(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	asked := r.asked(alice, alert.Plan{}, "key", "k-1", "title", "Root shell", "severity", "low")
	r.forward(time.Hour)
	proven := r.confirmed(vera, alert.Plan{}, "me", "key", "k-2", "title", "Port scan", "detection", "nmap")
	r.forward(time.Hour)
	denied := r.asked(kim, alert.Plan{}, "key", "k-3", "title", "New device", "severity", "critical")
	r.answers(denied, kim, alert.No, "not me")
	r.settled(denied)
	visitor := r.as(sam, api.Admin)
	for query, want := range map[string][]string{
		"":                          {denied, proven, asked},
		"q=shell":                   {asked},
		"q=port+scan":               {proven},
		"status=asking":             {asked},
		"verdict=denied":            {denied},
		"answered=yes":              {proven},
		"answered=none":             {asked},
		"authenticated=true":        {proven},
		"authenticated=false":       {denied, asked},
		"severity=critical":         {denied},
		"detection=nmap":            {proven},
		"person=Alice@example.com":  {asked},
		"source=falco&key=k-3":      {denied},
		"earliest=2026-03-04T13:30": {denied},
		"latest=2026-03-04T12:30":   {asked},
		"earliest=2026-03-04T12:30&latest=2026-03-04T13:30": {proven},
		"earliest=2026-03-05":                               {},
	} {
		require.ElementsMatch(t, want, listed(visitor.sees("/console/alerts?"+query)), query)
	}
}

func TestAFilterThatCantBeUsedIsToldBesideIt(t *testing.T) {
	t.Parallel()
	visitor := newRoom(t).as(vera, api.Viewer)
	page := visitor.get("/console/alerts?earliest=yesterday&q=shell")
	require.Equal(t, http.StatusBadRequest, page.status)
	require.Equal(t, []string{"shell", "yesterday"}, []string{page.value("q"), page.value("earliest")})
	var faulty []string
	for _, node := range page.elements("input") {
		if attribute(node, "aria-invalid") == "true" {
			faulty = append(faulty, attribute(node, "name"))
			require.Contains(t, attribute(node, "aria-describedby"), "search-earliest-fault")
		}
	}
	require.Equal(t, []string{"earliest"}, faulty)
}

func TestFiltersAndColumnsStayInEveryLink(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	for i := range 3 {
		r.reported("key", fmt.Sprint(i))
		r.forward(time.Minute)
	}
	visitor := r.as(vera, api.Viewer)
	page := visitor.sees("/console/alerts?limit=2&detection=sudo_interactive&cols=severity&cols=key")
	require.Len(t, listed(page), 2)
	heads := func(page shown) (names []string) {
		for _, node := range page.elements("th") {
			names = append(names, node.FirstChild.Data)
		}
		return names
	}
	require.Equal(t, []string{"Severity", "What", "Key"}, heads(page))
	older := linkCalled(page, "Older")
	require.Contains(t, older, "cols=severity%2Ckey")
	require.Contains(t, older, "detection=sudo_interactive")
	next := visitor.sees(older)
	require.Len(t, listed(next), 1)
	require.Equal(t, []string{"Severity", "What", "Key"}, heads(next))
	require.Contains(t, linkCalled(next, "Newest"), "cols=severity%2Ckey")
	require.Equal(t, "/console/alerts/export?detection=sudo_interactive&format=csv&limit=2", linkCalled(page, "CSV"))
}

func linkCalled(page shown, name string) string {
	for _, node := range page.elements("a") {
		if node.FirstChild != nil && node.FirstChild.Type == html.TextNode && node.FirstChild.Data == name {
			return attribute(node, "href")
		}
	}
	return ""
}

func TestTheListIsExported(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.reported("key", "1", "title", "=cmd()")
	r.reported("key", "2", "detection", "other")
	visitor := r.as(vera, api.Viewer)
	csv := visitor.get("/console/alerts/export?format=csv&detection=sudo_interactive")
	require.Equal(t, http.StatusOK, csv.status)
	require.Contains(t, csv.header.Get("Content-Type"), "text/csv")
	require.Contains(t, csv.body, "cmd()")
	require.NotContains(t, csv.body, ",=cmd()")
	require.NotContains(t, csv.body, "other")
	require.Contains(t, visitor.get("/console/alerts/export?format=json").header.Get("Content-Type"), "json")
	wrong := visitor.get("/console/alerts/export?format=csv&verdict=guilty")
	require.Equal(t, http.StatusBadRequest, wrong.status)
	require.Contains(t, wrong.text(), "must be one of", "a page says why there is no file")
}

func TestTheEvidenceIsExported(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	id := r.confirmed(alice, alert.Plan{}, "me")
	bundle := r.as(vera, api.Viewer).get("/console/alerts/" + id + "/evidence")
	require.Equal(t, http.StatusOK, bundle.status)
	require.Contains(t, bundle.header.Get("Content-Disposition"), "attachment")
	require.Contains(t, bundle.body, id)
}

func TestAnAlertTellsItsWholeStory(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	id := r.confirmed(alice, alert.Plan{Rule: "root shells", SuppressFor: time.Hour, SuppressScope: []string{"host"}}, "deploying with Sam",
		"description", "from 10.1.2.3", "url", "https://siem.example.com/4711")
	page := r.as(vera, api.Viewer).sees("/console/alerts/" + id)
	text := page.text()
	for _, told := range []string{
		"Confirmed", "Was it you? Interactive root shell", "Yes, it was me", "deploying with Sam", "Approved", "phone of UALICE",
		"root shells", "from 10.1.2.3", "Accepted falco", "Settled",
	} {
		require.Contains(t, text, told)
	}
	links := page.links()
	require.Contains(t, links, "https://siem.example.com/4711")
	require.Contains(t, links, "http://temporal.example.com/alert-"+id)
	for _, node := range page.elements("button") {
		if node.FirstChild != nil && node.FirstChild.FirstChild != nil {
			require.NotEmpty(t, node.Attr, "what was there to be pressed can't be pressed here")
		}
	}
	require.Equal(t, http.StatusNotFound, r.as(vera, api.Viewer).get("/console/alerts/"+strings.Repeat("0", 64)).status)
	require.Equal(t, http.StatusNotFound, r.as(vera, api.Viewer).get("/console/alerts/..%2Fcases").status)
}
