package words_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/words"
)

func TestAnOperatorsTextsOverlayOurs(t *testing.T) {
	t.Parallel()
	own, err := words.Load([]byte("question:\n  title: Hello, was that you?\nanswer: {yes: Aye}\n"))
	require.NoError(t, err)
	message := own.Question(open(), sealer(t))
	require.Equal(t, "Hello, was that you?", message.Title)
	require.Equal(t, "Aye", message.Buttons[0].Label)
	require.Equal(t, "No, it wasn't me", message.Buttons[1].Label, "what is left out stays as it is")
	require.Equal(t, "Was this you?", book.Question(open(), sealer(t)).Title, "ours are untouched")
	for _, nothing := range []string{"", "\n", "# only a comment\n", "---\n", "~\n", "question: {}\n"} {
		same, err := words.Load([]byte(nothing))
		require.NoError(t, err, nothing)
		require.Equal(t, book.NothingOpen(), same.NothingOpen())
	}
}

func TestFaultsOfTexts(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ file, want string }{
		"unknown key":        {"question:\n  titel: x", "line 2: question.titel: is not a key that we know; \"question\" has covers, first"},
		"unknown section":    {"questions:\n  title: x", "line 1: questions: is not a key that we know"},
		"unknown name":       {"question:\n  promise: 'your phone shows {{.Cod}}'", "line 2: question.promise: names .Cod; it may name .Code"},
		"in a hidden branch": {"question:\n  promise: 'x{{if not .Code}}{{.Cod}}{{end}}'", "names .Cod"},
		"nothing to name":    {"question:\n  title: 'x {{.Title}}'", "names .Title, and has nothing to name"},
		"does not parse":     {"question:\n  title: 'x {{.Title'", "line 2: question.title: question.title:1: unclosed action"},
		"does not work":      {"question:\n  title_several: '{{plural .Count 3}}'", "line 2: question.title_several: does not work"},
		"empty":              {"question:\n  title: ''", "line 2: question.title: says nothing"},
		"blank":              {"question:\n  title: '  '", "says nothing"},
		"renders empty":      {"question:\n  promise: '{{if not .Code}}x{{end}}'", "says nothing"},
		"label too long":     {"answer:\n  yes: " + strings.Repeat("y", 76), "line 2: answer.yes: has 76 letters with values filled in, and may have 75"},
		"window too long":    {"explain:\n  title: " + strings.Repeat("ü", 25), "has 25 letters"},
		"heading too long":   {"question:\n  title: " + strings.Repeat("y", 151), "may have 150"},
		"text too long":      {"closed:\n  next: " + strings.Repeat("y", 1501), "may have 1500"},
		"not text":           {"question:\n  title: 5", "must be text"},
		"null":               {"question:\n  title:\n", "must be text"},
		"a list":             {"question:\n  title: [a]", "must be text"},
		"a section as text":  {"question: hello", "line 1: question: must hold keys and texts"},
		"not a mapping":      {"- a", "must hold keys and texts"},
		"twice":              {"question:\n  title: a\n  title: b", "line 3: question.title: is there twice"},
		"alias":              {"question: &q\n  title: a\nanswer: *q", "answer: must hold keys and texts"},
		"merge":              {"question:\n  <<: {title: a}", "line 2: question.<<: is not a key"},
		"syntax":             {"question:\n  title: a: b", "line 2: mapping values are not allowed"},
		"two documents":      {"question: {title: a}\n---\nanswer: {yes: b}", "one document"},
		"a loop":             {"question:\n  title_several: '{{range .Count}}x{{end}}'", "can't hold {{range .Count}}"},
		"a variable":         {"question:\n  title_several: '{{$x := .Count}}{{$x}}'", "can't have variables"},
		"a definition":       {"question:\n  title: '{{define \"x\"}}a{{end}}b'", "can't define templates"},
		"another template":   {"question:\n  title: 'x{{template \"question.title\"}}'", "can't hold"},
		"another function":   {"question:\n  title_several: '{{printf \"%1000d\" .Count}}'", "can't call printf; it may call plural"},
		"all of it":          {"question:\n  title: 'x{{.}}'", "can't hold"},
		"control character":  {"question:\n  title: \"a\\0b\"", "control character"},
	} {
		_, err := words.Load([]byte(tc.file))
		require.ErrorContains(t, err, tc.want, name)
		_, isFaults := errors.AsType[words.Faults](err)
		require.True(t, isFaults, name)
	}
}

func TestAllFaultsAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := words.Load([]byte("answer:\n  yes: ''\nquestion:\n  titel: x\n  promise: '{{.Cod}}'\nclosed:\n  denied: 7\n"))
	faults, _ := errors.AsType[words.Faults](err)
	var lines []int
	for _, fault := range faults {
		lines = append(lines, fault.Line)
	}
	require.Equal(t, []int{2, 4, 5, 7}, lines, err)
}

