package main

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/dynamicconfig"
)

func TestFlagsOfStartDev(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args []string
		want func(o *options)
	}{
		"nothing": {
			want: func(*options) {},
		},
		"what the SDK's StartDevServer passes": {
			args: []string{
				"server", "start-dev", "--ip", "127.0.0.1", "--port", "41234", "--namespace", "tests",
				"--dynamic-config-value", "frontend.enableServerVersionCheck=false",
				"--log-level", "error", "--log-format", "pretty", "--headless",
				"--db-filename", "a file.db", "--search-attribute", "AlertUser=Keyword",
			},
			want: func(o *options) {
				o.port = 41234
				o.namespaces = []string{"tests", "default"}
				o.dynamicConfig[dynamicconfig.EnableServerVersionCheck.Key()] = false
				o.logLevel, o.logFormat, o.headless = "error", "pretty", true
				o.dbFile = "a file.db"
				o.searchAttributes["AlertUser"] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
			},
		},
		"short and joined forms": {
			args: []string{"-p=7000", "-n", "a", "-n", "b", "-n", "a", "-f", "x.db", "--headless=true"},
			want: func(o *options) {
				o.port, o.dbFile, o.headless = 7000, "x.db", true
				o.namespaces = []string{"a", "b", "default"}
			},
		},
		"UI at loopback beside an open frontend": {
			args: []string{"--ip", "0.0.0.0", "--ui-ip", "localhost", "--ui-port", "9000", "--ui-disable-write-actions"},
			want: func(o *options) {
				o.ip, o.uiIP, o.uiPort, o.uiWriteActionsAreOff = "0.0.0.0", "127.0.0.1", 9000, true
			},
		},
		"dynamic config of every kind": {
			args: []string{
				"--dynamic-config-value", "matching.rps=50",
				"--dynamic-config-value", "frontend.namespaceBurstRatio=1.5",
				"--dynamic-config-value", "frontend.shutdownDrainDuration=3s",
				"--dynamic-config-value", `frontend.x="a=b"`,
			},
			want: func(o *options) {
				o.dynamicConfig[dynamicconfig.MatchingRPS.Key()] = 50
				o.dynamicConfig[dynamicconfig.MakeKey("frontend.namespaceBurstRatio")] = 1.5
				o.dynamicConfig[dynamicconfig.MakeKey("frontend.shutdownDrainDuration")] = "3s"
				o.dynamicConfig[dynamicconfig.MakeKey("frontend.x")] = "a=b"
			},
		},
		"search attributes in both spellings": {
			args: []string{"--search-attribute", "A=KeywordList", "--search-attribute", "B=INDEXED_VALUE_TYPE_INT"},
			want: func(o *options) {
				o.searchAttributes["A"] = enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST
				o.searchAttributes["B"] = enumspb.INDEXED_VALUE_TYPE_INT
			},
		},
		"only ours": {
			args: []string{"server", "start-dev", "--exit-with-parent", "--metrics-port", "9100"},
			want: func(o *options) { o.exitWithParent, o.metricsPort = true, 9100 },
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := options{
				ip: "127.0.0.1", uiIP: "127.0.0.1", port: 7233,
				namespaces: []string{"default"}, logLevel: "warn", logFormat: "text",
				searchAttributes: map[string]enumspb.IndexedValueType{},
				dynamicConfig:    map[dynamicconfig.Key]any{},
			}
			test.want(&want)
			got, err := parseFlags(test.args, io.Discard)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestWrongFlagsAreNamed(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args string
		want string
	}{
		"unknown flag":       {"--nonsense", "nonsense"},
		"stray word":         {"server start-dev now", `unexpected argument "now"`},
		"host name":          {"--ip example.com", "--ip:"},
		"port out of range":  {"--ui-port 70000", "--ui-port: 70000"},
		"port not a number":  {"--port abc", "port"},
		"log level":          {"--log-level loud", "--log-level:"},
		"log format":         {"--log-format xml", "--log-format:"},
		"attribute form":     {"--search-attribute AlertUser", "NAME=TYPE"},
		"attribute type":     {"--search-attribute AlertUser=Word", `"Word" is not a type`},
		"dynamic config":     {"--dynamic-config-value frontend.rps", "KEY=VALUE"},
		"namespace is empty": {"--namespace=", "namespace"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parseFlags(strings.Fields(test.args), io.Discard)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	var out, usage strings.Builder
	require.Zero(t, run([]string{"--version"}, nil, &out, &usage))
	require.Regexp(t, `^temporal-devserver version \S+ \(Server 1\.32\.\d+, UI 2\.\d+\.\d+\)\n$`, out.String())

	require.Zero(t, run([]string{"server", "start-dev", "--help"}, nil, &out, &usage))
	require.Contains(t, usage.String(), "-exit-with-parent")

	require.Equal(t, 2, run([]string{"--port", "no"}, nil, &out, &usage))
}
