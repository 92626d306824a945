package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

func (b *bench) makes(wanted store.Token) (store.Token, string) {
	b.Helper()
	made, plain, err := b.MakeToken(b.Context(), wanted, "Sam")
	require.NoError(b, err)
	return made, plain
}

// takes tells whether a token is taken.
func (b *bench) takes(plain string) bool {
	b.Helper()
	_, ok, err := b.TokenOf(b.Context(), plain)
	require.NoError(b, err)
	return ok
}

func TestATokenFromItsMakingToItsEnd(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		made, plain := b.makes(store.Token{
			Source: "falco", Scopes: []string{"ingest", "read"}, Detections: []string{"sudo_*", "nmap"},
			Severities: []string{"low", "high"}, PerHour: 100, ExpiresAt: noon.Add(48 * time.Hour),
		})
		require.Regexp(b, `^sb_[a-z2-7]{10}_[A-Z2-7]{26}$`, plain)
		require.Contains(b, plain, made.ID)
		require.NotContains(b, made.Digest, plain)
		require.Equal(b, "Sam", made.CreatedBy)

		token, ok, err := b.TokenOf(b.Context(), plain)
		require.NoError(b, err)
		require.True(b, ok)
		require.Equal(b, made, token)
		for _, wrong := range []string{"", "sb_", plain + "x", plain[:len(plain)-1], strings.ToLower(plain), made.ID, made.Digest, "'; --"} {
			require.False(b, b.takes(wrong), wrong)
		}

		b.passes(48*time.Hour - time.Second)
		require.True(b, b.takes(plain))
		b.passes(time.Second)
		require.False(b, b.takes(plain), "it has expired")

		second, plain := b.makes(store.Token{Email: "Sam@Example.com", Scopes: []string{"admin"}, ExpiresAt: b.Now().Add(store.LongestPersonToken)})
		require.Equal(b, "sam@example.com", second.Email)
		b.passes(time.Minute)
		revoked, err := b.RevokeToken(b.Context(), second.ID, "Robin")
		require.NoError(b, err)
		require.Equal(b, b.Now(), revoked.RevokedAt)
		require.False(b, b.takes(plain))
		b.passes(time.Minute)
		again, err := b.RevokeToken(b.Context(), second.ID, "Alice")
		require.NoError(b, err)
		require.Equal(b, revoked, again, "the first revocation stands")
		_, err = b.RevokeToken(b.Context(), "nothing", "Robin")
		require.ErrorIs(b, err, store.ErrNotFound)

		tokens, err := b.Tokens(b.Context())
		require.NoError(b, err)
		require.Equal(b, []string{second.ID, made.ID}, []string{tokens[0].ID, tokens[1].ID})
	})
}

func TestTwoTokensAreLiveAtATime(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		falco := store.Token{Source: "falco", Scopes: []string{"ingest"}}
		first, _ := b.makes(falco)
		b.makes(falco)
		_, _, err := b.MakeToken(b.Context(), falco, "Sam")
		require.ErrorIs(b, err, store.ErrTooManyTokens)
		b.makes(store.Token{Source: "zeek", Scopes: []string{"ingest"}})
		_, err = b.RevokeToken(b.Context(), first.ID, "Sam")
		require.NoError(b, err)
		falco.ExpiresAt = noon.Add(time.Hour)
		b.makes(falco)
		b.passes(time.Hour)
		falco.ExpiresAt = time.Time{}
		b.makes(falco)
	})
}

func TestTwoWhoMakeTokensAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		made := together(b, 6, func(int) (bool, error) {
			_, _, err := b.MakeToken(b.Context(), store.Token{Source: "falco", Scopes: []string{"ingest"}}, "Sam")
			if errors.Is(err, store.ErrTooManyTokens) {
				return false, nil
			}
			return true, err
		})
		made = slices.DeleteFunc(made, func(ok bool) bool { return !ok })
		require.Len(b, made, 2)
	})
}

// toldOfTokens are what the security team is told of tokens, oldest first.
func (b *bench) toldOfTokens() []store.Notice {
	b.Helper()
	var notices []store.Notice
	require.NoError(b, b.db.InTx(b.Context(), func(tx store.Tx) (err error) {
		notices, err = tx.Notices(b.Context(), store.NoticeToken, noon)
		return err
	}))
	return notices
}

func TestATokenThatReadsOrActsIsAnnounced(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		b.makes(store.Token{Source: "falco", Scopes: []string{"ingest"}, ExpiresAt: noon.Add(time.Hour)})
		require.Empty(b, b.toldOfTokens(), "who may only report sees nothing")
		siem, first := b.makes(store.Token{Source: "siem", Scopes: []string{"ingest", "read"}})
		b.passes(time.Second)
		own, second := b.makes(store.Token{Email: "sam@example.com", Scopes: []string{"respond", "admin"}, ExpiresAt: noon.Add(time.Hour)})
		notices := b.toldOfTokens()
		require.Len(b, notices, 2)
		require.JSONEq(b, `{"by":"Sam","id":"`+siem.ID+`","source":"siem","scopes":["ingest","read"]}`, string(notices[0].Data))
		require.JSONEq(b, `{"by":"Sam","id":"`+own.ID+`","email":"sam@example.com","scopes":["respond","admin"],"until":"2026-03-02T13:00:00.123456Z"}`,
			string(notices[1].Data))
		for _, secret := range []string{first, second, siem.Digest, own.Digest} {
			require.NotContains(b, string(notices[0].Data)+string(notices[1].Data), secret)
		}
		_, _, err := b.MakeToken(b.Context(), store.Token{Source: "siem"}, "Sam")
		require.Error(b, err)
		require.Len(b, b.toldOfTokens(), 2, "what was not made is not announced")
	})
}

