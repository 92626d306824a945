package devchild

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
)

const (
	readyPoll    = 50 * time.Millisecond
	probeTimeout = 2 * time.Second
	tailBytes    = 2000
)

// awaitReady returns when the frontend answers, and the UI too if there is one;
// or with the reason why it never will.
func (c *Child) awaitReady(ctx context.Context, opts Options) error {
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for {
		err := c.probe(ctx, opts)
		if err == nil {
			return nil
		}
		select {
		case <-c.done:
			return c.Err()
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-tick.C:
		}
	}
}

func (c *Child) probe(ctx context.Context, opts Options) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	// The plain connection first: the client logs and waits when refused.
	for _, port := range listening(opts) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(opts.IP, strconv.Itoa(port)))
		if err != nil {
			return err
		}
		if err := conn.Close(); err != nil {
			return err
		}
	}
	temporal, err := client.DialContext(ctx, client.Options{
		HostPort:  c.Address,
		Namespace: opts.Namespace,
		Logger:    log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return err
	}
	defer temporal.Close()
	_, err = temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
	return err
}

func listening(opts Options) []int {
	if opts.Headless {
		return []int{opts.Port}
	}
	return []int{opts.Port, opts.UIPort}
}

// choosePorts checks the wanted ports and finds free ones for those left open.
func choosePorts(opts *Options) error {
	if err := choosePort(opts.IP, &opts.Port, "--temporal-port"); err != nil || opts.Headless {
		return err
	}
	if opts.UIPort == opts.Port {
		return fmt.Errorf("port %d is wanted twice: choose another with --temporal-ui-port", opts.Port)
	}
	return choosePort(opts.IP, &opts.UIPort, "--temporal-ui-port")
}

func choosePort(ip string, port *int, flag string) error {
	address := net.JoinHostPort(ip, strconv.Itoa(*port))
	listener, err := net.Listen("tcp", address) //nolint:noctx // taking a local port waits for nothing
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is already in use: choose another port with %s: %w", address, flag, err)
	}
	if err != nil {
		return fmt.Errorf("listen on %s (%s): %w", address, flag, err)
	}
	if taken, ok := listener.Addr().(*net.TCPAddr); ok {
		*port = taken.Port
	}
	return listener.Close()
}

// openLog opens the log for appending and says where the new part begins.
func openLog(path string) (file *os.File, offset int64, err error) {
	if path == "" {
		path = os.DevNull
	}
	file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, 0, fmt.Errorf("open log of Temporal server: %w", err)
	}
	offset, err = file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("find end of log: %w", err), file.Close())
	}
	return file, offset, nil
}

// logTail returns the end of what was logged since offset, to go after an error.
func logTail(path string, offset int64) string {
	content, err := os.ReadFile(path)
	if err != nil || int64(len(content)) <= offset {
		return ""
	}
	tail := bytes.TrimSpace(content[offset:])
	return "\n" + strings.ToValidUTF8(string(tail[max(0, len(tail)-tailBytes):]), "")
}
