package main

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/app"
	"securitybot/internal/config"
	"securitybot/internal/evidence"
	"securitybot/internal/store"
)

// runs a command, and gives what it prints.
func runs(t *testing.T, arguments ...string) (out, said string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command := newCommand()
	command.SetArgs(arguments)
	command.SetOut(&stdout)
	command.SetErr(&stderr)
	err = command.ExecuteContext(t.Context())
	return stdout.String(), stderr.String(), err
}

// A key that is made here signs, and its public half checks: the one who verifies
// needs nothing but that.
func TestEvidenceKeyAndVerify(t *testing.T) {
	t.Parallel()
	secret, said, err := runs(t, "evidence", "key", "--name", "soc.example.com")
	require.NoError(t, err)
	public := strings.TrimSpace(strings.TrimPrefix(said, "The public key is "))
	require.NotContains(t, said, strings.TrimSpace(secret))
	key, err := evidence.ReadKey(strings.TrimSpace(secret))
	require.NoError(t, err)
	require.Equal(t, public, key.Public())

	path := filepath.Join(t.TempDir(), "evidence.txt")
	file, err := evidence.Sign(bundle(t), key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, file, 0o600))
	out, _, err := runs(t, "evidence", "verify", path, "--key", public)
	require.NoError(t, err)
	require.Contains(t, out, "Alert a1: sudo")
	require.Contains(t, out, "soc.example.com+")
	require.Contains(t, out, "No checkpoint covers it yet.")
	require.NotContains(t, out, "Nobody said")
	out, _, err = runs(t, "evidence", "verify", path)
	require.NoError(t, err)
	require.Contains(t, out, "Nobody said whose signature to expect")

	file[len(file)/2] ^= 1
	require.NoError(t, os.WriteFile(path, file, 0o600))
	_, _, err = runs(t, "evidence", "verify", path, "--key", public)
	require.ErrorContains(t, err, "proves nothing")
	_, _, err = runs(t, "evidence", "verify", path+".gone")
	require.Error(t, err)
	_, _, err = runs(t, "evidence", "key", "--name", "has a space")
	require.Error(t, err)
}

// bundle is the least that there may be of an alert.
func bundle(t *testing.T) evidence.Bundle {
	t.Helper()
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	accepted := evidence.Entry{AlertID: "a1", Seq: 1, At: at, Kind: "accepted", Actor: "siem", Data: []byte(`{"detection":"sudo","severity":"low"}`)}
	require.NoError(t, accepted.Seal(""))
	return evidence.Bundle{
		Installation: "here", ExportedAt: at, Timeline: []evidence.Entry{accepted}, Unlogged: []int{1},
		Alert: evidence.Alert{ID: "a1", Source: "siem", Detection: "sudo", Severity: alert.Low, ReceivedAt: at, Status: alert.Received},
	}
}

// A record that nobody touched is found to be whole, and one that is asked for with
// a key that is none, not at all.
func TestAuditOfARecord(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	out, _, err := runs(t, "audit", "verify", "--data", data)
	require.NoError(t, err)
	require.Contains(t, out, "0 alerts, 0 entries")
	_, _, err = runs(t, "audit", "verify", "--data", data, "--key", "no key")
	require.Error(t, err)
	_, _, err = runs(t, "person", "erase", "nobody@example.com", "--reason", "as they asked", "--data", data)
	require.ErrorContains(t, err, "knows nobody yet")
	_, _, err = runs(t, "person", "erase", "nobody@example.com", "--data", data)
	require.ErrorContains(t, err, "reason")
}

// What was changed in the database itself is named, and the command fails.
func TestAuditNamesWhatWasChanged(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	record, err := app.OpenStore(t.Context(), config.Config{DataDir: data})
	require.NoError(t, err)
	accepted, err := record.Accept(t.Context(), alert.Alert{
		Source: "siem", Key: "1", Detection: "sudo", Title: "a root shell", Severity: alert.Low, Subject: alert.Subject{Email: "alice@example.com"},
	})
	require.NoError(t, err)
	require.NoError(t, record.Close())
	out, _, err := runs(t, "audit", "verify", "--data", data)
	require.NoError(t, err)
	require.Contains(t, out, "1 alerts, 1 entries")

	files, err := filepath.Glob(filepath.Join(data, "*.db"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	owner, err := sql.Open("sqlite", files[0])
	require.NoError(t, err)
	for _, statement := range []string{
		"DROP TRIGGER timeline_no_update", "UPDATE timeline SET actor = 'edr'",
	} {
		_, err = owner.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	require.NoError(t, owner.Close())
	out, _, err = runs(t, "audit", "verify", "--data", data)
	require.ErrorContains(t, err, "1 changes behind")
	require.Contains(t, out, "alert "+accepted.Record.ID+", entry 1: its content is not what was recorded")
}

// An audit says how far it is while it takes long, and nothing when it doesn't.
func TestAnAuditSaysHowFarItIs(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	far := &auditProgress{out: &out, now: func() time.Time { return now }, said: now}
	for _, page := range []store.Audit{
		{Leaves: 200}, {Leaves: 400}, {Leaves: 600}, {Leaves: 600, Alerts: 200, Faults: []store.Fault{{}}}, {Leaves: 600, Alerts: 400},
	} {
		now = now.Add(2 * time.Second)
		far.say(page)
	}
	require.Equal(t, "So far: 600 leaves of the log, 0 changes found\n", out.String())
	now = now.Add(2 * time.Second)
	far.say(store.Audit{Leaves: 600, Alerts: 600, Faults: []store.Fault{{}}})
	require.Contains(t, out.String(), "600 leaves of the log, 600 alerts, 1 changes found\n")
}
