package duo

import (
	"net/url"
	"strings"
	"unicode"

	"securitybot/internal/factor"
)

// The limits of what a phone shows. Duo takes less than 20,000 bytes of pushinfo;
// a person reads far less.
const (
	maxType     = 40
	maxName     = 40
	maxValue    = 200
	maxPushinfo = 16000 // bytes, encoded
)

// pushinfo encodes rows as Duo wants them: a query string inside a form value, in
// the order given, a space as %20.
func pushinfo(rows []factor.Row) string {
	var encoded strings.Builder
	for _, row := range rows {
		name, value := show(row.Name, maxName), show(row.Value, maxValue)
		if name == "" || value == "" {
			continue
		}
		pair := encode(name) + "=" + encode(value)
		if encoded.Len()+len(pair) >= maxPushinfo {
			break
		}
		if encoded.Len() > 0 {
			encoded.WriteByte('&')
		}
		encoded.WriteString(pair)
	}
	return encoded.String()
}

func encode(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

// show makes a text fit for a phone: one line, nothing in it that is unseen or turns
// the writing round, at most limit characters.
func show(text string, limit int) string {
	text = strings.Map(seen, strings.ToValidUTF8(text, "\uFFFD"))
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return string(runes)
}

func seen(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs):
		return -1
	case r == '\u034F', r == '\u115F', r == '\u1160', r == '\u3164', r == '\uFFA0':
		return -1
	}
	return r
}
