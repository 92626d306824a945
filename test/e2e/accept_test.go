package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What a detection system is told, as the real program tells it.
func TestTakingAlerts(t *testing.T) {
	t.Parallel()
	b := running(t)
	const body = `{"key":"k-1","detection":"okta_factor_reset","title":"Factor reset","severity":"low",
		"subject":{"email":"carol@example.com"},"occurred_at":"2026-03-04T05:06:07Z","context":{"ip":"192.0.2.7"}}`

	var first, again taken
	require.Equal(t, http.StatusAccepted, b.reportsRaw(body, &first))
	require.Regexp(t, `^[0-9a-f]{64}$`, first.ID)
	require.False(t, first.Duplicate)
	require.Equal(t, "received", first.Status)
	require.Contains(t, first.Links["self"], "/v1/alerts/"+first.ID)
	require.Contains(t, first.Links["temporal"], "alert-"+first.ID)
	require.Equal(t, http.StatusOK, b.reportsRaw(body, &again))
	require.True(t, again.Duplicate)
	require.Equal(t, first.ID, again.ID)
	require.Equal(t, http.StatusOK, b.reportsRaw(strings.Replace(body, `"severity":"low"`, `"severity":"high"`, 1), &again), "more urgent, the same alert")

	refusals := map[string]struct {
		token, body, field string
		status             int
	}{
		"another subject":     {"sandbox", strings.Replace(body, "carol@", "dave@", 1), "key", http.StatusConflict},
		"another detection":   {"sandbox", strings.Replace(body, "okta_factor", "okta_password", 1), "key", http.StatusConflict},
		"no token":            {"", body, "", http.StatusUnauthorized},
		"a wrong token":       {"Sandbox", body, "", http.StatusUnauthorized},
		"the page's source":   {"demo", body, "", http.StatusUnauthorized},
		"too large":           {"sandbox", `{"title":"` + strings.Repeat("x", 256<<10) + `"}`, "", http.StatusRequestEntityTooLarge},
		"an unknown field":    {"sandbox", strings.Replace(body, `"key"`, `"priority":1,"key"`, 1), "priority", http.StatusBadRequest},
		"a field in capitals": {"sandbox", strings.Replace(body, `"title"`, `"Title"`, 1), "Title", http.StatusBadRequest},
		"no severity":         {"sandbox", strings.Replace(body, `"severity":"low",`, "", 1), "severity", http.StatusBadRequest},
		"another severity":    {"sandbox", strings.Replace(body, `"low"`, `"urgent"`, 1), "severity", http.StatusBadRequest},
		"nobody":              {"sandbox", strings.Replace(body, `"email":"carol@example.com"`, "", 1), "subject", http.StatusBadRequest},
		"not a time":          {"sandbox", strings.Replace(body, "2026-03-04T05:06:07Z", "yesterday", 1), "occurred_at", http.StatusBadRequest},
		"context, no object":  {"sandbox", strings.Replace(body, `{"ip":"192.0.2.7"}`, `["192.0.2.7"]`, 1), "context", http.StatusBadRequest},
		"not JSON":            {"sandbox", `{"title":`, "body", http.StatusBadRequest},
		"two bodies":          {"sandbox", body + body, "body", http.StatusBadRequest},
		"nothing":             {"sandbox", "", "body", http.StatusBadRequest},
	}
	for name, tc := range refusals {
		t.Run(name, func(t *testing.T) {
			response, text := b.in(t).rawRequest(http.MethodPost, "/v1/alerts", tc.token, tc.body)
			require.Equal(t, tc.status, response.StatusCode, "%s", text)
			require.Equal(t, "application/problem+json", response.Header.Get("Content-Type"))
			var problem struct {
				Type, Title, Detail string
				Status              int
				Errors              []struct{ Field, Detail string }
			}
			require.NoError(t, json.Unmarshal(text, &problem))
			require.Equal(t, tc.status, problem.Status)
			require.NotEmpty(t, problem.Title)
			require.NotEmpty(t, problem.Type)
			if tc.field == "" {
				return
			}
			var fields []string
			for _, fault := range problem.Errors {
				require.NotEmpty(t, fault.Detail)
				fields = append(fields, fault.Field)
			}
			require.Contains(t, fields, tc.field)
		})
	}
	require.Equal(t, []string{first.ID}, b.listed("limit=200"), "nothing of it was stored")
}

