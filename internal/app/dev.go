package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"go.temporal.io/api/enums/v1"

	"securitybot/internal/conversation"
	"securitybot/internal/devchild"
)

// The ports of Temporal's own tools, taken when they are free.
const (
	usualPort   = 7233
	usualUIPort = 8233
)

// Phase is how far the own Temporal server has come.
type Phase string

// The phases.
const (
	PhaseBuilding Phase = "building"
	PhaseStarting Phase = "starting"
	PhaseReady    Phase = "ready"
	PhaseFailed   Phase = "failed"
)

// BootStatus is what the sandbox's page shows of it.
type BootStatus struct {
	Phase      Phase  `json:"phase"`
	Detail     string `json:"detail"`
	Done       int    `json:"done"`
	Total      int    `json:"total"`
	TemporalUI string `json:"temporal_ui"`
}

// devServer keeps a Temporal server as a child.
type devServer struct {
	options devchild.Options
	source  string
	bin     string
	data    string
	address string
	logger  *slog.Logger
	up      chan struct{}
	upOnce  sync.Once

	mu     sync.Mutex
	status BootStatus
}

func newDevServer(ctx context.Context, options Options, logger *slog.Logger) (*devServer, error) {
	port, err := freePort(ctx, options.TemporalPort, usualPort)
	if err != nil {
		return nil, err
	}
	uiPort, err := freePort(ctx, options.TemporalUIPort, usualUIPort)
	if err != nil {
		return nil, err
	}
	attributes := map[string]enums.IndexedValueType{}
	for _, name := range conversation.SearchAttributes() {
		attributes[name] = enums.INDEXED_VALUE_TYPE_KEYWORD
	}
	dev := &devServer{
		source: options.DevServerSource, bin: options.BinDir, data: options.Config.DataDir, logger: logger,
		address: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), up: make(chan struct{}),
		options: devchild.Options{
			Port: port, UIPort: uiPort, LogFile: filepath.Join(options.Config.DataDir, "temporal.log"),
			SearchAttributes: attributes,
		},
	}
	dev.set(PhaseStarting, "looking for a Temporal server", 0, 0)
	return dev, nil
}

// freePort is the wanted port, else the usual one if it is free, else any.
func freePort(ctx context.Context, wanted, usual int) (int, error) {
	if wanted != 0 {
		return wanted, nil
	}
	for _, port := range []int{usual, 0} {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		address, _ := listener.Addr().(*net.TCPAddr)
		if err := listener.Close(); err != nil {
			return 0, fmt.Errorf("find a free port: %w", err)
		}
		return address.Port, nil
	}
	return 0, fmt.Errorf("find a free port for Temporal: none")
}

func (d *devServer) set(phase Phase, detail string, done, total int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.status = BootStatus{Phase: phase, Detail: detail, Done: done, Total: total, TemporalUI: d.uiURL()}
}

// Status is how far it has come.
func (d *devServer) Status() BootStatus {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.status
}

func (d *devServer) uiURL() string {
	return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(d.options.UIPort))
}

// run keeps the server up until the context ends.
func (d *devServer) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := d.serve(ctx)
		if ctx.Err() != nil {
			return
		}
		d.logger.Error("the Temporal dev server is down", "error", err)
		d.set(PhaseFailed, err.Error(), 0, 0)
		_ = pause(ctx, 2*time.Second)
	}
}

func (d *devServer) serve(ctx context.Context) error {
	binary, err := d.binary(ctx)
	if err != nil {
		return err
	}
	d.set(PhaseStarting, "starting the Temporal dev server", 0, 0)
	options := d.options
	options.Binary, options.DBFile = binary, binary.DBFileName(d.data)
	child, err := devchild.Start(ctx, options)
	if err != nil {
		return err
	}
	d.set(PhaseReady, "ready", 0, 0)
	d.upOnce.Do(func() { close(d.up) })
	select {
	case <-child.Done():
		return fmt.Errorf("it ended: %w", child.Err())
	case <-ctx.Done():
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
		defer cancel()
		return child.Stop(stop)
	}
}

// binary finds the server's program, or builds it.
func (d *devServer) binary(ctx context.Context) (devchild.Binary, error) {
	binary, ok, err := devchild.Find(ctx, d.source, d.bin)
	if ok || err != nil {
		return binary, err
	}
	d.logger.Info("compiling the Temporal dev server, once; this takes some minutes", "log", d.options.LogFile)
	d.set(PhaseBuilding, "compiling the Temporal dev server, once", 0, 0)
	err = devchild.Build(ctx, d.source, d.bin, func(progress devchild.Progress) {
		detail := "compiling the Temporal dev server, once"
		if progress.Package != "" {
			detail += ": " + progress.Package
		}
		d.set(PhaseBuilding, detail, progress.Done, progress.Total)
	})
	if err != nil {
		return binary, fmt.Errorf("build the Temporal dev server: %w", err)
	}
	binary, ok, err = devchild.Find(ctx, d.source, d.bin)
	if err == nil && !ok {
		err = fmt.Errorf("no Temporal dev server in %s after its build", d.bin)
	}
	return binary, err
}
