package console

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatCantBeSeenIsShown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ given, visible string }{
		"letters":               {"Ünï 漢字 ж", "Ünï 漢字 ж"},
		"emoji with joiners":    {"👩\u200d💻 ok", "👩\u200d💻 ok"},
		"text turned round":     {"invoice\u202efdp.exe", "invoice[RLO]fdp.exe"},
		"isolates":              {"a\u2066b\u2069", "a[LRI]b[PDI]"},
		"nothing between":       {"pass\u200bword\ufeff", "pass[ZWSP]word[BOM]"},
		"a bell and an escape":  {"\a\x1b[31mred", "[BEL][ESC][31mred"},
		"lines":                 {"one\r\ntwo\nthree", "one two three"},
		"a lonely return":       {"good\rbad", "good[CR]bad"},
		"lines by other means":  {"a\u2028b\u2029c\u0085d", "a[LS]b[PS]c[U+0085]d"},
		"tags nobody sees":      {"a\U000e0041b", "a[U+E0041]b"},
		"no UTF-8":              {"a\xffb", "a\ufffdb"},
		"blanks that are words": {"a\u3164b", "a[U+3164]b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.visible, visible(c.given))
		})
	}
}

func TestWhichAddressesAreLedTo(t *testing.T) {
	t.Parallel()
	for address, led := range map[string]bool{
		"https://siem.example.com/a?b=c#d": true, "http://10.0.0.1:8080/x": true,
		"javascript:alert(1)": false, "data:text/html,x": false, "//evil.example.com": false, "/console": false,
		"https://slack.com@evil.example.com/": false, "https://exa\u202emple.com/": false, "HTTPS://example.com": true, "https:///x": false,
	} {
		require.Equal(t, led, linkable(address), address)
	}
}

func TestLengthsOfTime(t *testing.T) {
	t.Parallel()
	for span, words := range map[time.Duration]string{
		0: "under 1 s", 42 * time.Second: "42 s", 90 * time.Second: "1 min 30 s", time.Hour: "1 h",
		26 * time.Hour: "1 d 2 h", time.Hour + time.Second: "1 h",
	} {
		require.Equal(t, words, length(span))
	}
}
