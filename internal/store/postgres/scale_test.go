package postgres

import (
	"context"
	_ "embed"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
	"securitybot/internal/store/postgres/pgdb"
)

//go:embed testdata/fill.sql
var fill string

const (
	fewAlerts = 20_000 // where nobody asks for more
	tooSlow   = 50 * time.Millisecond
	runs      = 20
)

// scaleEnv is how many alerts to measure with: `make scale`.
const scaleEnv = "SECURITYBOT_TEST_SCALE"

// page is one query of a page of the console, or of what runs by itself.
type page struct {
	name string
	call func(ctx context.Context, tx store.Tx) error
}

// Every query reads its rows by an index; at full scale it is fast as well.
func TestScale(t *testing.T) {
	t.Parallel()
	alerts, measured := fewAlerts, false
	if wanted := os.Getenv(scaleEnv); wanted != "" {
		var err error
		alerts, err = strconv.Atoi(wanted)
		require.NoError(t, err)
		measured = true
	}
	backend := filled(t, alerts)
	readToTheEnd(t, backend)
	report := new(strings.Builder)
	table := tabwriter.NewWriter(report, 0, 0, 2, ' ', 0)
	for _, page := range pages(t, backend, alerts) {
		plan := planOfPage(t, backend, page)
		if strings.Contains(plan, "Seq Scan on alerts") {
			t.Fatalf("%s reads every alert:\n%.2000s", page.name, plan)
		}
		if !measured {
			continue
		}
		took := least(t, backend, page)
		_, err := table.Write([]byte(page.name + "\t" + took.Round(10*time.Microsecond).String() + "\t" + scanOf(plan) + "\n"))
		require.NoError(t, err)
		if took > tooSlow {
			t.Errorf("%s takes %s\n%.2000s", page.name, took, plan)
		}
	}
	require.NoError(t, table.Flush())
	if measured {
		t.Logf("%d alerts, the shortest of %d runs:\n%s", alerts, runs, report)
	}
}

// filled is a database with so many alerts in it.
func filled(t *testing.T, alerts int) *Backend {
	t.Helper()
	backend := fresh(t)
	conn, err := backend.pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	for _, script := range []string{"SET scale.alerts = " + strconv.Itoa(alerts), fill, "VACUUM ANALYZE"} {
		_, err := conn.Conn().PgConn().Exec(t.Context(), script).ReadAll()
		require.NoError(t, err)
	}
	return backend
}

// readToTheEnd pages through what few alerts have in common, the newest of them and
// then the older ones, and misses none.
func readToTheEnd(t *testing.T, backend *Backend) {
	t.Helper()
	for condition, filter := range map[string]store.Filter{
		`words @@ '''host'' & ''77'':*'`:                             {Text: "host-77*"},
		`words @@ '''shell''' AND outcome = 'unsure'`:                {Text: "shell", Outcome: "unsure"},
		`detection = 'detection_9' AND outcome = 'denied'`:           {Detection: "detection_9", Outcome: "denied"},
		`severity = 'critical' AND NOT proven AND status = 'closed'`: {Severity: "critical", Proven: new(bool), Status: "closed"},
		`outcome = 'confirmed' AND answered = 'no'`:                  {Outcome: "confirmed", Answered: "no"},
		`outcome = 'confirmed' AND NOT proven`:                       {Outcome: "confirmed", Proven: new(bool)},
		`words @@ '''export''' AND detection = 'detection_59'`:       {Text: "export", Detection: "detection_59"},
	} {
		want := idsWhere(t, backend, condition)
		require.Greater(t, len(want), 5, condition)
		filter.Limit = max(3, len(want)/8)
		require.Equal(t, want, pagedThrough(t, backend, filter), condition)
		filter.From = time.Date(2025, 6, 24, 0, 0, 0, 0, time.UTC)
		later := idsWhere(t, backend, condition+" AND alerts.received_at >= '2025-06-24Z'")
		require.Less(t, len(later), len(want), condition)
		require.Equal(t, later, pagedThrough(t, backend, filter), condition)
	}
}

