package store

import (
	"slices"
	"strings"
	"unicode"
)

// Bounds of what is searched: a longer word is found by its beginning, and what
// comes after so many words is not looked at.
const (
	longestWord  = 64 // runes
	wordsOfAlert = 2000
	wordsOfQuery = 32
)

// SearchText gives the words that an alert is found by: lower-case runs of
// letters and digits, each once. It is empty once the alert was erased.
func SearchText(record Record) string {
	if !record.ErasedAt.IsZero() {
		return ""
	}
	return strings.Join(wordsIn(strings.Join([]string{
		record.Title, record.Detection, record.Key, record.Subject.Email, record.Subject.Username,
		record.Subject.SlackID, record.URL, record.Description,
	}, " "), wordsOfAlert), " ")
}

// SearchWords gives the words of a query, each the beginning of a word to find:
// the first 32 of them. A text without letters and digits has none, and finds nothing.
func SearchWords(text string) []string { return wordsIn(text, wordsOfQuery) }

func wordsIn(text string, most int) []string {
	words, seen := []string{}, map[string]bool{}
	for word := range strings.FieldsFuncSeq(text, notOfWord) {
		if runes := []rune(word); len(runes) > longestWord {
			word = string(runes[:longestWord])
		}
		if word = strings.ToLower(word); !seen[word] && strings.ContainsFunc(word, says) {
			seen[word] = true
			words = append(words, word)
		}
		if len(words) == most {
			break
		}
	}
	return slices.Clip(words)
}

// notOfWord tells what parts words. Marks belong to the letters before them.
func notOfWord(r rune) bool {
	return !says(r) && !unicode.IsMark(r)
}

func says(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
