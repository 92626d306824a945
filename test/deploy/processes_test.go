package deploy

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"securitybot/internal/devchild"
	"securitybot/internal/testkit"
)

const (
	patience = 90 * time.Second // bounds every wait
	poll     = 50 * time.Millisecond
)

// binary is the program that the image has.
var binary string

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "securitybot-deploy-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "make a folder:", err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "securitybot")
	build := exec.Command("go", "build", "-race", "-o", binary, "securitybot/cmd/securitybot")
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build securitybot: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// --help parses the flags before it prints, so a flag that does not exist fails.
func TestEntryPointsExist(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{live, sandbox} {
		for name, service := range ours(load(t, profile)) {
			require.NotEmpty(t, service.Command, name)
			out, err := exec.CommandContext(t.Context(), binary, append(service.Command, "--help")...).CombinedOutput()
			require.NoError(t, err, "%s: %s", name, out)
			require.Contains(t, string(out), "securitybot "+service.Command[0]+" ", name)
		}
	}
}

// The services of the sandbox profile, as processes: with their commands and
// environments, and only the names of hosts and folders put in place.
func TestTheSandboxProfileAnswersAnAlert(t *testing.T) {
	t.Parallel()
	site := newSite(t)

	sandboxProcess := site.start("sandbox")
	site.await("the sandbox", func() bool { return site.get(site.sandbox+"/healthz", nil) == http.StatusOK })
	migrations := site.start("sandbox-migrate")
	require.Zero(t, migrations.wait(), migrations.out)
	api, worker := site.start("sandbox-api"), site.start("sandbox-worker")
	site.await("the API", func() bool { return site.get(site.api+"/readyz", nil) == http.StatusOK })

	site.refusesToChangeTheTimeline()
	id := site.report("alice@example.com")
	site.press("alice@example.com", "yes")
	site.approve("alice@example.com")
	site.await("the verdict", func() bool { return site.verdict(id) == "confirmed" })

	for _, process := range []*process{api, worker, sandboxProcess} {
		require.NoError(t, process.cmd.Process.Signal(syscall.SIGTERM))
		require.Zero(t, process.wait(), "a clean stop of %s: %s", process.name, process.out)
		require.NotContains(t, process.out.String(), "DATA RACE")
	}
}

// site is one machine in the place of compose's network.
type site struct {
	*testing.T
	services map[string]types.ServiceConfig
	data     string // the sandbox's volume
	database string // as api and worker log in
	hosts    *strings.Replacer
	listen   map[string]string // addresses by service
	sandbox  string
	api      string
}

func newSite(t *testing.T) *site {
	t.Helper()
	project := load(t, sandbox)
	s := &site{T: t, services: ours(project), data: t.TempDir()}
	addresses := freeAddresses(t, 3)
	s.listen = map[string]string{"sandbox": addresses[0], "sandbox-api": addresses[1]}
	s.sandbox, s.api = "http://"+addresses[0], "http://"+addresses[1]
	namespace := *s.services["sandbox-worker"].Environment["TEMPORAL_NAMESPACE"]
	owner, app := startDatabase(t)
	s.database = asUser(t, owner, app)
	s.hosts = strings.NewReplacer(
		*s.services["sandbox-worker"].Environment["DATABASE_URL"], s.database,
		*s.services["sandbox-migrate"].Environment["DATABASE_URL"], owner,
		*s.services["sandbox-migrate"].Environment["SECURITYBOT_DATABASE_ROLE"], app,
		"temporal:7233", startTemporal(t, namespace),
		"sandbox:8080", addresses[0],
		"sandbox:8443", addresses[2],
		"0.0.0.0:8443", addresses[2],
		"/sandbox/sandbox/duo-ca.pem", filepath.Join(s.data, "sandbox", "duo-ca.pem"),
	)
	return s
}

