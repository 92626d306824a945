package evidence_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"securitybot/internal/alert"
	"securitybot/internal/evidence"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func newKey(t *testing.T) evidence.Key {
	t.Helper()
	secret, public, err := evidence.GenerateKey("soc.example.com")
	require.NoError(t, err)
	key, err := evidence.ReadKey(secret)
	require.NoError(t, err)
	require.Equal(t, public, key.Public())
	return key
}

// chained is a timeline of one alert: each line is kind, data and, where there is
// something personal, that.
func chained(t *testing.T, id string, lines ...[3]string) []evidence.Entry {
	t.Helper()
	var entries []evidence.Entry
	previous := ""
	for i, line := range lines {
		entry := evidence.Entry{
			AlertID: id, Seq: i + 1, At: noon.Add(time.Duration(i) * time.Minute), Kind: line[0], Actor: "securitybot",
			Data: json.RawMessage(line[1]),
		}
		if line[2] != "" {
			require.NoError(t, entry.Conceal([]byte(line[2])))
		}
		require.NoError(t, entry.Seal(previous))
		previous = entry.Hash
		entries = append(entries, entry)
	}
	return entries
}

// logOf is a log of heads, with its stored hashes.
type logOf struct {
	size   int64
	hashes []tlog.Hash
	tree   evidence.Tree
}

func (l *logOf) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	read := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		read[i] = l.hashes[index]
	}
	return read, nil
}

func (l *logOf) add(t *testing.T, leaf tlog.Hash) {
	t.Helper()
	want, err := tlog.StoredHashesForRecordHash(l.size, leaf, l)
	require.NoError(t, err)
	require.Equal(t, want, l.tree.Add(leaf), "the stored hashes of leaf %d", l.size)
	l.hashes = append(l.hashes, want...)
	l.size++
	root, err := tlog.TreeHash(l.size, l)
	require.NoError(t, err)
	require.Equal(t, root, l.tree.Root(), "the root of %d leaves", l.size)
}

// The tree that an audit follows is the one that golang.org/x/mod/sumdb/tlog stores.
func TestTheTreeIsTheLogs(t *testing.T) {
	t.Parallel()
	log := &logOf{}
	empty, err := tlog.TreeHash(0, log)
	require.NoError(t, err)
	require.Equal(t, empty, log.tree.Root())
	for i := range 70 {
		log.add(t, evidence.LeafHash("alert", i+1, "hash"))
	}
	require.EqualValues(t, 70, log.tree.Size())
}

// bundled is a small bundle of an alert that somebody confirmed, the last entry of
// which no checkpoint knows yet.
func bundled(t *testing.T, key evidence.Key) evidence.Bundle {
	t.Helper()
	const id = "a1"
	body := []byte(`{"detection":"sudo", "title":"root \u0000 shell"}`)
	salt := evidence.NewSalt()
	state := evidence.Alert{
		ID: id, Source: "siem", Detection: "sudo", Title: "root shell", Severity: alert.High,
		Subject: alert.Subject{Email: "alice@example.com"}, Context: json.RawMessage(`{"host":"db<1>"}`),
		ReceivedAt: noon, Status: alert.Closed, Verdict: alert.Confirmed, SettledAt: noon.Add(3 * time.Minute),
	}
	content, err := evidence.Content(alert.Alert{
		Detection: state.Detection, Title: state.Title, Severity: state.Severity, Subject: state.Subject, Context: state.Context,
	})
	require.NoError(t, err)
	accepted, err := json.Marshal(map[string]string{
		"detection": "sudo", "severity": "high",
		"payload": evidence.Digest(salt, body), "content": evidence.Digest(salt, []byte(content)),
	})
	require.NoError(t, err)
	timeline := chained(t, id,
		[3]string{"accepted", string(accepted), ""},
		[3]string{"answered", `{"choice":"yes","pressed_at":"2026-11-20T12:01:00Z"}`, `{"explanation":"the cron job","delivery":"d1","chat_id":"U1"}`},
		[3]string{"proof", `{"attempt":1,"result":"approved","transaction":"tx1"}`, ""},
		[3]string{"settled", `{"verdict":"confirmed"}`, ""})
	log := &logOf{}
	log.add(t, evidence.LeafHash("another", 1, "x"))
	log.add(t, evidence.LeafHash(id, 3, timeline[2].Hash))
	log.add(t, evidence.LeafHash("a third", 1, "y"))
	path, err := tlog.ProveRecord(3, 1, log)
	require.NoError(t, err)
	checkpoint, err := evidence.Checkpoint{Origin: evidence.Origin("here"), Size: 3, Root: log.tree.Root(), At: noon}.Sign(key)
	require.NoError(t, err)
	return evidence.Bundle{
		Installation: "here", ExportedAt: noon.Add(time.Hour), Alert: state,
		Payload:  evidence.NewPayload(body, salt, evidence.Digest(salt, body)),
		Plan:     json.RawMessage(`{"revision":"` + revision + `"}`),
		Policy:   &evidence.Policy{Revision: revision, Text: policyText},
		Answers:  []evidence.Answer{{Delivery: "d1", ChatID: "U1", Choice: alert.Yes, At: noon.Add(time.Minute), Explanation: "the cron job"}},
		Proofs:   []evidence.Proof{{Attempt: 1, Answer: "d1", Factor: "duo", Transaction: "tx1", Result: alert.ProofApproved}},
		Timeline: timeline,
		Log:      &evidence.Inclusion{Position: 1, Seq: 3, Hash: timeline[2].Hash, Path: path, Checkpoint: checkpoint},
		Unlogged: []int{4},
	}
}

