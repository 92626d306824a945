package e2e_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// longToken is one that a real installation takes.
const longToken = "falco=0123456789abcdef0123456789abcdef"

// realSlack are credentials as real ones look; nobody answers where they lead.
func realSlack() []string {
	return []string{
		"SLACK_BOT_TOKEN=xoxb-1234567890-planted", "SLACK_SIGNING_SECRET=8f742231b10e8888abcd99yyyzzz85a5",
		"SLACK_API_URL=http://127.0.0.1:9/", "SECURITYBOT_CHANNEL=C0SECURITY", "SECURITYBOT_TOKENS=" + longToken,
	}
}

// What can't work is refused at once, with the setting's name and no secret.
func TestRefusedAtOnce(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		env  []string
		says string
	}{
		"the sandbox's token":      {append(realSlack(), "SECURITYBOT_TOKENS=falco=sandbox"), "SECURITYBOT_TOKENS: pair 1: the sandbox's token is refused"},
		"a short token":            {append(realSlack(), "SECURITYBOT_TOKENS=falco=plantedplanted"), "SECURITYBOT_TOKENS: pair 1: the token is shorter than 32 characters"},
		"a bot token alone":        {[]string{"SLACK_BOT_TOKEN=xoxb-1234567890-planted"}, "SLACK_APP_TOKEN: is needed"},
		"no channel":               {append(realSlack(), "SECURITYBOT_CHANNEL="), "SECURITYBOT_CHANNEL: is needed"},
		"a signing secret alone":   {[]string{"SLACK_SIGNING_SECRET=planted"}, "SLACK_BOT_TOKEN: is needed"},
		"the wrong kind of token":  {append(realSlack(), "SLACK_BOT_TOKEN=xapp-planted"), "SLACK_BOT_TOKEN: does not begin with xoxb-"},
		"half a second factor":     {append(realSlack(), "DUO_SKEY=planted"), "DUO_IKEY: is needed"},
		"Duo without Slack":        {[]string{"DUO_IKEY=DIPLANTED", "DUO_SKEY=planted", "DUO_HOST=api.example.com"}, "SLACK_BOT_TOKEN: is needed"},
		"a webhook without secret": {[]string{"ESCALATION_WEBHOOK_URL=https://soc.example.com/planted"}, "ESCALATION_WEBHOOK_SECRET: is needed"},
		"a deadline of nothing":    {[]string{"SECURITYBOT_DEADLINE=0s"}, "SECURITYBOT_DEADLINE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := installed(t, tc.env...)
			out := b.fails()
			require.Contains(t, out, tc.says)
			require.NotContains(t, out, "planted")
			require.NotContains(t, out, "0123456789abcdef")
		})
	}
}

// Without any token it runs, since the first one may be made later; it says so.
func TestNobodyMayReportYet(t *testing.T) {
	t.Parallel()
	b := installed(t, append(realSlack(), "SECURITYBOT_TOKENS=")...)
	b.launch()
	b.eventually("the operator is told", func() bool {
		return strings.Contains(b.out.String(), "nobody may report alerts yet")
	})
}

func TestPortsInUse(t *testing.T) {
	t.Parallel()
	for name, port := range map[string]func(*bot) int{
		"--listen":        func(b *bot) int { return b.port },
		"--temporal-port": func(b *bot) int { return b.tport },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := installed(t)
			listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", port(b)))
			require.NoError(t, err)
			t.Cleanup(func() { _ = listener.Close() })
			b.launch()
			b.eventually("the flag is named", func() bool { return containsAll(b.out.String(), name, fmt.Sprint(port(b))) })
			if name == "--listen" {
				b.awaitExit()
				require.NotZero(t, b.cmd.ProcessState.ExitCode())
				return
			}
			require.NoError(t, listener.Close())
			b.eventually("it goes on when the port is free", func() bool {
				status, text := b.try(http.MethodGet, "/readyz", nil)
				return status == http.StatusOK && !containsAll(string(text), "temporal")
			})
		})
	}
}

