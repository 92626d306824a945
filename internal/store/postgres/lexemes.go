package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"securitybot/internal/store"
)

// lexeme is what the index of words knows, or the beginning of it: a word, or one of
// the things that never change about an alert, so that both are looked up at once.
type lexeme struct {
	text   string
	begins bool
}

// indexedText gives the lexemes that an alert is found by, with spaces between them.
func indexedText(record store.Record) string {
	return strings.Join([]string{
		store.SearchText(record), fixed("detection", record.Detection), fixed("source", record.Source),
		fixed("severity", string(record.Severity)),
	}, " ")
}

// fixed is the lexeme of something that never changes. No word has a colon. That two
// long names may share one is no harm: what is found is compared.
func fixed(name, value string) string {
	text := []rune(name + ":" + strings.Join(strings.Fields(value), ":"))
	return string(text[:min(len(text), longestLexeme)])
}

const longestLexeme = 100 // runes

func lexemesOf(filter store.Filter, words []store.SearchWord) []lexeme {
	var wanted []lexeme
	for _, word := range words {
		wanted = append(wanted, lexeme{text: word.Text, begins: word.Begins})
	}
	for _, each := range [][2]string{
		{"detection", filter.Detection}, {"source", filter.Source}, {"severity", filter.Severity},
	} {
		if each[1] != "" {
			wanted = append(wanted, lexeme{text: fixed(each[0], each[1])})
		}
	}
	return wanted
}

// onlyFixed tells whether the index of words knows all that a filter asks for.
func onlyFixed(filter store.Filter) bool {
	filter.Detection, filter.Source, filter.Severity = "", "", ""
	return asked(filter) == 0 && filter.Subject == ""
}

var quoted = strings.NewReplacer(`\`, `\\`, `'`, `''`)

// queryOf is a tsquery for all of them.
func queryOf(wanted []lexeme) string {
	var query []string
	for _, each := range wanted {
		text := "'" + quoted.Replace(each.text) + "'"
		if each.begins {
			text += ":*"
		}
		query = append(query, text)
	}
	return strings.Join(query, " & ")
}

// Of the beginnings, which gather all that has such a word before anything is
// compared, those are not looked up that many alerts have, when something else is in far fewer.
const (
	manyHave = 0.01 // of all alerts
	farFewer = 4
)

// lookup is the part of a query that goes to the index.
func (t *tx) lookup(ctx context.Context, wanted []lexeme) (string, error) {
	if !slices.ContainsFunc(wanted, func(each lexeme) bool { return each.begins }) {
		return queryOf(wanted), nil
	}
	var patterns []string
	for _, each := range wanted {
		patterns = append(patterns, each.pattern())
	}
	known, err := t.q.SharesOf(ctx, patterns)
	if err != nil {
		return "", fmt.Errorf("read how frequent words are: %w", err)
	}
	shares := make(map[string]float64, len(wanted))
	for _, each := range known {
		shares[each.Word] = each.Share
	}
	least := 1.0
	for _, each := range patterns {
		least = min(least, shares[each])
	}
	return queryOf(slices.DeleteFunc(slices.Clone(wanted), func(each lexeme) bool {
		return each.begins && shares[each.pattern()] > max(manyHave, farFewer*least)
	})), nil
}

var unlike = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// pattern is what LIKE compares a lexeme with.
func (l lexeme) pattern() string {
	text := unlike.Replace(l.text)
	if l.begins {
		text += "%"
	}
	return text
}
