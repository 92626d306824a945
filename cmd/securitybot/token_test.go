package main

import (
	"bytes"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/store"
)

// operates types a command line on a record of its own.
func operates(t *testing.T, data string, args ...string) (out, said string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command := newCommand()
	command.SetOut(&stdout)
	command.SetErr(&stderr)
	command.SetArgs(append(args, "--data", data))
	err = command.ExecuteContext(t.Context())
	return stdout.String(), stderr.String(), err
}

// The first token needs nothing but the record.
func TestTokenCommands(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	out, _, err := operates(t, data, "token", "list")
	require.NoError(t, err)
	require.Equal(t, "No tokens.\n", out)

	out, said, err := operates(t, data, "token", "create", "--person", "Sam@example.com", "--scope", "read,respond", "--scope", "admin")
	require.NoError(t, err)
	require.Regexp(t, `^sb_[a-z2-7]{10}_[A-Z2-7]{26}\n$`, out, "the token alone, for a pipe")
	id := regexp.MustCompile(`The token of sam@example.com, with the id (\w+);`).FindStringSubmatch(said)[1]
	require.Contains(t, out, id)
	_, _, err = operates(t, data, "token", "create", "--source", "falco", "--scope", "ingest", "--detection", "sudo_*",
		"--severity", "low,high", "--per-hour", "100", "--for", "90d")
	require.NoError(t, err)

	out, _, err = operates(t, data, "token", "list")
	require.NoError(t, err)
	require.Regexp(t, id+` +sam@example.com +until 20\S+ \S+ UTC +read respond admin +all +all +any +- `, out)
	require.Regexp(t, `falco +until 20\S+ \S+ UTC +ingest +sudo_\* +low high +100 +- `, out)

	out, _, err = operates(t, data, "token", "revoke", id)
	require.NoError(t, err)
	require.Equal(t, "The token "+id+" of sam@example.com is no longer taken.\n", out)
	out, _, err = operates(t, data, "token", "list")
	require.NoError(t, err)
	require.Regexp(t, id+` +sam@example.com +revoked by operator`, out)
}

func TestWhenATokenEnds(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		wanted store.Token
		length string
		ends   time.Time
	}{
		"a source's":             {store.Token{Source: "falco"}, "", time.Time{}},
		"a source's with an end": {store.Token{Source: "falco"}, "365d", now.AddDate(1, 0, 0)},
		"a person's":             {store.Token{Email: "sam@example.com"}, "", now.Add(store.LongestPersonToken)},
		"a person's with an end": {store.Token{Email: "sam@example.com"}, "1d", now.AddDate(0, 0, 1)},
	} {
		ends, err := endOf(tc.wanted, tc.length, now)
		require.NoError(t, err, name)
		require.Equal(t, tc.ends, ends, name)
	}
}

func TestTokenCommandsThatAreRefused(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	for name, tc := range map[string]struct {
		args []string
		said string
	}{
		"of nobody":       {[]string{"create", "--scope", "read"}, "at least one of the flags"},
		"of two":          {[]string{"create", "--source", "falco", "--person", "a@example.com", "--scope", "read"}, "none of the others can be"},
		"without a scope": {[]string{"create", "--source", "falco"}, `"scope" not set`},
		"wrong twice":     {[]string{"create", "--source", "Falco", "--scope", "admin"}, "source: must have small letters, digits and _ . - only, at most 64, a letter or digit first; scopes: a source's token"},
		"no length":       {[]string{"create", "--source", "falco", "--scope", "read", "--for", "soon"}, `--for "soon" is not a length of time`},
		"too long":        {[]string{"create", "--person", "a@example.com", "--scope", "read", "--for", "91d"}, "until: is more than 90 days ahead"},
		"no such id":      {[]string{"revoke", "nothing"}, `there is no token with the id "nothing"`},
	} {
		_, _, err := operates(t, data, append([]string{"token"}, tc.args...)...)
		require.ErrorContains(t, err, tc.said, name)
	}
}
