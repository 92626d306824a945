package words_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/words"
)

func TestTypedReplies(t *testing.T) {
	t.Parallel()
	const yes, no, unsure = alert.Yes, alert.No, alert.NotSure
	for text, want := range map[string]struct {
		choice      alert.Choice
		explanation string
	}{
		"yes":                             {yes, ""},
		"Yes":                             {yes, ""},
		"YES!!!":                          {yes, ""},
		"  yes.\n":                        {yes, ""},
		"y":                               {yes, ""},
		"Y, patching":                     {yes, "patching"},
		"yep":                             {yes, ""},
		"yup":                             {yes, ""},
		"yeah that was me":                {yes, "that was me"},
		"yes, I was fixing the cron job.": {yes, "I was fixing the cron job."},
		"yes - I ran `sudo -i`":           {yes, "I ran `sudo -i`"},
		"yes — “maintenance”, it’s fine":  {yes, "maintenance”, it’s fine"},
		"yes… why?":                       {yes, "why?"},
		"yes\nticket SEC-12\nsecond line": {yes, "ticket SEC-12\nsecond line"},
		"*yes*":                           {yes, ""},
		"_yes_, it was":                   {yes, "it was"},
		"`yes`":                           {yes, ""},
		"“yes”":                           {yes, ""},
		"\"yes, it was cron\"":            {yes, "it was cron"},
		"> yes":                           {yes, ""},
		"👍":                               {yes, ""},
		"👍🏽 deploying":                    {yes, "deploying"},
		":+1:":                            {yes, ""},
		":thumbsup: ok":                   {yes, "ok"},
		"it was me":                       {yes, ""},
		"no":                              {no, ""},
		"No.":                             {no, ""},
		"n":                               {no, ""},
		"nope":                            {no, ""},
		"Nah":                             {no, ""},
		"no, call me!":                    {no, "call me!"},
		"no—definitely not":               {no, "definitely not"},
		"not me":                          {no, ""},
		"Not me, I was at lunch":          {no, "I was at lunch"},
		"It wasn't me":                    {no, ""},
		"It wasn’t me; I’m on a train":    {no, "I’m on a train"},
		"it was not me":                   {no, ""},
		"👎":                               {no, ""},
		":-1:":                            {no, ""},
		"no, yes I mean no":               {no, "yes I mean no"},
		"not sure":                        {unsure, ""},
		"Not sure, maybe a script":        {unsure, "maybe a script"},
		"unsure":                          {unsure, ""},
		"I’m not sure":                    {unsure, ""},
		"I don't know":                    {unsure, ""},
		"no idea":                         {unsure, ""},
		"some weren't me":                 {alert.SomeNot, ""},
		"Some weren’t me, only the first": {alert.SomeNot, "only the first"},
		"not all of them: the last":       {alert.SomeNot, "the last"},
	} {
		choice, explanation, ok := words.Choice(text)
		require.True(t, ok, text)
		require.Equal(t, want.choice, choice, text)
		require.Equal(t, want.explanation, explanation, text)
	}
}

func TestWhatIsNoAnswer(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "   ", "yesterday", "yesss", "year", "you?", "note", "nothing", "now", "north", "not now", "notsure",
		"nop", "n/a", "y2k", "no1", "no?", "yes?", "hello", "what is this?", "is it yes or no", "maybe", "I said yes",
		"oui", "ja", "nein", "<@U1>", "1", "ye\u017f", "ｙｅｓ",
	} {
		_, _, ok := words.Choice(text)
		require.False(t, ok, text)
	}
}

func FuzzChoice(f *testing.F) {
	for _, text := range []string{"yes, it’s me", "“no”", "👍🏽", "not sure", "y\xff", "*_~`>", ":+1::skin-tone-4:"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		choice, explanation, ok := words.Choice(text)
		if !ok {
			require.Empty(t, choice)
			require.Empty(t, explanation)
			return
		}
		require.Contains(t, []alert.Choice{alert.Yes, alert.No, alert.NotSure, alert.SomeNot}, choice)
		require.Contains(t, text, explanation, "word for word")
		require.Less(t, len(explanation), len(text))
		if utf8.ValidString(text) {
			require.True(t, utf8.ValidString(explanation))
		}
		again, _, ok := words.Choice(strings.ToUpper(text))
		require.True(t, !ok || again == choice, "letter case changes no answer")
	})
}