func TestABundleProvesItself(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	bundle := bundled(t, key)
	file, err := evidence.Sign(bundle, key)
	require.NoError(t, err)

	report, err := evidence.Verify(file, key.Public())
	require.NoError(t, err)
	require.False(t, report.OwnKey)
	require.True(t, strings.HasPrefix(report.SignedBy, "soc.example.com+"), report.SignedBy)
	require.EqualValues(t, 3, report.Checkpoint.Size)
	require.Equal(t, bundle.Payload.Body(), report.Bundle.Payload.Body(), "byte for byte")
	require.Equal(t, []int{4}, report.Bundle.Unlogged)

	report, err = evidence.Verify(file)
	require.NoError(t, err)
	require.True(t, report.OwnKey, "nobody said whose signature to expect")

	_, err = evidence.Verify(file, newKey(t).Public())
	require.Error(t, err, "somebody else's key")
}

// A body that is no UTF-8 is kept byte for byte as well.
func TestABinaryPayloadIsKept(t *testing.T) {
	t.Parallel()
	body := []byte("{\"title\":\"\xff\xfe\"}")
	require.Equal(t, body, evidence.NewPayload(body, nil, "").Body())
	require.Empty(t, evidence.NewPayload(body, nil, "").Text)
}

// Every byte counts, those of the signatures too: base64 has bits that decoders ignore.
func TestNoByteOfABundleCanBeChanged(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	file, err := evidence.Sign(bundled(t, key), key)
	require.NoError(t, err)
	signature := strings.LastIndex(string(file), "\n\n")
	for i := range file {
		bits := []byte{1}
		if i > signature {
			bits = []byte{1, 2, 4, 8, 16, 32, 64, 128}
		}
		for _, bit := range bits {
			changed := append([]byte(nil), file...)
			changed[i] ^= bit
			_, err := evidence.Verify(changed, key.Public())
			require.Error(t, err, "byte %d, %q instead of %q", i, changed[i], file[i])
			_, err = evidence.Verify(changed)
			require.Error(t, err, "byte %d, by its own key", i)
		}
	}
	for name, changed := range map[string]string{
		"a line more":      string(file) + "— soc.example.com+aaaa AAAAAAAA\n",
		"a space":          " " + string(file),
		"a newline":        string(file) + "\n",
		"a byte less":      string(file[:len(file)-1]),
		"no signature":     strings.SplitAfter(string(file), "\n\n")[0],
		"carriage returns": strings.ReplaceAll(string(file), "\n", "\r\n"),
		"nothing":          "",
		"something else":   "{}\n\n",
	} {
		_, err := evidence.Verify([]byte(changed), key.Public())
		require.Error(t, err, name)
	}
}

