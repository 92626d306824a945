package devchild

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const lockPoll = 200 * time.Millisecond

// Current reports whether binDir holds a temporal-devserver made from the
// sources in sourceDir as they are now. Without sources (an installed copy)
// whatever is there is taken as it is.
func Current(sourceDir, binDir string) bool {
	if info, err := os.Stat(filepath.Join(binDir, ownName)); err != nil || !info.Mode().IsRegular() {
		return false
	}
	if !hasSources(sourceDir) {
		return true
	}
	want, err := digest(sourceDir)
	if err != nil {
		return false
	}
	have, err := os.ReadFile(stampFile(binDir))
	return err == nil && strings.TrimSpace(string(have)) == want
}

func hasSources(sourceDir string) bool {
	_, err := os.Stat(filepath.Join(sourceDir, "go.mod"))
	return err == nil
}

func stampFile(binDir string) string {
	return filepath.Join(binDir, ownName+".stamp")
}

// digest is the SHA-256 (hex) over names and contents of what the program is
// made from: Go files other than tests, go.mod and go.sum.
func digest(sourceDir string) (string, error) {
	hash := sha256.New()
	err := filepath.WalkDir(sourceDir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !isSource(entry.Name()) {
			return err
		}
		name, err := filepath.Rel(sourceDir, path)
		if err != nil {
			return err
		}
		return hashFile(hash, filepath.ToSlash(name), path)
	})
	if err != nil {
		return "", fmt.Errorf("read dev server sources: %w", err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

func isSource(name string) bool {
	if name == "go.mod" || name == "go.sum" {
		return true
	}
	return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
}

func hashFile(hash io.Writer, name, path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	// The length keeps one file's end from passing for another's beginning.
	_, err = fmt.Fprintf(hash, "%s\x00%d\x00%s", name, len(content), content)
	return err
}

// lock waits until no other process builds into binDir. The lock ends with the
// process that holds it, so a killed builder blocks nobody.
func lock(ctx context.Context, binDir string) (unlock func() error, err error) {
	file, err := os.OpenFile(filepath.Join(binDir, ownName+".lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return file.Close, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", file.Name(), err), file.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("wait for another build of the dev server: %w", ctx.Err()), file.Close())
		case <-tick.C:
		}
	}
}
