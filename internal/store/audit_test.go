package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"

	"securitybot/internal/alert"
	"securitybot/internal/evidence"
	"securitybot/internal/store"
	"securitybot/internal/store/postgres"
	"securitybot/internal/store/sqlite"
	"securitybot/internal/testkit"
)

// vault is a bench whose database somebody else can reach too: its owner, whom no
// trigger and no right holds back.
type vault struct {
	*bench
	owner *sql.DB
	key   evidence.Key
}

// onBothAsOwner runs a test on either database.
func onBothAsOwner(t *testing.T, test func(v *vault)) {
	t.Helper()
	for name, open := range map[string]func(*testing.T) (store.Backend, *sql.DB){"sqlite": ownFile, "postgres": ownServer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			backend, owner := open(t)
			v := &vault{bench: &bench{T: t, db: backend}, owner: owner, key: newKey(t)}
			v.moment.Store(noon.UnixMicro())
			v.Store = store.New(backend, store.WithClock(v.clock))
			t.Cleanup(func() {
				require.NoError(t, owner.Close())
				require.NoError(t, v.Store.Close())
			})
			test(v)
		})
	}
}

func newKey(t *testing.T) evidence.Key {
	t.Helper()
	secret, _, err := evidence.GenerateKey("test")
	require.NoError(t, err)
	key, err := evidence.ReadKey(secret)
	require.NoError(t, err)
	return key
}

func ownFile(t *testing.T) (store.Backend, *sql.DB) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "record.db")
	require.NoError(t, sqlite.Migrate(t.Context(), path))
	backend, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	owner, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	require.NoError(t, err)
	owner.SetMaxOpenConns(1)
	return backend, owner
}

func ownServer(t *testing.T) (store.Backend, *sql.DB) {
	t.Helper()
	url := testkit.Postgres(t)
	require.NoError(t, postgres.Migrate(t.Context(), url))
	backend, err := postgres.Open(context.Background(), url)
	require.NoError(t, err)
	owner, err := sql.Open("pgx", url)
	require.NoError(t, err)
	owner.SetMaxOpenConns(1) // what is switched off is off on one connection
	return backend, owner
}

// unguarded switches off what holds back everybody but the owner.
func (v *vault) unguarded() {
	v.Helper()
	if _, err := v.owner.ExecContext(v.Context(), "SET session_replication_role = replica"); err == nil {
		return
	}
	triggers := v.column("SELECT name FROM sqlite_master WHERE type = 'trigger'")
	for _, trigger := range triggers {
		v.alters("DROP TRIGGER " + trigger)
	}
}

// alters runs statements as the owner.
func (v *vault) alters(statements ...string) {
	v.Helper()
	for _, statement := range statements {
		_, err := v.owner.ExecContext(v.Context(), statement)
		require.NoError(v, err, statement)
	}
}

func (v *vault) column(query string) []string {
	v.Helper()
	rows, err := v.owner.QueryContext(v.Context(), query)
	require.NoError(v, err)
	defer func() { require.NoError(v, rows.Close()) }()
	var values []string
	for rows.Next() {
		var value string
		require.NoError(v, rows.Scan(&value))
		values = append(values, value)
	}
	require.NoError(v, rows.Err())
	return values
}

// checkpoints signs how far everything has come.
func (v *vault) checkpoints() store.Checkpoint {
	v.Helper()
	signed, err := v.Checkpoint(v.Context(), v.key)
	require.NoError(v, err)
	return signed
}

// worldKey signs nothing but what tests make up.
const worldKey = "PRIVATE+KEY+test+c5585cb8+AYPbhiq7U27pN5kZAkBTm1J8m36sJpnTdOLrKhOeQemY"

// audited signs everything so far, and finds nothing wrong.
func (b *bench) audited() {
	key, err := evidence.ReadKey(worldKey)
	require.NoError(b, err)
	_, err = b.Checkpoint(b.Context(), key)
	require.NoError(b, err)
	known, err := evidence.Keys(key.Public())
	require.NoError(b, err)
	audit, err := b.Audit(b.Context(), known, nil)
	require.NoError(b, err)
	require.Empty(b, audit.Faults)
}

func (v *vault) known(keys ...evidence.Key) note.Verifiers {
	v.Helper()
	public := []string{v.key.Public()}
	for _, key := range keys {
		public = append(public, key.Public())
	}
	known, err := evidence.Keys(public...)
	require.NoError(v, err)
	return known
}

