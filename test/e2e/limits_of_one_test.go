package e2e_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A person has three questions at a time; the gravest of the others comes next.
func TestTheRestWaitTheirTurn(t *testing.T) {
	t.Parallel()
	b := running(t)
	var open []string
	for range 3 {
		open = append(open, b.reports(alertAbout(alice)))
		b.becomes(open[len(open)-1], "asking")
	}
	high := b.reports(alertAbout(alice))
	require.NotEmpty(t, b.becomes(high, "held").QueuedUntil)
	critical := b.reports(alertOn("web-critical", alice, "critical"))
	b.becomes(critical, "held")
	b.stays(2*time.Second, "she sees three", func() bool { return len(b.questions(alice)) == 3 })
	require.Contains(t, b.types(alice, "status"), "2 more wait")

	b.clicks(alice, b.questionOf(alice, open[0]), "unsure")
	b.questionOf(alice, critical)
	b.stays(time.Second, "one at a time", func() bool { return b.alert(high).Status == "held" })
	b.clicks(alice, b.questionOf(alice, open[1]), "yes")
	b.phone(alice, "approve")
	b.questionOf(alice, high)
	require.Len(t, b.questions(alice), 5)
	for _, id := range append(open, high, critical) {
		require.LessOrEqual(t, b.alert(id).count("asked"), 1, "asked once")
	}
}

// 500 alerts about one person at once: at most three questions, one case that lists
// the rest, and every alert is accounted for.
func TestStorm(t *testing.T) {
	t.Parallel()
	const alerts, senders, asked, calm = 500, 16, 3, 20
	b := running(t)
	begun := time.Now()
	ids := b.burst(alerts, senders, []string{alice})
	require.Len(t, ids, alerts)
	taken := time.Since(begun)

	var views map[string]alertView
	b.within(3*time.Minute, "every alert has its place", func() bool {
		<-time.After(time.Second) // each look reads them all
		views = b.everyAlert()
		for _, view := range views {
			if view.Status == "received" {
				return false
			}
		}
		return len(views) == alerts
	})
	t.Logf("%d alerts about one person taken in %s, all in their places after %s", alerts,
		taken.Round(100*time.Millisecond), time.Since(begun).Round(100*time.Millisecond))
	places, carriers := map[string]int{}, map[string]bool{}
	for id, view := range views {
		require.True(t, ids[id])
		place := view.Status
		if view.Verdict == "unasked" {
			require.Equal(t, "storm", view.VerdictReason)
			place = "in the storm"
			if view.CaseOf == "" {
				carriers[id], place = true, "the storm's case"
			} else {
				carriers[view.CaseOf] = true
			}
		}
		places[place]++
	}
	require.Equal(t, map[string]int{
		"asking": asked, "held": calm - asked, "the storm's case": 1, "in the storm": alerts - calm - 1,
	}, places)
	require.Len(t, carriers, 1)
	require.Len(t, b.questions(alice), asked)
	require.Len(t, b.security(), 1, "one case")
	b.eventually("it counts them all", func() bool {
		return b.security()[0].says(fmt.Sprintf("%d alerts about Alice", alerts-calm))
	})
	require.Empty(t, b.pushes(alice))
	for id := range carriers {
		require.Len(t, b.alert(id).Members, alerts-calm-1)
	}
}

// everyAlert pages through the list.
func (b *bot) everyAlert() map[string]alertView {
	b.Helper()
	views := map[string]alertView{}
	for cursor := ""; ; {
		var page struct {
			Alerts []alertView
			Next   *string
		}
		b.get("/v1/alerts?limit=200&cursor="+url.QueryEscape(cursor), &page)
		for _, view := range page.Alerts {
			views[view.ID] = view
		}
		if page.Next == nil {
			return views
		}
		cursor = *page.Next
	}
}