func TestListingAlerts(t *testing.T) {
	t.Parallel()
	b := running(t)
	var ids []string
	for i, email := range []string{alice, bob, carol, "nobody@example.com"} {
		body := alertAbout(email)
		body["key"], body["detection"] = fmt.Sprint("list-", i), []string{"nmap", "sudo"}[i%2]
		ids = append([]string{b.reports(body)}, ids...)
	}
	b.settles(ids[0], "unreachable", "unknown_person")
	require.Equal(t, ids, b.listed(""), "newest first")
	for query, want := range map[string][]string{
		"verdict=unreachable": {ids[0]},
		"status=escalated":    {ids[0]},
		"detection=nmap":      {ids[1], ids[3]},
		"detection=nmap&subject=" + url.QueryEscape(alice): {ids[3]},
		"key=list-2":                {ids[1]},
		"source=sandbox&key=list-1": {ids[2]},
		"source=falco":              nil,
		"status=closed":             nil,
	} {
		require.Equal(t, want, b.listed(query), query)
	}
	var paged []string
	for cursor := ""; ; {
		var page struct {
			Alerts []struct{ ID string }
			Next   *string
		}
		b.get("/v1/alerts?limit=1&cursor="+url.QueryEscape(cursor), &page)
		require.LessOrEqual(t, len(page.Alerts), 1)
		for _, alert := range page.Alerts {
			paged = append(paged, alert.ID)
		}
		if page.Next == nil {
			break
		}
		cursor = *page.Next
	}
	require.Equal(t, ids, paged)
	for query, field := range map[string]string{
		"limit=0": "limit", "limit=many": "limit", "status=open": "status", "verdict=guilty": "verdict", "cursor=x": "cursor", "colour=red": "colour",
	} {
		response, text := b.rawRequest(http.MethodGet, "/v1/alerts?"+query, "sandbox", "")
		require.Equal(t, http.StatusBadRequest, response.StatusCode, query)
		require.Contains(t, string(text), `"field":"`+field+`"`)
	}
	for _, path := range []string{"/v1/alerts/" + strings.Repeat("0", 64), "/v1/alerts/x", "/v1/alerts/" + strings.ToUpper(ids[0]), "/v1/nothing"} {
		response, _ := b.rawRequest(http.MethodGet, path, "sandbox", "")
		require.Equal(t, http.StatusNotFound, response.StatusCode, path)
		require.Equal(t, "application/problem+json", response.Header.Get("Content-Type"))
	}
	response, _ := b.rawRequest(http.MethodGet, "/v1/alerts/"+ids[0], "", "")
	require.Equal(t, http.StatusUnauthorized, response.StatusCode)
}

// The members of an alert that other tools rely on.
func TestShapeOfAnAlert(t *testing.T) {
	t.Parallel()
	b := running(t)
	id := b.reports(alertAbout(alice))
	b.asked(alice)
	var open map[string]any
	b.get("/v1/alerts/"+id, &open)
	for _, member := range []string{"answer", "proof", "escalation"} {
		require.NotContains(t, open, member, "not there yet")
	}
	b.answers(alice, "yes")
	b.explains(alice, "it was me")
	b.phone(alice, "deny")
	b.settles(id, "denied", "contradicted")
	var view map[string]any
	b.get("/v1/alerts/"+id, &view)
	for _, member := range []string{
		"id", "key", "source", "status", "verdict", "verdict_reason", "detection", "title", "severity", "subject", "answer", "proof", "escalation", "timeline",
	} {
		require.Contains(t, view, member)
	}
	require.Equal(t, "denied", view["verdict"], "the bare word")
	require.Subset(t, view["subject"], map[string]any{"email": alice})
	answer, _ := view["answer"].(map[string]any)
	require.Subset(t, answer, map[string]any{"choice": "yes", "explanation": "it was me"})
	require.Contains(t, answer, "at")
	proof, _ := view["proof"].(map[string]any)
	require.Subset(t, proof, map[string]any{"result": "denied", "factor": "duo", "transaction": b.pushes(alice)[0].TxID})
	require.Contains(t, proof, "reason")
	escalation, _ := view["escalation"].(map[string]any)
	require.Equal(t, "contradicted", escalation["reason"])
	require.Contains(t, escalation, "at")
	for _, entry := range b.alert(id).Timeline {
		at, _ := entry["at"].(string)
		_, err := time.Parse(time.RFC3339Nano, at)
		require.NoError(t, err)
		require.NotEmpty(t, entry["kind"])
		require.NotEmpty(t, entry["actor"])
	}
}

