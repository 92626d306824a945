package e2e_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"securitybot/internal/testkit"
)

// What an operator configured is never shown, and what people are called and
// say never enters Temporal, in good conversations and in bad ones.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	secrets, env := planted(t)
	b := beside(t, append(env, "SECURITYBOT_LOG_LEVEL=debug")...)
	marker := "marker" + strings.ToLower(rand.Text())

	for method, service := range map[string]string{"chat.postMessage": "slack", "chat.update": "slack", "users.lookupByEmail": "slack", "auth_status": "duo"} {
		b.fault(service, method, "error", 1)
	}
	about := func(email string) string {
		body := alertAbout(email)
		body["title"], body["description"] = "sudo "+marker, "seen "+marker
		body["context"] = map[string]string{"host": marker}
		return b.reports(body)
	}
	confirmed, denied, unproven, unknown := about(alice), about(bob), about(erin), about(marker+"@example.com")
	b.answers(alice, "yes")
	b.explains(alice, "alice says "+marker)
	b.phone(alice, "approve")
	b.answers(bob, "no")
	b.explains(bob, "bob says "+marker)
	question := b.answers(erin, "yes")
	b.post("/sandbox/control/reply", map[string]string{"user": erin, "text": "erin says " + marker, "thread_ts": question.TS})
	b.settles(confirmed, "confirmed", "")
	b.settles(denied, "denied", "")
	b.settles(unproven, "unproven", "not_enrolled")
	b.settles(unknown, "unreachable", "unknown_person")
	b.eventually("three cases", func() bool { return len(b.security()) == 3 })
	b.eventually("the words joined it", func() bool { return strings.Contains(fmt.Sprint(b.security()), "bob says "+marker) })
	require.Contains(t, b.alert(confirmed).Answer.Explanation, marker)

	histories := newIntruder(b).everything(4)
	require.Contains(t, histories, "alert-"+confirmed, "the histories are there")
	for _, personal := range []string{marker, "@example.com", "alice", "Alice", "Nguyen", "erin says"} {
		require.NotContains(t, histories, personal, "in Temporal")
	}
	shown := b.allAnswers(confirmed, denied, unproven, unknown)
	b.stop()
	places := map[string]string{
		"what it prints": b.out.String(), "Temporal's log": b.file("temporal.log"), "the API's answers": shown, "the histories": histories,
		"the help": b.help(),
	}
	for place, text := range places {
		for name, secret := range secrets {
			require.NotContains(t, text, secret, "%s in %s", name, place)
		}
	}
	for _, personal := range []string{marker, "Nguyen"} {
		require.NotContains(t, b.out.String(), personal, "in the log")
		require.NotContains(t, b.file("temporal.log"), personal, "in Temporal's log")
	}
}

// planted gives secrets by name, and the environment that configures them.
func planted(t *testing.T) (secrets map[string]string, env []string) {
	t.Helper()
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	t.Cleanup(hook.Close)
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	secrets = map[string]string{
		"API token": strings.ToLower(rand.Text()) + "-0123456789", "webhook secret": base64.StdEncoding.EncodeToString(key),
		"webhook key": rand.Text(), "database password": rand.Text(),
		"bot token": "xoxb-sandbox", "signing secret": "sandbox-signing-secret", "Duo secret key": "sandbox-duo-skey",
	}
	database, err := url.Parse(testkit.Postgres(t))
	require.NoError(t, err)
	if password, ok := database.User.Password(); ok {
		secrets["database password"] = password
	} else {
		database.User = url.UserPassword(database.User.Username(), secrets["database password"])
	}
	return secrets, []string{
		"SECURITYBOT_TOKENS=sandbox=sandbox,falco=" + secrets["API token"], "DATABASE_URL=" + database.String(),
		"ESCALATION_WEBHOOK_URL=" + hook.URL + "/" + secrets["webhook key"],
		"ESCALATION_WEBHOOK_SECRET=whsec_" + secrets["webhook secret"],
	}
}

// everything is all that Temporal holds of at least so many workflows.
func (in *intruder) everything(workflows int) string {
	in.Helper()
	var all strings.Builder
	var listed *workflowservice.ListWorkflowExecutionsResponse
	in.eventually("all workflows are listed", func() bool {
		var err error
		listed, err = in.ListWorkflow(in.Context(), &workflowservice.ListWorkflowExecutionsRequest{PageSize: 1000})
		return err == nil && len(listed.GetExecutions()) >= workflows
	})
	for _, info := range listed.GetExecutions() {
		all.WriteString(in.revealed(info))
		execution := info.GetExecution()
		described, err := in.DescribeWorkflowExecution(in.Context(), execution.GetWorkflowId(), execution.GetRunId())
		require.NoError(in, err)
		all.WriteString(in.revealed(described))
		events := in.GetWorkflowHistory(in.Context(), execution.GetWorkflowId(), execution.GetRunId(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			event, err := events.Next()
			require.NoError(in, err)
			all.WriteString(in.revealed(event))
		}
	}
	return all.String()
}

// revealed is a message as JSON, followed by what its payloads hold.
func (in *intruder) revealed(message proto.Message) string {
	in.Helper()
	text, err := protojson.Marshal(message)
	require.NoError(in, err)
	var value any
	require.NoError(in, json.Unmarshal(text, &value))
	return string(text) + "\n" + decoded(value)
}

// decoded is everything in a value that is base64, as it was before.
func decoded(value any) string {
	var all strings.Builder
	switch value := value.(type) {
	case string:
		if plain, err := base64.StdEncoding.DecodeString(value); err == nil {
			all.Write(append(plain, '\n'))
		}
	case []any:
		for _, element := range value {
			all.WriteString(decoded(element))
		}
	case map[string]any:
		for _, member := range value {
			all.WriteString(decoded(member))
		}
	}
	return all.String()
}

// allAnswers is what the API and the sandbox tell of everything.
func (b *bot) allAnswers(ids ...string) string {
	b.Helper()
	paths := []string{
		"/v1/alerts", "/v1/alerts?limit=0", "/v1/nothing", "/healthz", "/readyz", "/metrics", "/sandbox/control/requests",
		"/sandbox/control/deliveries", "/sandbox/control/messages?channel=security", "/sandbox/control/violations", "/sandbox/state?user=" + alice,
		"/sandbox/status", "/sandbox",
	}
	for _, id := range ids {
		paths = append(paths, "/v1/alerts/"+id)
	}
	var all strings.Builder
	for _, path := range paths {
		_, text := b.rawRequest(http.MethodGet, path, "sandbox", "")
		all.Write(text)
	}
	_, text := b.rawRequest(http.MethodPost, "/v1/alerts", "wrong", "{}")
	return all.String() + string(text)
}

// file is the text of every file of that name in the data folder.
func (b *bot) file(name string) string {
	b.Helper()
	var all strings.Builder
	require.NoError(b, filepath.WalkDir(b.data, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != name {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	}))
	return all.String()
}

// help is what the program says of itself, with everything configured.
func (b *bot) help() string {
	b.Helper()
	var all strings.Builder
	for _, args := range [][]string{{"--help"}, {"run", "--help"}, {"alert", "list", "--help"}, {"run", "--listen=nowhere"}, {"run", "--nonsense"}} {
		cmd := exec.CommandContext(b.Context(), binary, args...)
		cmd.Env = b.env
		text, _ := cmd.CombinedOutput() // some of them must fail
		all.Write(text)
	}
	return all.String()
}
