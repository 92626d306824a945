package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/api"
	"securitybot/internal/alert"
	"securitybot/internal/client"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite"
)

// console is the command line of an admin, in front of a real API over a real record.
type console struct {
	*testing.T
	record  *store.Store
	address string
}

func newConsole(t *testing.T) *console {
	t.Helper()
	path := filepath.Join(t.TempDir(), "record.db")
	require.NoError(t, sqlite.Migrate(t.Context(), path))
	backend, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	record := store.New(backend)
	server := httptest.NewServer(api.New(api.Options{
		Record:  record,
		Sources: func(token string) (string, bool) { return "falco", token == "sandbox" },
		Admins:  func(token string) (string, bool) { return "sam@example.com", token == "sandbox-admin" },
		Team:    func(context.Context) (string, error) { return "T1", nil },
	}).Handler())
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, record.Close())
	})
	require.NoError(t, record.PutPeople(t.Context(), []alert.Person{
		{PersonKey: alert.PersonKey{Team: "T1", User: "UALICE"}, Email: "alice@example.com", Name: "Alice Adams"},
		{PersonKey: alert.PersonKey{Team: "T1", User: "USAM"}, Email: "sam@example.com", Name: "Sam Smith"},
	}))
	return &console{T: t, record: record, address: server.URL}
}

// types a command line and gives what it prints.
func (c *console) types(args ...string) (string, error) {
	c.Helper()
	var out bytes.Buffer
	command := newCommand()
	command.SetOut(&out)
	command.SetErr(&out)
	command.SetArgs(append(args, "--url", c.address))
	err := command.ExecuteContext(c.Context())
	return out.String(), err
}

func (c *console) reads(args ...string) string {
	c.Helper()
	out, err := c.types(args...)
	require.NoError(c, err)
	return out
}

func TestSuppressionCommands(t *testing.T) {
	t.Parallel()
	c := newConsole(t)
	require.Equal(t, "No suppressions.\n", c.reads("suppression", "list"))
	made := c.reads("suppression", "except", "alice@example.com", "sudo_interactive", "--for", "3d", "--severity", "medium",
		"--scope", "host=web-1", "--scope", "port:=22", "--scope", "expr=a=b", "--reason", "planned\u202e maintenance")
	id := regexp.MustCompile(`^(exc-\w+): alice@example.com is not asked about sudo_interactive on`).FindStringSubmatch(made)[1]
	require.Contains(t, made, `{"expr":"a=b","host":"web-1","port":22}`)

	require.Regexp(t, id+` +exception +active +alice@example.com +sudo_interactive .*0/1000 +Sam Smith \(sam@example.com\) +planned  maintenance`,
		c.reads("suppression", "list", "--person", "alice@example.com"))
	require.Equal(t, "alice@example.com is asked about sudo_interactive again.\n",
		c.reads("suppression", "revoke", id, "--reason", "done"))
	require.Equal(t, "No suppressions.\n", c.reads("suppression", "list"))
	require.Regexp(t, id+` +exception +revoked`, c.reads("suppression", "list", "--all"))
	require.Contains(t, c.reads("suppression", "list", "--all", "--json"), `"revocation": "done"`)
}

func TestOptOutAndPauseCommands(t *testing.T) {
	t.Parallel()
	c := newConsole(t)
	require.Equal(t, "Nobody is opted out.\n", c.reads("opt-out", "list"))
	require.Contains(t, c.reads("opt-out", "add", "alice@example.com", "--for", "30d", "--reason", "leave"), "alice@example.com is not asked until 2")
	require.Regexp(t, `alice@example.com +\d.* UTC +Sam Smith \(sam@example.com\) +leave`, c.reads("opt-out", "list"))
	require.Equal(t, "alice@example.com is asked again from now on.\n", c.reads("opt-out", "remove", "alice@example.com"))

	require.Contains(t, c.reads("pause", "--reason", "a drill"), "Paused")
	paused, err := c.record.Paused(t.Context())
	require.NoError(t, err)
	require.True(t, paused)
	require.Equal(t, "People are contacted again.\n", c.reads("resume"))
}

