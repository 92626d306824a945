package slackserver

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

var (
	// encoded finds what is already in Slack's encoding and must stay as it is.
	encoded    = regexp.MustCompile(`&(?:amp|lt|gt);|<(?:@[UW]|#C|!|https?://|mailto:|tel:|slack:)[^<>]*>`)
	broadcast  = regexp.MustCompile(`<!(?:channel|here|everyone|subteam\^[^>|]*)(?:\|[^>]*)?>`)
	typedLink  = regexp.MustCompile(`https?://[^\s<>]+|[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}`)
	escapeText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
)

// normalize stores text from an app as Slack does: control sequences and
// entities stay, every other & < > is escaped.
func normalize(text string) string {
	var b strings.Builder
	from := 0
	for _, at := range encoded.FindAllStringIndex(text, -1) {
		_, _ = escapeText.WriteString(&b, text[from:at[0]])
		b.WriteString(text[at[0]:at[1]])
		from = at[1]
	}
	_, _ = escapeText.WriteString(&b, text[from:])
	return b.String()
}

// typed encodes what a person wrote: everything is escaped, links and
// addresses become links.
func typed(text string) string {
	return typedLink.ReplaceAllStringFunc(escapeText.Replace(text), func(link string) string {
		if strings.HasPrefix(link, "http") {
			return "<" + link + ">"
		}
		return "<mailto:" + link + "|" + link + ">"
	})
}

// truncate cuts text to a number of characters.
func truncate(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit])
}
