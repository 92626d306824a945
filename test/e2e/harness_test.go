// Package e2e_test meets Securitybot as people do: the real binary, with a real
// Temporal server and database, the sandbox's Slack and Duo, and somebody at
// each end.
package e2e_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience bounds every wait for something that will happen.
const patience = 90 * time.Second

// binary is the program under test, built with the race detector.
var binary string

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

// atATime is how many installations run beside each other: they mostly wait.
const atATime = "4"

func runTests(m *testing.M) int {
	flag.Parse()
	if err := flag.Set("test.parallel", atATime); err != nil {
		fmt.Fprintln(os.Stderr, "set test.parallel:", err)
		return 1
	}
	dir, err := os.MkdirTemp("", "securitybot-e2e")
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
	if err := linkDevServer(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// linkDevServer puts the dev server that `make build` left beside the program
// under test.
func linkDevServer(dir string) error {
	bin, err := filepath.Abs("../../bin")
	if err != nil {
		return err
	}
	for _, name := range []string{"temporal-devserver", "temporal-devserver.stamp"} {
		if _, err := os.Stat(filepath.Join(bin, name)); err != nil {
			return fmt.Errorf("%s is missing: run `make build` first", name)
		}
		if err := os.Symlink(filepath.Join(bin, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// bot is one installation: its data outlives its processes.
type bot struct {
	*testing.T
	data  string
	port  int
	tport int
	env   []string
	args  []string

	sandboxPort int // of a sandbox in a process of its own; else 0

	mu     sync.Mutex
	cmd    *exec.Cmd
	exited chan struct{}
	out    *lockedBuffer
}

// installed gives an installation that does not run yet.
func installed(t *testing.T, env ...string) *bot {
	t.Helper()
	ports := freePorts(t, 3)
	return &bot{
		T: t, data: dataFolder(t), port: ports[0], tport: ports[1], out: &lockedBuffer{},
		env: append(cleanEnv(), env...),
		args: []string{
			fmt.Sprintf("--temporal-port=%d", ports[1]), fmt.Sprintf("--temporal-ui-port=%d", ports[2]), "--sample=false",
		},
	}
}

// unlimited is a policy for tests in which somebody has more questions than people
// should.
const unlimited = "version: 1\nlimits: {open_questions: 1000, storm: 0, person_day: 0}\n"

// policy has an installation begin with a policy file.
func policy(t *testing.T, text string) (variable string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return "SECURITYBOT_POLICY=" + path
}

// dataFolder outlives a killed program's Temporal, which takes a moment to follow it
// and may write until then.
func dataFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "securitybot-data") //nolint:usetesting // see above
	require.NoError(t, err)
	t.Cleanup(func() {
		deadline := time.Now().Add(patience)
		for err := os.RemoveAll(folder); err != nil; err = os.RemoveAll(folder) {
			if time.Now().After(deadline) {
				t.Errorf("remove the data folder: %v", err)
				return
			}
			<-time.After(100 * time.Millisecond)
		}
	})
	return folder
}

// running gives an installation that takes alerts.
func running(t *testing.T, env ...string) *bot {
	t.Helper()
	b := installed(t, env...)
	b.start()
	return b
}

// in is the same installation, for a subtest.
func (b *bot) in(t *testing.T) *bot {
	t.Helper()
	return &bot{
		T: t, data: b.data, port: b.port, tport: b.tport, env: b.env, args: b.args, cmd: b.cmd, exited: b.exited, out: b.out,
		sandboxPort: b.sandboxPort,
	}
}

// cleanEnv is ours without what would change a run.
func cleanEnv() []string {
	var env []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "SECURITYBOT_") || strings.HasPrefix(name, "SLACK_") ||
			strings.HasPrefix(name, "DUO_") || strings.HasPrefix(name, "TEMPORAL_") || name == "DATABASE_URL" {
			continue
		}
		env = append(env, variable)
	}
	return env
}

func freePorts(t *testing.T, count int) []int {
	t.Helper()
	var ports []int
	for range count {
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer func() { _ = listener.Close() }()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// start runs the program and waits until it takes alerts.
func (b *bot) start() {
	b.Helper()
	b.launch()
	b.eventually("it takes alerts", func() bool {
		status, _ := b.try(http.MethodGet, "/readyz", nil)
		return status == http.StatusOK
	})
}

// launch runs the program.
func (b *bot) launch() {
	b.Helper()
	args := append([]string{"run", fmt.Sprintf("--listen=127.0.0.1:%d", b.port), "--data", b.data}, b.args...)
	cmd := exec.Command(binary, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = b.env, b.out, b.out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(b, cmd.Start())
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	b.mu.Lock()
	b.cmd, b.exited = cmd, exited
	b.mu.Unlock()
	b.Cleanup(func() {
		b.kill()
		if b.Failed() {
			b.Log(b.out.String())
		}
		if strings.Contains(b.out.String(), "DATA RACE") {
			b.Errorf("data race:\n%s", b.out.String())
		}
	})
}

// kill ends the program as a power cut would.
func (b *bot) kill() {
	_ = b.cmd.Process.Kill()
	b.awaitExit()
}

// stop asks it to end, and waits until it has.
func (b *bot) stop() {
	b.Helper()
	require.NoError(b, b.cmd.Process.Signal(syscall.SIGTERM))
	b.awaitExit()
	require.Zero(b, b.cmd.ProcessState.ExitCode(), "a clean stop")
}

// awaitExit waits until the program is gone, by itself or killed.
func (b *bot) awaitExit() {
	b.Helper()
	select {
	case <-b.exited:
	case <-time.After(patience):
		require.FailNow(b, "the program did not end", b.out.String())
	}
}

// eventually waits for something to become true.
func (b *bot) eventually(what string, happens func() bool) {
	b.Helper()
	b.within(patience, what, happens)
}

func (b *bot) within(wait time.Duration, what string, happens func() bool) {
	b.Helper()
	deadline := time.Now().Add(wait)
	for !happens() {
		if time.Now().After(deadline) {
			require.FailNow(b, "never happened: "+what, tail(b.out.String()))
		}
		<-time.After(50 * time.Millisecond)
	}
}

// stays checks that something that must not change doesn't for a while.
func (b *bot) stays(wait time.Duration, what string, holds func() bool) {
	b.Helper()
	for deadline := time.Now().Add(wait); time.Now().Before(deadline); {
		require.True(b, holds(), what)
		<-time.After(100 * time.Millisecond)
	}
}

func (b *bot) url(path string) string {
	port := b.port
	if b.sandboxPort != 0 && strings.HasPrefix(path, "/sandbox") {
		port = b.sandboxPort
	}
	return fmt.Sprintf("http://127.0.0.1:%d%s", port, path)
}

func tail(text string) string { return text[max(0, len(text)-6000):] }

// lockedBuffer is what a program wrote so far.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.String()
}

// background is for what outlives a test's context in its clean-up.
func background() context.Context { return context.Background() }