func TestTheLastUseIsKnownToTheMinute(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		_, plain := b.makes(store.Token{Source: "falco", Scopes: []string{"ingest"}})
		used := func(at time.Time) bool {
			tokens, err := b.Tokens(b.Context())
			return err == nil && tokens[0].LastUsedAt.Equal(at)
		}
		require.True(b, used(time.Time{}))
		require.True(b, b.takes(plain))
		require.Eventually(b, func() bool { return used(noon) }, 10*time.Second, 5*time.Millisecond)
		b.passes(59 * time.Second)
		require.True(b, b.takes(plain))
		require.True(b, used(noon))
		b.passes(time.Second)
		require.True(b, b.takes(plain))
		require.Eventually(b, func() bool { return used(noon.Add(time.Minute)) }, 10*time.Second, 5*time.Millisecond)
	})
}

func TestTokensThatThereCantBe(t *testing.T) {
	t.Parallel()
	record, tomorrow := store.New(openFile(t), store.WithClock(func() time.Time { return noon })), noon.Add(24*time.Hour)
	t.Cleanup(func() { require.NoError(t, record.Close()) })
	for name, tc := range map[string]struct {
		wanted store.Token
		fields []string
	}{
		"of nobody":               {store.Token{Scopes: []string{"read"}}, []string{"source"}},
		"of two":                  {store.Token{Source: "falco", Email: "a@example.com", Scopes: []string{"read"}}, []string{"source"}},
		"a name with capitals":    {store.Token{Source: "Falco", Scopes: []string{"read"}}, []string{"source"}},
		"a timeline's word":       {store.Token{Source: "phone", Scopes: []string{"read"}}, []string{"source"}},
		"alerts by hand":          {store.Token{Source: alert.ByHand, Scopes: []string{"read"}}, []string{"source"}},
		"Securitybot's own":       {store.Token{Source: alert.OwnSource, Scopes: []string{"read"}}, []string{"source"}},
		"no email":                {store.Token{Email: "alice", Scopes: []string{"read"}, ExpiresAt: tomorrow}, []string{"email"}},
		"no scope":                {store.Token{Source: "falco"}, []string{"scopes"}},
		"a source that acts":      {store.Token{Source: "falco", Scopes: []string{"respond"}}, []string{"scopes"}},
		"a person who reports":    {store.Token{Email: "a@example.com", Scopes: []string{"ingest"}, ExpiresAt: tomorrow}, []string{"scopes"}},
		"a scope twice":           {store.Token{Source: "falco", Scopes: []string{"read", "read"}}, []string{"scopes"}},
		"a scope of its own":      {store.Token{Source: "falco", Scopes: []string{"root"}}, []string{"scopes"}},
		"a star in the middle":    {store.Token{Source: "falco", Scopes: []string{"ingest"}, Detections: []string{"a*b"}}, []string{"detections"}},
		"a severity of its own":   {store.Token{Source: "falco", Scopes: []string{"ingest"}, Severities: []string{"High"}}, []string{"severities"}},
		"less than none":          {store.Token{Source: "falco", Scopes: []string{"ingest"}, PerHour: -1}, []string{"per_hour"}},
		"over already":            {store.Token{Source: "falco", Scopes: []string{"ingest"}, ExpiresAt: noon}, []string{"until"}},
		"a person with limits":    {store.Token{Email: "a@example.com", Scopes: []string{"read"}, PerHour: 1, Severities: []string{"low"}, ExpiresAt: tomorrow}, []string{"severities", "per_hour"}},
		"a person without an end": {store.Token{Email: "a@example.com", Scopes: []string{"read"}}, []string{"until"}},
		"a person for too long":   {store.Token{Email: "a@example.com", Scopes: []string{"read"}, ExpiresAt: noon.Add(store.LongestPersonToken + time.Second)}, []string{"until"}},
		"everything that's wrong": {store.Token{Source: "<b>", Scopes: []string{"x"}, Severities: []string{"x"}}, []string{"source", "scopes", "severities"}},
	} {
		_, _, err := record.MakeToken(t.Context(), tc.wanted, "Sam")
		var invalid *store.InvalidTokenError
		require.ErrorAs(t, err, &invalid, name)
		var fields []string
		for _, fault := range invalid.Faults {
			fields = append(fields, fault.Field)
		}
		require.Equal(t, tc.fields, fields, name)
	}
	tokens, err := record.Tokens(t.Context())
	require.NoError(t, err)
	require.Empty(t, tokens)
}

func TestWhatATokenAllows(t *testing.T) {
	t.Parallel()
	reported := alert.Alert{Detection: "sudo_interactive", Severity: alert.High}
	for name, tc := range map[string]struct {
		token store.Token
		field string
	}{
		"anything":                  {store.Token{}, ""},
		"its name":                  {store.Token{Detections: []string{"nmap", "sudo_interactive"}}, ""},
		"the beginning of its name": {store.Token{Detections: []string{"sudo_*"}}, ""},
		"every name":                {store.Token{Detections: []string{"*"}}, ""},
		"the beginning, no star":    {store.Token{Detections: []string{"sudo_"}}, "detection"},
		"another":                   {store.Token{Detections: []string{"nmap*"}}, "detection"},
		"another letter case":       {store.Token{Detections: []string{"SUDO_*"}}, "detection"},
		"its severity":              {store.Token{Severities: []string{"low", "high"}}, ""},
		"another severity":          {store.Token{Severities: []string{"critical"}}, "severity"},
	} {
		require.Equal(t, tc.field, tc.token.Allows(reported), name)
	}
}
