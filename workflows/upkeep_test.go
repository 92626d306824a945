package workflows_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"securitybot/activities"
	"securitybot/internal/conversation"
	"securitybot/worker"
)

// Each task is one step, tried until it works.
func TestUpkeepDoesItsTask(t *testing.T) {
	t.Parallel()
	steps := &activities.Activities{}
	for task, step := range map[string]any{
		conversation.TaskCheckpoint: steps.Checkpoint, conversation.TaskRetention: steps.Retain,
	} {
		var suite testsuite.WorkflowTestSuite
		suite.SetLogger(quiet{})
		env := suite.NewTestWorkflowEnvironment()
		worker.RegisterWorkflows(env)
		env.RegisterActivity(steps)
		in := conversation.UpkeepInput{Task: task}
		env.OnActivity(step, mock.Anything, in).Return(errors.New("the database is away")).Once()
		env.OnActivity(step, mock.Anything, in).Return(nil).Once()
		env.ExecuteWorkflow(conversation.WorkflowUpkeep, in)
		require.NoError(t, env.GetWorkflowError(), task)
		env.AssertExpectations(t)
	}
}

func TestUpkeepThatNobodyKnows(t *testing.T) {
	t.Parallel()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	worker.RegisterWorkflows(env)
	env.ExecuteWorkflow(conversation.WorkflowUpkeep, conversation.UpkeepInput{Task: "tidy"})
	require.ErrorContains(t, env.GetWorkflowError(), "tidy")
}
