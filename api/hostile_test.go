package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"securitybot/api"
)

// whole is a valid alert, to put something between its braces.
func whole(extra string) string {
	return `{"detection":"d","title":"t","severity":"low","subject":{"username":"alice"}` + extra + `}`
}

func nested(depth int) string {
	return `,"context":` + strings.Repeat(`{"a":`, depth-1) + `{}` + strings.Repeat(`}`, depth-1)
}

func subject(value any) []any { return []any{"subject", value} }

func TestHostilePayloads(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	long := strings.Repeat("é", 9000)
	for name, c := range map[string]struct {
		sent   string
		fields []string
		detail string
	}{
		"nothing":                {``, []string{"body"}, "is not JSON"},
		"no JSON":                {`alert!`, []string{"body"}, "is not JSON: invalid character 'a'"},
		"a part of it":           {`{"detection":"d"`, []string{"body"}, "is not JSON"},
		"a list":                 {`[]`, []string{"body"}, "has no alerts"},
		"a null":                 {`null`, []string{"body"}, "must be a JSON object"},
		"two objects":            {whole("") + whole(""), []string{"body"}, "after top-level value"},
		"something behind":       {whole("") + "x", []string{"body"}, "after top-level value"},
		"a byte-order mark":      {"\ufeff" + whole(""), []string{"body"}, "is not JSON"},
		"no UTF-8":               {whole(",\"key\":\"\xff\""), []string{"body"}, "is not UTF-8"},
		"no UTF-8 in a context":  {whole(",\"context\":{\"a\":\"\xc3\"}"), []string{"body"}, "is not UTF-8"},
		"very deep":              {strings.Repeat(`{"a":`, 20000) + strings.Repeat(`}`, 20000), []string{"body"}, "is not JSON"},
		"an empty object":        {`{}`, []string{"detection", "title", "severity", "subject"}, "is required"},
		"unknown fields":         {whole(`,"source":"x","Title":"y"`), []string{"source", "Title"}, "unknown field"},
		"a long unknown field":   {whole(`,"` + strings.Repeat("f", 200) + `":1`), []string{strings.Repeat("f", 100) + "…"}, "unknown field"},
		"a field twice":          {whole(`,"title":"other"`), []string{"title"}, "is given twice"},
		"a field twice, in code": {whole(`,"titl\u0065":"other"`), []string{"title"}, "is given twice"},
		"wrong types":            {`{"key":1,"detection":[],"title":{},"description":true,"severity":3,"subject":"alice","occurred_at":7,"url":[],"context":"x"}`, []string{"key", "detection", "title", "description", "severity", "subject", "occurred_at", "url", "context"}, "must be"},
		"a list as context":      {whole(`,"context":[1]`), []string{"context"}, "must be a JSON object"},
		"a context too deep":     {whole(nested(11)), []string{"context"}, "nested deeper than 10"},
		"lists too deep":         {whole(`,"context":{"a":` + strings.Repeat("[", 10) + strings.Repeat("]", 10) + `}`), []string{"context"}, "nested deeper than 10"},
		"a NUL in a text":        {whole(`,"key":"a\u0000b"`), []string{"key"}, "NUL"},
		"a NUL in a context":     {whole(`,"context":{"a":[{"b":"\u0000"}]}`), []string{"context"}, "NUL"},
		"a NUL in a name":        {whole(`,"context":{"\u0000":1}`), []string{"context"}, "NUL"},
		"a number out of range":  {whole(`,"context":{"n":1e999999}`), []string{"context"}, "out of range"},
		"a long key":             {body(t, "key", long[:402]), []string{"key"}, "has 201 characters"},
		"a long detection":       {body(t, "detection", strings.Repeat("d", 101)), []string{"detection"}, "has 101 characters"},
		"a detection in words":   {body(t, "detection", "sudo shell"), []string{"detection"}, "letters, digits"},
		"an empty detection":     {body(t, "detection", ""), []string{"detection"}, "is empty"},
		"a detection of lines":   {body(t, "detection", "a\n"), []string{"detection"}, "letters, digits"},
		"a long title":           {body(t, "title", long[:602]), []string{"title"}, "has 301 characters"},
		"a title of spaces":      {body(t, "title", " \t "), []string{"title"}, "is empty"},
		"a long description":     {body(t, "description", long), []string{"description"}, "has 9000 characters"},
		"no such severity":       {body(t, "severity", "HIGH"), []string{"severity"}, "must be low, medium"},
		"a subject of nobody":    {body(t, subject(map[string]any{})...), []string{"subject"}, "needs an email"},
		"an empty subject":       {body(t, subject(map[string]any{"email": "", "username": nil})...), []string{"subject"}, "needs an email"},
		"an unknown subject":     {body(t, subject(map[string]any{"username": "a", "phone": "1"})...), []string{"subject.phone"}, "unknown field"},
		"a subject twice":        {`{"detection":"d","title":"t","severity":"low","subject":{"email":"a@example.com","email":"b@example.com"}}`, []string{"subject.email"}, "is given twice"},
		"a subject of numbers":   {body(t, subject(map[string]any{"slack_id": 7})...), []string{"subject.slack_id"}, "must be a string"},
		"no email":               {body(t, subject(map[string]any{"email": "alice"})...), []string{"subject.email"}, "is not an email"},
		"an email with a name":   {body(t, subject(map[string]any{"email": "Alice <alice@example.com>"})...), []string{"subject.email"}, "is not an email"},
		"two emails":             {body(t, subject(map[string]any{"email": "a@example.com,b@example.com"})...), []string{"subject.email"}, "is not an email"},
		"an email of two lines":  {body(t, subject(map[string]any{"email": "a@example.com\nb"})...), []string{"subject.email"}, "is not an email"},
		"a long email":           {body(t, subject(map[string]any{"email": strings.Repeat("a", 200) + "@example.com"})...), []string{"subject.email"}, "has 212 characters"},
		"a username in spaces":   {body(t, subject(map[string]any{"username": " alice"})...), []string{"subject.username"}, "white space"},
		"no time":                {body(t, "occurred_at", "yesterday"), []string{"occurred_at"}, "RFC 3339"},
		"a time without a zone":  {body(t, "occurred_at", "2026-03-04T12:00:00"), []string{"occurred_at"}, "RFC 3339"},
		"a time far ahead":       {body(t, "occurred_at", "2026-03-05T12:00:01Z"), []string{"occurred_at"}, "more than 24 hours"},
		"a time long ago":        {body(t, "occurred_at", "1999-12-31T23:59:59Z"), []string{"occurred_at"}, "before the year 2000"},
		"a script as URL":        {body(t, "url", "javascript:alert(1)"), []string{"url"}, "absolute http"},
		"a file as URL":          {body(t, "url", "file:///etc/passwd"), []string{"url"}, "absolute http"},
		"a URL of nowhere":       {body(t, "url", "https:///x"), []string{"url"}, "absolute http"},
		"a URL with a port only": {body(t, "url", "https://:443/x"), []string{"url"}, "absolute http"},
		"a URL with a password":  {body(t, "url", "https://slack.com@evil.example.com/"), []string{"url"}, "user or password"},
		"a URL of two lines":     {body(t, "url", "https://example.com/\nx"), []string{"url"}, "absolute http"},
		"a long URL":             {body(t, "url", "https://example.com/"+strings.Repeat("x", 2000)), []string{"url"}, "has 2020 characters"},
		"all kinds of faults":    {body(t, "severity", "x", "url", "x", "extra", 1, "title", nil), []string{"extra", "severity", "title", "url"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			told := d.send(c.sent).problem(http.StatusBadRequest)
			fields, details := []string{}, ""
			for _, fault := range told.Errors {
				fields = append(fields, fault.Field)
				details += fault.Detail + "\n"
			}
			require.ElementsMatch(t, c.fields, fields)
			require.Contains(t, details, c.detail)
		})
	}
	require.Zero(t, d.stored())
}

