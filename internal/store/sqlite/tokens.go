package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"securitybot/internal/store"
	"securitybot/internal/store/sqlite/litedb"
)

func (t *tx) InsertToken(ctx context.Context, token store.Token) error {
	return inserted(t.q.InsertToken(ctx, litedb.InsertTokenParams{
		ID:         token.ID,
		Source:     token.Source,
		Digest:     token.Digest,
		Email:      token.Email,
		Scopes:     listText(token.Scopes),
		Detections: listText(token.Detections),
		Severities: listText(token.Severities),
		PerHour:    int64(token.PerHour),
		CreatedAt:  micros(token.CreatedAt),
		CreatedBy:  token.CreatedBy,
		ExpiresAt:  maybeMicros(token.ExpiresAt),
		LastUsedAt: maybeMicros(token.LastUsedAt),
		RevokedAt:  maybeMicros(token.RevokedAt),
		RevokedBy:  token.RevokedBy,
	}))
}

func (t *tx) FindToken(ctx context.Context, digest string) (store.Token, error) {
	row, err := t.q.FindToken(ctx, digest)
	if err != nil {
		return store.Token{}, found(err)
	}
	return tokenOf(row)
}

func (t *tx) LockToken(ctx context.Context, id string) (store.Token, error) {
	row, err := t.q.LockToken(ctx, id)
	if err != nil {
		return store.Token{}, found(err)
	}
	return tokenOf(row)
}

func (t *tx) Tokens(ctx context.Context) ([]store.Token, error) {
	rows, err := t.q.Tokens(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	list := make([]store.Token, 0, len(rows))
	for _, row := range rows {
		token, err := tokenOf(row)
		if err != nil {
			return nil, err
		}
		list = append(list, token)
	}
	return list, nil
}

func (t *tx) UpdateToken(ctx context.Context, token store.Token) error {
	return changed(t.q.UpdateToken(ctx, litedb.UpdateTokenParams{
		LastUsedAt: maybeMicros(token.LastUsedAt), RevokedAt: maybeMicros(token.RevokedAt),
		RevokedBy: token.RevokedBy, ID: token.ID,
	}))
}

func tokenOf(row litedb.Token) (store.Token, error) {
	token := store.Token{
		ID:         row.ID,
		Source:     row.Source,
		Digest:     row.Digest,
		Email:      row.Email,
		PerHour:    int(row.PerHour),
		CreatedAt:  moment(row.CreatedAt),
		CreatedBy:  row.CreatedBy,
		ExpiresAt:  maybeMoment(row.ExpiresAt),
		LastUsedAt: maybeMoment(row.LastUsedAt),
		RevokedAt:  maybeMoment(row.RevokedAt),
		RevokedBy:  row.RevokedBy,
	}
	for _, column := range []struct {
		text string
		list *[]string
	}{{row.Scopes, &token.Scopes}, {row.Detections, &token.Detections}, {row.Severities, &token.Severities}} {
		if column.text == "[]" {
			continue
		}
		if err := json.Unmarshal([]byte(column.text), column.list); err != nil {
			return store.Token{}, fmt.Errorf("read token: %w", err)
		}
	}
	return token, nil
}

// listText is a list of words as a column holds it: JSON.
func listText(list []string) string {
	if len(list) == 0 {
		return "[]"
	}
	text, _ := json.Marshal(list) //nolint:errchkjson // strings can always be written
	return string(text)
}

func (t *tx) FindSession(ctx context.Context, id string, now time.Time) ([]byte, error) {
	data, err := t.q.FindSession(ctx, id, micros(now))
	if err != nil {
		return nil, found(err)
	}
	return data, nil
}

func (t *tx) PutSession(ctx context.Context, id string, data []byte, expires time.Time) error {
	if err := t.q.PutSession(ctx, id, data, micros(expires)); err != nil {
		return fmt.Errorf("put session: %w", err)
	}
	return nil
}

func (t *tx) DropSession(ctx context.Context, id string) error { return t.q.DropSession(ctx, id) }

func (t *tx) PruneSessions(ctx context.Context, before time.Time) error {
	return t.q.PruneSessions(ctx, micros(before))
}