// startDatabase makes a database and its two users, with the rights that
// deploy/postgres gives them. The URL is the owner's.
func startDatabase(t *testing.T) (database, app string) {
	t.Helper()
	owner, app := "owner_"+strings.ToLower(rand.Text()), "app_"+strings.ToLower(rand.Text())
	var server string
	t.Cleanup(func() { // once the database is dropped, as cleanups run backwards
		administer(t, elsewhere(t, server), "DROP ROLE "+owner, "DROP ROLE "+app)
	})
	server = testkit.Postgres(t)
	address, err := url.Parse(server)
	require.NoError(t, err)
	name := strings.TrimPrefix(address.Path, "/")
	administer(t, server,
		"CREATE ROLE "+owner+" LOGIN PASSWORD '"+password+"'", "CREATE ROLE "+app+" LOGIN PASSWORD '"+password+"'",
		"ALTER DATABASE "+name+" OWNER TO "+owner, "REVOKE ALL ON DATABASE "+name+" FROM PUBLIC",
		"GRANT CONNECT ON DATABASE "+name+" TO "+app)
	return asUser(t, server, owner), app
}

const password = "letters"

func administer(t *testing.T, server string, statements ...string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	connection, err := pgx.Connect(ctx, server)
	require.NoError(t, err)
	defer func() { require.NoError(t, connection.Close(ctx)) }()
	for _, statement := range statements {
		_, err := connection.Exec(ctx, statement)
		require.NoError(t, err, statement)
	}
}

// elsewhere is the database of a server that is always there.
func elsewhere(t *testing.T, database string) string {
	t.Helper()
	address, err := url.Parse(database)
	require.NoError(t, err)
	address.Path = "/postgres"
	return address.String()
}

func asUser(t *testing.T, database, user string) string {
	t.Helper()
	address, err := url.Parse(database)
	require.NoError(t, err)
	address.User = url.UserPassword(user, password)
	return address.String()
}

// refusesToChangeTheTimeline tries it with what api and worker have.
func (s *site) refusesToChangeTheTimeline() {
	s.Helper()
	connection, err := pgx.Connect(s.Context(), s.database)
	require.NoError(s, err)
	defer func() { require.NoError(s, connection.Close(s.Context())) }()
	for _, statement := range []string{
		"UPDATE timeline SET actor = 'nobody'", "DELETE FROM timeline", "TRUNCATE timeline", "DROP TABLE timeline",
		"ALTER TABLE timeline DISABLE TRIGGER ALL", "UPDATE checkpoints SET size = 0",
	} {
		_, err := connection.Exec(s.Context(), statement)
		refused, ok := errors.AsType[*pgconn.PgError](err)
		require.True(s, ok, statement)
		require.Equal(s, insufficientPrivilege, refused.Code, statement)
	}
}

// insufficientPrivilege is PostgreSQL's code for what a role may not do.
const insufficientPrivilege = "42501"

// startTemporal runs a server that knows the namespace and nothing else of ours:
// the search attributes are the worker's to register.
func startTemporal(t *testing.T, namespace string) (address string) {
	t.Helper()
	server, found, err := devchild.Find(t.Context(), filepath.Join(root, "devserver"), filepath.Join(root, "bin"))
	require.NoError(t, err)
	require.True(t, found, "no Temporal dev server: run `make build`")
	child, err := devchild.Start(t.Context(), devchild.Options{Binary: server, Namespace: namespace, Headless: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, child.Stop(t.Context())) })
	return child.Address
}

func freeAddresses(t *testing.T, count int) []string {
	t.Helper()
	var addresses []string
	for range count {
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer func() { _ = listener.Close() }()
		addresses = append(addresses, listener.Addr().String())
	}
	return addresses
}

// process is a service that runs.
type process struct {
	name string
	cmd  *exec.Cmd
	out  *bytes.Buffer // complete after wait
	done chan struct{}
}

