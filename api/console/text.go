package console

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// piece is a run of text, or a badge for a character that can't be seen and
// would turn, hide or break what stands around it.
type piece struct {
	Text  string
	Badge string
	Line  bool // a new line begins here
}

// badges name what is met most; others are shown by their number.
var badges = map[rune]string{
	0x00: "NUL", 0x07: "BEL", 0x08: "BS", '\t': "TAB", '\r': "CR", 0x1b: "ESC", 0x7f: "DEL", 0xad: "SHY",
	0x061c: "ALM", 0x200b: "ZWSP", 0x200e: "LRM", 0x200f: "RLM", 0x2028: "LS", 0x2029: "PS",
	0x202a: "LRE", 0x202b: "RLE", 0x202c: "PDF", 0x202d: "LRO", 0x202e: "RLO", 0x2060: "WJ",
	0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI", 0xfeff: "BOM",
}

// hidden tells that a character must not do what it does. The joiners of emoji
// and of Persian and Indic letters are what people write.
func hidden(r rune) bool {
	switch r {
	case 0x200c, 0x200d:
		return false
	case 0x2028, 0x2029, 0x115f, 0x1160, 0x3164, 0xffa0:
		return true
	default:
		return unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	}
}

func badge(r rune) string {
	if name, ok := badges[r]; ok {
		return name
	}
	return fmt.Sprintf("U+%04X", r)
}

// pieces takes a text apart so that everything in it can be seen. Names of ours
// and JSON are texts as well.
func pieces(value any) []piece {
	text, ok := value.(string)
	if raw, isRaw := value.(json.RawMessage); isRaw {
		text = string(raw)
	} else if !ok {
		text = fmt.Sprint(value)
	}
	var list []piece
	plain := strings.Builder{}
	flush := func() {
		if plain.Len() > 0 {
			list = append(list, piece{Text: plain.String()})
			plain.Reset()
		}
	}
	for _, r := range strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\r\n", "\n") {
		switch {
		case r == '\n':
			flush()
			list = append(list, piece{Line: true})
		case hidden(r):
			flush()
			list = append(list, piece{Badge: badge(r)})
		default:
			plain.WriteRune(r)
		}
	}
	flush()
	return list
}

// visible is a text on one line, for places that take no markup.
func visible(text string) string {
	var shown strings.Builder
	for _, piece := range pieces(text) {
		switch {
		case piece.Line:
			shown.WriteByte(' ')
		case piece.Badge != "":
			shown.WriteString("[" + piece.Badge + "]")
		default:
			shown.WriteString(piece.Text)
		}
	}
	return shown.String()
}

// linkable tells that an address may be led to: http or https, a host, and
// nothing in it that can't be seen.
func linkable(address string) bool {
	parsed, err := url.Parse(address)
	return err == nil && (parsed.Scheme == "http" || parsed.Scheme == "https") && parsed.Host != "" &&
		parsed.User == nil && !strings.ContainsFunc(address, hidden)
}

// wording is a name of ours in words, with a capital: "no_response" is "No response".
func wording(name any) string {
	words := strings.ReplaceAll(fmt.Sprint(name), "_", " ")
	first, size := utf8.DecodeRuneInString(words)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + words[size:]
}

// short is the beginning of an id, as people say it to each other.
func short(id string) string { return id[:min(len(id), 12)] }