// What somebody with the key would sign all the same.
func TestABundleThatContradictsItselfIsRefused(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	for name, change := range map[string]func(*evidence.Bundle){
		"no timeline":             func(b *evidence.Bundle) { b.Timeline = nil },
		"an entry less":           func(b *evidence.Bundle) { b.Timeline = b.Timeline[1:] },
		"the last entry away":     func(b *evidence.Bundle) { b.Timeline = b.Timeline[:3] },
		"another verdict":         func(b *evidence.Bundle) { b.Alert.Verdict = alert.Denied },
		"another title":           func(b *evidence.Bundle) { b.Alert.Title = "nothing" },
		"another subject":         func(b *evidence.Bundle) { b.Alert.Subject.Email = "bob@example.com" },
		"another context":         func(b *evidence.Bundle) { b.Alert.Context = json.RawMessage(`{}`) },
		"another severity":        func(b *evidence.Bundle) { b.Alert.Severity = alert.Low },
		"another payload":         func(b *evidence.Bundle) { b.Payload.Text += " " },
		"no payload":              func(b *evidence.Bundle) { b.Payload = nil },
		"another answer":          func(b *evidence.Bundle) { b.Answers[0].Choice = alert.No },
		"another person's answer": func(b *evidence.Bundle) { b.Answers[0].ChatID = "U2" },
		"other words":             func(b *evidence.Bundle) { b.Answers[0].Explanation = "it was not me" },
		"an answer less":          func(b *evidence.Bundle) { b.Answers = nil },
		"another proof":           func(b *evidence.Bundle) { b.Proofs[0].Result = alert.ProofDenied },
		"another transaction":     func(b *evidence.Bundle) { b.Proofs[0].Transaction = "tx2" },
		"a proof that nobody saw": func(b *evidence.Bundle) {
			b.Proofs = append(b.Proofs, evidence.Proof{Attempt: 2, Result: alert.ProofApproved})
		},
		"a resolution":               func(b *evidence.Bundle) { b.Case = &evidence.Case{ResolvedAt: noon, ResolvedBy: "Sam"} },
		"an erasure":                 func(b *evidence.Bundle) { b.Alert.ErasedAt = noon },
		"personal words away":        func(b *evidence.Bundle) { b.Timeline[1].Personal = nil; b.Answers[0].Explanation = "" },
		"another place in the log":   func(b *evidence.Bundle) { b.Log.Position = 0 },
		"another head in the log":    func(b *evidence.Bundle) { b.Log.Seq, b.Log.Hash = 4, b.Timeline[3].Hash },
		"another installation":       func(b *evidence.Bundle) { b.Installation = "there" },
		"everything in the log":      func(b *evidence.Bundle) { b.Unlogged = nil },
		"another policy":             func(b *evidence.Bundle) { b.Policy.Text += "# and more\n" },
		"a checkpoint by a stranger": func(b *evidence.Bundle) { b.Log.Checkpoint = bundled(t, newKey(t)).Log.Checkpoint },
	} {
		bundle := bundled(t, key)
		change(&bundle)
		file, err := evidence.Sign(bundle, key)
		require.NoError(t, err, name)
		_, err = evidence.Verify(file, key.Public())
		require.Error(t, err, name)
	}
}

// What was erased is missing for a reason that the timeline tells.
func TestAnErasedBundleVerifies(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	bundle := bundled(t, key)
	erased := evidence.Entry{AlertID: bundle.Alert.ID, Seq: 5, At: noon, Kind: evidence.KindErased, Actor: "Ada", Data: json.RawMessage(`{"entries":1}`)}
	require.NoError(t, erased.Seal(bundle.Timeline[3].Hash))
	bundle.Timeline = append(bundle.Timeline, erased)
	bundle.Unlogged = []int{4, 5}
	bundle.Timeline[1].Personal, bundle.Timeline[1].Salt = nil, nil
	bundle.Answers[0].Explanation, bundle.Answers[0].ChatID = "", "erased"
	bundle.Payload, bundle.Alert.Title, bundle.Alert.Subject, bundle.Alert.Context = nil, "", alert.Subject{}, nil
	bundle.Alert.ErasedAt = noon

	file, err := evidence.Sign(bundle, key)
	require.NoError(t, err)
	report, err := evidence.Verify(file, key.Public())
	require.NoError(t, err)
	require.Equal(t, 1, report.Erased)
}

func TestCheckpointsHaveOneForm(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	known, err := evidence.Keys(key.Public())
	require.NoError(t, err)
	checkpoint := evidence.Checkpoint{Origin: evidence.Origin("here"), Size: 7, At: noon}
	signed, err := checkpoint.Sign(key)
	require.NoError(t, err)
	opened, err := evidence.OpenCheckpoint(signed, known)
	require.NoError(t, err)
	require.Equal(t, checkpoint, opened)
	for i := range signed {
		changed := []byte(signed)
		changed[i] ^= 1
		_, err := evidence.OpenCheckpoint(string(changed), known)
		require.Error(t, err, "byte %d", i)
	}
}

func TestKeysAreRefusedWithoutBeingShown(t *testing.T) {
	t.Parallel()
	secret, _, err := evidence.GenerateKey("a")
	require.NoError(t, err)
	for _, wrong := range []string{"", "hunter2", secret[:len(secret)-2], "PRIVATE+KEY+b" + secret[len("PRIVATE+KEY+a"):]} {
		_, err := evidence.ReadKey(wrong)
		require.Error(t, err, wrong)
		if wrong != "" {
			require.NotContains(t, err.Error(), wrong)
		}
	}
	_, _, err = evidence.GenerateKey("has a space")
	require.Error(t, err)
	_, err = evidence.Keys("no key")
	require.Error(t, err)
}