// start runs a service with nothing in its environment but what compose and the
// image give it.
func (s *site) start(name string) *process {
	s.Helper()
	service := s.services[name]
	args := make([]string, len(service.Command))
	for i, arg := range service.Command {
		args[i] = s.hosts.Replace(arg)
	}
	p := &process{name: name, cmd: exec.Command(binary, args...), out: &bytes.Buffer{}, done: make(chan struct{})}
	p.cmd.Env = s.environment(name, service)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = s.TempDir(), p.out, p.out
	require.NoError(s, p.cmd.Start())
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait()
	}()
	s.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
		if s.Failed() {
			s.Logf("%s:\n%s", name, p.out)
		}
	})
	return p
}

func (s *site) environment(name string, service types.ServiceConfig) []string {
	data := s.TempDir()
	if name == "sandbox" {
		data = s.data
	}
	env := []string{"HOME=/", "SECURITYBOT_DATA=" + data} // as the image has it
	for variable, value := range service.Environment {
		text := s.hosts.Replace(*value)
		if variable == "SECURITYBOT_LISTEN" {
			require.Equal(s, "0.0.0.0:8080", text)
			text = s.listen[name]
		}
		env = append(env, variable+"="+text)
	}
	return env
}

// wait gives the exit code.
func (p *process) wait() int {
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		return -1
	}
}

func (s *site) await(what string, happens func() bool) {
	s.Helper()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !happens(); <-tick.C {
		require.True(s, time.Now().Before(deadline), "never came: %s", what)
	}
}

// report sends an alert about somebody, as a detection would.
func (s *site) report(email string) (id string) {
	s.Helper()
	body := fmt.Sprintf(`{"detection":"sudo_interactive","title":"sudo to a shell","severity":"high","subject":{"email":%q}}`, email)
	var accepted struct{ ID string }
	require.Equal(s, http.StatusAccepted, s.do(http.MethodPost, s.api+"/v1/alerts", body, &accepted))
	return accepted.ID
}

func (s *site) verdict(id string) string {
	s.Helper()
	var shown struct{ Verdict string }
	require.Equal(s, http.StatusOK, s.get(s.api+"/v1/alerts/"+id, &shown))
	return shown.Verdict
}

// press waits for a button and presses it.
func (s *site) press(email, action string) {
	s.Helper()
	type message struct {
		Channel string
		TS      string
		Actions []struct {
			ActionID string `json:"action_id"`
		}
	}
	click := ""
	s.await("the question", func() bool {
		var messages []message
		s.get(s.sandbox+"/sandbox/control/messages?user="+email, &messages)
		for _, m := range messages {
			for _, offered := range m.Actions {
				if offered.ActionID == action {
					click = fmt.Sprintf(`{"user":%q,"channel":%q,"ts":%q,"action_id":%q}`, email, m.Channel, m.TS, action)
				}
			}
		}
		return click != ""
	})
	require.Equal(s, http.StatusOK, s.do(http.MethodPost, s.sandbox+"/sandbox/control/click", click, nil))
}

// approve waits for a push and approves it.
func (s *site) approve(email string) {
	s.Helper()
	var pushes []struct{ TxID, Status string }
	s.await("the push", func() bool {
		s.get(s.sandbox+"/sandbox/control/pushes?user="+email, &pushes)
		return len(pushes) == 1 && pushes[0].Status == "waiting"
	})
	require.Equal(s, http.StatusOK,
		s.do(http.MethodPost, s.sandbox+"/sandbox/control/pushes/"+pushes[0].TxID, `{"result":"approve"}`, nil))
}

func (s *site) get(url string, answer any) (status int) {
	s.Helper()
	return s.do(http.MethodGet, url, "", answer)
}

// do gives 0 when nobody answers.
func (s *site) do(method, url, body string, answer any) (status int) {
	s.Helper()
	request, err := http.NewRequestWithContext(s.Context(), method, url, strings.NewReader(body))
	require.NoError(s, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer sandbox")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	require.NoError(s, err)
	if answer != nil && response.StatusCode < http.StatusMultipleChoices {
		require.NoError(s, json.Unmarshal(content, answer), string(content))
	}
	return response.StatusCode
}