// audits gives what is wrong, a line each.
func (v *vault) audits(told ...evidence.Told) []string {
	v.Helper()
	audit, err := v.Audit(v.Context(), v.known(), nil, told...)
	require.NoError(v, err)
	var lines []string
	for _, fault := range audit.Faults {
		lines = append(lines, fault.String())
	}
	return lines
}

// somebody is a person of whom nothing is known yet: each gets but a few pushes a day.
func (v *vault) somebody() alert.Person {
	name := v.fresh("user")
	return alert.Person{PersonKey: alert.PersonKey{Team: "T1", User: "U-" + name}, Email: name + "@example.com", Name: name}
}

// proven is an alert with a proven yes and words.
func (v *vault) proven() string {
	v.Helper()
	who := v.somebody()
	id := v.asked(who).ID
	v.passes(time.Minute)
	said := v.said(id, who, alert.Yes)
	said.Words = "I was fixing the cron job"
	_, err := v.TakeAnswer(v.Context(), said)
	require.NoError(v, err)
	require.Equal(v, alert.Confirmed, v.approves(id).Verdict.Outcome)
	require.NoError(v, v.Finish(v.Context(), id))
	return id
}

// Whatever somebody with all rights changes of a timeline, or of what stands beside
// it, is found, and its alert and place are named.
func TestTamperingIsFoundAndNamed(t *testing.T) {
	t.Parallel()
	for name, part := range tamperings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBothAsOwner(t, func(v *vault) {
				ids := map[string]string{}
				for _, each := range part {
					ids[each.name] = v.proven()
				}
				untouched := v.proven()
				v.checkpoints()
				require.Empty(v, v.audits(), "nothing was changed yet")
				v.unguarded()
				for _, each := range part {
					for _, statement := range each.statements {
						v.alters(strings.ReplaceAll(statement, "$ID", "'"+ids[each.name]+"'"))
					}
				}
				found := v.audits()
				for _, each := range part {
					want := "alert " + ids[each.name] + ", " + each.where + ": "
					require.True(v, slices.ContainsFunc(found, func(line string) bool { return strings.HasPrefix(line, want) }),
						"%s: %s is not among\n%s", each.name, want, strings.Join(found, "\n"))
				}
				require.Len(v, found, len(part), strings.Join(found, "\n"))
				require.NotContains(v, strings.Join(found, "\n"), untouched)
			})
		})
	}
}

type tampering struct {
	name       string
	where      string
	statements []string // $ID is the alert's
}

