package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The same thing again while a question is open is one more line of it, and one
// answer, one push and one verdict are for all that it shows.
func TestOneQuestionForThreeOccurrences(t *testing.T) {
	t.Parallel()
	b := running(t)
	first := b.reports(alertOn("db-1", alice, "high"))
	b.asked(alice)
	second, third := b.reports(alertOn("db-1", alice, "high")), b.reports(alertOn("db-1", alice, "low"))
	b.eventually("the question lists all three", func() bool {
		return b.questions(alice)[0].says("reported 3 times") && b.questions(alice)[0].offers("some_not")
	})
	require.Len(t, b.questions(alice), 1, "no second message")
	require.ElementsMatch(t, []string{second, third}, b.alert(first).Occurrences)
	require.Equal(t, first, b.alert(second).JoinedTo)
	require.Equal(t, "asking", b.alert(third).Status)

	b.clicks(alice, b.questions(alice)[0], "yes")
	push := b.phone(alice, "approve")
	require.Contains(t, fmt.Sprint(push.Info), "and 2 more like it")
	for _, id := range []string{first, second, third} {
		require.Equal(t, "closed", b.settles(id, "confirmed", "").Status)
	}
	require.Len(t, b.pushes(alice), 1)
	require.Empty(t, b.security())
	b.eventually("the buttons vanish", func() bool { return len(b.questions(alice)[0].Actions) == 0 })
}

func TestSomeWerentMe(t *testing.T) {
	t.Parallel()
	b := running(t)
	first := b.reports(alertOn("db-1", alice, "high"))
	b.asked(alice)
	second := b.reports(alertOn("db-1", alice, "high"))
	b.eventually("it offers to tell them apart", func() bool { return b.asked(alice).offers("some_not") })
	b.clicks(alice, b.asked(alice), "some_not")
	b.explains(alice, "the second one, at night")
	for _, id := range []string{first, second} {
		require.Equal(t, "escalated", b.settles(id, "denied", "some_not_me").Status)
	}
	require.Equal(t, first, b.alert(second).CaseOf, "one case lists both")
	b.eventually("her words join it", func() bool { return b.caseOf(first).says("the second one, at night") })
	require.True(t, b.caseOf(first).says("Some weren't them"))
	require.Len(t, b.security(), 1)
	require.Empty(t, b.pushes(alice))
}

// Who pressed on a copy that showed one occurrence answered for that one.
func TestAnAnswerCoversWhatItsButtonShowed(t *testing.T) {
	t.Parallel()
	b := running(t)
	shownOne := b.reports(alertOn("db-1", alice, "high"))
	copyOfOne := b.asked(alice)
	later := b.reports(alertOn("db-1", alice, "high"))
	b.eventually("it joins", func() bool { return b.alert(later).JoinedTo == shownOne })
	value := copyOfOne.value("yes")
	b.forces(alice, copyOfOne, "yes", &value)
	next := b.questionOf(alice, later)
	require.Equal(t, "asking", b.becomes(later, "asking").Status)
	require.True(t, b.alert(later).has("parted"))

	b.phone(alice, "approve")
	b.settles(shownOne, "confirmed", "")
	b.stays(2*time.Second, "the other is not closed with it", func() bool { return b.alert(later).Verdict == "" })
	b.clicks(alice, next, "no")
	b.settles(later, "denied", "")
	require.Equal(t, "confirmed", b.alert(shownOne).Verdict)
	require.Len(t, b.questions(alice), 2)
}

// What is graver, elsewhere, something else, somebody else's, or does not say where it
// happened, is a question of its own.
func TestWhatDoesNotJoin(t *testing.T) {
	t.Parallel()
	b := running(t, policy(t, "version: 1\nlimits: {open_questions: 10}\n"))
	bare := func() map[string]any {
		body := alertAbout(alice)
		delete(body, "context")
		return body
	}
	other := alertOn("db-1", alice, "high")
	other["detection"] = "ssh_root"
	bodies := map[string]map[string]any{
		"the first": alertOn("db-1", alice, "high"), "graver": alertOn("db-1", alice, "critical"),
		"another machine": alertOn("db-2", alice, "high"), "another detection": other,
		"without a machine": bare(), "without a machine either": bare(), "somebody else's": alertOn("db-1", bob, "high"),
	}
	ids := map[string]string{}
	for _, name := range []string{
		"the first", "graver", "another machine", "another detection", "without a machine", "without a machine either", "somebody else's",
	} {
		ids[name] = b.reports(bodies[name])
		b.becomes(ids[name], "asking")
	}
	for name, id := range ids {
		require.Empty(t, b.alert(id).JoinedTo, name)
	}
	require.Len(t, b.questions(alice), 6)
	require.Len(t, b.questions(bob), 1)
}
