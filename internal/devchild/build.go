package devchild

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// keptLines is how much of a failed build's output goes into the error.
const keptLines = 20

// Progress is how far a build has come.
type Progress struct {
	// Done counts compiled packages of Total. Packages that Go's cache already
	// holds are never counted, so a build may end well before Done is Total.
	// Total is 0 until it is known.
	Done, Total int
	// Package was compiled last; while modules are fetched, "download MODULE VERSION".
	Package string
}

// Build compiles the module in sourceDir to binDir/temporal-devserver unless it
// is Current. A cold build takes minutes and reports each step to progress,
// which may be nil and is called from one goroutine at a time. Builders in
// several processes wait for each other; the binary appears whole or not at
// all. Without sources an existing binary is kept, and a missing one an error.
func Build(ctx context.Context, sourceDir, binDir string, progress func(Progress)) (err error) {
	if progress == nil {
		progress = func(Progress) {}
	}
	if Current(sourceDir, binDir) {
		return nil
	}
	if !hasSources(sourceDir) {
		return fmt.Errorf("build Temporal dev server: no %s in %s and no sources in %q", ownName, binDir, sourceDir)
	}
	if err := os.MkdirAll(binDir, 0o755); err != nil {
		return fmt.Errorf("create folder of the dev server: %w", err)
	}
	unlock, err := lock(ctx, binDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if Current(sourceDir, binDir) { // the one we waited for made it
		return nil
	}
	if err := compile(ctx, sourceDir, binDir, progress); err != nil {
		return fmt.Errorf("build Temporal dev server: %w", err)
	}
	return nil
}

// compile needs the lock.
func compile(ctx context.Context, sourceDir, binDir string, progress func(Progress)) error {
	// The digest comes first: sources that change meanwhile must not pass as built.
	stamp, err := digest(sourceDir)
	if err != nil {
		return err
	}
	fresh, err := freshFile(binDir)
	if err != nil {
		return err
	}
	defer os.Remove(fresh)
	total, err := countPackages(ctx, sourceDir, progress)
	if err != nil {
		return err
	}
	meter := &meter{total: total, report: progress}
	progress(Progress{Total: total})
	err = goCommand(ctx, sourceDir, meter.line, "build", "-v", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", fresh, ".")
	if err != nil {
		return err
	}
	return install(fresh, binDir, stamp)
}

// freshFile names the file to build into, an absolute path, and removes what
// builders that were killed left behind.
func freshFile(binDir string) (string, error) {
	binDir, err := filepath.Abs(binDir)
	if err != nil {
		return "", err
	}
	leftovers, err := filepath.Glob(filepath.Join(binDir, ownName+".*.tmp"))
	if err != nil {
		return "", err
	}
	for _, leftover := range leftovers {
		if err := os.Remove(leftover); err != nil {
			return "", fmt.Errorf("remove unfinished build: %w", err)
		}
	}
	return filepath.Join(binDir, fmt.Sprintf("%s.%d.tmp", ownName, os.Getpid())), nil
}

// install swaps the binary. The stamp goes first and comes last, so that there
// is never one that speaks of another binary.
func install(fresh, binDir, stamp string) error {
	if err := os.Remove(stampFile(binDir)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove old stamp: %w", err)
	}
	if err := os.Rename(fresh, filepath.Join(binDir, ownName)); err != nil {
		return fmt.Errorf("put new binary in place: %w", err)
	}
	if err := os.WriteFile(stampFile(binDir), []byte(stamp+"\n"), 0o644); err != nil {
		return fmt.Errorf("write stamp: %w", err)
	}
	return nil
}

// countPackages downloads what is missing and returns how many packages a cold
// build compiles.
func countPackages(ctx context.Context, sourceDir string, progress func(Progress)) (int, error) {
	meter := &meter{report: progress}
	count := 0
	line := func(text string) {
		if module, ok := downloaded(text); ok {
			meter.line(module)
		} else if !strings.HasPrefix(text, "go: ") {
			count++
		}
	}
	err := goCommand(ctx, sourceDir, line, "list", "-deps", ".")
	return count, err
}

// meter turns the go command's output into progress.
type meter struct {
	done, total int
	report      func(Progress)
}

func (m *meter) line(text string) {
	if module, ok := downloaded(text); ok {
		text = module
	} else if strings.ContainsAny(text, " \t:#") {
		return // a compiler's message, not a package
	} else {
		m.done++
	}
	m.report(Progress{Done: m.done, Total: m.total, Package: text})
}

func downloaded(text string) (string, bool) {
	module, ok := strings.CutPrefix(text, "go: downloading ")
	return "download " + module, ok
}

// goCommand runs the go command in dir and hands each line of its output to
// line. An error carries the last lines. The command and the compilers it
// starts end with ctx and, on Linux, with this process.
func goCommand(ctx context.Context, dir string, line func(string), args ...string) error {
	// The parent-death signal is tied to the thread that starts the child.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = goEnv()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(cmd.SysProcAttr, syscall.SIGTERM)
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second

	reader, writer := io.Pipe()
	cmd.Stdout, cmd.Stderr = writer, writer
	tail := make(chan []string, 1)
	go func() { tail <- readLines(reader, line) }()
	err := cmd.Run()
	_ = writer.Close() // never fails
	lines := <-tail
	if err == nil {
		return nil
	}
	return fmt.Errorf("go %s: %w\n%s", args[0], errors.Join(err, ctx.Err()), strings.Join(lines, "\n"))
}

// readLines reads to the end and returns the last lines.
func readLines(r io.Reader, line func(string)) []string {
	var tail []string
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		line(scanner.Text())
		tail = append(tail, scanner.Text())
		tail = tail[max(0, len(tail)-keptLines):]
	}
	_, _ = io.Copy(io.Discard, r) // after a line too long to scan: the writer must not block
	return tail
}

// goEnv is this process's environment without what a user may have set for
// builds of another kind. GOFLAGS is set, not emptied: Go takes an empty one
// from its configuration file instead.
func goEnv() []string {
	return append(os.Environ(),
		"GOFLAGS=-mod=readonly", "GOWORK=off", "GO111MODULE=on",
		"GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
}
