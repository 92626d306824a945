package api_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/api"
)

func TestAllAlertsAsAFile(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	var sent []string
	for i := range 450 {
		sent = append(sent, body(t, "key", fmt.Sprint(i)))
	}
	d.batch(strings.Join(sent, "\n"), lines...)
	d.clock.forward(time.Minute)
	last := d.send(body(t, "key", "last", "title", "=cmd|' /C calc'!A1", "detection", "nmap")).taken(http.StatusAccepted).ID

	file := d.as(samToken, http.MethodGet, "/v1/alerts?format=csv", "")
	require.Equal(t, http.StatusOK, file.status)
	require.Equal(t, "text/csv; charset=utf-8", file.header.Get("Content-Type"))
	require.Equal(t, `attachment; filename="alerts.csv"`, file.header.Get("Content-Disposition"))
	rows, err := csv.NewReader(strings.NewReader(file.body)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+451)
	require.Equal(t, []string{"id", "received_at", "occurred_at", "source", "key", "detection", "title"}, rows[0][:7])
	require.Equal(t, []string{last, "2026-03-04T12:01:00Z", "", "falco", "last", "nmap", "'=cmd|' /C calc'!A1"}, rows[1][:7])
	seen := map[string]bool{}
	for _, row := range rows[1:] {
		seen[row[0]] = true
	}
	require.Len(t, seen, 451)

	file = d.as(samToken, http.MethodGet, "/v1/alerts?format=json", "")
	require.Equal(t, "application/json; charset=utf-8", file.header.Get("Content-Type"))
	var page api.Page
	file.into(&page)
	require.Len(t, page.Alerts, 451)
	require.Nil(t, page.Next)
	require.Equal(t, d.page("/v1/alerts?limit=1").Alerts[0], page.Alerts[0])

	rest := d.as(samToken, http.MethodGet, "/v1/alerts?format=json&limit=250", "")
	rest.into(&page)
	require.Len(t, page.Alerts, 250)
	file = d.as(samToken, http.MethodGet, "/v1/alerts?format=json&cursor="+*page.Next, "")
	file.into(&page)
	require.Len(t, page.Alerts, 201)

	file = d.as(samToken, http.MethodGet, "/v1/alerts?format=csv&detection=nmap", "")
	require.Equal(t, 2, strings.Count(file.body, "\n"))
	for format, want := range map[string]string{"csv": "id,received_at", "json": `{"alerts":[]`} {
		file = d.as(samToken, http.MethodGet, "/v1/alerts?detection=none&format="+format, "")
		require.True(t, strings.HasPrefix(file.body, want), file.body)
		require.Equal(t, format == "json", json.Valid([]byte(file.body)))
	}
}

// Who saves a part of a list must not take it for the whole.
func TestAnExportThatBreaksOffIsCut(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var sent []string
	for i := range 201 {
		sent = append(sent, body(t, "key", fmt.Sprint(i)))
	}
	d.batch(strings.Join(sent, "\n"), lines...)
	for _, format := range []string{"csv", "json"} {
		d.record.searches.Store(1)
		require.PanicsWithValue(t, http.ErrAbortHandler, func() { d.get("/v1/alerts?format=" + format) })
		require.Contains(t, d.log.String(), "export alerts")
		d.record.searches.Store(0)
		answer := d.get("/v1/alerts?format=" + format)
		answer.problem(http.StatusInternalServerError)
		require.NotContains(t, answer.body, "db-7")
		d.record.searches.Store(-1)
	}
}

func TestTheOverviewIsShown(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	d.answered("1", "yes", true)
	d.answered("2", "no", false)
	var shown api.OverviewView
	d.get("/v1/overview").into(&shown)
	require.Equal(t, "24h", shown.Range)
	require.Len(t, shown.Series, 24)
	require.Equal(t, []int{2, 2, 2, 1}, []int{shown.Totals.Accepted, shown.Totals.Asked, shown.Totals.Answered, shown.Totals.Cases})
	require.Equal(t, 1, shown.OpenCases.Denied)
	require.Equal(t, 1, shown.Detections[0].Confirmed)
	d.get("/v1/overview?range=30d").into(&shown)
	require.Len(t, shown.Series, 30)
	told := d.get("/v1/overview?range=1y").problem(http.StatusBadRequest)
	require.Equal(t, "range", told.Errors[0].Field)
}
