package main

import (
	"fmt"
	"os"
	"strings"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
)

// startUI serves the web UI unless it is switched off. The returned URL is for
// people; without a UI it is "off".
func startUI(opts options) (stop func(), url string) {
	if opts.headless {
		return func() {}, "off"
	}
	ui := uiserver.NewServer(server_options.WithConfigProvider(uiConfig(opts)))
	go func() {
		if err := ui.Start(); err != nil {
			fmt.Fprintln(os.Stderr, "temporal-devserver: serve UI:", err)
		}
	}()
	return ui.Stop, "http://" + hostPort(dialable(opts.uiIP), opts.uiPort)
}

func uiConfig(opts options) *uiconfig.Config {
	host := opts.uiIP
	if strings.Contains(host, ":") {
		host = "[" + host + "]" // it is joined with the port as it stands
	}
	return &uiconfig.Config{
		Host:                host,
		Port:                opts.uiPort,
		TemporalGRPCAddress: hostPort(dialable(opts.ip), opts.port),
		DefaultNamespace:    opts.namespaces[0],
		EnableUI:            true,
		CORS:                uiconfig.CORS{CookieInsecure: true}, // plain HTTP
		DisableNewsFetch:    true,
		NotifyOnNewVersion:  false,
		DisableWriteActions: opts.uiWriteActionsAreOff,
		HideLogs:            true,
	}
}
