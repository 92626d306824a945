package main

import (
	"fmt"
	"math"
	"net"
	"strconv"
)

// claimPorts settles every port before anything starts: it chooses those that
// were left open and refuses those in use, naming the flag to change. Without
// it the server and the UI report a clash from deep inside, after the database
// was already touched.
func (o *options) claimPorts() error {
	if err := claimPort(o.ip, &o.port, "port"); err != nil {
		return err
	}
	if !o.headless {
		if next := o.port + uiPortOffset; o.uiPort == 0 && next <= math.MaxUint16 {
			o.uiPort = next
		}
		if err := claimPort(o.uiIP, &o.uiPort, "ui-port"); err != nil {
			return err
		}
	}
	if o.metricsPort == 0 {
		return nil
	}
	return claimPort(o.ip, &o.metricsPort, "metrics-port")
}

// claimPort checks that *port is free at ip, or puts a free one there if it is 0.
func claimPort(ip string, port *int, flagName string) error {
	listener, err := net.Listen("tcp", hostPort(ip, *port)) //nolint:noctx // taking a local port waits for nothing
	if err != nil {
		return fmt.Errorf("cannot listen on %s, choose another with --%s: %w", hostPort(ip, *port), flagName, err)
	}
	*port = portOf(listener)
	return listener.Close()
}

// freePorts returns n different free loopback ports.
func freePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // see claimPort
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		// Open until all are found, so that none is found twice.
		defer listener.Close()
		ports[i] = portOf(listener)
	}
	return ports, nil
}

// portOf is the port that a listener was given.
func portOf(listener net.Listener) int {
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return 0
	}
	return address.Port
}

func hostPort(ip string, port int) string {
	return net.JoinHostPort(ip, strconv.Itoa(port))
}

// dialable turns an address to listen on into one to connect to.
func dialable(ip string) string {
	switch parsed := net.ParseIP(ip); {
	case parsed.Equal(net.IPv4zero):
		return "127.0.0.1"
	case parsed.Equal(net.IPv6unspecified):
		return "::1"
	}
	return ip
}
