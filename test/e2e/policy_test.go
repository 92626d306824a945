package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// policyShown is a policy as the API shows it.
type policyShown struct {
	Revision string
	Text     string
	LoadedBy string `json:"loaded_by"`
}

// inForce waits until the directory was read: before that nobody is known who could ask.
func (b *bot) inForce() policyShown {
	b.Helper()
	var shown policyShown
	b.eventually("the policy can be read", func() bool {
		status, text := b.try(http.MethodGet, "/v1/policy", nil)
		return status == http.StatusOK && json.Unmarshal(text, &shown) == nil
	})
	return shown
}

// writes a policy file anew.
func (b *bot) writes(path, text string) {
	b.Helper()
	require.NoError(b, os.WriteFile(path, []byte(text), 0o600))
}

// A changed file holds from then on, for alerts that come then; a broken one leaves
// the one before in force. The channel is told of both.
func TestPolicyIsReloaded(t *testing.T) {
	t.Parallel()
	const before = always + "rules: [{name: shells, match: 'detection == \"sudo_interactive\"', deadline: 20m}]\n"
	file := policy(t, before)
	path := strings.TrimPrefix(file, "SECURITYBOT_POLICY=")
	b := running(t, file)
	first := b.inForce()
	require.Equal(t, before, first.Text)
	require.True(t, b.notice("Policy "+first.Revision+" is in force now").says("looser"), "than what is built in")

	old := b.reports(alertAbout(alice))
	b.questionOf(alice, old)
	planned := b.alert(old).entry("planned")
	require.Equal(t, first.Revision, planned["revision"])
	require.Equal(t, "shells", b.alert(old).Rule)
	deadline := b.deadline(old)

	b.writes(path, strings.Replace(before, "deadline: 20m", "deadline: 40m, second_factor: off", 1))
	b.eventually("the change is in force", func() bool { return b.inForce().Revision != first.Revision })
	second := b.inForce()
	told := b.notice("Policy " + second.Revision + " is in force now")
	require.True(t, told.says("2 changes to something looser"), told.Text)
	require.True(t, told.says(`rule "shells": deadline is 40m, was 20m`), told.Text)

	b.writes(path, "version: 1\nrules: [{name: shells, mach: 'true'}]\nlimits: {storm: many}\n")
	broken := b.notice("so the one before stays in force")
	require.True(t, broken.says("mach: unknown key"), broken.Text)
	require.True(t, broken.says("limits.storm"), broken.Text)
	require.Equal(t, second, b.inForce())

	again := b.reports(alertAbout(bob))
	require.Equal(t, second.Revision, b.becomes(again, "asking").entry("planned")["revision"])
	require.Equal(t, planned, b.alert(old).entry("planned"), "a plan never changes")
	require.Equal(t, deadline, b.alert(old).Deadline)
	b.clicks(alice, b.questionOf(alice, old), "yes")
	b.phone(alice, "approve")
	b.settles(old, "confirmed", "")
	b.clicks(bob, b.questionOf(bob, again), "yes")
	b.settles(again, "unproven", "second_factor_off")

	b.kill()
	b.start()
	require.Equal(t, second.Revision, b.inForce().Revision, "a start with the broken file goes on with what holds")
	require.NotContains(t, b.out.String(), "DATA RACE")
}

func TestPolicyIsReloadedOnSIGHUP(t *testing.T) {
	t.Parallel()
	file := policy(t, always)
	path := strings.TrimPrefix(file, "SECURITYBOT_POLICY=")
	b := running(t, file)
	first := b.inForce().Revision
	b.writes(path, always+"mode: shadow\n")
	require.NoError(t, b.cmd.Process.Signal(syscall.SIGHUP))
	b.within(10*time.Second, "it is in force", func() bool { return b.inForce().Revision != first })
	b.settles(b.reports(alertAbout(alice)), "observed", "shadow")
	require.Empty(t, b.questions(alice))
}

// A first start with a file that can't be used ends, and names all that is wrong.
func TestABrokenPolicyAtTheFirstStart(t *testing.T) {
	t.Parallel()
	out := installed(t, policy(t, "version: 2\ndefaults: {deadline: soon}\nrulse: []\n")).fails()
	for _, part := range []string{"1:10: version", "2:22: defaults.deadline", "3:1: rulse: unknown key"} {
		require.Contains(t, out, part)
	}
}
