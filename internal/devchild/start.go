package devchild

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	enumspb "go.temporal.io/api/enums/v1"
)

// Options says how to run a server. Only Binary is required.
type Options struct {
	Binary Binary
	// IP is where frontend and web UI listen; 127.0.0.1 if empty.
	IP string
	// Port and UIPort are free ones if 0.
	Port, UIPort int
	// Headless leaves the web UI out.
	Headless bool
	// DBFile keeps the data, see Binary.DBFileName; if empty it is in memory.
	DBFile string
	// Namespace is registered if it doesn't exist; "default" if empty.
	Namespace string
	// LogFile gets the server's output appended; if empty it is thrown away.
	LogFile string
	// SearchAttributes are registered in the namespace.
	SearchAttributes map[string]enumspb.IndexedValueType
}

// Child is a running Temporal server.
type Child struct {
	// Address is the frontend's host:port.
	Address string
	// UIURL is the web UI's address, empty if Headless.
	UIURL string

	pid      int
	done     chan struct{}
	mu       sync.Mutex
	err      error // valid once done is closed
	stopping bool
}

// Start runs a server and waits until it takes requests, or until ctx ends;
// afterwards ctx has no part in it. The child has a process group of its own, so
// a Ctrl-C at the terminal doesn't reach it before its user has let go of it,
// and it ends when this process does, even by SIGKILL. A port that is taken is
// an error that names the flag of `securitybot run` to change.
func Start(ctx context.Context, opts Options) (*Child, error) {
	opts = withDefaults(opts)
	if err := choosePorts(&opts); err != nil {
		return nil, err
	}
	output, offset, err := openLog(opts.LogFile)
	if err != nil {
		return nil, err
	}
	defer output.Close() // the child has its own descriptor

	child := &Child{
		Address: net.JoinHostPort(opts.IP, strconv.Itoa(opts.Port)),
		done:    make(chan struct{}),
	}
	if !opts.Headless {
		child.UIURL = "http://" + net.JoinHostPort(opts.IP, strconv.Itoa(opts.UIPort))
	}
	if err := child.launch(command(opts, output), opts.Binary.Own); err != nil {
		return nil, err
	}
	if err := child.awaitReady(ctx, opts); err != nil {
		child.kill()
		return nil, fmt.Errorf("wait for Temporal server at %s: %w%s", child.Address, err, logTail(opts.LogFile, offset))
	}
	return child, nil
}

// Done is closed when the process has ended.
func (c *Child) Done() <-chan struct{} { return c.done }

// Err says why the process ended: nil before that, and after Stop.
func (c *Child) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Stop asks the server to end (SIGTERM to its process group) and waits; when ctx
// ends first it is killed. Both are a success: the data is safe either way. It
// may be called more than once.
func (c *Child) Stop(ctx context.Context) error {
	c.mu.Lock()
	c.stopping = true
	c.mu.Unlock()
	if err := c.signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		c.kill()
	}
	return nil
}

func (c *Child) kill() {
	c.mu.Lock()
	c.stopping = true
	c.mu.Unlock()
	_ = c.signal(syscall.SIGKILL)
	<-c.done
}

// signal reaches the whole group, unless the process is gone already and its
// number may be somebody else's.
func (c *Child) signal(signal syscall.Signal) error {
	select {
	case <-c.done:
		return nil
	default:
	}
	if err := syscall.Kill(-c.pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("send %s to Temporal server: %w", signal, err)
	}
	return nil
}

// launch starts the process and watches it to its end. Both happen on one
// thread that is kept meanwhile: the parent-death signal of the `temporal` tool
// comes when that thread ends, and Go may end an idle one at any time.
func (c *Child) launch(cmd *exec.Cmd, own bool) error {
	var parent io.Closer
	if own {
		stdin, err := cmd.StdinPipe()
		if err != nil {
			return fmt.Errorf("connect to Temporal server: %w", err)
		}
		parent = stdin
	} else {
		dieWithParent(cmd.SysProcAttr, syscall.SIGKILL)
	}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			c.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			c.ended(cmd.Wait())
		}
	}()
	if err := <-started; err != nil {
		if parent != nil {
			err = errors.Join(err, parent.Close())
		}
		return fmt.Errorf("start Temporal server: %w", err)
	}
	return nil
}

func (c *Child) ended(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopping {
		if err == nil {
			err = errors.New("exit status 0")
		}
		c.err = fmt.Errorf("server process ended: %w", err)
	}
	close(c.done)
}

func command(opts Options, output *os.File) *exec.Cmd {
	args := []string{
		"server", "start-dev", "--ip", opts.IP, "--port", strconv.Itoa(opts.Port),
		"--namespace", opts.Namespace, "--log-level", "warn", "--log-format", "json",
		"--dynamic-config-value", "frontend.enableServerVersionCheck=false",
	}
	if opts.Headless {
		args = append(args, "--headless")
	} else {
		args = append(args, "--ui-ip", opts.IP, "--ui-port", strconv.Itoa(opts.UIPort))
	}
	if opts.DBFile != "" {
		args = append(args, "--db-filename", opts.DBFile)
	}
	for _, name := range slices.Sorted(maps.Keys(opts.SearchAttributes)) {
		args = append(args, "--search-attribute", name+"="+opts.SearchAttributes[name].String())
	}
	if opts.Binary.Own {
		args = append(args, "--exit-with-parent")
	}
	cmd := exec.Command(opts.Binary.Path, args...) //nolint:noctx // it outlives the call that starts it, see Child.Stop
	cmd.Env = childEnv()
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// childEnv passes on what a program needs to run, and no secret.
func childEnv() []string {
	wanted := []string{"PATH", "HOME", "TMPDIR", "TZ", "LANG", "GOMAXPROCS", "GOMEMLIMIT", "GODEBUG"}
	return slices.DeleteFunc(os.Environ(), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return !slices.Contains(wanted, name)
	})
}

func withDefaults(opts Options) Options {
	if opts.IP == "" {
		opts.IP = "127.0.0.1"
	}
	if opts.Namespace == "" {
		opts.Namespace = "default"
	}
	return opts
}
