package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"securitybot/internal/alert"
)

// TokenPrefix begins every token of the record, so that scanners find one that
// leaked.
const TokenPrefix = "sb_"

// liveTokens is how many tokens one source or person may have at a time: two, so
// that one can be changed without a gap.
const liveTokens = 2

// noteUseEvery is how exactly the last use of a token is known.
const noteUseEvery = time.Minute

// ErrTooManyTokens is a third token of one source or person.
var ErrTooManyTokens = errors.New("two tokens are live already: revoke one first")

// Live tells whether a token is taken.
func (t Token) Live(now time.Time) bool {
	return t.RevokedAt.IsZero() && (t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt))
}

// Allows tells which field of an alert a token may not report: "detection",
// "severity", or "" when all is well.
func (t Token) Allows(reported alert.Alert) (field string) {
	switch {
	case len(t.Detections) > 0 && !slices.ContainsFunc(t.Detections, func(allowed string) bool {
		beginning, open := strings.CutSuffix(allowed, "*")
		return allowed == reported.Detection || open && strings.HasPrefix(reported.Detection, beginning)
	}):
		return "detection"
	case len(t.Severities) > 0 && !slices.Contains(t.Severities, string(reported.Severity)):
		return "severity"
	default:
		return ""
	}
}

// MakeToken keeps a new token and gives it in the clear, for the only time: as
// sb_<id>_<secret>. One that does more than report is announced. Errors:
// *InvalidTokenError, ErrTooManyTokens.
func (s *Store) MakeToken(ctx context.Context, wanted Token, by string) (Token, string, error) {
	wanted.Email = strings.ToLower(wanted.Email)
	if err := wanted.check(s.Now()); err != nil {
		return Token{}, "", err
	}
	id := strings.ToLower(rand.Text()[:tokenID])
	plain := TokenPrefix + id + "_" + rand.Text()
	err := s.inTx(ctx, func(t *tx) error {
		wanted.ID, wanted.Digest, wanted.CreatedAt, wanted.CreatedBy = id, tokenDigest(plain), t.now, by
		if err := t.roomForToken(wanted); err != nil {
			return err
		}
		if err := t.InsertToken(ctx, wanted); err != nil {
			return fmt.Errorf("insert token: %w", err)
		}
		return t.announceToken(wanted)
	})
	return wanted, plain, err
}

// announceToken tells of a token that reads or acts: whoever stole what it was made
// with could hide behind it.
func (t *tx) announceToken(made Token) error {
	if !slices.ContainsFunc(made.Scopes, func(scope string) bool { return scope != "ingest" }) {
		return nil
	}
	said := Fields{"by": made.CreatedBy, "id": made.ID, "source": made.Source, "email": made.Email, "scopes": made.Scopes}
	if !made.ExpiresAt.IsZero() {
		said["until"] = made.ExpiresAt
	}
	return t.notifyOf("token-"+made.ID, NoticeToken, said)
}

// tokenID is the length of a token's id, which is no secret.
const tokenID = 10

func tokenDigest(plain string) string {
	digest := sha256.Sum256([]byte(plain))
	return hex.EncodeToString(digest[:])
}

func (t *tx) roomForToken(wanted Token) error {
	if err := t.LockName(t.ctx, "tokens of "+cmp.Or(wanted.Source, wanted.Email)); err != nil {
		return fmt.Errorf("lock tokens: %w", err)
	}
	tokens, err := t.Tx.Tokens(t.ctx)
	if err != nil {
		return fmt.Errorf("list tokens: %w", err)
	}
	live := 0
	for _, token := range tokens {
		if token.Source == wanted.Source && token.Email == wanted.Email && token.Live(t.now) {
			live++
		}
	}
	if live >= liveTokens {
		return ErrTooManyTokens
	}
	return nil
}

// Tokens lists all tokens, the newest first.
func (s *Store) Tokens(ctx context.Context) ([]Token, error) {
	var tokens []Token
	err := s.inTx(ctx, func(t *tx) (err error) {
		tokens, err = t.Tx.Tokens(ctx)
		return err
	})
	return tokens, err
}

// RevokeToken ends a token for good. One that is revoked stays as it is. Errors:
// ErrNotFound.
func (s *Store) RevokeToken(ctx context.Context, id, by string) (Token, error) {
	var token Token
	err := s.inTx(ctx, func(t *tx) (err error) {
		if token, err = t.LockToken(ctx, id); err != nil || !token.RevokedAt.IsZero() {
			return err
		}
		token.RevokedAt, token.RevokedBy = t.now, by
		return t.UpdateToken(ctx, token)
	})
	return token, err
}

// TokenOf is the live token that somebody shows; false when it is none. That it was
// used is noted afterwards, about once a minute.
func (s *Store) TokenOf(ctx context.Context, plain string) (Token, bool, error) {
	if !strings.HasPrefix(plain, TokenPrefix) {
		return Token{}, false, nil
	}
	var token Token
	var ok bool
	err := s.inTx(ctx, func(t *tx) (err error) {
		token, ok, err = found(t.FindToken(ctx, tokenDigest(plain)))
		return err
	})
	if err != nil || !ok || !token.Live(s.Now()) {
		return Token{}, false, err
	}
	s.noteUse(ctx, token)
	return token, true, nil
}

// uses remembers when the use of each token was last noted by this process.
type uses struct {
	mu      sync.Mutex
	noted   map[string]time.Time
	running sync.WaitGroup
}

func newUses() *uses { return &uses{noted: map[string]time.Time{}} }

// due tells whether a use has to be noted, and that it will be.
func (u *uses) due(id string, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if last, ok := u.noted[id]; ok && now.Before(last.Add(noteUseEvery)) {
		return false
	}
	u.noted[id] = now
	return true
}

// noteUse keeps nobody waiting, and what goes wrong with it is nobody's trouble: it is
// tried again in a minute.
func (s *Store) noteUse(ctx context.Context, token Token) {
	now := s.Now()
	if now.Before(token.LastUsedAt.Add(noteUseEvery)) || !s.uses.due(token.ID, now) {
		return
	}
	s.uses.running.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteUseWithin)
		defer cancel()
		_ = s.inTx(ctx, func(t *tx) error {
			token, err := t.LockToken(ctx, token.ID)
			if err != nil || !now.After(token.LastUsedAt) {
				return err
			}
			token.LastUsedAt = now
			return t.UpdateToken(ctx, token)
		})
	})
}

// noteUseWithin bounds how long closing the record waits for it.
const noteUseWithin = 5 * time.Second
