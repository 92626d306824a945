package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lockData keeps a second process from the same data folder: what is embedded,
// SQLite, the sandbox and the dev server, is for one process. The lock ends with
// the process, however that ends.
func (a *App) lockData(context.Context) error {
	if err := os.MkdirAll(a.config.DataDir, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(a.config.DataDir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open the lock: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("another Securitybot uses %s: stop it, or choose another folder with --data", a.config.DataDir)
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	a.onClose("data folder", func(context.Context) error { return file.Close() })
	return nil
}

// embeds tells that the data folder holds something for one process only.
func (a *App) embeds() bool {
	record := a.options.Role.API || a.options.Role.Worker
	return a.options.Role.Sandbox || a.options.Role.Dev || (record && a.config.DatabaseURL == "")
}