// Every text is given every name that it may use, in every message that there is.
func TestEveryNameIsGiven(t *testing.T) {
	t.Parallel()
	file := map[string]map[string]string{}
	for key, names := range words.Forms() {
		section, name, _ := strings.Cut(key, ".")
		if file[section] == nil {
			file[section] = map[string]string{}
		}
		text := "‹"
		for each := range strings.FieldsSeq(names) {
			text += "{{.}}"[:2] + "." + each + "}}"
		}
		file[section][name] = text + "›"
	}
	own, err := yaml.Marshal(file)
	require.NoError(t, err)
	full, err := words.Load(own)
	if long, ok := errors.AsType[words.Faults](err); ok { // all names together don't fit everywhere
		for _, fault := range long {
			require.Contains(t, fault.Message, "letters with values", fault.Key)
			section, name, _ := strings.Cut(fault.Key, ".")
			delete(file[section], name)
		}
		own, err = yaml.Marshal(file)
		require.NoError(t, err)
		full, err = words.Load(own)
	}
	require.NoError(t, err)
	shown := everything(t, full.Bare())
	require.Contains(t, shown, "‹")
	require.NotRegexp(t, `\[[a-z_]+\.[a-z_]+\]`, shown)
	require.NotRegexp(t, `\[[a-z_]+\.[a-z_]+\]`, everything(t, book.Bare()))
	require.NotContains(t, everything(t, book), "<no value>")
}

// everything is all that can be said.
func everything(t *testing.T, book *words.Book) string {
	t.Helper()
	var out strings.Builder
	all := messages(t, book)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out.WriteString(render(all[name]))
	}
	for _, home := range homes(t, book) {
		for _, section := range home.Sections {
			out.WriteString(render(chat.Message{Title: section.Title, Paragraphs: section.Paragraphs, Buttons: section.Buttons}))
		}
	}
	for _, reply := range replies(book) {
		out.WriteString(reply.text)
	}
	for _, prompt := range prompts(book) {
		fmt.Fprintf(&out, "%+v", prompt.prompt)
	}
	for _, push := range pushes(book) {
		fmt.Fprintf(&out, "%+v", push.prompt)
	}
	return out.String()
}

// What an alert, a name or an explanation says is shown letter by letter.
func TestValuesAreNeverTemplates(t *testing.T) {
	t.Parallel()
	const hostile = `{{.Code}} {{define "question.title"}}x{{end}} {{`
	story := several(2)
	story.Record.Title, story.Record.Source, story.Person.Name = hostile, hostile, "\x000\x00\x001\x00"
	message := book.Question(story, sealer(t))
	require.Contains(t, message.Text, hostile)
	require.Equal(t, "Hi 01, ", message.Paragraphs[0].Spans[0].Text, "nothing takes the place of a moment")
	require.Equal(t, hostile, message.Paragraphs[0].Spans[1].Text)
	require.Equal(t, "Was this you? (×2)", message.Title)
}

// A text that passed the trial and fails with real values gives way to ours.
func TestATextThatFailsGivesWay(t *testing.T) {
	t.Parallel()
	own, err := words.Load([]byte("typed:\n  yes: '{{if eq .Code \"483\"}}{{if lt .Code 3}}x{{end}}{{else}}fine{{end}}'\n"))
	require.NoError(t, err)
	record := open().Record
	require.Equal(t, "fine", own.TypedAnswer(record, alert.Yes))
	record.Code = "483"
	require.Equal(t, book.TypedAnswer(record, alert.Yes), own.TypedAnswer(record, alert.Yes))
}

func TestWhoReadsAnswersAndForHowLong(t *testing.T) {
	t.Parallel()
	story := open()
	story.First = true
	kept := book.With("the security team of Example", 90*24*time.Hour)
	require.Contains(t, kept.Question(story, sealer(t)).Text, "Your answers are read by the security team of Example and kept for 90 days.")
	require.Contains(t, book.Question(story, sealer(t)).Text, "Your answers are read by the security team.")
	story.First = false
	require.NotContains(t, kept.Question(story, sealer(t)).Text, "90 days", "it is said once")
}

func FuzzLoad(f *testing.F) {
	f.Add(words.Embedded())
	f.Add([]byte("question:\n  title: '{{if .X}}{{end}}'"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, file []byte) {
		own, err := words.Load(file)
		require.Equal(t, err == nil, own != nil)
		if err == nil {
			require.NotEmpty(t, own.NothingOpen())
		}
	})
}
