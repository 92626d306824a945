package devchild

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

const saysOne = `package main

import "fmt"

func main() { fmt.Print("one") }
`

func TestStampFollowsTheSources(t *testing.T) {
	t.Parallel()
	write := func(name string) func(*testing.T, string, string) {
		return func(t *testing.T, source, _ string) {
			require.NoError(t, os.WriteFile(filepath.Join(source, name), []byte("package main // changed\n"), 0o600))
		}
	}
	tests := map[string]struct {
		change func(t *testing.T, source, bin string)
		want   bool
	}{
		"nothing changed":      {func(*testing.T, string, string) {}, true},
		"a Go file changed":    {write("main.go"), false},
		"a Go file came":       {write("more.go"), false},
		"a nested one came":    {write(filepath.Join("sub", "x.go")), false},
		"dependencies changed": {write("go.mod"), false},
		"checksums came":       {write("go.sum"), false},
		"only a test came":     {write("main_test.go"), true},
		"only a text came":     {write("README.md"), true},
		"a Go file was renamed": {func(t *testing.T, source, _ string) {
			require.NoError(t, os.Rename(filepath.Join(source, "main.go"), filepath.Join(source, "other.go")))
		}, false},
		"the binary is gone": {func(t *testing.T, _, bin string) {
			require.NoError(t, os.Remove(filepath.Join(bin, ownName)))
		}, false},
		"the stamp is gone": {func(t *testing.T, _, bin string) {
			require.NoError(t, os.Remove(stampFile(bin)))
		}, false},
		"the sources are gone": {func(t *testing.T, source, _ string) {
			require.NoError(t, os.RemoveAll(source))
		}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, bin := writeModule(t, saysOne), t.TempDir()
			require.NoError(t, os.Mkdir(filepath.Join(source, "sub"), 0o700))
			fresh := filepath.Join(bin, "fresh")
			require.NoError(t, os.WriteFile(fresh, nil, 0o600))
			stamp, err := digest(source)
			require.NoError(t, err)
			require.NoError(t, install(fresh, bin, stamp))
			test.change(t, source, bin)
			require.Equal(t, test.want, Current(source, bin))
		})
	}
}

func TestBuildOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	source, bin := writeModule(t, saysOne), filepath.Join(t.TempDir(), "new", "bin")
	var seen []Progress
	note := func(p Progress) { seen = append(seen, p) }

	require.NoError(t, Build(t.Context(), source, bin, note))
	require.Equal(t, "one", output(t, bin))
	require.NotEmpty(t, seen)
	last := seen[len(seen)-1]
	require.Equal(t, "fake", last.Package, "the main package is compiled last")
	require.Greater(t, last.Total, 10, "fmt alone needs more packages")
	require.LessOrEqual(t, last.Done, last.Total)

	seen = nil
	require.NoError(t, Build(t.Context(), source, bin, note))
	require.Empty(t, seen, "nothing changed, nothing built")

	leftover := filepath.Join(bin, ownName+".99999.tmp")
	require.NoError(t, os.WriteFile(leftover, nil, 0o600))
	writeMain(t, source, strings.ReplaceAll(saysOne, "one", "two"))
	require.NoError(t, Build(t.Context(), source, bin, nil))
	require.Equal(t, "two", output(t, bin))
	require.NoFileExists(t, leftover)
}

func TestFailedBuildKeepsTheOldBinary(t *testing.T) {
	t.Parallel()
	source, bin := writeModule(t, saysOne), t.TempDir()
	require.NoError(t, Build(t.Context(), source, bin, nil))
	writeMain(t, source, "package main\n\nfunc main() { nonsense() }\n")

	err := Build(t.Context(), source, bin, nil)
	require.ErrorContains(t, err, "undefined: nonsense")
	require.Equal(t, "one", output(t, bin))
	require.False(t, Current(source, bin))
	leftovers, err := filepath.Glob(filepath.Join(bin, "*.tmp"))
	require.NoError(t, err)
	require.Empty(t, leftovers)
}

func TestBuildWithoutSources(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	require.ErrorContains(t, Build(t.Context(), "", bin, nil), "no sources")

	require.NoError(t, os.WriteFile(filepath.Join(bin, ownName), nil, 0o600))
	require.NoError(t, Build(t.Context(), "", bin, nil), "an existing binary is taken as it is")
}

func TestBuildersWaitForEachOther(t *testing.T) {
	t.Parallel()
	source, bin := writeModule(t, saysOne), t.TempDir()
	var builds atomic.Int32
	var group errgroup.Group
	for range 3 {
		group.Go(func() error {
			return Build(t.Context(), source, bin, func(p Progress) {
				if p.Package == "fake" {
					builds.Add(1)
				}
			})
		})
	}
	require.NoError(t, group.Wait())
	require.EqualValues(t, 1, builds.Load())
	require.Equal(t, "one", output(t, bin))
}

func TestWaitingForABuilderEnds(t *testing.T) {
	t.Parallel()
	source, bin := writeModule(t, saysOne), t.TempDir()
	unlock, err := lock(t.Context(), bin)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = Build(ctx, source, bin, nil)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "wait for another build")

	require.NoError(t, unlock())
	require.NoError(t, Build(t.Context(), source, bin, nil))
}

func TestBuildStopsWithItsContext(t *testing.T) {
	t.Parallel()
	source, bin := writeModule(t, saysOne), t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	err := Build(ctx, source, bin, func(p Progress) {
		if p.Total > 0 {
			cancel()
		}
	})
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, Current(source, bin))
}

func TestBuildIgnoresTheUsersGoSettings(t *testing.T) {
	source, bin := writeModule(t, saysOne), t.TempDir()
	outer := filepath.Join(filepath.Dir(source), "go.work")
	require.NoError(t, os.WriteFile(outer, []byte("go 1.26\n"), 0o600))
	t.Setenv("GOFLAGS", "-mod=vendor -buildvcs=true -tags=none")
	t.Setenv("GOWORK", outer)
	t.Setenv("GO111MODULE", "off")
	t.Setenv("GOOS", "plan9")
	require.NoError(t, Build(t.Context(), source, bin, nil))
	require.Equal(t, "one", output(t, bin))
}

// writeModule makes a module "fake" whose program needs only the standard
// library. It names its own folder, so that Go's cache has never seen it.
func writeModule(t *testing.T, main string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "source")
	require.NoError(t, os.Mkdir(dir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module fake\n\ngo 1.26\n"), 0o600))
	unique := fmt.Sprintf("package main\n\nconst folder = %q\n", dir)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "unique.go"), []byte(unique), 0o600))
	writeMain(t, dir, main)
	return dir
}

func writeMain(t *testing.T, dir, main string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(main), 0o600))
}

func output(t *testing.T, bin string) string {
	t.Helper()
	out, err := exec.Command(filepath.Join(bin, ownName)).CombinedOutput()
	require.NoError(t, err)
	return string(out)
}
