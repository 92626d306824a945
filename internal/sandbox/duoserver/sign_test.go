package duoserver

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The expected values are those of the client library's own tests, which are
// also in Duo's documentation of the Auth API.
func TestSignatureOfTheDocumentation(t *testing.T) {
	t.Parallel()
	params := url.Values{"realname": {"First Last"}, "username": {"root"}}
	canon := canonical("POST", "api-XXXXXXXX.duosecurity.com", "/accounts/v1/account/list", params,
		"Tue, 21 Aug 2012 17:29:18 -0000")
	sig := signature("Zh5eGmUq9zpfQnyUIu5OL9iWoMMv5ZNmk3zLJ4Ep", canon)
	header := "Basic " + base64.StdEncoding.EncodeToString([]byte("DIWJ8X6AEYOR5OMC6TQ1:"+sig))
	require.Equal(t, "Basic RElXSjhYNkFFWU9SNU9NQzZUUTE6MWJmZmI4OTI0MzQ4ZjdkYjdkYTllN2Q3ZDc0OWRlZDkzYWFmZDAyZDhlOTA0"+
		"OTYwZGE3Yjk2YzU3NTEwMjIwMTg1YTY0YTI4MjdlZThmMjRhYzVkMzA4MDJhOWVlOTdlNTlkZTQ0YjMwNGIxODI0MmYwZDU5NmQxNWE4MTIyYWY=",
		header)
	ikey, given, ok := credentials(header)
	require.True(t, ok)
	require.Equal(t, "DIWJ8X6AEYOR5OMC6TQ1", ikey)
	require.Equal(t, sig, given)
}

func TestParametersAreSortedAndEscaped(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		params url.Values
		want   string
	}{
		{"none", url.Values{}, ""},
		{"one", url.Values{"realname": {"First Last"}}, "realname=First%20Last"},
		{
			"values are sorted, too",
			url.Values{"username": {"H ell?o"}, "password": {"H-._~i", "A(!'*)"}},
			"password=A%28%21%27%2A%29&password=H-._~i&username=H%20ell%3Fo",
		},
		{"a common prefix", url.Values{"foo_bar": {"2"}, "foo": {"1"}}, "foo=1&foo_bar=2"},
		{"white space", url.Values{"whitespace": {"\t\n\x0b\x0c\r "}}, "whitespace=%09%0A%0B%0C%0D%20"},
		{"unicode", url.Values{"bar": {"⠕ꪣ"}}, "bar=%E2%A0%95%EA%AA%A3"},
		{"a plus", url.Values{"a": {"1+1"}}, "a=1%2B1"},
	} {
		lines := strings.Split(canonical("post", "API-XXX.duosecurity.COM:8443", "/auth/v2/ping", c.params, "5"), "\n")
		require.Equal(t, []string{"5", "POST", "api-xxx.duosecurity.com:8443", "/auth/v2/ping", c.want}, lines, c.name)
	}
}

func TestBrokenCredentials(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"", "Bearer x", "Basic ???", "Basic " + base64.StdEncoding.EncodeToString([]byte("no colon"))} {
		_, _, ok := credentials(header)
		require.False(t, ok, header)
	}
}

func TestPushInfoKeepsItsOrder(t *testing.T) {
	t.Parallel()
	info, err := rows("Zeta=1&Alert=a%20%26%20b&code=482")
	require.NoError(t, err)
	require.Equal(t, []Row{{"Zeta", "1"}, {"Alert", "a & b"}, {"code", "482"}}, info)
	require.Equal(t, "482", codeOf(info))
	_, err = rows("a=%zz")
	require.Error(t, err)
}
