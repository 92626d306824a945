package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"securitybot/internal/config"
	"securitybot/internal/evidence"
	"securitybot/internal/store"
)

// Audit checks the whole record. public are the keys that checkpoints may be signed
// with; none is the key of the configuration. told is what is known of the log from
// elsewhere, see [evidence.ParseTold]. progress is told how far it is, after each page.
func Audit(ctx context.Context, cfg config.Config, public, told []string, progress func(store.Audit)) (audit store.Audit, err error) {
	if len(public) == 0 {
		if public, err = ownPublicKey(cfg); err != nil {
			return audit, err
		}
	}
	known, err := evidence.Keys(public...)
	if err != nil {
		return audit, err
	}
	heard := make([]evidence.Told, len(told))
	for i, one := range told {
		if heard[i], err = evidence.ParseTold(one); err != nil {
			return audit, err
		}
	}
	record, err := OpenStore(ctx, cfg)
	if err != nil {
		return audit, err
	}
	defer func() { err = errors.Join(err, record.Close()) }()
	return record.Audit(ctx, known, progress, heard...)
}

// ownPublicKey is that of the configured key, or of the one in the data folder.
func ownPublicKey(cfg config.Config) ([]string, error) {
	secret := cfg.EvidenceKey.Reveal()
	if secret == "" {
		kept, err := os.ReadFile(filepath.Join(cfg.DataDir, evidenceFile))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil // nothing was signed, or a key has to be given
		}
		if err != nil {
			return nil, err
		}
		secret = strings.TrimSpace(string(kept))
	}
	key, err := evidence.ReadKey(secret)
	return []string{key.Public()}, err
}

// ErasePerson removes what is personal of the person with an email address.
func ErasePerson(ctx context.Context, cfg config.Config, email, by, reason string) (erasure store.Erasure, err error) {
	if reason == "" {
		return erasure, errors.New("a reason is needed")
	}
	record, err := OpenStore(ctx, cfg)
	if err != nil {
		return erasure, err
	}
	defer func() { err = errors.Join(err, record.Close()) }()
	who, err := knownPerson(ctx, record, email)
	if err != nil {
		return erasure, err
	}
	return record.ErasePerson(ctx, who, by, reason)
}
