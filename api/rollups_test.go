package api_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/api"
	"securitybot/internal/alert"
	"securitybot/internal/store"
)

func TestRollupsAreJSONOrCSV(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	id := d.escalated(`=HYPERLINK("http://evil.example","Root shell")`)
	d.clock.forward(time.Minute)

	var sum store.Rollup
	d.sam(http.MethodGet, "/v1/rollups", "", http.StatusOK, &sum)
	require.Equal(t, begin.Add(time.Minute), sum.To)
	require.Equal(t, sum.To.Add(-24*time.Hour), sum.From)
	require.Equal(t, 1, sum.Unasked)
	require.Equal(t, map[alert.Outcome]int{alert.Unasked: 1}, sum.Verdicts[0].Counts)
	require.Equal(t, id, sum.OpenCases[0].AlertID)

	for _, answer := range []answer{
		d.as(samToken, http.MethodGet, "/v1/rollups?format=csv", ""),
		d.as(samToken, http.MethodGet, "/v1/rollups", "", "Accept", "text/csv"),
	} {
		require.Equal(t, http.StatusOK, answer.status)
		require.Equal(t, "text/csv; charset=utf-8", answer.header.Get("Content-Type"))
		require.Equal(t, "nosniff", answer.header.Get("X-Content-Type-Options"))
		lines, err := csv.NewReader(strings.NewReader(answer.body)).ReadAll()
		require.NoError(t, err)
		opened := lines[len(lines)-1]
		require.Equal(t, "open_case", opened[0])
		require.Equal(t, `'=HYPERLINK("http://evil.example","Root shell")`, opened[5], "no spreadsheet takes it for a formula")
	}

	d.sam(http.MethodGet, "/v1/rollups?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00%2B01:00", "", http.StatusOK, &sum)
	require.Zero(t, sum.Alerts)
	require.Equal(t, time.Date(2026, 3, 1, 23, 0, 0, 0, time.UTC), sum.To)
}

func TestSpansThatAreRefused(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	for query, field := range map[string]string{
		"from=yesterday":            "from",
		"to=2026-03-04":             "to",
		"from=2026-03-05T00:00:00Z": "from",
		"from=2026-03-01T00:00:00Z&to=2026-03-01T00:00:00Z": "from",
		"from=2026-02-01T12:00:00Z":                         "",
		"from=2026-02-01T11:59:59Z":                         "from",
		"format=xlsx":                                       "format",
		"period=daily":                                      "period",
	} {
		answer := d.as(samToken, http.MethodGet, "/v1/rollups?"+query, "")
		if field == "" {
			require.Equal(t, http.StatusOK, answer.status)
			continue
		}
		require.Equal(t, field, answer.problem(http.StatusBadRequest).Errors[0].Field, query)
	}
}

func TestCellsAreNoFormulas(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"": "", "Alice": "Alice", "a=b": "a=b", "1": "1", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)",
		"\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1", "＝1": "'＝1", "É": "É", "'x": "'x",
	} {
		require.Equal(t, want, api.Defused(cell))
	}
}
