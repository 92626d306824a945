// Package devchild finds, builds and runs a Temporal server as a child process,
// for `securitybot run` and for tests. Production has a cluster of its own and
// never comes here.
//
// Two programs will do: the `temporal` command line tool, if it is installed
// and new enough, and temporal-devserver, which Build makes from the nested
// module devserver/ and keeps beside the securitybot binary.
package devchild

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

const (
	ownName = "temporal-devserver"

	// Fairness between task queue keys and the skipping of rate-limited ones
	// work from this server version on.
	minMajor, minMinor = 1, 32

	versionTimeout = 10 * time.Second
)

// Binary is a program that can run as a Temporal server.
type Binary struct {
	Path string
	// Server is the version of the Temporal server in it, as in "1.32.1".
	Server string
	// Own tells temporal-devserver from the `temporal` command line tool.
	Own bool
}

// DBFileName returns the file in dataDir that holds the server's data. The name
// carries the server's minor version, because a server can't read the file of
// another one; a new version starts afresh and the reconciler restores what
// was under way.
func (b Binary) DBFileName(dataDir string) string {
	minor := b.Server
	if v, ok := parseServerVersion("(Server " + b.Server + ")"); ok {
		minor = fmt.Sprintf("%d.%d", v.major, v.minor)
	}
	return filepath.Join(dataDir, "temporal-"+minor+".db")
}

// Find returns the program to use: the `temporal` on PATH if its server is
// version 1.32 or later, else the temporal-devserver in binDir if it is Current.
// It reports false when there is neither; then Build makes one. An error means
// that temporal-devserver is there but doesn't run.
func Find(ctx context.Context, sourceDir, binDir string) (Binary, bool, error) {
	if path, err := exec.LookPath("temporal"); err == nil {
		binary, err := inspect(ctx, path)
		if err == nil {
			return binary, true, nil
		}
		if ctx.Err() != nil {
			return Binary{}, false, err
		}
		// An old or broken tool that somebody happens to have is no obstacle.
	}
	if !Current(sourceDir, binDir) {
		return Binary{}, false, nil
	}
	binary, err := inspect(ctx, filepath.Join(binDir, ownName))
	if err != nil {
		return Binary{}, false, err
	}
	binary.Own = true
	return binary, true, nil
}

// inspect asks a program for its version and refuses one that is too old.
func inspect(ctx context.Context, path string) (Binary, error) {
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.Env = childEnv()
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return Binary{}, fmt.Errorf("ask %s for its version: %w", path, errors.Join(err, ctx.Err()))
	}
	v, ok := parseServerVersion(string(out))
	if !ok {
		return Binary{}, fmt.Errorf("ask %s for its version: no server version in %.80q", path, out)
	}
	if v.major < minMajor || (v.major == minMajor && v.minor < minMinor) {
		return Binary{}, fmt.Errorf("%s has Temporal server %s, need %d.%d or later", path, v, minMajor, minMinor)
	}
	return Binary{Path: path, Server: v.String()}, nil
}

type serverVersion struct{ major, minor, patch int }

func (v serverVersion) String() string {
	return fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch)
}

var serverVersionText = regexp.MustCompile(`\(Server (\d{1,5})\.(\d{1,5})\.(\d{1,5})\b`)

// parseServerVersion reads the output of --version, which names the tool's own
// version first: `temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)`.
func parseServerVersion(out string) (serverVersion, bool) {
	match := serverVersionText.FindStringSubmatch(out)
	if match == nil {
		return serverVersion{}, false
	}
	var numbers [3]int
	for i := range numbers {
		numbers[i], _ = strconv.Atoi(match[i+1]) // at most five digits
	}
	return serverVersion{numbers[0], numbers[1], numbers[2]}, true
}
