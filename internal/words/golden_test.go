package words_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/chat"
	"securitybot/internal/chat/slack"
)

// go test ./internal/words -update writes the files anew: read the difference.
var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// render shows a message as text: first what notifications give, then what is seen.
func render(message chat.Message) string {
	var out strings.Builder
	fmt.Fprintf(&out, "TEXT  %s\nTITLE %s\n", message.Text, message.Title)
	out.WriteString(paragraphs(message.Paragraphs) + buttons(message.Buttons))
	if len(message.Note) > 0 {
		fmt.Fprintf(&out, "NOTE  %s\n", spans(message.Note))
	}
	return out.String()
}

func paragraphs(all []chat.Paragraph) string {
	var out strings.Builder
	for _, paragraph := range all {
		mark := "      "
		if paragraph.Quoted {
			mark = "    | "
		}
		fmt.Fprintln(&out, mark+strings.ReplaceAll(spans(paragraph.Spans), "\n", "\n"+mark))
	}
	return out.String()
}

func buttons(all []chat.Button) string {
	var out strings.Builder
	for _, button := range all {
		fmt.Fprintf(&out, "    [ %s ] %s %s\n", button.Label, button.Action, button.Style)
		if button.Confirm != nil {
			fmt.Fprintf(&out, "        asks %q %q [ %s ] [ %s ]\n", button.Confirm.Title, button.Confirm.Text, button.Confirm.Yes, button.Confirm.No)
		}
	}
	return out.String()
}

func spans(list []chat.Span) string {
	var out strings.Builder
	for _, span := range list {
		switch {
		case !span.At.IsZero():
			out.WriteString("<" + span.At.Format(time.RFC3339) + ">")
		case span.Link != "":
			out.WriteString("<" + span.Link + " " + span.Text + ">")
		case span.Bold:
			out.WriteString("**" + span.Text + "**")
		default:
			out.WriteString(span.Text)
		}
	}
	return out.String()
}

// workspace is a Slack that takes everything, and shows what it was given.
type workspace struct {
	client *slack.Slack
	given  http.Request
}

func newWorkspace(t *testing.T) *workspace {
	t.Helper()
	w := &workspace{}
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		if in.FormValue("view") == "" && in.Header.Get("Content-Type") == "application/json" {
			w.given = http.Request{Form: map[string][]string{}}
			var body map[string]json.RawMessage
			_ = json.NewDecoder(in.Body).Decode(&body)
			for name, value := range body {
				w.given.Form.Set(name, string(value))
			}
		} else {
			w.given = http.Request{Form: in.Form}
		}
		out.Header().Set("Content-Type", "application/json")
		_, _ = out.Write([]byte(`{"ok":true,"channel":"C1","ts":"1800000000.000100","view":{"id":"V1","type":"home"}}`))
	}))
	t.Cleanup(server.Close)
	var err error
	w.client, err = slack.New(slack.Options{APIURL: server.URL, BotToken: "xoxb-test"})
	require.NoError(t, err)
	return w
}

// blocks is a message in the form that Slack gets, as Block Kit Builder takes it.
func (w *workspace) blocks(t *testing.T, message chat.Message) string {
	t.Helper()
	_, err := w.client.Post(t.Context(), chat.Recipient{Channel: "C1"}, message, "key")
	require.NoError(t, err)
	return tidy(t, w.given.Form.Get("blocks"))
}

func (w *workspace) home(t *testing.T, home chat.Home) string {
	t.Helper()
	require.NoError(t, w.client.PublishHome(t.Context(), "UALICE", home))
	return tidy(t, w.given.Form.Get("view"))
}

// tidy leaves out what is sealed and what is fresh with each edit.
func tidy(t *testing.T, text string) string {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal([]byte(text), &value), text)
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetIndent("", " ")
	encoder.SetEscapeHTML(false)
	require.NoError(t, encoder.Encode(without(value)))
	return out.String()
}

func without(value any) any {
	switch value := value.(type) {
	case map[string]any:
		delete(value, "block_id")
		delete(value, "value")
		for name := range value {
			value[name] = without(value[name])
		}
	case []any:
		for i := range value {
			value[i] = without(value[i])
		}
	}
	return value
}

// Every message as a person reads it and as Slack gets it: for whoever writes texts.
func TestMessages(t *testing.T) {
	t.Parallel()
	for name, message := range messages(t, book) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, name, render(message)+"BLOCKS\n"+newWorkspace(t).blocks(t, message))
		})
	}
}

func TestHomes(t *testing.T) {
	t.Parallel()
	for name, home := range homes(t, book) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			for _, section := range home.Sections {
				out.WriteString("TITLE " + section.Title + "\n" + paragraphs(section.Paragraphs) + buttons(section.Buttons))
			}
			golden(t, name, out.String()+"BLOCKS\n"+newWorkspace(t).home(t, home))
		})
	}
}

func TestReplies(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	for _, reply := range replies(book) {
		fmt.Fprintf(&out, "%s: %s\n", reply.name, reply.text)
	}
	golden(t, "replies", out.String())
}

func TestPrompts(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	for _, each := range prompts(book) {
		prompt := each.prompt
		require.Equal(t, "token", prompt.Token)
		require.True(t, prompt.Lines)
		fmt.Fprintf(&out, "%s: %s / %s / %s [ %s ] [ %s ] told of its closing: %t\n", each.name,
			prompt.Title, prompt.Label, prompt.Placeholder, prompt.Submit, prompt.Cancel, prompt.NotifyClose)
	}
	golden(t, "prompts", out.String())
}

func TestPushes(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	for _, push := range pushes(book) {
		out.WriteString(push.name + ": " + push.prompt.Type + "\n")
		for _, row := range push.prompt.Rows {
			out.WriteString("    " + row.Name + ": " + row.Value + "\n")
		}
	}
	golden(t, "pushes", out.String())
}
