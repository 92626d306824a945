package words

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The commands that people can type.
const (
	CommandHelp      = "help"
	CommandHi        = "hi"
	CommandTest      = "test"
	CommandStatus    = "status"
	CommandVerify    = "verify"
	CommandIgnore    = "ignore"
	CommandStop      = "stop"
	CommandStart     = "start"
	CommandLostPhone = "lost phone"
)

// What ignore can be about.
const (
	IgnoreLast    = "last"    // the alert that was confirmed last
	IgnoreCurrent = "current" // the alert that is being asked about
)

// MostIgnored is the longest that somebody can have something ignored for.
const MostIgnored = 4 * time.Hour

// Wrong is what is wrong with a command that was meant as one.
type Wrong string

// What can be wrong.
const (
	WrongUsage   Wrong = "usage"    // something is missing or can't be read
	WrongZero    Wrong = "zero"     // for no time at all
	WrongTooLong Wrong = "too_long" // for longer than MostIgnored
)

// Asked is a command that somebody typed.
type Asked struct {
	Command string        // a Command… constant
	Code    string        // of verify, as it was typed
	Which   string        // of ignore: an Ignore… constant
	For     time.Duration // of ignore: more than 0, at most MostIgnored
	Wrong   Wrong         // "" when nothing is; the fields above are then complete
}

// exact are the commands that stand alone, in every form that is taken for one. A
// sentence that begins like one is never a command: it may be an answer.
var exact = map[string]string{
	"help": CommandHelp, "hi": CommandHi, "hello": CommandHi, "hey": CommandHi, "hi bot": CommandHi,
	"hello bot": CommandHi, "hi securitybot": CommandHi, "hello securitybot": CommandHi,
	"test": CommandTest, "status": CommandStatus, "stop": CommandStop, "start": CommandStart,
	"lost phone": CommandLostPhone, "lost my phone": CommandLostPhone, "i lost my phone": CommandLostPhone,
	"i've lost my phone": CommandLostPhone, "i have lost my phone": CommandLostPhone, "phone lost": CommandLostPhone,
	"my phone is lost": CommandLostPhone, "phone stolen": CommandLostPhone, "stolen phone": CommandLostPhone,
	"my phone was stolen": CommandLostPhone, "my phone is stolen": CommandLostPhone, "my phone is gone": CommandLostPhone,
}

// Command reads a typed command, whatever its letter case and whatever marks stand
// around its words; false when the text is none.
func Command(text string) (Asked, bool) {
	if len(text) > 200 {
		return Asked{}, false
	}
	words := strings.Fields(strings.ReplaceAll(strings.ToLower(text), "’", "'"))
	for i := range words {
		words[i] = strings.TrimFunc(words[i], surrounds)
	}
	words = strings.Fields(strings.Join(words, " "))
	if command, ok := exact[strings.Join(words, " ")]; ok {
		return Asked{Command: command}, true
	}
	if len(words) == 0 {
		return Asked{}, false
	}
	switch words[0] {
	case CommandVerify:
		return verify(words[1:])
	case CommandIgnore:
		return ignore(words[1:])
	}
	return Asked{}, false
}

// surrounds tells what may stand around a word: quotation marks, markup, the end
// of a sentence. A minus and a plus belong to what they stand before.
func surrounds(r rune) bool {
	return strings.ContainsRune(marks+".,!?;:()#/>", r) || unicode.Is(unicode.Cf, r)
}

var code = regexp.MustCompile(`^[0-9]{1,12}$`)

func verify(rest []string) (Asked, bool) {
	switch {
	case len(rest) == 0:
		return Asked{Command: CommandVerify, Wrong: WrongUsage}, true
	case len(rest) == 1 && code.MatchString(rest[0]):
		return Asked{Command: CommandVerify, Code: rest[0]}, true
	case len(rest) == 1:
		return Asked{Command: CommandVerify, Wrong: WrongUsage}, true
	default:
		return Asked{}, false
	}
}

// ignore reads what follows the word. What names neither of the alerts, or goes on
// like a sentence, is not taken for a command.
func ignore(rest []string) (Asked, bool) {
	asked := Asked{Command: CommandIgnore, Wrong: WrongUsage}
	switch {
	case len(rest) == 0:
		return asked, true
	case rest[0] != IgnoreLast && rest[0] != IgnoreCurrent:
		if len(rest) == 2 && lengthLike(rest[1]) {
			return asked, true
		}
		return Asked{}, false
	case len(rest) > 2 && !lengthLike(rest[1]):
		return Asked{}, false
	}
	asked.Which = rest[0]
	asked.For, asked.Wrong = howLong(strings.Join(rest[1:], " "))
	return asked, true
}

// lengthLike tells of a word that is meant for a length, whether or not it is one.
func lengthLike(word string) bool { return strings.ContainsAny(word[:1], "0123456789-+") }

var length = regexp.MustCompile(`^(?:(\d+)h)?(?: ?(\d+)m)?$`)

// howLong reads a length as a whole: hours, then minutes, at least one of them.
func howLong(text string) (time.Duration, Wrong) {
	found := length.FindStringSubmatch(text)
	if found == nil || text == "" {
		return 0, WrongUsage
	}
	hours, minutes := number(found[1]), number(found[2])
	total := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	switch {
	case total == 0:
		return 0, WrongZero
	case total > MostIgnored:
		return 0, WrongTooLong
	default:
		return total, ""
	}
}

// number reads digits; more than anybody means is much, and no overflow.
func number(digits string) int {
	digits = strings.TrimLeft(digits, "0")
	if digits == "" {
		return 0
	}
	const much = 100_000
	value, err := strconv.Atoi(digits)
	if err != nil {
		return much
	}
	return min(value, much)
}
