package slack

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ in, out string }{
		"plain words stay":            {"sudo -i, café 東京", "sudo -i, café 東京"},
		"line breaks stay":            {"one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"},
		"tabs are spaces":             {"a\tb", "a b"},
		"control characters go":       {"a\x00b\x1b[31mc\x7f", "ab[31mc"},
		"a right-to-left override":    {"exe.\u202Egpj.txt", "exe.gpj.txt"},
		"isolates go":                 {"\u2066a\u2069", "a"},
		"zero-width characters go":    {"pay\u200Bpal\uFEFF\u200D", "paypal"},
		"tag characters go":           {"a\U000E0041b", "ab"},
		"letters that show nothing":   {"a\u3164b\uFFA0c\u115Fd", "abcd"},
		"private use goes":            {"a\uE000b", "ab"},
		"broken UTF-8 is marked":      {"a\xffb", "a\uFFFDb"},
		"an emoji and its style stay": {"❤️", "❤️"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.out, clean(test.in))
		})
	}
}

func TestDefang(t *testing.T) {
	t.Parallel()
	for in, out := range map[string]string{
		"see https://evil.example.com/a.b?c=d.e now": "see hxxps://evil[.]example[.]com/a.b?c=d.e now",
		"HTTP://EVIL.EXAMPLE":                        "hxxp://EVIL[.]EXAMPLE",
		"ftp://files.example":                        "fxp://files[.]example",
		"xhttp://a.b":                                "xhxxp://a[.]b",
		"two http://a.b and https://c.d#e.f":         "two hxxp://a[.]b and hxxps://c[.]d#e.f",
		"version 1.2.3 of host.example":              "version 1.2.3 of host.example",
		"":                                           "",
	} {
		require.Equal(t, out, defang(in))
	}
}

func TestFit(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		in    string
		limit int
		out   string
	}{
		"short enough":          {"abc", 3, "abc"},
		"cut and marked":        {"abcd", 3, "ab…"},
		"counted by characters": {"äöüß", 4, "äöüß"},
		"cut between runes":     {"äöüßx", 4, "äöü…"},
		"an escape counts whole": {
			"a&b", 6, "a…",
		},
		"escapes that fit": {"a&b", 7, "a&b"},
		"nothing":          {"", 0, ""},
		"broken bytes":     {"\xff\xff\xff", 2, "\xff…"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.out, fit(test.in, test.limit))
		})
	}
}

var followable = regexp.MustCompile(`(?i)(https?|ftps?)://`)

func FuzzClean(f *testing.F) {
	for _, seed := range []string{"a\u202Eb", "http://a.b", "ht\u200Btp://a.b", "httphttp://://", "\xff\xfe", "<!channel>", "a&b"} {
		f.Add(seed, 10)
	}
	f.Fuzz(func(t *testing.T, text string, limit int) {
		cleaned := clean(text)
		require.True(t, utf8.ValidString(cleaned))
		require.Equal(t, cleaned, clean(cleaned))
		require.NotContains(t, line(text), "\n")
		for _, r := range cleaned {
			require.False(t, r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf), "%U is left", r)
		}
		safe := defang(cleaned)
		require.False(t, followable.MatchString(safe), safe)
		require.Equal(t, safe, defang(safe))
		require.NotContains(t, strings.NewReplacer("&amp;", "", "&lt;", "", "&gt;", "").Replace(escape(safe)), "<")
		limit = 1 + (limit&0x7fffffff)%100
		require.LessOrEqual(t, countEscaped(fit(cleaned, limit)), limit)
	})
}

func FuzzDecode(f *testing.F) {
	f.Add("a &lt;b&gt; <@U1|x> <https://x.example|y>")
	f.Fuzz(func(t *testing.T, text string) {
		require.Equal(t, text, decode(escape(text)), "what a person types comes back as typed")
	})
}
