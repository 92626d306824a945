package evidence_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"securitybot/internal/evidence"
	"securitybot/internal/policy"
)

const policyText = "version: 1\n"

var revision = policy.Digest([]byte(policyText))

// planned is a bundle whose timeline tells by which policy it was planned.
func planned(t *testing.T, key evidence.Key) evidence.Bundle {
	t.Helper()
	bundle := bundled(t, key)
	entry := evidence.Entry{
		AlertID: bundle.Alert.ID, Seq: 5, At: noon, Kind: "planned", Actor: "securitybot", Data: json.RawMessage(`{"revision":"` + revision + `"}`),
	}
	require.NoError(t, entry.Seal(bundle.Timeline[3].Hash))
	bundle.Timeline, bundle.Unlogged = append(bundle.Timeline, entry), []int{4, 5}
	return bundle
}

// A bundle says by which rules somebody was asked. It is no proof of that with another
// text, not even for who has the key.
func TestABundleHoldsThePolicyOfItsPlan(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	const other = "version: 1\nzone: Europe/Berlin\n"
	for name, tc := range map[string]struct {
		change func(*evidence.Bundle)
		says   string
	}{
		"as it was planned":   {func(*evidence.Bundle) {}, ""},
		"another text":        {func(b *evidence.Bundle) { b.Policy.Text = other }, `text is not that of revision "` + revision + `"`},
		"no text":             {func(b *evidence.Bundle) { b.Policy.Text = "" }, `text is not that of revision "` + revision + `"`},
		"no policy":           {func(b *evidence.Bundle) { b.Policy = nil }, "is missing"},
		"no plan":             {func(b *evidence.Bundle) { b.Plan = nil }, "the plan is missing"},
		"a plan that is gone": {func(b *evidence.Bundle) { b.Plan, b.Policy = nil, nil }, "the plan is missing"},
		"another plan": {func(b *evidence.Bundle) {
			b.Plan = json.RawMessage(`{"revision":"` + policy.Digest([]byte(other)) + `"}`)
		}, "the timeline tells of"},
		"another policy with its own text": {func(b *evidence.Bundle) {
			b.Policy = &evidence.Policy{Revision: policy.Digest([]byte(other)), Text: other}
		}, "the plan follows from"},
		"another plan, policy and text": {func(b *evidence.Bundle) {
			b.Plan = json.RawMessage(`{"revision":"` + policy.Digest([]byte(other)) + `"}`)
			b.Policy = &evidence.Policy{Revision: policy.Digest([]byte(other)), Text: other}
		}, "the timeline tells of"},
		"the built-in one instead": {func(b *evidence.Bundle) {
			b.Plan, b.Policy = json.RawMessage(`{"revision":"built-in"}`), &evidence.Policy{Revision: "built-in"}
		}, "the timeline tells of"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bundle := planned(t, key)
			tc.change(&bundle)
			file, err := evidence.Sign(bundle, key)
			require.NoError(t, err)
			_, err = evidence.Verify(file, key.Public())
			if tc.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.says)
		})
	}
}

// There are revisions without a file, and nobody gives them one.
func TestAPlanWithoutAPolicyFile(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	for _, name := range []string{policy.BuiltIn().Revision(), "withdrawn", "request", "lost phone"} {
		for text, good := range map[string]bool{"": true, policyText: false} {
			bundle := bundled(t, key)
			bundle.Timeline = chained(t, bundle.Alert.ID, [3]string{"accepted", string(bundle.Timeline[0].Data), ""})
			bundle.Log, bundle.Unlogged = nil, []int{1}
			bundle.Answers, bundle.Proofs, bundle.Alert.Verdict = nil, nil, ""
			bundle.Plan = json.RawMessage(`{"revision":"` + name + `"}`)
			bundle.Policy = &evidence.Policy{Revision: name, Text: text}
			file, err := evidence.Sign(bundle, key)
			require.NoError(t, err)
			_, err = evidence.Verify(file, key.Public())
			require.Equal(t, good, err == nil, "%s with %q: %v", name, text, err)
		}
	}
}
