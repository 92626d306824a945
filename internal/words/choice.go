package words

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"securitybot/internal/alert"
)

// Choice reads a typed answer: its first words, and the rest, as it was written,
// for the explanation.
func Choice(text string) (choice alert.Choice, explanation string, ok bool) {
	plain := strings.TrimSpace(text)
	trimmed := strings.TrimLeft(plain, marks+"> ")
	for _, known := range typedChoices {
		rest, ok := afterWord(trimmed, known.word)
		if !ok {
			continue
		}
		rest = strings.TrimLeftFunc(rest, joins)
		if len(trimmed) < len(plain) { // all of it was quoted or set off
			rest = strings.TrimRight(rest, marks)
		}
		return known.choice, rest, true
	}
	return "", "", false
}

// marks are quotation marks and markup that may stand around what was typed.
const marks = "\"'“”‘’*_~`"

// typedChoices is in the order of trial: longer beginnings first. Slack gives
// emoji by their names.
var typedChoices = []struct {
	word   string
	choice alert.Choice
}{
	{"not sure", alert.NotSure},
	{"i'm not sure", alert.NotSure},
	{"i’m not sure", alert.NotSure},
	{"i don't know", alert.NotSure},
	{"i don’t know", alert.NotSure},
	{"no idea", alert.NotSure},
	{"unsure", alert.NotSure},
	{"i don't know", alert.NotSure},
	{"i dont know", alert.NotSure},
	{"don't know", alert.NotSure},
	{"some weren't me", alert.SomeNot},
	{"some weren’t me", alert.SomeNot},
	{"some were not me", alert.SomeNot},
	{"not all of them", alert.SomeNot},
	{"not me", alert.No},
	{"it wasn't me", alert.No},
	{"it wasn’t me", alert.No},
	{"it was not me", alert.No},
	{"it was me", alert.Yes},
	{"yes", alert.Yes},
	{"yep", alert.Yes},
	{"yup", alert.Yes},
	{"yeah", alert.Yes},
	{"nope", alert.No},
	{"nah", alert.No},
	{"no", alert.No},
	{"y", alert.Yes},
	{"n", alert.No},
	{"👍", alert.Yes},
	{":+1:", alert.Yes},
	{":thumbsup:", alert.Yes},
	{"👎", alert.No},
	{":-1:", alert.No},
	{":thumbsdown:", alert.No},
}

func afterWord(text, word string) (string, bool) {
	if len(text) < len(word) || !strings.EqualFold(text[:len(word)], word) {
		return "", false
	}
	rest := text[len(word):]
	next, _ := utf8.DecodeRuneInString(rest)
	if unicode.IsLetter(next) || unicode.IsDigit(next) || strings.ContainsRune("/?@", next) {
		return "", false
	}
	return rest, true
}

// joins tells what may stand between an answer and its explanation: a thumb's
// skin tone too.
func joins(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Sk, r) || strings.ContainsRune(marks+",.;:!-–—…>\uFE0F", r)
}
