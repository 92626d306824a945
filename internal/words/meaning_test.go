package words_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/store"
	"securitybot/internal/words"
)

// constants are the string constants of a package whose names begin with a prefix.
func constants(folder, prefix string) map[string]string {
	found := map[string]string{}
	paths, _ := filepath.Glob(filepath.Join(folder, "*.go"))
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			panic(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok {
				return true
			}
			for i, name := range spec.Names {
				if strings.HasPrefix(name.Name, prefix) && i < len(spec.Values) {
					if value, ok := spec.Values[i].(*ast.BasicLit); ok {
						found[name.Name], _ = strconv.Unquote(value.Value)
					}
				}
			}
			return true
		})
	}
	return found
}

func refusals() []store.Refusal {
	var all []store.Refusal
	for _, value := range constants("../store", "Refused") {
		all = append(all, store.Refusal(value))
	}
	slices.Sort(all)
	return all
}

// Every reason that code decides by has words, and none is shown by its bare name.
func TestEveryReasonHasWords(t *testing.T) {
	t.Parallel()
	reasons := constants("../alert", "Reason")
	require.Greater(t, len(reasons), 25)
	for name, reason := range reasons {
		require.Contains(t, words.Forms(), "reason."+reason, name)
		for _, outcome := range []alert.Outcome{alert.Unproven, alert.Unreachable, alert.Unasked} {
			text := book.Case(settled(open(), because(outcome, reason), "", ""), links{}, sealer(t)).Text
			require.NotContains(t, text, ": "+reason+".", name)
			require.NotRegexp(t, `\[[a-z_.]+\]`, text, name)
		}
	}
	vendors := book.Case(settled(open(), because(alert.Unproven, "refused_40099"), "", ""), links{}, sealer(t)).Text
	require.Contains(t, vendors, "refused_40099", "a vendor's own word is shown as it is")
}

func TestEveryRefusalHasWords(t *testing.T) {
	t.Parallel()
	require.Greater(t, len(refusals()), 10)
	for _, refusal := range refusals() {
		require.Equal(t, refusal == store.RefusedRepeat, book.Refused(refusal) == "", "%s: only a repetition is told nothing", refusal)
	}
}

func TestEveryNoticeHasWords(t *testing.T) {
	t.Parallel()
	kinds := constants("../store", "Notice")
	require.GreaterOrEqual(t, len(kinds), 13)
	for name, kind := range kinds {
		shown := slices.ContainsFunc(slices.Collect(maps.Keys(noticeSamples)), func(sample string) bool { return noticeSamples[sample].kind == kind })
		require.True(t, shown, "%s is shown in a golden file", name)
		message := book.Notice(store.Notice{Kind: kind, Data: []byte(`{}`)})
		require.NotContains(t, message.Text, "can't be shown", name)
	}
}

// plain are the letters of a paragraph.
func plain(paragraph chat.Paragraph) string {
	var out strings.Builder
	for _, span := range paragraph.Spans {
		out.WriteString(span.Text)
	}
	return out.String()
}

// The text that notifications give says as much as what is seen.
func TestTextCarriesTheMeaning(t *testing.T) {
	t.Parallel()
	const title, at = "sudo to an interactive shell on db-3", "2 Mar 2026, 11:59 UTC"
	for name, story := range cases() {
		text := book.Case(story, links{}, sealer(t)).Text
		if story.Record.Pile == "" {
			require.Contains(t, text, story.Record.Title, name)
			require.Contains(t, text, at, name)
		}
		if answer := story.Answer(); answer != nil {
			require.Contains(t, text, answer.Explanation, name)
		}
		if story.Case != nil && !story.Case.ResolvedAt.IsZero() {
			require.Contains(t, text, story.Case.Resolution)
		}
	}
	for name, story := range map[string]store.Story{"one": open(), "three": several(3)} {
		text := book.Question(story, sealer(t)).Text
		for _, part := range []string{"auditd", title, at, "yes", "not sure", "482", "We never ask for a password"} {
			require.Contains(t, text, part, name)
		}
	}
	for name, story := range verdicts() {
		message := book.Question(story, sealer(t))
		outcome := plain(message.Paragraphs[len(message.Paragraphs)-1])
		require.Contains(t, message.Text, outcome, name)
		require.Contains(t, message.Text, title, name)
	}
	for name, message := range map[string]chat.Message{
		"peer":   book.Peer(open(), sealer(t), person("Bob Brown"), "manager"),
		"review": book.Review(settled(open(), because(alert.Confirmed, ""), alert.Yes, "patching"), links{}, sealer(t)),
	} {
		require.Contains(t, message.Text, title, name)
		require.Contains(t, message.Text, at, name)
	}
	require.Contains(t, book.Case(storm(), links{}, sealer(t)).Text, "a new key for root on db-3", "what is grave is named")
}

// Whoever is asked did nothing wrong as far as we know.
var banned = regexp.MustCompile(`(?i)\b(attack\w*|hack\w*|breach\w*|malicious|suspicious|unauthori[sz]ed|violat\w*|illegal|intru\w*|fault|blame|guilty|` +
	`danger\w*|threat\w*|immediately|urgent\w*|asap|must|failed|failure|incident|compromised|you should have|why did you|wrong)\b|!!`)

