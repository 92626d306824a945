package store_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/evidence"
	"securitybot/internal/store"
)

// exports gives the bundle of an alert, as its file was read again.
func (v *vault) exports(id string) evidence.Report {
	v.Helper()
	bundle, err := v.Evidence(v.Context(), id)
	require.NoError(v, err)
	file, err := evidence.Sign(bundle, v.key)
	require.NoError(v, err)
	report, err := evidence.Verify(file, v.key.Public())
	require.NoError(v, err)
	return report
}

// A bundle holds all of an alert, from the payload to the resolution, and proves as
// much as was signed by then.
func TestEvidenceOfAnAlert(t *testing.T) {
	t.Parallel()
	onBothAsOwner(t, func(v *vault) {
		v.proven()
		id := v.contradicted()

		report := v.exports(id)
		require.Nil(v, report.Bundle.Log, "nothing is signed yet")
		require.Len(v, report.Bundle.Unlogged, len(report.Bundle.Timeline))
		v.proven()
		signed := v.checkpoints()

		report = v.exports(id)
		require.Empty(v, report.Bundle.Unlogged)
		require.Equal(v, signed.Size, report.Checkpoint.Size)
		bundle := report.Bundle
		require.True(v, bytes.Equal([]byte(hostileBody), bundle.Payload.Body()), "byte for byte")
		require.Equal(v, alert.Denied, bundle.Alert.Verdict)
		require.Equal(v, "it was the <cron> job\u2028 & me", bundle.Answers[0].Explanation)
		require.Equal(v, "DPHONE", bundle.Proofs[0].Device)
		require.Equal(v, "Sam", bundle.Case.ResolvedBy)
		require.Equal(v, "built-in", bundle.Policy.Revision)
		require.Contains(v, string(bundle.Plan), `"revision": "built-in"`)
		require.Contains(v, timelineText(bundle.Timeline), "Did you do this?", "the question as it was sent")

		v.trusts(id)
		v.passes(time.Hour)
		report = v.exports(id)
		require.Equal(v, []int{len(report.Bundle.Timeline)}, report.Bundle.Unlogged, "what came after the checkpoint")
		require.Greater(v, v.checkpoints().Size, signed.Size)
		require.Empty(v, v.exports(id).Bundle.Unlogged)
		require.Empty(v, v.audits())
	})
}

const hostileBody = "{\"title\":\"root shell \u202egnp.exe\\u0000\", \"n\": 1e400}"

func timelineText(entries []store.Entry) string {
	var text strings.Builder
	for _, entry := range entries {
		text.Write(entry.Data)
		text.Write(entry.Personal)
	}
	return text.String()
}

// contradicted is an alert that somebody said yes to and denied on the phone, with its
// case, which Sam has resolved. Everything in it that is personal says so.
func (v *vault) contradicted() string {
	v.Helper()
	who := alert.Person{
		PersonKey: alert.PersonKey{Team: "T1", User: "UPERSONAL"}, Email: "personal@example.com", Username: "personal",
		Name: "Petra Personal", FactorName: "personal",
	}
	require.NoError(v, v.PutPeople(v.Context(), []alert.Person{who}))
	all, err := v.AcceptAll(v.Context(), "auditd", []store.Report{{Alert: alert.Alert{
		Key: "key-personal", Detection: "sudo_interactive", Title: "a personal title", Description: "a personal story",
		Severity: alert.Medium, Subject: alert.Subject{Email: who.Email, Username: who.Username, SlackID: who.User},
		URL: "https://example.com/personal", Context: json.RawMessage(`{"host":"personal-laptop"}`),
		OccurredAt: noon.Add(time.Nanosecond),
	}, Body: []byte(hostileBody)}}, 0)
	require.NoError(v, err)
	id := all[0].Record.ID
	_, err = v.Admit(v.Context(), id, store.Identified{Person: who}, plans(nil))
	require.NoError(v, err)
	post, _, err := v.BeginPost(v.Context(), id, store.PurposeQuestion)
	require.NoError(v, err)
	post.Channel, post.TS, post.PostedAt, post.Revision = "DPERSONAL", "1.1", v.Now(), 1
	require.NoError(v, v.FinishPost(v.Context(), post, store.KindAsked, store.Fields{"revision": 1},
		store.Fields{"text": "Did you do this? personal", "blocks": json.RawMessage(`[{"type":"rich_text"}]`)}))
	said := v.said(id, who, alert.Yes)
	said.Words = "it was the <cron> job\u2028 & me"
	_, err = v.TakeAnswer(v.Context(), said)
	require.NoError(v, err)
	v.phoneSays(v.pushes(id, 1), alert.ProofDenied)
	require.Equal(v, alert.Denied, v.settles(id).Verdict.Outcome)
	v.posts(id, store.PurposeCase, v.Now())
	require.NoError(v, v.Finish(v.Context(), id))
	heard, err := v.TakeAck(v.Context(), v.said(id, bob, ""), "Sam")
	require.NoError(v, err)
	require.Empty(v, heard.Refusal)
	v.resolves(id, "petty personal affairs")
	return id
}

// resolves a case as Sam, who logged in.
func (v *vault) resolves(id, reason string) {
	v.Helper()
	said := v.said(id, bob, "")
	said.LoggedIn = true
	heard, err := v.TakeResolve(v.Context(), said, "Sam", reason)
	require.NoError(v, err)
	require.Empty(v, heard.Refusal)
}

// trusts the person of an alert again.
func (v *vault) trusts(id string) {
	v.Helper()
	require.NoError(v, v.Trust(v.Context(), v.reads(id).Person, "Sam", "a new phone, personal"))
}
