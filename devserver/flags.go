package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net"
	"slices"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/dynamicconfig"
)

// options is what the command line says.
type options struct {
	ip, uiIP             string // literal IP addresses
	port, uiPort         int    // 0: the frontend's default, and port + uiPortOffset
	metricsPort          int    // 0: no metrics
	headless             bool
	namespaces           []string
	dbFile               string // empty: in memory
	logLevel, logFormat  string
	searchAttributes     map[string]enumspb.IndexedValueType
	dynamicConfig        map[dynamicconfig.Key]any
	exitWithParent       bool
	version              bool
	uiWriteActionsAreOff bool
}

const (
	defaultPort  = 7233
	uiPortOffset = 1000
)

// parseFlags reads the arguments of `temporal server start-dev`, with or
// without those command words, and reports a mistake by the name of its flag.
// Usage goes to usage when it is asked for.
func parseFlags(args []string, usage io.Writer) (options, error) {
	opts := options{
		searchAttributes: map[string]enumspb.IndexedValueType{},
		dynamicConfig:    map[dynamicconfig.Key]any{},
	}
	flags := opts.flagSet()
	for len(args) > 0 && (args[0] == "server" || args[0] == "start-dev") {
		args = args[1:]
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(usage)
			flags.Usage()
		}
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return opts, opts.complete()
}

func (o *options) flagSet() *flag.FlagSet {
	f := flag.NewFlagSet("temporal-devserver server start-dev", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.ip, "ip", "127.0.0.1", "address of the frontend")
	f.IntVar(&o.port, "port", defaultPort, "port of the frontend")
	f.IntVar(&o.port, "p", defaultPort, "short for --port")
	f.StringVar(&o.uiIP, "ui-ip", "", "address of the web UI (default: that of --ip)")
	f.IntVar(&o.uiPort, "ui-port", 0, "port of the web UI (default: --port plus 1000)")
	f.BoolVar(&o.headless, "headless", false, "run without the web UI")
	f.BoolVar(&o.uiWriteActionsAreOff, "ui-disable-write-actions", false, "show everything in the web UI, change nothing")
	f.IntVar(&o.metricsPort, "metrics-port", 0, "port of Prometheus metrics at /metrics (default: none)")
	f.Func("namespace", "namespace to register, repeatable; \"default\" always is", o.addNamespace)
	f.Func("n", "short for --namespace", o.addNamespace)
	f.StringVar(&o.dbFile, "db-filename", "", "file to keep the data in (default: in memory)")
	f.StringVar(&o.dbFile, "f", "", "short for --db-filename")
	f.StringVar(&o.logLevel, "log-level", "warn", "debug, info, warn, error or never")
	f.StringVar(&o.logFormat, "log-format", "text", "text, pretty or json")
	f.Func("search-attribute", "NAME=TYPE to register, repeatable", o.addSearchAttribute)
	f.Func("dynamic-config-value", "KEY=VALUE (JSON) to set, repeatable", o.addDynamicConfig)
	f.BoolVar(&o.exitWithParent, "exit-with-parent", false, "stop when standard input is closed")
	f.BoolVar(&o.version, "version", false, "print the versions")
	return f
}

func (o *options) addNamespace(name string) error {
	if name == "" {
		return errors.New("is empty")
	}
	if !slices.Contains(o.namespaces, name) {
		o.namespaces = append(o.namespaces, name)
	}
	return nil
}

func (o *options) addSearchAttribute(pair string) error {
	name, kind, found := strings.Cut(pair, "=")
	if !found || name == "" {
		return errors.New("is not of the form NAME=TYPE")
	}
	t, err := enumspb.IndexedValueTypeFromString(kind)
	if err != nil || t == enumspb.INDEXED_VALUE_TYPE_UNSPECIFIED {
		return fmt.Errorf("%q is not a type: use Bool, Datetime, Double, Int, Keyword, KeywordList or Text", kind)
	}
	o.searchAttributes[name] = t
	return nil
}

// addDynamicConfig takes a value as JSON and, where that fails, as a plain
// string: durations are commonly written without quotes.
func (o *options) addDynamicConfig(pair string) error {
	key, raw, found := strings.Cut(pair, "=")
	if !found || key == "" {
		return errors.New("is not of the form KEY=VALUE")
	}
	var value any
	if err := json.Unmarshal([]byte(raw), &value); err != nil {
		value = raw
	}
	// The server takes whole numbers as int only.
	if number, ok := value.(float64); ok && number == math.Trunc(number) && math.Abs(number) < 1<<53 {
		value = int(number)
	}
	o.dynamicConfig[dynamicconfig.MakeKey(key)] = value
	return nil
}

// complete fills in what follows from other flags and checks the values.
func (o *options) complete() error {
	if o.uiIP == "" {
		o.uiIP = o.ip
	}
	if !slices.Contains(o.namespaces, "default") {
		o.namespaces = append(o.namespaces, "default")
	}
	for name, ip := range map[string]*string{"ip": &o.ip, "ui-ip": &o.uiIP} {
		if *ip == "localhost" {
			*ip = "127.0.0.1"
		}
		if net.ParseIP(*ip) == nil {
			return fmt.Errorf("--%s: %q is not an IP address", name, *ip)
		}
	}
	for name, port := range map[string]int{"port": o.port, "ui-port": o.uiPort, "metrics-port": o.metricsPort} {
		if port < 0 || port > math.MaxUint16 {
			return fmt.Errorf("--%s: %d is not a port", name, port)
		}
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error", "never"}, o.logLevel) {
		return fmt.Errorf("--log-level: %q is not debug, info, warn, error or never", o.logLevel)
	}
	if !slices.Contains([]string{"text", "pretty", "json"}, o.logFormat) {
		return fmt.Errorf("--log-format: %q is not text, pretty or json", o.logFormat)
	}
	return nil
}