// The entries of such a timeline: 1 accepted, 2 identified, 3 planned, 4 asked,
// 5 answered, 6 push_sent, 7 proof, 8 settled.
func tamperings() map[string][]tampering {
	const beside = "what stands beside the timeline"
	return map[string][]tampering{
		"of the timeline": {
			{"data", "entry 7", []string{`UPDATE timeline SET data = '{"result":"denied"}' WHERE alert_id = $ID AND seq = 7`}},
			{"data in other order", "entry 8", []string{`UPDATE timeline SET data = '{"verdict":"denied","verdict":"confirmed","x":1}' WHERE alert_id = $ID AND seq = 8`}},
			{"data said twice", "entry 8", []string{`UPDATE timeline SET data = '{"verdict":"denied","verdict":"confirmed"}' WHERE alert_id = $ID AND seq = 8`}},
			{"digest", "entry 5", []string{`UPDATE timeline SET digest = 'ab' WHERE alert_id = $ID AND seq = 5`}},
			{"actor", "entry 5", []string{`UPDATE timeline SET actor = 'peer' WHERE alert_id = $ID AND seq = 5`}},
			{"kind", "entry 4", []string{`UPDATE timeline SET kind = 'reminded' WHERE alert_id = $ID AND seq = 4`}},
			{"time", "entry 3", []string{`UPDATE timeline SET at = (SELECT max(at) FROM timeline) WHERE alert_id = $ID AND seq = 3`}},
			{"first row", "entry 1", []string{`DELETE FROM timeline WHERE alert_id = $ID AND seq = 1`}},
			{"middle row", "entry 4", []string{`DELETE FROM timeline WHERE alert_id = $ID AND seq = 4`}},
			{"last row", "entry 8", []string{`DELETE FROM timeline WHERE alert_id = $ID AND seq = 8`}},
			{"last row and its head", "entry 8", []string{
				`DELETE FROM timeline WHERE alert_id = $ID AND seq = 8`,
				`UPDATE chains SET seq = 7, logged_seq = 7, head = (SELECT hash FROM timeline WHERE alert_id = $ID AND seq = 7) WHERE alert_id = $ID`,
			}},
			{"all rows", "entry 1", []string{`DELETE FROM timeline_personal WHERE alert_id = $ID`, `DELETE FROM timeline WHERE alert_id = $ID`}},
			{"all that there was", "the alert itself", []string{
				`DELETE FROM timeline_personal WHERE alert_id = $ID`, `DELETE FROM timeline WHERE alert_id = $ID`,
				`DELETE FROM payloads WHERE alert_id = $ID`, `DELETE FROM answers WHERE alert_id = $ID`, `DELETE FROM proofs WHERE alert_id = $ID`,
				`DELETE FROM posts WHERE alert_id = $ID`, `DELETE FROM chains WHERE alert_id = $ID`, `DELETE FROM alerts WHERE id = $ID`,
			}},
		},
		"of what is personal": {
			{"words", "entry 5", []string{`UPDATE timeline_personal SET personal = '{"explanation":"it was not me"}' WHERE alert_id = $ID AND seq = 5`}},
			{"salt", "entry 5", []string{`UPDATE timeline_personal SET salt = (SELECT salt FROM timeline_personal WHERE alert_id = $ID AND seq = 2) WHERE alert_id = $ID AND seq = 5`}},
			{"words away", "entry 5", []string{`DELETE FROM timeline_personal WHERE alert_id = $ID AND seq = 5`}},
			{"words added", "entry 3", []string{`INSERT INTO timeline_personal SELECT alert_id, 3, personal, salt FROM timeline_personal WHERE alert_id = $ID AND seq = 2`}},
			{"payload", beside, []string{`UPDATE payloads SET body = salt WHERE alert_id = $ID`}},
			{"payload away", beside, []string{`DELETE FROM payloads WHERE alert_id = $ID`}},
		},
		"of the state": {
			{"head", "entry 8", []string{`UPDATE chains SET head = 'ab' WHERE alert_id = $ID`}},
			{"head ahead", "entry 9", []string{`UPDATE chains SET seq = 9 WHERE alert_id = $ID`}},
			{"head away", "the timeline's head", []string{`DELETE FROM chains WHERE alert_id = $ID`}},
			{"verdict", beside, []string{`UPDATE alerts SET outcome = 'denied' WHERE id = $ID`}},
			{"severity", beside, []string{`UPDATE alerts SET severity = 'low' WHERE id = $ID`}},
			{"title", beside, []string{`UPDATE alerts SET title = 'nothing' WHERE id = $ID`}},
			{"subject", beside, []string{`UPDATE alerts SET subject_email = 'bob@example.com' WHERE id = $ID`}},
			{"answer", beside, []string{`UPDATE answers SET choice = 'no' WHERE alert_id = $ID`}},
			{"whose answer", beside, []string{`UPDATE answers SET person_user = 'UBOB' WHERE alert_id = $ID`}},
			{"explanation", beside, []string{`UPDATE answers SET explanation = 'never' WHERE alert_id = $ID`}},
			{"whom it is about", beside, []string{`UPDATE alerts SET person_user = 'UBOB' WHERE id = $ID`}},
			{"proof away", beside, []string{`DELETE FROM proofs WHERE alert_id = $ID`}},
			{"phone", beside, []string{`UPDATE proofs SET device = 'DOTHER' WHERE alert_id = $ID`}},
			{"answer away", beside, []string{`DELETE FROM answers WHERE alert_id = $ID`}},
			{"proof", beside, []string{`UPDATE proofs SET result = 'denied' WHERE alert_id = $ID`}},
			{"transaction", beside, []string{`UPDATE proofs SET txid = 'tx' WHERE alert_id = $ID`}},
			{"plan", beside, []string{`UPDATE alerts SET plan = replace(plan, 'built-in', '0123456789ab') WHERE id = $ID`}},
			{"mark of an erasure", beside, []string{`UPDATE alerts SET erased_at = received_at WHERE id = $ID`}},
		},
	}
}

