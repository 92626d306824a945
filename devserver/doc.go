// Command temporal-devserver is a small Temporal server for one machine: all
// four services and the web UI in one process, with SQLite underneath. It
// understands the flags of `temporal server start-dev`, so whatever drives that
// command (the Go SDK's testsuite.StartDevServer among others) can drive this
// one.
//
// It is a Go module of its own, because the server's several hundred
// dependencies have no business in the application's go.mod. `securitybot run`
// and the tests build it once and keep the binary; production uses a real
// Temporal cluster instead.
//
// What differs from the command line tool:
//
//   - the file database is written ahead (WAL, synchronous=NORMAL), which about
//     doubles its throughput, and a half-made file is never left behind;
//   - closed workflows are kept for 30 days instead of one;
//   - search attributes named on the command line are also added to a namespace
//     that already exists in the file;
//   - rate limits are set for one busy machine, not for one tenant of many;
//   - nothing asks the internet for news or newer versions;
//   - --exit-with-parent ends the server when its standard input closes, and
//     with that when the process that holds the other end dies, however it dies.
package main