func TestCaseAndRollupCommands(t *testing.T) {
	t.Parallel()
	c := newConsole(t)
	require.Equal(t, "No open cases.\n", c.reads("case", "list"))
	accepted, err := c.record.Accept(t.Context(), alert.Alert{
		Source: "falco", Detection: "sudo_interactive", Title: "=Root shell\x1b[2J", Severity: alert.High,
		Subject: alert.Subject{Username: "zoe"},
	})
	require.NoError(t, err)
	_, err = c.record.Admit(t.Context(), accepted.Record.ID, store.Identified{Reason: alert.ReasonUnknownPerson}, escalates{})
	require.NoError(t, err)
	_, err = c.record.Settle(t.Context(), accepted.Record.ID, store.Because{})
	require.NoError(t, err)

	require.Regexp(t, accepted.Record.ID+` .* high +unknown_person +zoe +- +=Root shell \[2J`, c.reads("case", "list"))
	sum := c.reads("rollup", "--since", "2d")
	require.Contains(t, sum, ": 1 alerts, 0 asked about, 1 not.\n")
	require.Contains(t, sum, "By detection\nsudo_interactive  1 unreachable\n")
	require.Regexp(t, `Open cases\n.* high +unknown_person +zoe`, sum)
	lines, err := csv.NewReader(strings.NewReader(c.reads("rollup", "--csv"))).ReadAll()
	require.NoError(t, err)
	require.Equal(t, "'=Root shell\x1b[2J", lines[len(lines)-1][5])
}

// escalates plans every alert for the security team.
type escalates struct{}

func (escalates) Plan(_ alert.Alert, _ alert.Person, _ []string, now time.Time) alert.Plan {
	return alert.Plan{Action: alert.Escalate, AskBy: now, Verdict: alert.Verdict{Outcome: alert.Unasked, Reason: alert.ReasonPolicy}}
}

func TestAdminCommandsTellWhatIsWrong(t *testing.T) {
	t.Parallel()
	c := newConsole(t)
	except := func(args ...string) []string {
		return append([]string{"suppression", "except", "alice@example.com", "sudo", "--severity", "low", "--reason", "r"}, args...)
	}
	for want, args := range map[string][]string{
		"403 Forbidden":              {"pause", "--reason", "r", "--token", "sandbox"},
		"401 Unauthorized":           {"resume", "--token", "wrong"},
		"409 Conflict: not paused":   {"resume"},
		`"reason" not set`:           {"pause"},
		`"scope" not set`:            except(),
		"is not field=text":          except("--scope", "host"),
		"is no JSON value":           except("--scope", "port:=ssh"),
		"given twice":                except("--scope", "a=1", "--scope", "a:=1"),
		"until: is more than 7 days": except("--scope", "a=1", "--for", "8d"),
		"nobody in the directory":    {"opt-out", "add", "bob@example.com", "--reason", "r"},
		"no length of time":          {"rollup", "--since", "yesterday"},
		"more than 31 days":          {"rollup", "--since", "32d"},
		"either --csv or --json":     {"rollup", "--csv", "--json"},
		"404 Not Found":              {"suppression", "revoke", "exc-none", "--reason", "r"},
		"limit: must be a number":    {"case", "list", "--limit", "900"},
	} {
		_, err := c.types(args...)
		require.ErrorContains(t, err, want)
	}
}

func TestTheTokenOfAnAdminComesFromItsOwnVariable(t *testing.T) {
	t.Setenv(envAdminToken, "planted-token")
	t.Setenv(envToken, "sandbox-admin")
	c := newConsole(t)
	_, err := c.types("resume")
	require.ErrorContains(t, err, "401 Unauthorized")
	require.NotContains(t, fmt.Sprint(c.types("resume", "--help")), "planted")
}

// A summary is printed whole, and with what was left out.
func TestARollupInLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, printRollup(&out, client.Rollup{
		From: time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC), Alerts: 2, Asked: 2,
		Confirmed: []client.Explained{{Title: "Root shell", Who: client.Who{Email: "alice@example.com"}, Explanation: "on call", Seconds: 90}},
		More:      map[string]int{"confirmed": 1},
	}))
	require.Equal(t, `From 2026-03-04 00:00:00 UTC to 2026-03-05 00:00:00 UTC: 2 alerts, 2 asked about, 0 not.

Confirmed
alice@example.com  1m30s  Root shell  on call

confirmed: 1 more
`, out.String())
}
