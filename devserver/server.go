package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

// serve runs the server until ctx ends. It returns nil after a clean stop.
func serve(ctx context.Context, opts options, stdout io.Writer) (err error) {
	if err := opts.claimPorts(); err != nil {
		return err
	}
	database, closeDatabase, err := openDatabase(ctx, opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeDatabase()) }()

	server, err := newServer(opts, database)
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return fmt.Errorf("start server: %w", err)
	}
	stopUI, uiURL := startUI(opts)
	fmt.Fprintf(stdout, "Temporal server at %s, UI %s\n", hostPort(opts.ip, opts.port), uiURL)

	<-ctx.Done()
	stopUI()
	if err := server.Stop(); err != nil {
		return fmt.Errorf("stop server: %w", err)
	}
	return nil
}

func newServer(opts options, database *config.SQL) (temporal.Server, error) {
	internal, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	frontend := hostPort(dialable(opts.ip), opts.port)
	hosts := map[primitives.ServiceName]static.Hosts{
		primitives.FrontendService: static.SingleLocalHost(frontend),
		primitives.HistoryService:  static.SingleLocalHost(hostPort("127.0.0.1", internal[0])),
		primitives.MatchingService: static.SingleLocalHost(hostPort("127.0.0.1", internal[1])),
		primitives.WorkerService:   static.SingleLocalHost(hostPort("127.0.0.1", internal[2])),
	}
	server, err := temporal.NewServer(
		temporal.WithConfig(serverConfig(opts, database, frontend, internal)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(newLogger(opts)),
		temporal.WithDynamicConfigClient(dynamicConfig(opts.dynamicConfig)),
	)
	if err != nil {
		return nil, fmt.Errorf("set up server: %w", err)
	}
	return server, nil
}

func serverConfig(opts options, database *config.SQL, frontend string, internal []int) *config.Config {
	return &config.Config{
		Global: config.Global{Metrics: metricsConfig(opts)},
		Persistence: config.Persistence{
			DefaultStore:     sqlite.PluginName,
			VisibilityStore:  sqlite.PluginName,
			NumHistoryShards: 1,
			DataStores:       map[string]config.DataStore{sqlite.PluginName: {SQL: database}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontend},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services: map[string]config.Service{
			string(primitives.FrontendService): {RPC: config.RPC{BindOnIP: opts.ip, GRPCPort: opts.port}},
			string(primitives.HistoryService):  {RPC: config.RPC{BindOnIP: "127.0.0.1", GRPCPort: internal[0]}},
			string(primitives.MatchingService): {RPC: config.RPC{BindOnIP: "127.0.0.1", GRPCPort: internal[1]}},
			string(primitives.WorkerService):   {RPC: config.RPC{BindOnIP: "127.0.0.1", GRPCPort: internal[2]}},
		},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
		}},
		PublicClient: config.PublicClient{HostPort: frontend},
	}
}

func metricsConfig(opts options) *metrics.Config {
	if opts.metricsPort == 0 {
		return nil
	}
	return &metrics.Config{Prometheus: &metrics.PrometheusConfig{
		ListenAddress: hostPort(opts.ip, opts.metricsPort),
		HandlerPath:   "/metrics",
	}}
}

// dynamicConfig is the server's own defaults but for one process that serves
// one application; overrides win.
func dynamicConfig(overrides map[dynamicconfig.Key]any) dynamicconfig.StaticClient {
	values := dynamicconfig.StaticClient{
		// Search attributes and Nexus endpoints work as soon as they are added.
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
		dynamicconfig.ForceNexusEndpointRefreshOnRead.Key():         true,
		// No request leaves the machine.
		dynamicconfig.EnableServerVersionCheck.Key(): false,
		// Limits that protect tenants of a cluster from each other.
		dynamicconfig.FrontendRPS.Key():                                  24_000,
		dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key():           24_000,
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 100,
		dynamicconfig.MatchingRPS.Key():                                  12_000,
		dynamicconfig.HistoryRPS.Key():                                   30_000,
		dynamicconfig.FrontendPersistenceMaxQPS.Key():                    10_000,
		dynamicconfig.MatchingPersistenceMaxQPS.Key():                    30_000,
		dynamicconfig.HistoryPersistenceMaxQPS.Key():                     45_000,
		// Several partitions only help several hosts.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key():        8096,
	}
	maps.Copy(values, overrides)
	return values
}

func newLogger(opts options) log.Logger {
	if opts.logLevel == "never" {
		return log.NewNoopLogger()
	}
	format := "console"
	if opts.logFormat == "json" {
		format = "json"
	}
	return log.NewZapLogger(log.BuildZapLogger(log.Config{Level: opts.logLevel, Format: format}))
}
