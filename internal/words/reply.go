package words

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/store"
)

// Explain asks for a few words after an answer.
func Explain(record store.Record, choice alert.Choice, token string) chat.Prompt {
	prompt := chat.Prompt{
		Token: token, Title: "Thank you", Submit: "Send", Cancel: "Skip",
		Label:       "What were you doing?",
		Placeholder: "A few words are enough, or skip this",
	}
	switch choice {
	case alert.Yes:
		if record.Plan.Unprovable {
			break
		}
		prompt.Title = "Now check your phone"
		prompt.Label = fmt.Sprintf("Approve %s on your phone. What were you doing?", record.Code)
	case alert.No:
		prompt.Title = "The team has been told"
		prompt.Label = "Anything that helps the security team?"
	case alert.NotSure: // what it says already
	}
	return prompt
}

// Refused tells somebody why what they did changed nothing; "" tells nothing.
func Refused(refusal store.Refusal) string {
	switch refusal {
	case store.RefusedOther:
		return "This question was sent to somebody else, so only they can answer it. The security team can see that it was pressed."
	case store.RefusedForged:
		return "This button was not made by Securitybot, so nothing was changed."
	case store.RefusedStale:
		return "This question has changed since. Please answer it as it stands now."
	case store.RefusedAnswered:
		return "You have answered this already; your first answer stands."
	case store.RefusedSaidNo:
		return "You said that it wasn't you, and the security team is looking at it. Please tell them if that was a mistake."
	case store.RefusedClosed:
		return "This question is closed, so nothing was changed."
	case store.RefusedSnoozes:
		return "This can't be put off any longer, sorry. Please answer when you can."
	case store.RefusedNoPush:
		return "There is no push to send again."
	default:
		return ""
	}
}

// Snoozed confirms that the reminder is put off, and that the deadline isn't.
func Snoozed(story store.Story) string {
	return fmt.Sprintf("All right, I'll remind you in %s. Please answer by %s.",
		span(story.Record.Plan.Snooze), clock(story.Record.Deadline, story.Person.Zone))
}

// PushComing confirms a wish for another push.
func PushComing(record store.Record) string {
	return "On its way to your phone, with the code " + record.Code + "."
}

// TypedAnswer confirms an answer that was typed.
func TypedAnswer(record store.Record, choice alert.Choice) string {
	switch choice {
	case alert.Yes:
		if record.Plan.Unprovable {
			return "Thank you. The security team will have a look."
		}
		return "Thank you. Now a push comes to your phone: approve it if it shows the code " + record.Code + "."
	case alert.No:
		return "Thank you for telling us. The security team knows and will get in touch."
	default:
		return "Thank you. The security team will have a look."
	}
}

// Noted confirms words that joined an answer.
const Noted = "Thank you, I've added that."

// NothingOpen answers somebody who writes without being asked.
const NothingOpen = "There is nothing that I need to ask you right now."

// WhichOne asks to answer below the question that is meant.
const WhichOne = "I have more than one question for you. Please reply in the thread of the one you mean, or use its buttons."

// NotUnderstood helps somebody whose words are no answer.
const NotUnderstood = "Sorry, I didn't get that. Please use the buttons, or start with “yes”, “no” or “not sure”."

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
