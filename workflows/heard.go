package workflows

import (
	"go.temporal.io/sdk/workflow"

	"securitybot/internal/conversation"
)

// heard is what came in and was not acted on yet. What came twice is heard once.
type heard struct {
	answerCh, snoozeCh, againCh, wakeCh, joinedCh workflow.ReceiveChannel

	known   map[string]bool
	answers []conversation.Answered
	snoozed bool
	woken   bool
	joined  bool
	again   int
}

// newHeard takes every signal from now on; it comes before the first wait.
func newHeard(ctx workflow.Context) *heard {
	return &heard{
		answerCh: workflow.GetSignalChannel(ctx, conversation.SignalAnswer),
		snoozeCh: workflow.GetSignalChannel(ctx, conversation.SignalSnooze),
		againCh:  workflow.GetSignalChannel(ctx, conversation.SignalPushAgain),
		wakeCh:   workflow.GetSignalChannel(ctx, conversation.SignalWake),
		joinedCh: workflow.GetSignalChannel(ctx, conversation.SignalJoined),
		known:    map[string]bool{},
	}
}

// wait blocks until something comes in or one of the futures is ready, and tells
// whether the first is. Those after it may be nil.
func (h *heard) wait(ctx workflow.Context, future workflow.Future, others ...workflow.Future) (ready bool) {
	selector := workflow.NewSelector(ctx).
		AddReceive(h.answerCh, func(c workflow.ReceiveChannel, _ bool) { h.receiveAnswer(c) }).
		AddReceive(h.snoozeCh, func(c workflow.ReceiveChannel, _ bool) { h.receiveSnooze(c) }).
		AddReceive(h.againCh, func(c workflow.ReceiveChannel, _ bool) { h.receiveAgain(c) }).
		AddReceive(h.wakeCh, func(c workflow.ReceiveChannel, _ bool) { h.receiveWake(c) }).
		AddReceive(h.joinedCh, func(c workflow.ReceiveChannel, _ bool) { h.receiveJoined(c) }).
		AddFuture(future, func(workflow.Future) { ready = true })
	for _, other := range others {
		if other != nil {
			selector.AddFuture(other, func(workflow.Future) {})
		}
	}
	selector.Select(ctx)
	return ready
}

// drain takes everything that is in already.
func (h *heard) drain() {
	for h.receiveAnswer(h.answerCh) || h.receiveSnooze(h.snoozeCh) ||
		h.receiveAgain(h.againCh) || h.receiveWake(h.wakeCh) || h.receiveJoined(h.joinedCh) {
	}
}

func (h *heard) receiveAnswer(c workflow.ReceiveChannel) bool {
	var answer conversation.Answered
	ok := c.ReceiveAsync(&answer)
	h.remember(answer)
	return ok
}

func (h *heard) receiveSnooze(c workflow.ReceiveChannel) bool {
	var snooze conversation.Snoozed
	ok := c.ReceiveAsync(&snooze)
	if ok && !h.known[snooze.SnoozeID] {
		h.known[snooze.SnoozeID], h.snoozed = true, true
	}
	return ok
}

func (h *heard) receiveAgain(c workflow.ReceiveChannel) bool {
	var again conversation.PushAgain
	ok := c.ReceiveAsync(&again)
	h.again = max(h.again, again.Attempt)
	return ok
}

func (h *heard) receiveWake(c workflow.ReceiveChannel) bool {
	var wake conversation.Wake
	ok := c.ReceiveAsync(&wake)
	h.woken = h.woken || ok
	return ok
}

func (h *heard) receiveJoined(c workflow.ReceiveChannel) bool {
	var joined conversation.Joined
	ok := c.ReceiveAsync(&joined)
	h.joined = h.joined || ok
	return ok
}

// anything tells that something waits to be reacted to, other than to be shown.
func (h *heard) anything() bool {
	return len(h.answers) > 0 || h.snoozed || h.woken || h.again > 0
}

// remember queues an answer that was not heard before.
func (h *heard) remember(answer conversation.Answered) {
	if answer.AnswerID == "" || h.known[answer.AnswerID] {
		return
	}
	h.known[answer.AnswerID] = true
	h.answers = append(h.answers, answer)
}

func (h *heard) anyAnswer() bool { return len(h.answers) > 0 }

// answer takes the oldest answer.
func (h *heard) answer() (conversation.Answered, bool) {
	if len(h.answers) == 0 {
		return conversation.Answered{}, false
	}
	first := h.answers[0]
	h.answers = h.answers[1:]
	return first, true
}

func (h *heard) takeSnooze() bool {
	snoozed := h.snoozed
	h.snoozed = false
	return snoozed
}

func (h *heard) takeWake() bool {
	woken := h.woken
	h.woken = false
	return woken
}

func (h *heard) takeJoined() bool {
	joined := h.joined
	h.joined = false
	return joined
}

func (h *heard) takePushAgain() int {
	again := h.again
	h.again = 0
	return again
}
