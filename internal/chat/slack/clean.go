package slack

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean takes out of a text what could mislead its reader: control and format
// characters (so every bidi override and zero-width one), invisible letters, and
// what isn't UTF-8. Line breaks stay; tabs become spaces.
func clean(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	return strings.Map(visible, text)
}

func visible(r rune) rune {
	switch r {
	case '\n', '\u2028', '\u2029', '\r', '\u0085', '\v', '\f':
		return '\n'
	case '\t':
		return ' '
	case '\u034F', '\u115F', '\u1160', '\u3164', '\uFFA0': // letters that show nothing
		return -1
	}
	if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs) {
		return -1
	}
	return r
}

// line is clean on one line.
func line(text string) string {
	return strings.Join(strings.Fields(clean(text)), " ")
}

var webAddress = regexp.MustCompile(`(?i)(ht|f)t(ps?://)([^\s/?#]*)`)

// defang makes web addresses in somebody else's words impossible to follow by a click.
func defang(text string) string {
	return webAddress.ReplaceAllStringFunc(text, func(found string) string {
		part := webAddress.FindStringSubmatch(found)
		scheme := map[string]string{"ht": "hxx", "f": "fx"}[strings.ToLower(part[1])]
		return scheme + strings.ToLower(part[2]) + strings.ReplaceAll(part[3], ".", "[.]")
	})
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escape gives &, < and > no meaning in mrkdwn and top-level text.
func escape(text string) string { return escaper.Replace(text) }

// escapedLen is how many characters Slack counts, which is after escaping.
func escapedLen(r rune) int {
	switch r {
	case '&':
		return len("&amp;")
	case '<', '>':
		return len("&lt;")
	}
	return 1
}

// fit cuts a text so that it has at most limit characters once escaped, and marks the cut.
func fit(text string, limit int) string {
	used, keep := 0, 0
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		at += size
		used += escapedLen(r)
		if used > limit {
			return text[:keep] + "…"
		}
		if used < limit {
			keep = at
		}
	}
	return text
}