// idsWhere are the alerts, newest first, without any of what makes it fast.
func idsWhere(t *testing.T, backend *Backend, condition string) []string {
	t.Helper()
	rows, err := backend.pool.Query(t.Context(),
		"SELECT id FROM alerts JOIN search ON alert_id = id WHERE "+condition+" ORDER BY alerts.received_at DESC, id DESC")
	require.NoError(t, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return ids
}

// pagedThrough are the alerts that a filter lists, page by page.
func pagedThrough(t *testing.T, backend *Backend, filter store.Filter) []string {
	t.Helper()
	var ids []string
	for more := true; more; {
		require.NoError(t, backend.InTx(t.Context(), func(tx store.Tx) error {
			page, err := tx.ListAlerts(t.Context(), filter)
			more = len(page) > 0
			for _, record := range page {
				ids = append(ids, record.ID)
				filter.Before = store.Cursor{ReceivedAt: record.ReceivedAt, ID: record.ID}
			}
			return err
		}))
	}
	return ids
}

func planOfPage(t *testing.T, backend *Backend, page page) string {
	t.Helper()
	transaction, err := backend.pool.Begin(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, transaction.Rollback(context.WithoutCancel(t.Context()))) }()
	asked := &explained{Tx: transaction, how: "EXPLAIN ANALYZE "}
	require.NoError(t, page.call(t.Context(), &tx{q: pgdb.New(asked)}), page.name)
	return asked.plan
}

// scanOf is the part of a plan that reads the most rows: its innermost scan.
func scanOf(plan string) string {
	for _, line := range slices.Backward(strings.Split(plan, "\n")) {
		if strings.Contains(line, "Scan") {
			scan, _, _ := strings.Cut(strings.TrimLeft(line, " ->"), "  (")
			return scan
		}
	}
	return ""
}

// least is the shortest of some runs: what else the machine does makes none of them
// shorter.
func least(t *testing.T, backend *Backend, page page) time.Duration {
	t.Helper()
	var took []time.Duration
	for range runs {
		begun := time.Now()
		require.NoError(t, backend.InTx(t.Context(), func(tx store.Tx) error { return page.call(t.Context(), tx) }))
		took = append(took, time.Since(begun))
	}
	return slices.Min(took)
}

// gives makes a page of a method, whatever that gives.
func gives[T any](name string, method func(context.Context, store.Tx) (T, error)) page {
	return page{name: name, call: func(ctx context.Context, tx store.Tx) error {
		_, err := method(ctx, tx)
		return err
	}}
}

func pages(t *testing.T, backend *Backend, alerts int) []page {
	t.Helper()
	var newest, middle []store.Record
	require.NoError(t, backend.InTx(t.Context(), func(tx store.Tx) (err error) {
		newest, err = tx.ListAlerts(t.Context(), store.Filter{Limit: min(alerts/200, 1000)})
		if err != nil {
			return err
		}
		middle, err = tx.ListAlerts(t.Context(), store.Filter{Until: newest[0].ReceivedAt.AddDate(0, -9, 0), Limit: 1})
		return err
	}))
	return slices.Concat(pagesOfAlerts(newest[0], middle[0]), pagesOfAlert(middle[0]), pagesOfLists(newest, middle[0]))
}

