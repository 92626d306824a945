package seal_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/seal"
)

var (
	alice = alert.PersonKey{Team: "T1", User: "U1"}
	yes   = seal.Claim{Action: "yes", AlertID: "a1", Revision: 3}
)

func sealer(t testing.TB, key string) *seal.Sealer {
	t.Helper()
	made, err := seal.New(key)
	require.NoError(t, err)
	return made
}

func zeros(t testing.TB) *seal.Sealer { return sealer(t, strings.Repeat("00", 32)) }

// Buttons outlive releases: one that changes the form leaves people with dead buttons.
func TestValueIsStable(t *testing.T) {
	t.Parallel()
	require.Equal(t, "v1.a1.3..Z9BHfXsDiNJXxhqAlJsksUzb", zeros(t).Value(yes, alice))
}

func TestAValueComesBackAsItWent(t *testing.T) {
	t.Parallel()
	for _, claim := range []seal.Claim{
		yes,
		{Action: "explanation", AlertID: strings.Repeat("f", 64), Revision: 1, About: "press|T1|U1|D1|1.2|yes|3.4"},
		{Action: "no", AlertID: "a1", Revision: 0, About: "ü . / +"},
	} {
		value := zeros(t).Value(claim, alice)
		read, err := seal.Read(claim.Action, value)
		require.NoError(t, err)
		require.Equal(t, claim, read)
		require.NoError(t, zeros(t).Check(value, read, alice))
		require.Less(t, len(value), 2000, "Slack takes no longer value")
	}
}

func TestAnotherClaimDoesNotFit(t *testing.T) {
	t.Parallel()
	value := zeros(t).Value(yes, alice)
	for name, claim := range map[string]seal.Claim{
		"action":   {Action: "no", AlertID: "a1", Revision: 3},
		"alert":    {Action: "yes", AlertID: "a2", Revision: 3},
		"revision": {Action: "yes", AlertID: "a1", Revision: 4},
		"about":    {Action: "yes", AlertID: "a1", Revision: 3, About: "x"},
	} {
		require.ErrorIs(t, zeros(t).Check(value, claim, alice), seal.ErrForged, name)
		// What an attacker makes of a value that they have: its parts with another's code.
		other := zeros(t).Value(claim, alice)
		spliced := other[:strings.LastIndex(other, ".")] + value[strings.LastIndex(value, "."):]
		require.ErrorIs(t, zeros(t).Check(spliced, claim, alice), seal.ErrForged, name)
	}
	for name, person := range map[string]alert.PersonKey{
		"user": {Team: "T1", User: "U2"}, "team": {Team: "T2", User: "U1"},
		"letters moved": {Team: "T1U", User: "1"}, "nobody": {},
	} {
		require.ErrorIs(t, zeros(t).Check(value, yes, person), seal.ErrForged, name)
	}
	require.ErrorIs(t, sealer(t, seal.NewKey()).Check(value, yes, alice), seal.ErrForged, "another key")
}

func TestEveryChangedLetterIsNoticed(t *testing.T) {
	t.Parallel()
	claim := seal.Claim{Action: "explanation", AlertID: "a1", Revision: 12, About: "answer"}
	value := zeros(t).Value(claim, alice)
	for i := range value {
		for _, letter := range []byte("0Az._+") {
			if value[i] == letter {
				continue
			}
			changed := value[:i] + string(letter) + value[i+1:]
			read, err := seal.Read("explanation", changed)
			if err == nil {
				err = zeros(t).Check(changed, read, alice)
			}
			require.ErrorIs(t, err, seal.ErrForged, changed)
		}
	}
	for _, changed := range []string{
		value[1:], value[:len(value)-1], value + "A", " " + value, strings.Replace(value, ".12.", ".012.", 1),
		strings.Replace(value, ".12.", ".+12.", 1), strings.ToUpper(value), "",
	} {
		read, err := seal.Read("explanation", changed)
		if err == nil {
			err = zeros(t).Check(changed, read, alice)
		}
		require.ErrorIs(t, err, seal.ErrForged, changed)
	}
}

func TestNewRefusesWeakKeys(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", "00", strings.Repeat("0", 63), strings.Repeat("00", 31), strings.Repeat("zz", 32)} {
		_, err := seal.New(key)
		require.Error(t, err, key)
		require.NotContains(t, err.Error(), "zz", "no key in an error")
	}
	first, second := seal.NewKey(), seal.NewKey()
	require.NotEqual(t, first, second)
}

// Nothing that somebody sends may do more than be refused, and nothing that was
// not sealed may pass.
func FuzzRead(f *testing.F) {
	f.Add("v1.a1.3..Z9BHfXsDiNJXxhqAlJsksUzb")
	f.Add("v1.a.-1.!.x")
	f.Add("....")
	f.Add("v1." + strings.Repeat("a", 5000) + ".99999999999999999999.." + base64.RawURLEncoding.EncodeToString([]byte("x")))
	f.Fuzz(func(t *testing.T, value string) {
		claim, err := seal.Read("yes", value)
		if err != nil {
			require.ErrorIs(t, err, seal.ErrForged)
			return
		}
		require.Equal(t, "yes", claim.Action)
		passes := zeros(t).Check(value, claim, alice) == nil
		require.Equal(t, value == zeros(t).Value(claim, alice), passes)
	})
}
