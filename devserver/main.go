package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	uiversion "github.com/temporalio/ui-server/v2/server/version"
	"go.temporal.io/server/common/headers"
)

// version is that of this program; it changes when its behaviour does.
const version = "1.0"

// stopGrace is how long a stopping server may take before the process ends
// regardless: an orphan that hangs would keep the database and the port.
const stopGrace = 10 * time.Second

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main with its surroundings passed in. It returns the exit code: 0
// after a clean stop, 1 when the server could not run, 2 for bad flags.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	opts, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "temporal-devserver:", err)
		return 2
	}
	if opts.version {
		fmt.Fprintln(stdout, versionLine())
		return 0
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if opts.exitWithParent {
		ctx = untilClosed(ctx, stdin)
	}
	context.AfterFunc(ctx, func() {
		stop() // a second Ctrl-C ends the process at once
		time.AfterFunc(stopGrace, func() {
			fmt.Fprintln(stderr, "temporal-devserver: did not stop in time, giving up")
			os.Exit(1)
		})
	})
	err = serve(ctx, opts, stdout)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return 0 // stopped while it was still starting
	}
	if err != nil {
		fmt.Fprintln(stderr, "temporal-devserver:", err)
		return 1
	}
	return 0
}

func versionLine() string {
	return fmt.Sprintf("temporal-devserver version %s (Server %s, UI %s)",
		version, headers.ServerVersion, uiversion.UIVersion)
}

// untilClosed returns a context that ends with ctx or when r reaches its end,
// whichever is first. What is written to r is ignored.
func untilClosed(ctx context.Context, r io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, r)
	}()
	return ctx
}