func TestNoTextBlamesOrAlarms(t *testing.T) {
	t.Parallel()
	source := regexp.MustCompile(`(?m)^\s*#.*$`).ReplaceAllString(string(words.Embedded()), "")
	require.Empty(t, banned.FindAllString(source, -1))
	for name, story := range map[string]store.Story{"open": open(), "denied": verdicts()["denied"], "contradicted": verdicts()["contradicted"]} {
		require.NotRegexp(t, banned, book.Question(story, sealer(t)).Text, name)
	}
	for _, reply := range replies(book) {
		require.NotRegexp(t, banned, reply.text, reply.name)
	}
}

// A thief who reads along learns nothing from what is shown to the person.
func TestAThiefLearnsNothing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"contradicted", "fraud", "unasked", "request-fraud"} {
		text := render(book.Question(verdicts()[name], sealer(t)))
		require.NotRegexp(t, `(?i)stolen|thief|deny|denied|fraud|distrust|suspect`, text, name)
	}
}

// Who has no second factor is promised none.
func TestWithoutASecondFactorNobodyIsSentToTheirPhone(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*alert.Plan){
		"none":    func(p *alert.Plan) { p.Unprovable = true },
		"off":     func(p *alert.Plan) { p.FactorOff = true },
		"doubted": func(p *alert.Plan) { p.FactorDoubted = true },
		"noted":   func(p *alert.Plan) { p.FactorOff, p.RecordUnproven = true, true },
	} {
		story := planned(change)
		require.NotContains(t, book.Question(story, sealer(t)).Text, "phone", name)
		prompt, ok := book.Explain(story.Record, alert.Yes, "token")
		require.True(t, ok)
		require.NotContains(t, prompt.Title+prompt.Label, "phone", name)
		require.NotContains(t, book.TypedAnswer(story.Record, alert.Yes), "phone", name)
		closed := settled(story, because(alert.Unproven, alert.ReasonFactorOff), alert.Yes, "")
		require.NotContains(t, book.Question(closed, sealer(t)).Text, "phone", name)
	}
}

func TestWordsAreAskedForAsPolicyWants(t *testing.T) {
	t.Parallel()
	_, ok := book.Explain(planned(func(p *alert.Plan) { p.Explanation = alert.ExplainOff }).Record, alert.Yes, "token")
	require.False(t, ok)
	required := planned(func(p *alert.Plan) { p.Explanation = alert.ExplainRequired }).Record
	prompt, ok := book.Explain(required, alert.Yes, "token")
	require.True(t, ok)
	require.Equal(t, "Close", prompt.Cancel)
	require.True(t, prompt.NotifyClose)
	prompt, _ = book.Explain(required, alert.No, "token")
	require.Equal(t, "Skip", prompt.Cancel, "a no is complete at once")
}

func TestWhatComesLateIsSaidOnce(t *testing.T) {
	t.Parallel()
	var loud, quiet []string
	for _, note := range book.Late(lateStory()) {
		if note.Loud {
			loud = append(loud, note.Name)
		} else {
			quiet = append(quiet, note.Name)
		}
	}
	require.Equal(t, []string{"no", "some_not", "proof-3", "proof-7"}, loud)
	require.Equal(t, []string{"yes", "proof-1", "proof-2", "proof-4"}, quiet)
	require.Empty(t, book.Late(open()))
	require.Empty(t, book.Late(verdicts()["late-no"]), "it is the case itself")
}

func TestButtons(t *testing.T) {
	t.Parallel()
	actions := func(message chat.Message) (names []string) {
		for _, button := range message.Buttons {
			names = append(names, button.Action)
		}
		return names
	}
	all := messages(t, book)
	for name, want := range map[string][]string{
		"question-open":          {words.ActionYes, words.ActionNo, words.ActionUnsure, words.ActionSnooze},
		"question-two":           {words.ActionYes, words.ActionNo, words.ActionSome, words.ActionUnsure, words.ActionSnooze},
		"question-late":          {words.ActionYes, words.ActionNo, words.ActionUnsure},
		"question-ignore":        {words.ActionYes, words.ActionNo, words.ActionSnooze},
		"case-denied":            {words.ActionAck, words.ActionResolve},
		"case-acknowledged":      {words.ActionResolve},
		"case-resolved":          nil,
		"review":                 {words.ActionReviewed, words.ActionReopen},
		"review-done":            nil,
		"peer":                   {words.ActionPeerYes, words.ActionPeerNo, words.ActionPeerUnsure},
		"peer-answered":          nil,
		"closed-confirmed":       nil,
		"closed-contradicted":    nil,
		"closed-late-yes":        nil,
		"closed-request-fraud":   nil,
		"closed-no-response":     nil,
		"notice-policy-loaded":   nil,
		"push-again-timed-out":   {words.ActionPushAgain},
		"question-snoozed-out":   {words.ActionYes, words.ActionNo, words.ActionUnsure},
		"question-before-posted": {words.ActionYes, words.ActionNo, words.ActionUnsure, words.ActionSnooze},
	} {
		require.Equal(t, want, actions(all[name]), name)
	}
	none := cases()["denied"]
	none.Case = nil
	require.Empty(t, actions(book.Case(none, links{}, sealer(t))), "a case that another one lists")
}

// Every text is used, and no text that the code asks for is missing.
func TestEveryTextIsUsed(t *testing.T) {
	t.Parallel()
	var code strings.Builder
	paths, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") || path == "forms.go" {
			continue
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		code.Write(text)
	}
	built := regexp.MustCompile(`"([a-z_]+\.)" ?\+`).FindAllStringSubmatch(code.String(), -1)
	for key := range words.Forms() {
		used := strings.Contains(code.String(), strconv.Quote(key)) || slices.ContainsFunc(built, func(found []string) bool {
			return strings.HasPrefix(key, found[1])
		})
		require.True(t, used, key)
	}
}
