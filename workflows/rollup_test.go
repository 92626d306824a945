package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"securitybot/activities"
	"securitybot/internal/conversation"
	"securitybot/worker"
)

// A rollup is about the moment that its schedule meant, not about when it came to
// run; one that somebody starts by hand, about now.
func TestRollupsAreOfTheTimeThatWasMeant(t *testing.T) {
	t.Parallel()
	meant := time.Date(2026, 3, 2, 9, 0, 30, 0, time.UTC)
	late := meant.Add(5 * time.Hour)
	in := conversation.RollupInput{Period: conversation.PeriodDaily, Zone: "Europe/Berlin", Target: "security"}
	for name, c := range map[string]struct {
		scheduled bool
		want      time.Time
	}{"by its schedule": {true, meant}, "by hand": {false, late}} {
		var suite testsuite.WorkflowTestSuite
		suite.SetLogger(quiet{})
		env := suite.NewTestWorkflowEnvironment()
		env.SetStartTime(late)
		worker.RegisterWorkflows(env)
		steps := &activities.Activities{}
		env.RegisterActivity(steps)
		if c.scheduled {
			require.NoError(t, env.SetTypedSearchAttributesOnStart(
				temporal.NewSearchAttributes(conversation.AttributeScheduled.ValueSet(meant))))
		}
		var got conversation.RollupInput
		env.OnActivity(steps.Rollup, mock.Anything, mock.Anything).Return(nil).Run(func(args mock.Arguments) {
			got = args.Get(1).(conversation.RollupInput)
		})
		env.ExecuteWorkflow(conversation.WorkflowRollup, in)
		require.NoError(t, env.GetWorkflowError(), name)
		want := in
		want.At = c.want
		require.Equal(t, want, got, name)
	}
}