// With real credentials nothing of the sandbox is left, and alerts are taken
// although nobody answers at Slack.
func TestRealCredentialsSwitchTheSandboxOff(t *testing.T) {
	t.Parallel()
	b := running(t, realSlack()...)
	for _, path := range []string{
		"/sandbox", "/sandbox/", "/sandbox/control/messages?user=" + alice, "/sandbox/slack/api/auth.test", "/sandbox/alerts", "/sandbox/state",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			response, _ := b.rawRequest(method, path, "sandbox", "{}")
			require.Equal(t, http.StatusNotFound, response.StatusCode, "%s %s", method, path)
		}
	}
	body := `{"detection":"nmap","title":"Scan","severity":"high","subject":{"email":"bob@example.com"}}`
	response, _ := b.rawRequest(http.MethodPost, "/v1/alerts", "sandbox", body)
	require.Equal(t, http.StatusUnauthorized, response.StatusCode, "the sandbox's token is nothing here")
	response, _ = b.rawRequest(http.MethodPost, "/v1/alerts", "0123456789abcdef0123456789abcdef", body)
	require.Equal(t, http.StatusAccepted, response.StatusCode)
	require.NoDirExists(t, filepath.Join(b.data, "sandbox"))
	require.NotContains(t, b.out.String(), "planted")
	b.stop()
}

// Slack elsewhere, and no second factor at all: a yes is never more than a claim.
func TestWithoutASecondFactorNothingIsConfirmed(t *testing.T) {
	t.Parallel()
	b := beside(t, "DUO_IKEY=", "DUO_SKEY=", "DUO_HOST=", "DUO_CA_FILE=")
	id := b.reports(alertAbout(alice))
	b.answers(alice, "yes")
	b.settles(id, "unproven", "no_second_factor")
	b.eventually("a case", func() bool { return b.alert(id).has("case_opened") })
	require.Empty(t, b.pushes(alice))
	no := b.reports(alertAbout(bob))
	b.answers(bob, "no")
	b.settles(no, "denied", "")
}

// beside gives an installation whose Slack and Duo are a sandbox in a process of
// its own.
func beside(t *testing.T, env ...string) *bot {
	t.Helper()
	b := installed(t)
	ports, folder := freePorts(t, 2), t.TempDir()
	b.sandboxPort = ports[0]
	duo := fmt.Sprintf("127.0.0.1:%d", ports[1])
	sandbox := exec.Command(binary, "sandbox", fmt.Sprintf("--listen=127.0.0.1:%d", b.sandboxPort), "--data", folder,
		"--callback-url", b.url(""), "--duo-listen", duo)
	sandbox.Env, sandbox.Stdout, sandbox.Stderr = cleanEnv(), b.out, b.out
	require.NoError(t, sandbox.Start())
	t.Cleanup(func() {
		_ = sandbox.Process.Kill()
		_ = sandbox.Wait()
	})
	b.eventually("the sandbox answers", func() bool {
		status, _ := b.try(http.MethodGet, "/sandbox/control/users", nil)
		return status == http.StatusOK
	})
	b.env = append(b.env,
		"SLACK_BOT_TOKEN=xoxb-sandbox", "SLACK_SIGNING_SECRET=sandbox-signing-secret", "SLACK_API_URL="+b.url("/sandbox/slack/api"),
		"SECURITYBOT_CHANNEL=security", "SECURITYBOT_TOKENS=sandbox=sandbox",
		"DUO_IKEY=sandbox-duo-ikey", "DUO_SKEY=sandbox-duo-skey", "DUO_HOST="+duo, "DUO_CA_FILE="+filepath.Join(folder, "sandbox", "duo-ca.pem"))
	b.env = append(b.env, env...)
	b.start()
	return b
}

// fails runs the program, which must end by itself with an error, and gives what
// it printed.
func (b *bot) fails() string {
	b.Helper()
	begun := time.Now()
	args := append([]string{"run", fmt.Sprintf("--listen=127.0.0.1:%d", b.port), "--data", b.data}, b.args...)
	patient, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(patient, binary, args...)
	cmd.Env = b.env
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(b, err, &exit, "it ran: %s", out)
	require.Equal(b, 1, exit.ExitCode(), "%s", out)
	b.Logf("it ended after %s: %s", time.Since(begun).Round(time.Millisecond), out)
	return string(out)
}

func containsAll(text string, parts ...string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}
