package words_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/words"
)

func TestCommands(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"help": words.CommandHelp, "HELP": words.CommandHelp, "help!": words.CommandHelp, " Help. ": words.CommandHelp,
		"“help”": words.CommandHelp, "`help`": words.CommandHelp, "*help*": words.CommandHelp, "_help_?": words.CommandHelp,
		"/help": words.CommandHelp, "> help": words.CommandHelp, "\"help\"": words.CommandHelp, "he\u00adlp": "",
		"hi": words.CommandHi, "Hi!": words.CommandHi, "hello": words.CommandHi, "hey": words.CommandHi, "hi bot": words.CommandHi,
		"Hello, Securitybot!": words.CommandHi, "test": words.CommandTest, "TEST": words.CommandTest,
		"status": words.CommandStatus, "Status?": words.CommandStatus, "stop": words.CommandStop, "STOP!!!": words.CommandStop,
		"start": words.CommandStart, "lost phone": words.CommandLostPhone, "Lost my phone!": words.CommandLostPhone,
		"I lost my phone": words.CommandLostPhone, "I’ve lost my phone.": words.CommandLostPhone, "phone stolen": words.CommandLostPhone,
		"my  phone\nwas stolen": words.CommandLostPhone,
	} {
		asked, ok := words.Command(text)
		require.Equal(t, want != "", ok, text)
		require.Equal(t, words.Asked{Command: want}, asked, text)
	}
}

// A sentence that begins like a command may be an answer, or its explanation.
func TestSentencesAreNoCommands(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "   ", "!!!", "hello there", "hi, was that you?", "help me", "helpdesk", "stop bothering me about this", "stop it",
		"test server patched", "testing", "a test", "status of what?", "start of my shift", "ignore it please", "ignore this",
		"please ignore current 10m", "ignore current situation please", "ignore the last one", "I found a lost phone",
		"lost phone case", "I lost my phone yesterday but found it", "verify this for me", "can you verify 482",
		"yes", "no", "no, stop", "you can ignore last week's alerts", strings.Repeat("help ", 100), strings.Repeat("x", 40_000),
	} {
		asked, ok := words.Command(text)
		require.False(t, ok, text)
		require.Equal(t, words.Asked{}, asked, text)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]words.Asked{
		"verify 482":                  {Command: words.CommandVerify, Code: "482"},
		"Verify: #482!":               {Command: words.CommandVerify, Code: "482"},
		"verify “007”":                {Command: words.CommandVerify, Code: "007"},
		"verify":                      {Command: words.CommandVerify, Wrong: words.WrongUsage},
		"verify CODE":                 {Command: words.CommandVerify, Wrong: words.WrongUsage},
		"verify 12345678901234567890": {Command: words.CommandVerify, Wrong: words.WrongUsage},
	} {
		asked, ok := words.Command(text)
		require.True(t, ok, text)
		require.Equal(t, want, asked, text)
	}
}

func TestIgnore(t *testing.T) {
	t.Parallel()
	const usage, zero, long = words.WrongUsage, words.WrongZero, words.WrongTooLong
	for text, want := range map[string]struct {
		which  string
		length time.Duration
		wrong  words.Wrong
	}{
		"ignore current 10m":                     {"current", 10 * time.Minute, ""},
		"IGNORE current 5m":                      {"current", 5 * time.Minute, ""},
		"ignore CURRENT 5m":                      {"current", 5 * time.Minute, ""},
		"ignore \"current\" 5m":                  {"current", 5 * time.Minute, ""},
		"ignore current 1H":                      {"current", time.Hour, ""},
		"ignore last 1h30m":                      {"last", 90 * time.Minute, ""},
		"ignore last 1h 30m":                     {"last", 90 * time.Minute, ""},
		"ignore last 90m.":                       {"last", 90 * time.Minute, ""},
		"ignore `last` *2h*!":                    {"last", 2 * time.Hour, ""},
		"ignore last 00h05m":                     {"last", 5 * time.Minute, ""},
		"ignore last 4h":                         {"last", 4 * time.Hour, ""},
		"ignore last 240m":                       {"last", 4 * time.Hour, ""},
		"ignore last 3h60m":                      {"last", 4 * time.Hour, ""},
		"ignore last 4h1m":                       {"last", 0, long},
		"ignore last 5h":                         {"last", 0, long},
		"ignore last 300m":                       {"last", 0, long},
		"ignore current 99999999999h":            {"current", 0, long},
		"ignore current 9999999999999999999999m": {"current", 0, long},
		"ignore current 2562047h48m":             {"current", 0, long},
		"ignore current 0m":                      {"current", 0, zero},
		"ignore current 0h0m":                    {"current", 0, zero},
		"ignore current 5m2h":                    {"current", 0, usage},
		"ignore current 1h30":                    {"current", 0, usage},
		"ignore current -1h":                     {"current", 0, usage},
		"ignore current –1h":                     {"current", 0, usage},
		"ignore current +1h":                     {"current", 0, usage},
		"ignore current 10":                      {"current", 0, usage},
		"ignore current 1.5h":                    {"current", 0, usage},
		"ignore current 10s":                     {"current", 0, usage},
		"ignore current 1d":                      {"current", 0, usage},
		"ignore current h":                       {"current", 0, usage},
		"ignore current hm":                      {"current", 0, usage},
		"ignore current foo":                     {"current", 0, usage},
		"ignore current 1h 30m 5m":               {"current", 0, usage},
		"ignore current 1h 1h":                   {"current", 0, usage},
		"ignore current 30m 1h":                  {"current", 0, usage},
		"ignore current ٣m":                      {"current", 0, usage},
		"ignore current":                         {"current", 0, usage},
		"ignore":                                 {"", 0, usage},
		"ignore both 5m":                         {"", 0, usage},
	} {
		asked, ok := words.Command(text)
		require.True(t, ok, text)
		require.Equal(t, words.Asked{Command: words.CommandIgnore, Which: want.which, For: want.length, Wrong: want.wrong}, asked, text)
	}
}

func FuzzCommand(f *testing.F) {
	for _, text := range []string{
		"help!", "ignore last 1h30m", "ignore current 99999999999h", "ignore \x00 5m", "verify #482", "“lost my phone”", "hi\u2028bot", "ignore last \xff",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		asked, ok := words.Command(text)
		if !ok {
			require.Equal(t, words.Asked{}, asked)
			return
		}
		require.NotEmpty(t, asked.Command)
		require.LessOrEqual(t, asked.For, words.MostIgnored)
		require.GreaterOrEqual(t, asked.For, time.Duration(0))
		complete := asked.Command == words.CommandIgnore && asked.Wrong == ""
		require.Equal(t, complete, asked.For > 0)
		require.Equal(t, asked.Command == words.CommandVerify && asked.Wrong == "", asked.Code != "")
		again, _ := words.Command("  " + text + "\n")
		require.Equal(t, asked, again, "what stands around it changes nothing")
	})
}
