package api_test

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/api"
	"securitybot/internal/store"
)

func TestAnAlertIsTakenAndShown(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	context := map[string]any{"host": "web-1.example.com", "uid": 0}
	answer := d.send(body(t, "key", "k-1", "description", "sudo -i", "url", "https://siem.example.com/1",
		"occurred_at", "2026-03-04T12:59:00+01:00", "context", context))
	taken := answer.taken(http.StatusAccepted)
	require.Regexp(t, "^[0-9a-f]{64}$", taken.ID)
	require.False(t, taken.Duplicate)
	require.EqualValues(t, "received", taken.Status)
	require.Equal(t, "/v1/alerts/"+taken.ID, taken.Links.Self)
	require.Equal(t, "http://temporal.example.com/alert-"+taken.ID, taken.Links.Temporal)
	require.EqualValues(t, 1, d.kicks.Load())
	waiting, _, err := d.store.Backlog(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, waiting)

	shown := d.get(taken.Links.Self)
	require.Equal(t, http.StatusOK, shown.status)
	require.Equal(t, "no-store", shown.header.Get("Cache-Control"))
	salted := regexp.MustCompile(`"(content|payload)":"[0-9a-f]{64}",?`)
	require.Len(t, salted.FindAllString(shown.body, -1), 2)
	require.JSONEq(t, strings.ReplaceAll(`{
		"id":"ID","key":"k-1","source":"falco","status":"received","verdict":"","verdict_reason":"",
		"detection":"sudo_interactive","title":"Interactive root shell","description":"sudo -i","severity":"high",
		"subject":{"email":"alice@example.com"},"who":{"email":"alice@example.com"},"answered":"","authenticated":false,
		"url":"https://siem.example.com/1",
		"context":{"host":"web-1.example.com","uid":0},
		"received_at":"2026-03-04T12:00:00Z","occurred_at":"2026-03-04T11:59:00Z",
		"links":{"self":"/v1/alerts/ID","temporal":"http://temporal.example.com/alert-ID","evidence":"/v1/alerts/ID/evidence"},
		"timeline":[{"at":"2026-03-04T12:00:00Z","kind":"accepted","actor":"falco","detection":"sudo_interactive","severity":"high"}]
	}`, "ID", taken.ID), salted.ReplaceAllString(shown.body, ""))
}

func TestNullsAreAbsent(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.send(`{"key":null,"detection":"d","title":"t","description":null,"severity":"low","occurred_at":null,
		"url":null,"context":null,"subject":{"email":null,"username":"alice","slack_id":null}}`).taken(http.StatusAccepted)
}

func TestTheSameKeyIsTheSameAlert(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	first := d.send(body(t, "key", "k-1")).taken(http.StatusAccepted)
	d.clock.forward(30 * 24 * time.Hour)
	second := d.send(body(t, "key", "k-1", "title", "said another way")).taken(http.StatusOK)
	require.Equal(t, first.ID, second.ID)
	require.True(t, second.Duplicate)

	for name, other := range map[string]string{
		"another detection": body(t, "key", "k-1", "detection", "other"),
		"another subject":   body(t, "key", "k-1", "subject", map[string]any{"email": "bob@example.com"}),
	} {
		told := d.send(other).problem(http.StatusConflict)
		require.Equal(t, "key", told.Errors[0].Field, name)
	}
	elsewhere := d.send(body(t, "key", "k-1"), "Authorization", "Bearer "+oktaToken).taken(http.StatusAccepted)
	require.NotEqual(t, first.ID, elsewhere.ID)
	require.Equal(t, 2, d.stored())
	require.EqualValues(t, 2, d.kicks.Load())
}

func TestTheSamePayloadIsTheSameAlertForTenMinutes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	first := d.send(body(t, "context", map[string]any{"a": 1, "b": 2})).taken(http.StatusAccepted)
	d.clock.forward(10*time.Minute - time.Second)
	same := `{"context": {"b":2, "a":1}, "severity":"high", "title":"Interactive root shell",
		"subject":{"email":"alice@example.com"}, "detection":"sudo_interactive"}`
	second := d.send(same).taken(http.StatusOK)
	require.Equal(t, first.ID, second.ID)
	require.True(t, second.Duplicate)

	d.clock.forward(2 * time.Second)
	third := d.send(same).taken(http.StatusAccepted)
	require.NotEqual(t, first.ID, third.ID)
	require.Equal(t, 2, d.stored())
}