// A timeline that its owner wrote anew, chain and head and all, and that the
// application then went on with: its newest head is signed like any other, but the log
// has not forgotten the former one.
func TestATimelineWrittenAnewIsFound(t *testing.T) {
	t.Parallel()
	onBothAsOwner(t, func(v *vault) {
		id := v.contradicted()
		v.checkpoints()
		v.unguarded()
		entries := v.story(id).Entries
		previous := ""
		for i := range entries {
			entry := &entries[i]
			if entry.Kind == store.KindAcknowledged {
				entry.Actor = "Mallory"
			}
			require.NoError(v, entry.Seal(previous))
			previous = entry.Hash
			v.alters(fmt.Sprintf("UPDATE timeline SET actor = '%s', previous = '%s', hash = '%s' WHERE alert_id = '%s' AND seq = %d",
				entry.Actor, entry.Previous, entry.Hash, id, entry.Seq))
		}
		v.alters(fmt.Sprintf("UPDATE chains SET head = '%s' WHERE alert_id = '%s'", previous, id),
			"UPDATE cases SET acked_by = 'Mallory'")
		v.trusts(id)
		v.checkpoints()
		require.Equal(v, []string{
			fmt.Sprintf("alert %s, entry %d: it is not the one that the log knows", id, len(entries)),
		}, v.audits())
	})
}

// What is said to be in the log, and isn't, no checkpoint would ever cover.
func TestATimelineKeptFromTheLogIsFound(t *testing.T) {
	t.Parallel()
	onBothAsOwner(t, func(v *vault) {
		id := v.proven()
		v.alters("UPDATE chains SET logged_seq = seq")
		v.checkpoints()
		require.Equal(v, []string{
			"alert " + id + ", entry 8: it is said to be in the log, which does not know it",
		}, v.audits())
	})
}

// An owner who writes all anew, leaves, hashes and checkpoints too, and has it signed,
// is found by what others were told before. Nothing that is not the log that was
// signed last is ever signed.
func TestALogWrittenAnewIsFound(t *testing.T) {
	t.Parallel()
	onBothAsOwner(t, func(v *vault) {
		ids := []string{v.proven()}
		first, err := evidence.ReadCheckpoint(v.checkpoints().Note)
		require.NoError(v, err)
		ids = append(ids, v.proven())
		second, err := evidence.ReadCheckpoint(v.checkpoints().Note)
		require.NoError(v, err)
		told := []evidence.Told{{Size: second.Size, Root: second.Root}, {Size: first.Size, Root: first.Root}}
		require.Empty(v, v.audits(told...))

		v.unguarded()
		v.alters("DELETE FROM log_leaves", "DELETE FROM log_hashes", "UPDATE chains SET logged_seq = 0")
		v.proven()
		for _, id := range ids { // so that their heads are other ones by now
			require.NoError(v, v.TellRefusal(v.Context(), v.said(id, bob, alert.No), store.RefusedForged))
		}
		_, err = v.Checkpoint(v.Context(), v.key)
		require.ErrorIs(v, err, store.ErrForked)

		v.alters("DELETE FROM checkpoints")
		v.checkpoints()
		require.Empty(v, v.audits(), "the record itself is right")
		require.Equal(v, []string{"the 1 leaves that were told: the log is not what was told"}, v.audits(told...))
		require.Equal(v, []string{"the 9 leaves that were told: the log has only 3"}, v.audits(evidence.Told{Size: 9}))
	})
}

// What became of a case is held against its timeline too.
func TestTamperingWithACaseIsFound(t *testing.T) {
	t.Parallel()
	onBothAsOwner(t, func(v *vault) {
		id := v.contradicted()
		require.Empty(v, v.audits())
		v.unguarded()
		v.alters("CREATE TABLE kept_cases AS SELECT * FROM cases")
		for _, statement := range []string{
			"DELETE FROM cases", "UPDATE cases SET acked_by = 'Mallory'", "UPDATE cases SET resolved_by = 'Mallory'",
			"UPDATE cases SET resolved_at = NULL, resolved_by = ''", "UPDATE cases SET resolution = 'it was me'",
		} {
			v.alters(statement)
			require.Contains(v, strings.Join(v.audits(), "\n"), "alert "+id+", what stands beside the timeline: ", statement)
			v.alters("DELETE FROM cases", "INSERT INTO cases SELECT * FROM kept_cases")
		}
		require.Empty(v, v.audits(), "all is as it was")
	})
}

