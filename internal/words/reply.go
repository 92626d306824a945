package words

import (
	"fmt"
	"strings"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/store"
)

// Explain asks for a few words after an answer.
func Explain(record store.Record, choice alert.Choice, token string) chat.Prompt {
	prompt := chat.Prompt{
		Token: token, Title: "Thank you", Submit: "Send", Cancel: "Skip",
		Label:       "What were you doing? (optional)",
		Placeholder: "A few words help the security team",
	}
	switch choice {
	case alert.Yes:
		prompt.Title = "Now check your phone"
		prompt.Label = fmt.Sprintf("Approve the push with code %s. What were you doing? (optional)", record.Code)
	case alert.No:
		prompt.Title = "The team has been told"
		prompt.Label = "Anything that helps the security team? (optional)"
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
func Snoozed(record store.Record) string {
	return fmt.Sprintf("All right, I'll remind you in %s. Please answer by %s.",
		span(record.Plan.Snooze), when(record.Deadline))
}

// PushComing confirms a wish for another push.
func PushComing(record store.Record) string {
	return "On its way to your phone, with the code " + record.Code + "."
}

// TypedAnswer confirms an answer that was typed.
func TypedAnswer(record store.Record, choice alert.Choice) string {
	switch choice {
	case alert.Yes:
		return "Thank you. Please approve the push on your phone; it shows the code " + record.Code + "."
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

// Choice reads a typed answer: its first words, and the rest as the explanation.
func Choice(text string) (choice alert.Choice, explanation string, ok bool) {
	plain := strings.TrimSpace(strings.NewReplacer("’", "'", "‘", "'").Replace(text))
	trimmed := strings.TrimLeft(plain, "\"'“”*_~`> ")
	for _, known := range typedChoices {
		if rest, ok := afterWord(trimmed, known.word); ok {
			return known.choice, strings.Trim(rest, "\"'“”*_~`>,.;:!-– \t\n"), true
		}
	}
	return "", "", false
}

// typedChoices is in the order of trial: longer beginnings first.
var typedChoices = []struct {
	word   string
	choice alert.Choice
}{
	{"not sure", alert.NotSure},
	{"unsure", alert.NotSure},
	{"not me", alert.No},
	{"it wasn't me", alert.No},
	{"yes", alert.Yes},
	{"yep", alert.Yes},
	{"yeah", alert.Yes},
	{"nope", alert.No},
	{"no", alert.No},
	{"y", alert.Yes},
	{"n", alert.No},
	{"👍", alert.Yes},
	{"👎", alert.No},
}

func afterWord(text, word string) (string, bool) {
	if len(text) < len(word) || !strings.EqualFold(text[:len(word)], word) {
		return "", false
	}
	rest := text[len(word):]
	if rest != "" && !strings.ContainsAny(rest[:1], " ,.;:!-*_~`\"'\n\t") && !strings.HasPrefix(rest, "”") && !strings.HasPrefix(rest, "–") {
		return "", false
	}
	return rest, true
}
