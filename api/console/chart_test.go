package console

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/api"
	"securitybot/internal/alert"
	"securitybot/internal/store"
)

func TestTheChartStacksVerdicts(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	drawn := chartOf(api.OverviewView{
		Step:   "day",
		Totals: store.Totals{Verdicts: map[alert.Outcome]int{alert.Confirmed: 3, alert.Denied: 1}},
		Series: []store.Point{
			{At: at, Verdicts: map[alert.Outcome]int{alert.Confirmed: 3, alert.Denied: 1}},
			{At: at.AddDate(0, 0, 1)},
		},
	})
	require.Equal(t, 4, drawn.Total)
	require.Equal(t, []share{{alert.Confirmed, 3}, {alert.Denied, 1}}, drawn.Legend)
	require.Equal(t, []bar{
		{Verdict: alert.Confirmed, X: "89.6", Y: "53.0", W: "351.9", H: "135.0", Title: "Wed 4 Mar: 3 Confirmed"},
		{Verdict: alert.Denied, X: "89.6", Y: "8.0", W: "351.9", H: "45.0", Title: "Wed 4 Mar: 1 Denied"},
	}, drawn.Bars)
	require.Equal(t, []string{"0", "2", "4"}, []string{drawn.Lines[0].Text, drawn.Lines[1].Text, drawn.Lines[2].Text})
	require.Equal(t, []string{"4 Mar", "5 Mar"}, []string{drawn.Marks[0].Text, drawn.Marks[1].Text})
}

func TestAChartOfNothing(t *testing.T) {
	t.Parallel()
	drawn := chartOf(api.OverviewView{})
	require.Zero(t, drawn.Total)
	require.Empty(t, drawn.Bars)
}

func TestTheTopOfAChartHasAnEvenHalf(t *testing.T) {
	t.Parallel()
	for most, top := range map[int]int{0: 2, 1: 2, 3: 4, 5: 6, 7: 8, 9: 10, 11: 20, 61: 80, 999: 1000, 1001: 2000} {
		require.Equal(t, top, roundUp(most), most)
	}
}
