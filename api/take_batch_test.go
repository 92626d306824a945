package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/api"
	"securitybot/internal/store"
)

// result is what became of one alert of a batch.
type result struct {
	Index, Status int
	ID            string
	Duplicate     bool
	Links         *api.LinksView
	Problem       *problem
	RetryAfter    int `json:"retry_after"`
}

// batch sends many alerts, and gives what became of each.
func (d *desk) batch(sent string, header ...string) []result {
	d.t.Helper()
	answer := d.send(sent, header...)
	require.Equal(d.t, http.StatusMultiStatus, answer.status, answer.body)
	var batch struct{ Results []result }
	answer.into(&batch)
	for i, each := range batch.Results {
		require.Equal(d.t, i, each.Index)
		require.Equal(d.t, each.Status >= 300, each.Problem != nil)
		require.Equal(d.t, each.Status < 300, each.ID != "")
	}
	return batch.Results
}

func statuses(results []result) []int {
	var list []int
	for _, each := range results {
		list = append(list, each.Status)
	}
	return list
}

var lines = []string{"Content-Type", "application/x-ndjson; charset=utf-8"}

func list(alerts ...string) string { return "[" + strings.Join(alerts, ",") + "]" }

func TestManyAlertsAreAnsweredEachForItself(t *testing.T) {
	t.Parallel()
	known := body(t, "key", "known")
	alerts := []string{
		body(t, "key", "1"),
		known,
		body(t, "key", "2", "severity", "grave", "title", nil),
		body(t, "key", "known", "detection", "other"),
		`"just words"`,
		body(t, "key", "1"),
		body(t, "key", "3", "description", strings.Repeat("x", 256<<10)),
		body(t, "key", "4", "title", "\xff"),
		body(t),
	}
	alerts[7] = strings.Replace(alerts[7], `\ufffd`, "\xff", 1)
	want := []int{202, 200, 400, 409, 400, 200, 413, 400, 202}
	for name, sent := range map[string]struct {
		body   string
		header []string
	}{
		"a JSON array":        {list(alerts...), nil},
		"an array with space": {" \n\t[" + strings.Join(alerts, " ,\n ") + "] \n", nil},
		"lines":               {strings.Join(alerts, "\n"), lines},
		"lines of Windows":    {"\r\n" + strings.Join(alerts, "\r\n\r\n") + "\r\n\r\n", lines},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.send(known).taken(http.StatusAccepted)
			results := d.batch(sent.body, sent.header...)
			require.Equal(t, want, statuses(results))
			require.Equal(t, results[0].ID, results[5].ID)
			require.True(t, results[5].Duplicate)
			require.Equal(t, "/v1/alerts/"+results[0].ID, results[0].Links.Self)
			require.ElementsMatch(t, []api.Fault{
				{Field: "severity", Detail: "must be low, medium, high or critical"}, {Field: "title", Detail: "is required"},
			}, results[2].Problem.Errors)
			require.Equal(t, "key", results[3].Problem.Errors[0].Field)
			require.Equal(t, "body", results[4].Problem.Errors[0].Field)
			require.Equal(t, 3, d.stored())
			require.EqualValues(t, 2, d.kicks.Load(), "once for a batch")
		})
	}
}

// payload is what an alert was accepted from.
func (d *desk) payload(id string) string {
	d.t.Helper()
	bundle, err := d.store.Evidence(d.t.Context(), id)
	require.NoError(d.t, err)
	return string(bundle.Payload.Body())
}

// The bytes that were sent are kept as they were, for the evidence.
func TestEachAlertOfABatchIsKeptAsItWasSent(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	odd := "{ \"severity\" : \"low\",\n  \"title\":\"T\\u0065st\", \"subject\":{\"email\":\"alice@example.com\"}, \"detection\":\"d\"\t}"
	results := d.batch(list(body(t, "key", "1"), odd))
	require.Equal(t, odd, d.payload(results[1].ID))
	require.Equal(t, body(t, "key", "1"), d.payload(results[0].ID))
	single := d.send(" " + odd + "\n").taken(http.StatusOK)
	require.Equal(t, results[1].ID, single.ID)
}

func TestBatchesThatCantBeTakenApart(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	one := body(t)
	for name, sent := range map[string]struct {
		body   string
		header []string
		status int
		detail string
	}{
		"nothing":              {"[]", nil, 400, "has no alerts"},
		"no line":              {"\n \n", lines, 400, "has no alerts"},
		"too many":             {list(strings.Split(strings.Repeat("{} ", 1000)+"{}", " ")...), nil, 400, "more than 1000"},
		"too many lines":       {strings.Repeat("{}\n", 1001), lines, 400, "more than 1000"},
		"a million numbers":    {"[" + strings.Repeat("0,", 1<<20) + "0]", nil, 400, "more than 1000"},
		"cut off":              {"[" + one, nil, 400, "is not JSON"},
		"broken in the middle": {"[" + one + ",{]", nil, 400, "is not JSON"},
		"two arrays":           {"[" + one + "][" + one + "]", nil, 400, "something follows"},
		"too large":            {"[" + strings.Repeat(" ", 4<<20) + one + "]", nil, 413, "4194304 bytes"},
	} {
		told := d.send(sent.body, sent.header...).problem(sent.status)
		require.Contains(t, told.Errors[0].Detail, sent.detail, name)
		require.Equal(t, "body", told.Errors[0].Field, name)
	}
	require.Zero(t, d.stored())
	require.Len(t, d.batch(strings.Repeat(one+"\n", 1000), lines...), 1000)
	require.Equal(t, 1, d.stored())
}

func TestABatchIsStoredWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.record.broken.Store(true)
	answer := d.send(list(body(t, "key", "1"), body(t, "key", "2")))
	told := answer.problem(http.StatusServiceUnavailable)
	require.Contains(t, told.Detail, "send it again")
	require.Equal(t, "5", answer.header.Get("Retry-After"))
	require.NotContains(t, answer.body, "db-7")
	d.record.broken.Store(false)
	require.Zero(t, d.stored())
}

func TestAHostileBatchIsNotEchoedAtLength(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var fields []string
	for i := range 40 {
		fields = append(fields, fmt.Sprintf(`"x%d":1`, i))
	}
	one := "{" + strings.Join(fields, ",") + "}"
	answer := d.send(strings.Repeat(one+"\n", 1000), lines...)
	require.Equal(t, http.StatusMultiStatus, answer.status)
	require.Less(t, len(answer.body), 1<<20)
}

// with makes a token, and gives the header that shows it.
func (d *desk) with(token store.Token) []string {
	d.t.Helper()
	_, plain, err := d.store.MakeToken(d.t.Context(), token, "Sam")
	require.NoError(d.t, err)
	return []string{"Authorization", "Bearer " + plain}
}

func TestSoManyAlertsAnHour(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	zeek := d.with(store.Token{Source: "zeek", Scopes: []string{"ingest"}, PerHour: 2})
	d.send(body(t, "key", "1"), zeek...).taken(http.StatusAccepted)
	d.clock.forward(10 * time.Minute)
	results := d.batch(list(body(t, "key", "1"), body(t, "key", "2"), body(t, "key", "3")), zeek...)
	require.Equal(t, []int{200, 202, 429}, statuses(results))
	require.Equal(t, 50*60+1, results[2].RetryAfter)
	require.Contains(t, results[2].Problem.Detail, "2 alerts an hour")

	answer := d.send(body(t, "key", "3"), zeek...)
	answer.problem(http.StatusTooManyRequests)
	require.Equal(t, "3001", answer.header.Get("Retry-After"))
	d.send(body(t, "key", "2"), zeek...).taken(http.StatusOK)
	d.send(body(t, "key", "3")).taken(http.StatusAccepted) // of another source
	d.clock.forward(3001 * time.Second)
	d.send(body(t, "key", "3"), zeek...).taken(http.StatusAccepted)
}

func TestWhatATokenMayReport(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	zeek := d.with(store.Token{
		Source: "zeek", Scopes: []string{"ingest"}, Detections: []string{"sudo_*"}, Severities: []string{"low", "high"},
	})
	d.send(body(t), zeek...).taken(http.StatusAccepted)
	for field, sent := range map[string]string{
		"detection": body(t, "detection", "nmap"),
		"severity":  body(t, "severity", "critical"),
	} {
		told := d.send(sent, zeek...).problem(http.StatusForbidden)
		require.Equal(t, field, told.Errors[0].Field)
	}
	results := d.batch(list(body(t, "key", "1"), body(t, "detection", "nmap")), zeek...)
	require.Equal(t, []int{202, 403}, statuses(results))
}

// With the scope ingest alone a source sees what it reported itself.
func TestASourceReadsWhatItReported(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	zeek := d.with(store.Token{Source: "zeek", Scopes: []string{"ingest"}})
	own := d.send(body(t, "key", "1"), zeek...).taken(http.StatusAccepted).ID
	other := d.send(body(t, "key", "1")).taken(http.StatusAccepted).ID
	for _, query := range []string{"", "?source=zeek", "?q=root", "?format=csv", "?format=json"} {
		answer := d.do(http.MethodGet, "/v1/alerts"+query, "", zeek...)
		require.Equal(t, http.StatusOK, answer.status)
		require.Contains(t, answer.body, own, query)
		require.NotContains(t, answer.body, other, query)
	}
	d.do(http.MethodGet, "/v1/alerts?source=falco", "", zeek...).problem(http.StatusForbidden)
	d.do(http.MethodPost, "/v1/lookups", `{"source":"falco","keys":["1"]}`, zeek...).problem(http.StatusForbidden)
	require.Contains(t, d.do(http.MethodPost, "/v1/lookups", `{"keys":["1"]}`, zeek...).body, own)
	d.do(http.MethodGet, "/v1/overview", "", zeek...).problem(http.StatusForbidden)

	reader := d.with(store.Token{Source: "siem", Scopes: []string{"read"}})
	require.Contains(t, d.do(http.MethodGet, "/v1/alerts", "", reader...).body, other)
	d.send(body(t, "key", "2"), reader...).problem(http.StatusForbidden)
}