func TestWhatIsUnusualAndFine(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string]string{
		"a context as deep as may be": whole(nested(10)),
		"letters of all scripts":      body(t, "title", strings.Repeat("ж", 300)),
		"words turned round":          body(t, "title", "\u202egnp.exe <!channel> &amp; *b*"),
		"large numbers":               whole(`,"context":{"n":123456789012345678901234567890}`),
		"an empty key":                whole(`,"key":""`),
		"a plus in an email":          body(t, subject(map[string]any{"email": "alice+x@example.com"})...),
		"all three names":             body(t, subject(map[string]any{"email": "a@example.com", "username": "EX\\a", "slack_id": "U0A"})...),
		"a time of tomorrow":          body(t, "occurred_at", "2026-03-05T12:00:00Z"),
		"a fraction of a second":      body(t, "occurred_at", "2026-03-04T12:00:00.123456789Z"),
		"a names of the world in URL": body(t, "url", "http://[2001:db8::1]:8443/a?b=c#d"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, faults := api.ReadAlert([]byte(sent), begin)
			require.Empty(t, faults)
			newDesk(t).send(sent).taken(http.StatusAccepted)
		})
	}
}

func TestHundredsOfFaultsAreNotEchoed(t *testing.T) {
	t.Parallel()
	fields := map[string]int{}
	for i := range 300 {
		fields[strings.Repeat("x", i+1)] = i
	}
	sent, err := json.Marshal(fields)
	require.NoError(t, err)
	require.Len(t, newDesk(t).send(string(sent)).problem(http.StatusBadRequest).Errors, 50)
}
