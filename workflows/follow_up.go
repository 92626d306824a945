package workflows

import (
	"go.temporal.io/sdk/workflow"

	"securitybot/internal/conversation"
)

// FollowUp brings to the security channel what came after an alert's own
// workflow had nothing more to do: words that explain an answer, or a late no.
// It can't be cancelled either.
func FollowUp(ctx workflow.Context, in conversation.AlertRef) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	var outcome conversation.Outcome
	if err := storeStep(ctx, steps.Settle, conversation.SettleInput{AlertID: in.AlertID}, &outcome); err != nil {
		return err
	}
	chat := withChat(ctx, "Tell the security team", caseFor, 1)
	if err := workflow.ExecuteActivity(chat, steps.Case, in).Get(chat, nil); err != nil {
		return err
	}
	chat = withChat(ctx, "Show what was decided", showFor, 5)
	_ = workflow.ExecuteActivity(chat, steps.ShowQuestion, in).Get(chat, nil) // see alertRun.showNow
	return nil
}