// Many report the same at the same moment: one alert, one question.
func TestTheSameAlertFiftyTimesAtOnce(t *testing.T) {
	t.Parallel()
	b := running(t)
	for name, key := range map[string]string{"with a key": `"key":"once",`, "without": ""} {
		body := `{` + key + `"detection":"nmap","title":"Scan ` + name + `","severity":"high","subject":{"email":"bob@example.com"}}`
		statuses := make([]int, 50)
		answers := make([]taken, 50)
		var group sync.WaitGroup
		for i := range statuses {
			group.Go(func() {
				response, text := b.rawRequest(http.MethodPost, "/v1/alerts", "sandbox", body)
				statuses[i] = response.StatusCode
				_ = json.Unmarshal(text, &answers[i])
			})
		}
		group.Wait()
		fresh := 0
		for i, answer := range answers {
			require.Equal(t, answers[0].ID, answer.ID)
			require.Equal(t, answer.Duplicate, statuses[i] == http.StatusOK, "status %d", statuses[i])
			if statuses[i] == http.StatusAccepted {
				fresh++
			}
		}
		require.Equal(t, 1, fresh, name)
		b.eventually("he is asked", func() bool { return b.alert(answers[0].ID).has("asked") })
		require.Equal(t, 1, b.alert(answers[0].ID).count("accepted"))
	}
	require.Len(t, b.questions(bob), 2)
}

// Alerts are taken before Temporal is there, and while it stands still.
func TestTakenWithoutTemporal(t *testing.T) {
	t.Parallel()
	b := running(t)
	var frozen []int
	b.eventually("Temporal's server runs", func() bool {
		frozen = b.children()
		return len(frozen) == 1 && listens(b.tport)
	})
	require.NoError(t, syscall.Kill(frozen[0], syscall.SIGSTOP))
	var during taken
	text, err := json.Marshal(alertAbout(alice))
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, b.reportsRaw(string(text), &during))
	b.stays(3*time.Second, "it waits", func() bool { return b.alert(during.ID).Status == "received" })
	require.NoError(t, syscall.Kill(frozen[0], syscall.SIGCONT))
	b.asked(alice)
	b.kill()

	b.launch()
	var before taken
	text, err = json.Marshal(alertAbout(bob))
	require.NoError(t, err)
	b.eventually("an alert is taken as soon as somebody listens", func() bool {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", b.port))
		if err != nil {
			return false
		}
		_ = conn.Close()
		return b.reportsRaw(string(text), &before) < 300
	})
	b.asked(bob)
	require.Len(t, b.questions(alice), 1)
}

// However the program ends, its Temporal server ends with it.
func TestNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*bot){
		"told to stop, while a push waits": func(b *bot) {
			b.reports(alertAbout(alice))
			b.answers(alice, "yes")
			b.eventually("her phone lights up", func() bool { return len(b.pushes(alice)) == 1 })
			asked := time.Now()
			b.stop()
			b.Logf("it stopped after %s", time.Since(asked).Round(time.Millisecond))
			require.Less(b, time.Since(asked), 25*time.Second)
		},
		"interrupted while idle": func(b *bot) {
			asked := time.Now()
			require.NoError(b, b.cmd.Process.Signal(syscall.SIGINT))
			b.awaitExit()
			require.Zero(b, b.cmd.ProcessState.ExitCode(), tail(b.out.String()))
			b.Logf("it stopped after %s", time.Since(asked).Round(time.Millisecond))
			require.Less(b, time.Since(asked), 25*time.Second)
		},
		"killed": func(b *bot) { b.kill() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := running(t)
			b.eventually("Temporal listens", func() bool { return listens(b.tport) })
			end(b)
			b.eventually("nobody listens any more", func() bool { return !listens(b.tport) && !listens(b.port) })
		})
	}
}

func listens(port int) bool {
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

// taken is the answer to a report.
type taken struct {
	ID        string
	Status    string
	Duplicate bool
	Links     map[string]string
}

// reportsRaw sends a body as it is.
func (b *bot) reportsRaw(body string, into *taken) int {
	b.Helper()
	response, text := b.rawRequest(http.MethodPost, "/v1/alerts", "sandbox", body)
	require.NoError(b, json.Unmarshal(text, into), "%s", text)
	return response.StatusCode
}

// rawRequest makes one request, with a token if there is one, and gives the
// answer and its body.
func (b *bot) rawRequest(method, path, token, body string) (*http.Response, []byte) {
	b.Helper()
	request, err := http.NewRequestWithContext(background(), method, b.url(path), strings.NewReader(body))
	require.NoError(b, err)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(b, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(b, err)
	return response, text
}

// listed are the ids that a list gives.
func (b *bot) listed(query string) []string {
	b.Helper()
	var page struct{ Alerts []struct{ ID string } }
	b.get("/v1/alerts?"+query, &page)
	var ids []string
	for _, alert := range page.Alerts {
		ids = append(ids, alert.ID)
	}
	return ids
}
