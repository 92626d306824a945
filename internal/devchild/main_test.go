package devchild

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// A test process that is told to be a parent starts a child and waits to be killed.
	parentOfEnv  = "DEVCHILD_TEST_PARENT_OF"
	parentOwnEnv = "DEVCHILD_TEST_PARENT_OWN"

	patience = time.Minute
)

func TestMain(m *testing.M) {
	switch {
	case filepath.Base(os.Args[0]) == "temporal":
		beTemporal()
	case os.Getenv(parentOfEnv) != "":
		beParent()
	default:
		os.Exit(m.Run())
	}
}

// beTemporal plays the `temporal` tool: it says the version that lies beside
// it, and its server is a stubborn one that never listens.
func beTemporal() {
	if len(os.Args) > 1 && os.Args[1] == "server" {
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("getting nowhere")
		select {}
	}
	out, err := os.ReadFile(filepath.Join(filepath.Dir(os.Args[0]), "says"))
	if err != nil {
		os.Exit(3)
	}
	fmt.Print(string(out))
}

func beParent() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	child, err := Start(ctx, Options{
		Binary:   Binary{Path: os.Getenv(parentOfEnv), Own: os.Getenv(parentOwnEnv) != ""},
		Headless: true,
	})
	if err != nil {
		fmt.Println("failed:", err)
		return
	}
	fmt.Println(child.Address)
	select {}
}

// fakeTemporal returns a folder with a `temporal` that says what it is told; if
// that is empty it fails. It is a link to this test program, because a freshly
// written script can't always be run while other tests start processes.
func fakeTemporal(t *testing.T, says string) string {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(self, filepath.Join(dir, "temporal")))
	if says != "" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "says"), []byte(says), 0o600))
	}
	return dir
}

var buildReal = sync.OnceValues(func() (Binary, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	source, bin := filepath.Join("..", "..", "devserver"), filepath.Join("..", "..", "bin")
	if err := Build(ctx, source, bin, nil); err != nil {
		return Binary{}, err
	}
	path, err := filepath.Abs(filepath.Join(bin, ownName))
	if err != nil {
		return Binary{}, err
	}
	binary, err := inspect(ctx, path)
	binary.Own = true
	return binary, err
})

// realServer is the dev server of this repository, built if it has to be.
func realServer(t *testing.T) Binary {
	t.Helper()
	binary, err := buildReal()
	require.NoError(t, err)
	return binary
}

func selfCommand(t *testing.T, env ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	return cmd
}
