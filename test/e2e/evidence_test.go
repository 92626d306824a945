package e2e_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // to change a record behind the application's back

	"securitybot/internal/testkit"
)

// What an installation can prove, in both databases: a bundle that is checked with
// nothing else at hand, and a record in which no row can be changed unseen.
func TestEvidence(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) (variables []string, change func(*bot, string)){
		"SQLite": func(*testing.T) ([]string, func(*bot, string)) { return nil, (*bot).changesSQLite },
		"PostgreSQL": func(t *testing.T) ([]string, func(*bot, string)) {
			t.Helper()
			database := testkit.Postgres(t)
			return []string{"DATABASE_URL=" + database}, func(b *bot, statement string) { b.changesPostgres(database, statement) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			variables, change := open(t)
			b := running(t, append(variables, policy(t, always))...)
			confirmed := b.confirms(alice)
			denied := b.reports(alertAbout(bob))
			b.explained(bob, denied, "no", "not me at all")
			b.settles(denied, "denied", "")
			b.caseOf(denied)
			b.checkpoints()
			b.provesOffline(confirmed)
			b.findsEveryChange(confirmed, denied, change)
		})
	}
}

var publicKey = regexp.MustCompile(`public_key=(\S+)`)

// provesOffline gives a bundle to somebody who has nothing but it and the public key.
func (b *bot) provesOffline(id string) {
	b.Helper()
	key := publicKey.FindStringSubmatch(b.out.String())
	require.NotNil(b, key, "the start says the public key")
	file := filepath.Join(b.TempDir(), "bundle")
	b.runs("evidence", "export", id, "-o", file, "--url", b.url(""))
	said := b.runs("evidence", "verify", file, "--key", key[1])
	for _, part := range []string{id, "confirmed", "The timeline is whole", "was signed on"} {
		require.Contains(b, said, part)
	}
	require.Contains(b, b.runs("evidence", "verify", file), "Nobody said whose signature to expect")

	bundle, err := os.ReadFile(file)
	require.NoError(b, err)
	for _, part := range []string{"sudo to a root shell", "I was patching", `"approved"`, "Hi Alice", always[:10], `"device"`} {
		require.Contains(b, string(bundle), strings.Trim(part, "\n"))
	}
	for part, other := range map[string]string{"I was patching": "I was matching", id[:8]: "00000000"} {
		changed := bytes.Replace(bundle, []byte(part), []byte(other), 1)
		require.NotEqual(b, bundle, changed, part)
		b.isWorthless(file, changed)
	}
	for at := 0; at < len(bundle); at += len(bundle)/3 + 1 {
		changed := bytes.Clone(bundle)
		changed[at] ^= 1
		b.isWorthless(file, changed)
	}
	require.NoError(b, os.WriteFile(file, bundle, 0o600))
	require.Error(b, b.cannot("evidence", "verify", file, "--key", otherKey), "a key that did not sign it")
}

// otherKey is somebody's public key.
const otherKey = "securitybot+ad655ce1+AYpH46gjjcAbbLyDiPvSCuUJaU6Qgb0vFGSirzaS+5LV"

func (b *bot) isWorthless(file string, bundle []byte) {
	b.Helper()
	require.NoError(b, os.WriteFile(file, bundle, 0o600))
	require.ErrorContains(b, b.cannot("evidence", "verify", file), "proves nothing")
}

// findsEveryChange changes rows as somebody who owns the database can.
func (b *bot) findsEveryChange(confirmed, denied string, change func(*bot, string)) {
	b.Helper()
	clean := b.runs("audit", "verify", "--data", b.data)
	require.Contains(b, clean, "2 alerts")
	require.Contains(b, clean, "The last checkpoint: 2 leaves")

	change(b, "UPDATE alerts SET outcome = 'confirmed' WHERE id = '"+denied+"'")
	require.ErrorContains(b, b.cannot("audit", "verify", "--data", b.data), denied)
	change(b, "UPDATE alerts SET outcome = 'denied' WHERE id = '"+denied+"'")
	require.Contains(b, b.runs("audit", "verify", "--data", b.data), "2 alerts")

	change(b, "UPDATE timeline SET actor = 'nobody' WHERE alert_id = '"+confirmed+"' AND seq = 3")
	told := b.cannot("audit", "verify", "--data", b.data)
	require.ErrorContains(b, told, confirmed)
	require.ErrorContains(b, told, "entry 3")
	require.NotContains(b, told.Error(), denied)

	change(b, "DELETE FROM log_leaves WHERE position = 0")
	require.ErrorContains(b, b.cannot("audit", "verify", "--data", b.data), "leaf 0")
}

// runs one command of ours to its end.
func (b *bot) runs(args ...string) string {
	b.Helper()
	command := exec.CommandContext(b.Context(), binary, args...)
	command.Env = b.env
	out, err := command.CombinedOutput()
	require.NoError(b, err, "%s: %s", args, out)
	return string(out)
}

// cannot runs a command that must not succeed, and gives what it says.
func (b *bot) cannot(args ...string) error {
	b.Helper()
	command := exec.CommandContext(b.Context(), binary, args...)
	command.Env = b.env
	out, err := command.CombinedOutput()
	require.Error(b, err, "%s: %s", args, out)
	return fmt.Errorf("%w: %s", err, out)
}

// guarded are the tables that only grow, as the triggers say that have to go first.
var guarded = []string{"timeline", "log_leaves"}

func (b *bot) changesSQLite(statement string) {
	b.Helper()
	record, err := sql.Open("sqlite", filepath.Join(b.data, "securitybot.db")+"?_pragma=busy_timeout(20000)")
	require.NoError(b, err)
	defer func() { require.NoError(b, record.Close()) }()
	for _, table := range guarded {
		for _, deed := range []string{"update", "delete"} {
			_, err := record.ExecContext(b.Context(), "DROP TRIGGER IF EXISTS "+table+"_no_"+deed)
			require.NoError(b, err)
		}
	}
	changed, err := record.ExecContext(b.Context(), statement)
	require.NoError(b, err)
	rows, err := changed.RowsAffected()
	require.NoError(b, err)
	require.EqualValues(b, 1, rows, statement)
}

func (b *bot) changesPostgres(database, statement string) {
	b.Helper()
	record, err := pgx.Connect(b.Context(), database)
	require.NoError(b, err)
	defer func() { require.NoError(b, record.Close(context.Background())) }()
	for _, table := range guarded {
		_, err := record.Exec(b.Context(), "ALTER TABLE "+table+" DISABLE TRIGGER USER")
		require.NoError(b, err)
	}
	changed, err := record.Exec(b.Context(), statement)
	require.NoError(b, err)
	require.EqualValues(b, 1, changed.RowsAffected(), statement)
}
