package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/devchild"
	"securitybot/internal/testkit"
)

// Every role is a process of its own, with what docker-compose.yml gives it, and
// Slack speaks to them over HTTP or over a socket that they opened.
func TestRolesApart(t *testing.T) {
	t.Parallel()
	for name, slack := range map[string]string{
		"callbacks over HTTP": "SLACK_SIGNING_SECRET=sandbox-signing-secret",
		"Socket Mode":         "SLACK_APP_TOKEN=xapp-sandbox",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fleet := newFleet(t, slack)
			b := fleet.bot
			confirmed := b.reports(alertAbout(alice))
			b.answers(alice, "yes")
			b.explains(alice, "I was patching")
			b.phone(alice, "approve")
			require.Equal(t, "I was patching", b.settles(confirmed, "confirmed", "").Answer.Explanation)

			denied := b.reports(alertAbout(bob))
			b.answers(bob, "no")
			b.settles(denied, "denied", "")
			b.eventually("a case", func() bool { return b.alert(denied).has("case_opened") })

			require.Empty(t, fleet.degraded())
			fleet.stopTemporal()
			b.eventually("readiness names what is missing", func() bool {
				return strings.Join(fleet.degraded(), " ") == "temporal"
			})
			waiting := b.reports(alertAbout(carol))
			fleet.startTemporal()
			b.answers(carol, "unsure")
			b.settles(waiting, "unsure", "")
			b.eventually("two cases", func() bool { return len(b.security()) == 2 })
			require.Empty(t, fleet.degraded())
			fleet.stop()
		})
	}
}

// fleet is an installation of several processes. Its bot meets them behind one
// address, as a proxy would show them.
type fleet struct {
	bot      *bot
	env      []string
	server   devchild.Options
	temporal *devchild.Child
	started  []*role
}

// role is a process.
type role struct {
	name string
	cmd  *exec.Cmd
	out  *lockedBuffer
	done chan struct{}
}

func newFleet(t *testing.T, slack string) *fleet {
	t.Helper()
	ports := freePorts(t, 4)
	api, sandbox := fmt.Sprintf("127.0.0.1:%d", ports[0]), fmt.Sprintf("127.0.0.1:%d", ports[1])
	duo := fmt.Sprintf("127.0.0.1:%d", ports[2])
	played := t.TempDir()
	f := &fleet{bot: &bot{T: t, port: front(t, api, sandbox), out: &lockedBuffer{}}}
	binary, found, err := devchild.Find(t.Context(), filepath.Join("..", "..", "devserver"), filepath.Join("..", "..", "bin"))
	require.NoError(t, err)
	require.True(t, found, "no Temporal dev server: run `make build`")
	f.server = devchild.Options{Binary: binary, Port: ports[3], Headless: true, DBFile: binary.DBFileName(t.TempDir())}
	t.Cleanup(f.stopTemporal)
	f.startTemporal()
	f.env = append(cleanEnv(), slack,
		"DATABASE_URL="+testkit.Postgres(t), "TEMPORAL_ADDRESS="+f.temporal.Address,
		"SLACK_API_URL=http://"+sandbox+"/sandbox/slack/api/", "SLACK_BOT_TOKEN=xoxb-sandbox",
		"DUO_IKEY=sandbox-duo-ikey", "DUO_SKEY=sandbox-duo-skey", "DUO_HOST="+duo,
		"DUO_CA_FILE="+filepath.Join(played, "sandbox", "duo-ca.pem"), "DUO_USERNAME=localpart",
	)
	f.start("sandbox", "sandbox", "--listen="+sandbox, "--data="+played, "--duo-listen="+duo, "--callback-url=http://"+api)
	f.bot.eventually("the sandbox answers", func() bool {
		status, _ := f.bot.try(http.MethodGet, "/sandbox/control/users", nil)
		return status == http.StatusOK
	})
	migrated := f.start("migrate", "migrate")
	<-migrated.done
	require.True(t, migrated.cmd.ProcessState.Success(), migrated.out.String())
	f.start("api", "api", "--listen="+api)
	f.start("worker 1", "worker")
	f.start("worker 2", "worker")
	f.bot.eventually("it takes alerts", func() bool {
		status, _ := f.bot.try(http.MethodGet, "/readyz", nil)
		return status == http.StatusOK
	})
	return f
}

// front shows the sandbox and the API at one port.
func front(t *testing.T, api, sandbox string) (port int) {
	t.Helper()
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		host := api
		if strings.HasPrefix(r.In.URL.Path, "/sandbox") {
			host = sandbox
		}
		r.SetURL(&url.URL{Scheme: "http", Host: host})
	}}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	address, err := url.Parse(server.URL)
	require.NoError(t, err)
	port, err = strconv.Atoi(address.Port())
	require.NoError(t, err)
	return port
}

// start runs one role, in a folder of its own.
func (f *fleet) start(name string, args ...string) *role {
	t := f.bot.T
	t.Helper()
	r := &role{name: name, cmd: exec.Command(binary, args...), out: &lockedBuffer{}, done: make(chan struct{})}
	r.cmd.Dir, r.cmd.Env, r.cmd.Stdout, r.cmd.Stderr = t.TempDir(), f.env, r.out, r.out
	require.NoError(t, r.cmd.Start())
	go func() {
		_ = r.cmd.Wait()
		close(r.done)
	}()
	f.started = append(f.started, r)
	t.Cleanup(func() {
		_ = r.cmd.Process.Kill()
		<-r.done
		if t.Failed() {
			t.Logf("%s:\n%s", name, r.out)
		}
		require.NotContains(t, r.out.String(), "DATA RACE", name)
	})
	return r
}

// stop ends every role by itself, the last first.
func (f *fleet) stop() {
	t := f.bot.T
	t.Helper()
	for len(f.started) > 0 {
		r := f.started[len(f.started)-1]
		f.started = f.started[:len(f.started)-1]
		if r.name == "migrate" {
			continue
		}
		require.NoError(t, r.cmd.Process.Signal(syscall.SIGTERM))
		select {
		case <-r.done:
		case <-time.After(patience):
			require.FailNow(t, r.name+" did not stop", r.out.String())
		}
		require.Zero(t, r.cmd.ProcessState.ExitCode(), "a clean stop of %s: %s", r.name, r.out)
	}
}

func (f *fleet) startTemporal() {
	f.bot.Helper()
	child, err := devchild.Start(f.bot.Context(), f.server)
	require.NoError(f.bot, err)
	f.temporal = child
}

func (f *fleet) stopTemporal() {
	f.bot.Helper()
	require.NoError(f.bot, f.temporal.Stop(background()))
}

// degraded is what readiness says does not work.
func (f *fleet) degraded() []string {
	f.bot.Helper()
	status, text := f.bot.try(http.MethodGet, "/readyz", nil)
	require.Equal(f.bot, http.StatusOK, status, string(text))
	var ready struct{ Degraded []string }
	require.NoError(f.bot, json.Unmarshal(text, &ready))
	return ready.Degraded
}
