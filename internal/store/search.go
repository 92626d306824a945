package store

import (
	"slices"
	"strings"
	"unicode"
)

// Bounds of what is searched: of a longer word the beginning is kept, and what comes
// after so many words is not looked at.
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
	}, " ")), " ")
}

// SearchWord is a word to search for, or the beginning of one.
type SearchWord struct {
	Text   string // lower-case letters, digits and marks
	Begins bool   // more may follow
}

// SearchWords gives the words of a query, the first 32 of them: whole ones, and before
// a * beginnings. A text without letters and digits has none, and finds nothing.
func SearchWords(text string) []SearchWord {
	var words []SearchWord
	for field := range strings.FieldsFuncSeq(text, func(r rune) bool { return r != '*' && notOfWord(r) }) {
		for part := range strings.SplitAfterSeq(field, "*") {
			word, begins := strings.CutSuffix(part, "*")
			wanted := SearchWord{Text: indexed(word), Begins: begins}
			if strings.ContainsFunc(word, says) && !slices.Contains(words, wanted) {
				words = append(words, wanted)
			}
			if len(words) == wordsOfQuery {
				return words
			}
		}
	}
	return words
}

func wordsIn(text string) []string {
	words, seen := []string{}, map[string]bool{}
	for word := range strings.FieldsFuncSeq(text, notOfWord) {
		if word = indexed(word); !seen[word] && strings.ContainsFunc(word, says) {
			seen[word] = true
			words = append(words, word)
		}
		if len(words) == wordsOfAlert {
			break
		}
	}
	return slices.Clip(words)
}

// indexed is a word as it is kept.
func indexed(word string) string {
	if runes := []rune(word); len(runes) > longestWord {
		word = string(runes[:longestWord])
	}
	return strings.ToLower(word)
}

// notOfWord tells what parts words. Marks belong to the letters before them.
func notOfWord(r rune) bool {
	return !says(r) && !unicode.IsMark(r)
}

func says(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
