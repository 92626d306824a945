package e2e_test

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What happened can be asked for, for any time, as JSON and for a spreadsheet.
func TestRollupOnDemand(t *testing.T) {
	t.Parallel()
	b := running(t, policy(t, always))
	b.confirmsAbout(alice, alertOn("db-1", alice, "medium"))
	b.settles(b.reports(alertOn("db-1", alice, "medium")), "suppressed", "proven")
	denied := b.reports(alertAbout(bob))
	b.clicks(bob, b.questionOf(bob, denied), "no")
	b.explains(bob, "=cmd|' /C calc'!A0")
	b.settles(denied, "denied", "")

	var summed struct {
		Alerts, Asked int
		Verdicts      []struct {
			Detection string
			Counts    map[string]int
		}
		Confirmed []struct{ Title string }
		OpenCases []struct {
			AlertID string `json:"alert_id"`
		} `json:"open_cases"`
	}
	from := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	query := "?from=" + url.QueryEscape(from)
	b.get("/v1/rollups"+query, &summed)
	require.Equal(t, 3, summed.Alerts)
	require.Equal(t, map[string]int{"confirmed": 1, "suppressed": 1, "denied": 1}, summed.Verdicts[0].Counts)
	require.Len(t, summed.Confirmed, 1)
	require.Equal(t, denied, summed.OpenCases[0].AlertID)

	status, text := b.try(http.MethodGet, "/v1/rollups"+query+"&format=csv", nil)
	require.Equal(t, http.StatusOK, status)
	lines, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	require.NoError(t, err)
	require.Greater(t, len(lines), 4)
	require.NotContains(t, string(text), ",=cmd")
	response, _ := b.rawRequest(http.MethodGet, "/v1/rollups", "nobody's", "")
	require.Equal(t, http.StatusUnauthorized, response.StatusCode)

	var open struct {
		Cases []struct {
			AlertID string `json:"alert_id"`
		}
	}
	b.get("/v1/cases", &open)
	require.Len(t, open.Cases, 1)
	require.Equal(t, denied, open.Cases[0].AlertID)
}
