package worker_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"securitybot/activities"
	"securitybot/internal/conversation"
	"securitybot/worker"
)

// named notes under which names workflows are registered.
type named map[string]any

func (n named) RegisterWorkflow(w any) { n[reflect.TypeOf(w).Name()] = w }

func (n named) RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions) {
	n[options.Name] = w
}

func (n named) RegisterDynamicWorkflow(any, workflow.DynamicRegisterOptions) {}

// Others start workflows by these names; histories hold them.
func TestWorkflowsHaveTheirNames(t *testing.T) {
	t.Parallel()
	registered := named{}
	worker.RegisterWorkflows(registered)
	names := []string{
		conversation.WorkflowAlert, conversation.WorkflowFollowUp, conversation.WorkflowLadder, conversation.WorkflowNotice,
		conversation.WorkflowRollup, conversation.WorkflowUpkeep,
	}
	require.Len(t, registered, len(names))
	for _, name := range names {
		require.Contains(t, registered, name)
	}
}

// Every step that a workflow names is a method that a worker can register, with a
// context, one input and at most one result before the error.
func TestEveryStepOfTheWorkflowsIsRegistered(t *testing.T) {
	t.Parallel()
	steps := reflect.TypeFor[*activities.Activities]()
	used := usedSteps(t)
	require.GreaterOrEqual(t, len(used), 9)
	for name := range used {
		_, ok := steps.MethodByName(name)
		require.True(t, ok, name)
	}
	for method := range steps.Methods() {
		require.Equal(t, 3, method.Type.NumIn(), method.Name)
		require.Equal(t, "context.Context", method.Type.In(1).String(), method.Name)
		require.Contains(t, method.Type.In(2).PkgPath(), "internal/conversation", method.Name)
		require.LessOrEqual(t, method.Type.NumOut(), 2, method.Name)
		require.Equal(t, "error", method.Type.Out(method.Type.NumOut()-1).String(), method.Name)
		require.Contains(t, used, method.Name, "a step that nothing takes")
	}
	var suite testsuite.WorkflowTestSuite
	require.NotPanics(t, func() { suite.NewTestActivityEnvironment().RegisterActivity(&activities.Activities{}) })
	require.NotPanics(t, func() {
		suite.NewTestActivityEnvironment().RegisterActivityWithOptions(&activities.Activities{}, activity.RegisterOptions{})
	})
}

// usedSteps are the steps that the workflows' sources name.
func usedSteps(t *testing.T) map[string]bool {
	t.Helper()
	sources, err := filepath.Glob(filepath.Join("..", "workflows", "*.go"))
	require.NoError(t, err)
	require.NotEmpty(t, sources)
	used := map[string]bool{}
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		text, err := os.ReadFile(source)
		require.NoError(t, err)
		for _, match := range regexp.MustCompile(`\bsteps\.([A-Z]\w*)`).FindAllStringSubmatch(string(text), -1) {
			used[match[1]] = true
		}
	}
	return used
}
