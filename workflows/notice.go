package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"securitybot/internal/conversation"
)

// noticeFor is how long something is worth saying.
const noticeFor = 7 * 24 * time.Hour

// Notice says something once. It can't be cancelled either.
func Notice(ctx workflow.Context, in conversation.NoticeRef) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	chat := withChat(ctx, "Say it", noticeFor, 5)
	return workflow.ExecuteActivity(chat, steps.PostNotice, in).Get(chat, nil)
}
