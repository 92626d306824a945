package sinktest

import (
	"fmt"
	"strings"
	"sync"

	"github.com/stretchr/testify/require"

	"securitybot/internal/sink"
)

const manyTellers = 20

func everyKind(b *bench) {
	require.NotEmpty(b, b.target.Name())
	for i, kind := range kinds() {
		require.NoError(b, b.target.Send(b.Context(), Told(kind)), kind)
		require.Len(b, b.got(), i+1, "one request for %s", kind)
	}
}

func toldTwice(b *bench) {
	for _, kind := range kinds() {
		require.NoError(b, b.target.Send(b.Context(), Told(kind)))
		first := b.last()
		require.NoError(b, b.target.Send(b.Context(), Told(kind)))
		require.Equal(b, string(first), string(b.last()), kind)
	}
}

func toldByMany(b *bench) {
	var tellers sync.WaitGroup
	failures := make(chan error, manyTellers)
	for i := range manyTellers {
		tellers.Go(func() {
			told := Told(sink.Opened)
			told.ID, told.CaseID = fmt.Sprint("case-", i), fmt.Sprint("case-", i)
			failures <- b.target.Send(b.Context(), told)
		})
	}
	tellers.Wait()
	close(failures)
	for err := range failures {
		require.NoError(b, err)
	}
	require.Len(b, b.got(), manyTellers)
}

func arrives(b *bench) {
	for _, kind := range kinds() {
		told := Told(kind)
		require.NoError(b, b.target.Send(b.Context(), told))
		texts := b.texts()
		for _, want := range []string{
			told.CaseID, told.AlertID, told.Verdict, told.Reason, told.Severity, told.Detection, told.Title,
			told.Person.Email, told.Person.Name, told.Answer, told.Explanation, told.Note, told.By, told.Resolution,
			told.Links["alert"],
		} {
			require.Contains(b, texts, want, kind)
		}
	}
}

func hostileTexts(b *bench) {
	for _, hostile := range []string{
		`"},{"routing_key":"x"`, "line\r\nbreak: header", "\x00\x1b[2J\u2028", "right \u202eto left", "<!channel> &amp; </script>",
		`\u0000 \\ \`, "🙈 мне́", "{{.Secret}} %s %!d(", strings.Repeat("é", 2000),
	} {
		told := Told(sink.Opened)
		told.Title, told.Explanation, told.Reason, told.Detection = hostile, hostile, hostile, hostile
		told.Verdict, told.Severity, told.Person.Name, told.Person.Email = hostile, hostile, hostile, hostile
		told.Links = map[string]string{hostile: hostile}
		require.NoError(b, b.target.Send(b.Context(), told), "%q", hostile)
		require.Contains(b, b.texts(), hostile)
	}
	told := Told(sink.Opened)
	told.Title = "not \xff UTF-8"
	require.NoError(b, b.target.Send(b.Context(), told))
	require.Contains(b, b.texts(), "not \ufffd UTF-8")
}

// longExplanation is as much as a person can write in chat.
func longExplanation(b *bench) {
	told := Told(sink.Opened)
	told.Explanation = strings.Repeat("<long> ", 40_000/7)
	require.NoError(b, b.target.Send(b.Context(), told))
	require.Contains(b, b.texts(), told.Explanation)
}

func unusableIDs(b *bench) {
	for _, id := range []string{"", strings.Repeat("x", 1000)} {
		told := Told(sink.Opened)
		told.ID = id
		require.True(b, b.failure(b.target.Send(b.Context(), told)).Refused)
	}
	require.Empty(b, b.got())
}

func printed(b *bench) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		b.clean(fmt.Sprintf(verb, b.target))
		b.clean(fmt.Sprintf(verb, struct{ Target sink.CaseTarget }{b.target}))
	}
}