// Entries of two alerts that changed places, each whole in itself.
func TestSwappedTimelinesAreFound(t *testing.T) {
	t.Parallel()
	onBothAsOwner(t, func(v *vault) {
		first, second := v.proven(), v.proven()
		v.unguarded()
		for _, table := range []string{"timeline_personal", "timeline"} {
			swap := "UPDATE " + table + " SET alert_id = '%s' WHERE alert_id = '%s'"
			v.alters(fmt.Sprintf(swap, "between", first), fmt.Sprintf(swap, first, second), fmt.Sprintf(swap, second, "between"))
		}
		found := strings.Join(v.audits(), "\n")
		require.Contains(v, found, "alert "+first+", entry 1: ")
		require.Contains(v, found, "alert "+second+", entry 1: ")
	})
}

// Whatever is changed of the log or of a checkpoint is found, and the place is named.
func TestTamperingWithTheLogIsFound(t *testing.T) {
	t.Parallel()
	onBothAsOwner(t, func(v *vault) {
		for range 2 {
			for range 3 {
				v.asked(alice)
			}
			v.checkpoints()
		}
		v.asked(alice)
		_, err := v.LogHeads(v.Context()) // leaves that no checkpoint covers yet
		require.NoError(v, err)
		require.Empty(v, v.audits())
		v.unguarded()
		tables := []string{"log_leaves", "log_hashes", "checkpoints"}
		for _, table := range tables {
			v.alters("CREATE TABLE kept_" + table + " AS SELECT * FROM " + table)
		}
		for statement, want := range map[string]string{
			"DELETE FROM log_leaves WHERE position = 2":                                                   "leaf 2 of the log",
			"DELETE FROM log_leaves WHERE position = 6":                                                   "leaf 6 of the log: it is missing",
			"DELETE FROM log_leaves WHERE position >= 4":                                                  "leaf 4 of the log: it is missing",
			"DELETE FROM log_leaves WHERE position >= 4; DELETE FROM log_hashes WHERE idx >= 7":           "checkpoint of 6 leaves: the log has only 4",
			"UPDATE log_leaves SET hash = 'ab' WHERE position = 1":                                        "leaf 1 of the log",
			"UPDATE log_leaves SET seq = seq + 1 WHERE position = 3":                                      "leaf 3 of the log",
			"UPDATE log_hashes SET hash = (SELECT hash FROM kept_log_hashes WHERE idx = 0) WHERE idx = 1": "leaf 1 of the log",
			"DELETE FROM log_hashes WHERE idx = 2":                                                        "leaf 1 of the log",
			"UPDATE checkpoints SET note = replace(note, 'securitybot/', 'Securitybot/') WHERE size = 3":  "checkpoint of 3 leaves",
			"UPDATE checkpoints SET size = 5 WHERE size = 3":                                              "checkpoint of 5 leaves",
			"UPDATE checkpoints SET note = (SELECT note FROM kept_checkpoints WHERE size = 3)":            "checkpoint of 6 leaves",
		} {
			v.alters(strings.Split(statement, "; ")...)
			found := strings.Join(v.audits(), "\n")
			require.Contains(v, found, want, statement)
			for _, table := range tables {
				v.alters("DELETE FROM "+table, "INSERT INTO "+table+" SELECT * FROM kept_"+table)
			}
		}
		require.Empty(v, v.audits(), "all is as it was")
	})
}

// Somebody who rewrites all of the record can't sign it; a former key counts when it
// is named.
func TestAStrangersCheckpointIsFound(t *testing.T) {
	t.Parallel()
	onBothAsOwner(t, func(v *vault) {
		v.asked(alice)
		former := v.key
		v.checkpoints()
		v.key = newKey(v.T)
		v.asked(alice)
		v.checkpoints()
		found := strings.Join(v.audits(), "\n")
		require.Contains(v, found, "checkpoint of 1 leaves: ")
		audit, err := v.Audit(v.Context(), v.known(former), nil)
		require.NoError(v, err)
		require.Empty(v, audit.Faults)
		require.Equal(v, 2, audit.Alerts)
		require.Equal(v, 2, audit.Checkpoints)
	})
}
