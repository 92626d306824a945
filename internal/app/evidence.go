package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"securitybot/internal/config"
	"securitybot/internal/evidence"
)

// evidenceFile is the signing key of an installation that is one process.
const evidenceFile = "evidence.key"

// openEvidence reads the key that timelines are signed with. One process that does
// everything makes its own; several must be given the same.
func (a *App) openEvidence(context.Context) (err error) {
	secret := a.config.EvidenceKey.Reveal()
	if secret == "" && a.options.Role.API && a.options.Role.Worker {
		if secret, err = keepEvidenceKey(a.config.DataDir); err != nil {
			return err
		}
	}
	if secret == "" {
		a.logger.Warn("timelines are not signed and no evidence can be exported", "set", config.EvidenceKey,
			"to", "a key of `securitybot evidence key`")
		return nil
	}
	key, err := evidence.ReadKey(secret)
	if err != nil {
		return err
	}
	a.evidence = &key
	a.logger.Info("timelines are signed", "public_key", key.Public())
	return nil
}

// keepEvidenceKey is the key in the data folder, made at the first start.
func keepEvidenceKey(folder string) (string, error) {
	path := filepath.Join(folder, evidenceFile)
	kept, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeEvidenceKey(folder, path); err != nil {
			return "", fmt.Errorf("make the evidence key: %w", err)
		}
		kept, err = os.ReadFile(path)
	}
	if err != nil {
		return "", fmt.Errorf("read the evidence key: %w", err)
	}
	return strings.TrimSpace(string(kept)), nil
}

// makeEvidenceKey puts a whole key in its place or nothing, and never another one in
// the place of a key that signed something already.
func makeEvidenceKey(folder, path string) (err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	secret, _, err := evidence.GenerateKey("securitybot")
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(folder, evidenceFile+"-") // for its owner alone: mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(file.Name())) }()
	_, err = file.WriteString(secret + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err = os.Link(file.Name(), path); errors.Is(err, fs.ErrExist) {
		return nil // another process was first
	}
	return err
}
