package person

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
)

func fromCSV(t *testing.T, naming Naming, file string) Rules {
	t.Helper()
	rules := NewRules(naming)
	require.NoError(t, rules.ReadCSV(strings.NewReader(file)))
	return rules
}

func inline(t *testing.T, naming Naming, text string) Rules {
	t.Helper()
	rules := NewRules(naming)
	require.NoError(t, rules.ReadInline(text))
	return rules
}

const heading = "username,email,factor\n"

func TestReadCSV(t *testing.T) {
	t.Parallel()
	rules := fromCSV(t, ByEmail, heading+"root-alice, alice@example.com\r\n\n\"b,ob\",bob@example.com,bobby\n")
	for username, want := range map[string]string{
		"root-alice": "alice@example.com", "ROOT-Alice": "alice@example.com", "b,ob": "bob@example.com",
	} {
		email, ok := rules.email(alert.Subject{Username: username})
		require.True(t, ok)
		require.Equal(t, want, email, username)
	}
	email, ok := rules.email(alert.Subject{Username: "username"})
	require.True(t, ok)
	require.Empty(t, email, "the heading is nobody")
}

func TestReadCSVRefuses(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"":                                 "read heading",
		heading + "alice":                  "line 2: want username,email",
		heading + "alice,a@x,duo,b@x,more": "line 2: want username,email",
		heading + "alice,a@x,duo,bob":      `line 2: manager "bob" is not an email`,
		heading + "alice,a@x,,A@x":         "line 2: a@x is their own manager",
		heading + "alice,a@x,,b@x\nroot-alice,A@X,,c@x": "line 3: a@x has two managers",
		heading + "alice,not an address":                "line 2",
		heading + ",a@x":                                "line 2",
		heading + "alice,a@x\nbob,b@x\nALICE,c@x":       `line 4: username "ALICE" stands twice`,
		heading + "\"alice,a@x":                         "read line",
	} {
		rules := NewRules(ByEmail)
		require.ErrorContains(t, rules.ReadCSV(strings.NewReader(file)), want, file)
	}
}

func TestReadInline(t *testing.T) {
	t.Parallel()
	rules := inline(t, ByEmail, ` ; adm-(\w+) => $1@example.com $1 ;svc\.(?P<who>\w+)=>${who}@example.com; .*-root => ops@example.com;`)
	for username, want := range map[string]string{
		"adm-alice":  "alice@example.com",
		"ADM-Alice":  "Alice@example.com",
		"svc.bob":    "bob@example.com",
		"db-root":    "ops@example.com",
		"adm-x-root": "ops@example.com",
		"xadm-alice": "", // the whole username, not a part of it
		"adm-alice!": "",
		"svc-bob":    "",
		"adm-a\nb":   "",
	} {
		email, ok := rules.email(alert.Subject{Username: username})
		require.True(t, ok)
		require.Equal(t, want, email, username)
	}
}

func TestReadInlineRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"alice":               "want REGEX => EMAIL",
		"alice =>":            "want REGEX => EMAIL",
		"alice => a@x duo me": "want REGEX => EMAIL",
		"(alice => a@x":       "missing closing",
		"a => a@x; b":         `rule "b"`,
	} {
		rules := NewRules(ByEmail)
		require.ErrorContains(t, rules.ReadInline(text), want, text)
	}
}

func TestEmailOfASubject(t *testing.T) {
	t.Parallel()
	rules := fromCSV(t, ByEmail, heading+"alice,alice@example.com\n")
	for name, tc := range map[string]struct {
		subject alert.Subject
		email   string
		agree   bool
	}{
		"email alone":                 {alert.Subject{Email: "x@example.com"}, "x@example.com", true},
		"username alone":              {alert.Subject{Username: "alice"}, "alice@example.com", true},
		"both, the same":              {alert.Subject{Username: "alice", Email: "ALICE@example.com"}, "alice@example.com", true},
		"both, not the same":          {alert.Subject{Username: "alice", Email: "bob@example.com"}, "", false},
		"a username that nobody maps": {alert.Subject{Username: "carol", Email: "bob@example.com"}, "bob@example.com", true},
		"a chat id":                   {alert.Subject{SlackID: "U1"}, "", true},
	} {
		email, agree := rules.email(tc.subject)
		require.Equal(t, tc.email, email, name)
		require.Equal(t, tc.agree, agree, name)
	}
}

func TestNamesAtTheSecondFactor(t *testing.T) {
	t.Parallel()
	mapped := heading + "root-alice,Alice@example.com,aadams\nbob,bob@example.com\n"
	for name, tc := range map[string]struct {
		rules       Rules
		email, want string
	}{
		"email":                       {NewRules(ByEmail), "Alice@example.com", "Alice@example.com"},
		"local part":                  {NewRules(ByLocalPart), "alice@example.com", "alice"},
		"map":                         {fromCSV(t, ByMap, mapped), "alice@EXAMPLE.com", "aadams"},
		"map without a name":          {fromCSV(t, ByMap, mapped), "bob@example.com", ""},
		"map, somebody else":          {fromCSV(t, ByMap, mapped), "carol@example.com", ""},
		"map by rule":                 {inline(t, ByMap, `(\w+) => $1@example.com duo-$1`), "alice@example.com", "duo-alice"},
		"map by rule, another domain": {inline(t, ByMap, `(\w+) => $1@example.com duo-$1`), "alice@evil.example", ""},
		"a map that is not asked for": {fromCSV(t, ByEmail, mapped), "alice@example.com", "alice@example.com"},
	} {
		require.Equal(t, tc.want, tc.rules.described(alert.Person{Email: tc.email}).FactorName, name)
	}
}

func TestManagers(t *testing.T) {
	t.Parallel()
	rules := fromCSV(t, ByMap, "username,email,factor,manager\n"+
		"alice,Alice@example.com,aadams, boss@example.com \nroot-alice,alice@example.com\nbob,bob@example.com,bobby,\n")
	for email, want := range map[string][2]string{
		"alice@example.com": {"aadams", "boss@example.com"},
		"ALICE@example.com": {"aadams", "boss@example.com"},
		"bob@example.com":   {"bobby", ""},
		"carol@example.com": {"", ""},
	} {
		person := rules.described(alert.Person{Email: email, Manager: "who-was@example.com"})
		require.Equal(t, want, [2]string{person.FactorName, person.Manager}, email)
	}
}
