package api_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"securitybot/api"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.JSONEq(t, `{"status":"ok"}`, d.do(http.MethodGet, "/healthz", "").body)
	ready := d.do(http.MethodGet, "/readyz", "")
	require.Equal(t, http.StatusOK, ready.status)
	require.JSONEq(t, `{"status":"ready","degraded":[]}`, ready.body)

	d.record.broken.Store(true)
	require.Equal(t, http.StatusOK, d.do(http.MethodGet, "/healthz", "").status)
	away := d.do(http.MethodGet, "/readyz", "")
	away.problem(http.StatusServiceUnavailable)
	require.NotContains(t, away.body, "db-7")
}

func TestReadyNamesWhatIsDegraded(t *testing.T) {
	t.Parallel()
	d := newDesk(t, func(o *api.Options) {
		o.Degraded = func(context.Context) []string { return []string{"temporal"} }
	})
	require.JSONEq(t, `{"status":"ready","degraded":["temporal"]}`, d.do(http.MethodGet, "/readyz", "").body)
}

func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, target := range []string{"/", "/v1", "/v1/nothing", "/v1/alerts/", "/v2/alerts", "/healthz/"} {
		d.get(target).problem(http.StatusNotFound)
	}
	for _, call := range []struct{ method, target, allow string }{
		{http.MethodPut, "/v1/alerts", "POST"}, {http.MethodDelete, "/v1/alerts/x", "GET"}, {"BREW", "/healthz", "GET"},
	} {
		answer := d.do(call.method, call.target, "", "Authorization", "Bearer "+oktaToken)
		answer.problem(http.StatusMethodNotAllowed)
		require.Contains(t, answer.header.Get("Allow"), call.allow)
	}
}

func TestMountsGetEverythingBelowTheirPath(t *testing.T) {
	t.Parallel()
	echo := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			sent, err := io.ReadAll(r.Body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			_, _ = fmt.Fprintf(w, "%s %s %s %s", name, r.Method, r.URL.Path, sent)
		})
	}
	d := newDesk(t, func(o *api.Options) {
		o.Mounts = []api.Mount{
			{Path: "/slack/events", Handler: echo("events")},
			{Path: "/slack/commands", Handler: echo("commands")},
			{Path: "/sandbox", Handler: echo("sandbox")},
			{Path: "/", Handler: echo("root")},
		}
	})
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete, http.MethodOptions} {
		for target, want := range map[string]string{
			"/slack/events": "events", "/slack/commands": "commands", "/sandbox": "sandbox", "/sandbox/": "sandbox",
			"/sandbox/slack/api/chat.postMessage": "sandbox", "/": "root",
		} {
			require.Equal(t, want+" "+method+" "+target+" hello", d.do(method, target, "hello").body)
		}
	}
	d.do(http.MethodPost, "/slack/other", "").problem(http.StatusNotFound)
	d.do(http.MethodGet, "/sandboxes", "").problem(http.StatusNotFound)
}

func TestForeignHostsAreRefusedFirst(t *testing.T) {
	t.Parallel()
	d := newDesk(t, func(o *api.Options) {
		o.Hosts = func(host string) bool { return host == "bot.example.com" || host == "::1" }
	})
	for host, want := range map[string]int{
		"bot.example.com": 200, "bot.example.com:8080": 200, "[::1]:8080": 200, "[::1]": 200,
		"evil.example.com": 421, "bot.example.com.evil": 421, "": 421,
	} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/healthz", nil)
		request.Host = host
		recorder := httptest.NewRecorder()
		d.server.Handler().ServeHTTP(recorder, request)
		require.Equal(t, want, recorder.Code, host)
	}
}

func TestAPanicIsAnInternalError(t *testing.T) {
	t.Parallel()
	d := newDesk(t, func(o *api.Options) {
		o.Mounts = []api.Mount{{Path: "/broken", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			panic("db-7 has no such column")
		})}}
	})
	told := d.do(http.MethodGet, "/broken", "", "X-Request-Id", "req-1").problem(http.StatusInternalServerError)
	require.Equal(t, "internal error", told.Detail)
	require.Contains(t, d.log.String(), "db-7 has no such column")
	require.Contains(t, d.log.String(), "request_id=req-1")
}

func TestUnknownErrorsStayInside(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.record.broken.Store(true)
	answer := d.get("/v1/alerts/" + strings.Repeat("a", 64))
	require.NotContains(t, answer.problem(http.StatusServiceUnavailable).Detail, "db-7")
	require.Equal(t, 1, strings.Count(d.log.String(), "db-7.internal"), "logged once")
}

func TestRequestsHaveAnID(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.Equal(t, "abc-1", d.do(http.MethodGet, "/healthz", "", "X-Request-Id", "abc-1").header.Get("X-Request-Id"))
	for _, given := range []string{"", "a b", strings.Repeat("x", 65), "a\nb"} {
		id := d.do(http.MethodGet, "/healthz", "", "X-Request-Id", given).header.Get("X-Request-Id")
		require.NotEqual(t, given, id)
		require.NotEmpty(t, id)
	}
}

func TestTheLogHasNeitherTokensNorBodies(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.send(body(t, "title", "planted title")).taken(http.StatusAccepted)
	d.send(body(t, "severity", "planted")).problem(http.StatusBadRequest)
	d.send(body(t), "Authorization", "Bearer planted-wrong").problem(http.StatusUnauthorized)
	d.page("/v1/alerts?subject=planted@example.com")
	require.NotContains(t, d.log.String(), "planted")
	require.NotContains(t, d.log.String(), "alice")
	require.Contains(t, d.log.String(), "route=/v1/alerts")
	require.Contains(t, d.log.String(), "source=falco")
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.send(body(t)).taken(http.StatusAccepted)
	d.send(body(t)).taken(http.StatusOK)
	d.send("{}").problem(http.StatusBadRequest)
	d.send(body(t), "Authorization", "Bearer wrong").problem(http.StatusUnauthorized)
	d.do("BREW", "/nowhere/alice", "").problem(http.StatusNotFound)
	metrics := d.do(http.MethodGet, "/metrics", "").body
	for _, line := range []string{
		`securitybot_alerts_accepted_total{source="falco"} 1`,
		`securitybot_alerts_duplicate_total{source="falco"} 1`,
		`securitybot_alerts_rejected_total{source="falco",status="400"} 1`,
		`securitybot_alerts_rejected_total{source="",status="401"} 1`,
		`securitybot_http_request_duration_seconds_count{method="POST",route="/v1/alerts",status="202"} 1`,
		`securitybot_http_request_duration_seconds_count{method="other",route="none",status="404"} 1`,
		"securitybot_outbox_waiting 1",
		"securitybot_outbox_oldest_seconds 0",
		"go_goroutines",
	} {
		require.Contains(t, metrics, line)
	}
	d.record.broken.Store(true)
	require.NotContains(t, d.do(http.MethodGet, "/metrics", "").body, "securitybot_outbox_waiting ")
}

func TestMetricsElsewhere(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	d := newDesk(t, func(o *api.Options) { o.Registerer = registry })
	d.send(body(t)).taken(http.StatusAccepted)
	d.do(http.MethodGet, "/metrics", "").problem(http.StatusNotFound)
	families, err := registry.Gather()
	require.NoError(t, err)
	require.NotEmpty(t, families)
}