// pagesOfAlerts are the list, by each filter and by usual pairs of them.
func pagesOfAlerts(newest, middle store.Record) []page {
	now, yes, no := newest.ReceivedAt, true, false
	day := 24 * time.Hour
	me := &alert.Person{PersonKey: middle.Person, Email: "person1@example.com", Username: "person1"}
	rare := alert.PersonKey{Team: "T1", User: "U04990"}
	var list []page
	for name, filter := range map[string]store.Filter{
		"newest":                             {},
		"newest, far down":                   {Before: store.Cursor{ReceivedAt: middle.ReceivedAt, ID: middle.ID}},
		"newest but mine":                    {Except: me},
		"status escalated":                   {Status: "escalated"},
		"status asking":                      {Status: "asking"},
		"status proving (none)":              {Status: "proving"},
		"outcome confirmed":                  {Outcome: "confirmed"},
		"outcome withdrawn":                  {Outcome: "withdrawn"},
		"detection, frequent":                {Detection: "detection_0"},
		"detection, rare":                    {Detection: "detection_59"},
		"detection (none)":                   {Detection: "detection_99"},
		"source":                             {Source: "source-3"},
		"key":                                {Key: "EV-4711"},
		"key (none)":                         {Key: "EV-nothing"},
		"severity critical":                  {Severity: "critical"},
		"subject, frequent":                  {Subject: "PERSON1@example.com"},
		"subject, rare":                      {Subject: "person4990@example.com"},
		"subject (none)":                     {Subject: "nobody"},
		"person, frequent":                   {Person: alert.PersonKey{Team: "T1", User: "U00001"}},
		"person, rare":                       {Person: rare},
		"answered yes":                       {Answered: "yes"},
		"answered some_not":                  {Answered: "some_not"},
		"answered none":                      {Answered: store.AnsweredNone},
		"authenticated":                      {Proven: &yes},
		"not authenticated":                  {Proven: &no},
		"received in a day long ago":         {From: middle.ReceivedAt.Add(-day), Until: middle.ReceivedAt},
		"received before the first (none)":   {Until: now.AddDate(-9, 0, 0)},
		"detection and outcome":              {Detection: "detection_0", Outcome: "denied"},
		"detection and outcome, rare":        {Detection: "detection_59", Outcome: "withdrawn"},
		"detection and status":               {Detection: "detection_40", Status: "escalated"},
		"source and severity":                {Source: "source-1", Severity: "critical"},
		"source and detection":               {Source: "source-0", Detection: "detection_0"},
		"confirmed, not authenticated (few)": {Outcome: "confirmed", Proven: &no},
		"severity and status":                {Severity: "critical", Status: "asking"},
		"severity and outcome":               {Severity: "critical", Outcome: "denied"},
		"person and outcome":                 {Person: rare, Outcome: "denied"},
		"denied, but authenticated (none)":   {Outcome: "denied", Proven: &yes},
		"answered no in a week long ago":     {Answered: "no", From: middle.ReceivedAt.Add(-7 * day), Until: middle.ReceivedAt},
		"word, in half of all":               {Text: "source"},
		"word, in all":                       {Text: "detection"},
		"word, in a sixth":                   {Text: "shell"},
		"word, rare":                         {Text: "host-4711"},
		"word (none)":                        {Text: "nonsense"},
		"words, frequent and rare":           {Text: "root shell host-77"},
		"word's beginning, in all":           {Text: "d*"},
		"words, frequent and a beginning":    {Text: "root shell host-77*"},
		"words of an email":                  {Text: "person4990@example.com"},
		"word and outcome":                   {Text: "firewall", Outcome: "denied"},
		"word and a detection (none)":        {Text: "nonsense", Detection: "detection_0"},
		"word and a detection, frequent":     {Text: "network", Detection: "detection_0"},
		"detection of another source (none)": {Detection: "detection_0", Source: "source-1"},
		"detection still asked (few)":        {Detection: "detection_0", Status: "asking"},
		"confirmed, and answered no (few)":   {Outcome: "confirmed", Answered: "no"},
		"confirmed, and escalated (none)":    {Outcome: "confirmed", Status: "escalated"},
		"word of another detection (none)":   {Text: "detection 7", Detection: "detection_0"},
		"word and a detection, rare":         {Text: "customers", Detection: "detection_59"},
		"word but mine, in a week long ago":  {Text: "network", Except: me, From: middle.ReceivedAt.Add(-7 * day), Until: middle.ReceivedAt},
		"export: a thousand":                 {Limit: 1000},
		"export: a thousand of an outcome":   {Outcome: "denied", Limit: 1000},
		"words that nobody has together (0)": {Text: "firewall export"},
	} {
		if filter.Limit == 0 {
			filter.Limit = 51
		}
		list = append(list, gives("alerts: "+name, func(ctx context.Context, tx store.Tx) ([]store.Record, error) {
			return tx.ListAlerts(ctx, filter)
		}))
	}
	slices.SortFunc(list, func(a, b page) int { return strings.Compare(a.name, b.name) })
	return list
}

func pagesOfAlert(one store.Record) []page {
	month := one.ReceivedAt.AddDate(0, -1, 0)
	return []page{
		gives("alert", func(ctx context.Context, tx store.Tx) (store.Record, error) { return tx.FindAlert(ctx, one.ID) }),
		gives("alert: timeline", func(ctx context.Context, tx store.Tx) ([]store.Entry, error) { return tx.Entries(ctx, one.ID) }),
		gives("alert: answers", func(ctx context.Context, tx store.Tx) ([]alert.Answer, error) { return tx.Answers(ctx, one.ID) }),
		gives("alert: joined", func(ctx context.Context, tx store.Tx) ([]store.Record, error) { return tx.JoinedTo(ctx, one.ID) }),
		gives("alert: in its case", func(ctx context.Context, tx store.Tx) ([]store.Record, error) { return tx.InCaseOf(ctx, one.ID) }),
		gives("person: alerts admitted", func(ctx context.Context, tx store.Tx) ([]store.Record, error) {
			return tx.AdmittedOf(ctx, one.Person, month)
		}),
		gives("person: suppressions", func(ctx context.Context, tx store.Tx) ([]store.Suppression, error) {
			return tx.SuppressionsOf(ctx, one.Person, month)
		}),
		gives("person: pushes", func(ctx context.Context, tx store.Tx) ([]alert.Proof, error) {
			return tx.PushesOf(ctx, one.Person, month)
		}),
		gives("person: asked", func(ctx context.Context, tx store.Tx) (int, error) { return tx.AskedOf(ctx, one.Person, month) }),
	}
}