func TestTheSamePayloadWithItsTimeIsTheSameAlertForEver(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	first := d.send(body(t, "occurred_at", "2026-03-04T11:00:00Z")).taken(http.StatusAccepted)
	d.clock.forward(24 * time.Hour)
	second := d.send(body(t, "occurred_at", "2026-03-04T12:00:00+01:00")).taken(http.StatusOK)
	require.Equal(t, first.ID, second.ID)
	other := d.send(body(t, "occurred_at", "2026-03-04T11:00:01Z")).taken(http.StatusAccepted)
	require.NotEqual(t, first.ID, other.ID)
}

func TestFiftyAtOnceAreOneAlert(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string]string{"with a key": body(t, "key", "k"), "without": body(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			const many = 50
			answers := make([]answer, many)
			var group sync.WaitGroup
			for i := range many {
				group.Go(func() { answers[i] = d.send(sent) })
			}
			group.Wait()
			fresh, ids := 0, map[string]bool{}
			for _, answer := range answers {
				var taken api.Taken
				answer.into(&taken)
				ids[taken.ID] = true
				require.Equal(t, taken.Duplicate, answer.status == http.StatusOK, answer.body)
				if answer.status == http.StatusAccepted {
					fresh++
				}
			}
			require.Equal(t, 1, fresh)
			require.Len(t, ids, 1)
			require.Equal(t, 1, d.stored())
			require.EqualValues(t, 1, d.kicks.Load())
		})
	}
}

func TestOnlyKnownTokensReport(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, header := range []string{"", "Bearer", "Bearer ", "Bearer wrong", "Basic " + falcoToken, falcoToken, "Bearer " + falcoToken + "x"} {
		for _, call := range []struct{ method, target string }{
			{http.MethodPost, "/v1/alerts"}, {http.MethodGet, "/v1/alerts"}, {http.MethodGet, "/v1/alerts/" + strings.Repeat("a", 64)},
		} {
			answer := d.do(call.method, call.target, body(t), "Authorization", header, "Content-Type", "application/json")
			answer.problem(http.StatusUnauthorized)
			require.Equal(t, `Bearer realm="securitybot"`, answer.header.Get("WWW-Authenticate"))
		}
	}
	require.Zero(t, d.stored())
	d.send(body(t), "Authorization", "bearer "+falcoToken).taken(http.StatusAccepted)
}

func TestBodiesOfAnyKind(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.send(body(t), "Content-Encoding", "gzip").problem(http.StatusUnsupportedMediaType)
	require.Zero(t, d.stored())
	d.send(body(t), "Content-Type", "application/json; charset=utf-8").taken(http.StatusAccepted)
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/", "json"} {
		d.send(body(t), "Content-Type", kind).taken(http.StatusOK)
	}
}

func TestBodiesThatAreTooLarge(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	fits := body(t, "context", map[string]any{"log": strings.Repeat("x", 255<<10)})
	d.send(fits).taken(http.StatusAccepted)
	over := fits + strings.Repeat(" ", 256<<10-len(fits)+1)
	d.send(over).problem(http.StatusRequestEntityTooLarge)
	d.send(over[:256<<10]).taken(http.StatusOK)
	require.Equal(t, 1, d.stored())
}

func TestARecordThatIsAwayTakesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.record.broken.Store(true)
	answer := d.send(body(t))
	told := answer.problem(http.StatusServiceUnavailable)
	require.NotContains(t, answer.body, "db-7")
	require.NotEmpty(t, answer.header.Get("Retry-After"))
	require.Contains(t, told.Detail, "send it again")
	require.Zero(t, d.stored())
	require.Zero(t, d.kicks.Load())
	require.Equal(t, 1, strings.Count(d.log.String(), "db-7.internal"), "logged once")

	d.record.broken.Store(false)
	d.send(body(t)).taken(http.StatusAccepted)
	records, err := d.store.List(t.Context(), store.Filter{Source: "falco"})
	require.NoError(t, err)
	require.Len(t, records, 1)
}