func pagesOfLists(newest []store.Record, middle store.Record) []page {
	now := newest[0].ReceivedAt
	ids := make([]string, 0, len(newest))
	for _, record := range newest {
		ids = append(ids, record.ID)
	}
	return slices.Concat(pagesOfOverview(now), []page{
		gives("cases", func(ctx context.Context, tx store.Tx) ([]store.Case, error) {
			return tx.CasesByRank(ctx, store.CaseCursor{}, 51)
		}),
		gives("cases: counted", func(ctx context.Context, tx store.Tx) ([]store.CaseCount, error) { return tx.CountCases(ctx) }),
		gives("reviews", func(ctx context.Context, tx store.Tx) ([]store.Record, error) {
			return tx.ReviewsDue(ctx, store.Cursor{}, 51)
		}),
		gives("suppressions", func(ctx context.Context, tx store.Tx) ([]store.Suppression, error) {
			return tx.Suppressions(ctx, now.AddDate(0, -1, 0), 51)
		}),
		gives("opt-outs", func(ctx context.Context, tx store.Tx) ([]store.OptOut, error) { return tx.OptOuts(ctx, now) }),
		gives("distrusted", func(ctx context.Context, tx store.Tx) ([]store.Distrust, error) { return tx.Distrusts(ctx, 51) }),
		gives("people", func(ctx context.Context, tx store.Tx) ([]alert.Person, error) {
			return tx.People(ctx, "T1", "", "", 51)
		}),
		gives("people: by name", func(ctx context.Context, tx store.Tx) ([]alert.Person, error) {
			return tx.People(ctx, "T1", "judy j", "", 51)
		}),
		gives("people (none)", func(ctx context.Context, tx store.Tx) ([]alert.Person, error) {
			return tx.People(ctx, "T1", "zz", "", 51)
		}),
		gives("lookup of many keys", func(ctx context.Context, tx store.Tx) ([]store.Record, error) { return tx.FindAlerts(ctx, ids) }),
		gives("accepted in an hour", func(ctx context.Context, tx store.Tx) (int, error) {
			return tx.AcceptedBy(ctx, "source-0", now.Add(-time.Hour), 1000)
		}),
		gives("to erase", func(ctx context.Context, tx store.Tx) ([]string, error) {
			return tx.Erasable(ctx, middle.ReceivedAt, 100)
		}),
		gives("not in the log", func(ctx context.Context, tx store.Tx) ([]store.Head, error) { return tx.Unlogged(ctx, 1000) }),
		gives("audit", func(ctx context.Context, tx store.Tx) ([]string, error) { return tx.AuditAlerts(ctx, middle.ID, 1000) }),
		gives("unfinished", func(ctx context.Context, tx store.Tx) ([]store.Record, error) {
			return tx.Unfinished(ctx, now, "", 100)
		}),
	})
}

func pagesOfOverview(now time.Time) []page {
	total, measures := "", []string{"accepted", "asked", "answered", "confirmed", "denied", "no_response", "unproven", "unsure", "suppressed"}
	var list []page
	for name, each := range map[string]struct {
		span string
		days int
		of   *string
	}{
		"24h": {store.TallyHour, 1, &total}, "7d": {store.TallyDay, 7, &total}, "30d": {store.TallyDay, 30, &total},
		"detections 24h": {store.TallyHour, 1, nil}, "detections 7d": {store.TallyDay, 7, nil}, "detections 30d": {store.TallyDay, 30, nil},
	} {
		query := store.TallyQuery{Span: each.span, From: now.AddDate(0, 0, -each.days), To: now.Add(time.Hour), Detection: each.of, Measures: measures}
		list = append(list, gives("overview: "+name, func(ctx context.Context, tx store.Tx) ([]store.Tally, error) {
			return tx.Tallies(ctx, query)
		}))
	}
	slices.SortFunc(list, func(a, b page) int { return strings.Compare(a.name, b.name) })
	return list
}
