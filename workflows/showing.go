package workflows

import "go.temporal.io/sdk/workflow"

// showing keeps the edits of one message in order: one at a time, so that the
// last to land is the last that was rendered.
type showing struct {
	edit  workflow.Future // the one under way, or the last
	again bool            // something changed since it began
}

// pending is the edit under way; nil without one.
func (s *showing) pending() workflow.Future {
	if s.edit == nil || s.edit.IsReady() {
		return nil
	}
	return s.edit
}

// want begins an edit, or has one follow the one under way.
func (s *showing) want(ctx workflow.Context, render func(workflow.Context) workflow.Future) {
	if s.pending() != nil {
		s.again = true
		return
	}
	s.edit, s.again = render(ctx), false
}

// next begins the edit that is owed, once the one under way has ended.
func (s *showing) next(ctx workflow.Context, render func(workflow.Context) workflow.Future) {
	if s.again && s.pending() == nil {
		s.want(ctx, render)
	}
}

// finish waits until the message shows what it has to.
func (s *showing) finish(ctx workflow.Context, render func(workflow.Context) workflow.Future) {
	if s.pending() != nil {
		_ = s.edit.Get(ctx, nil)
	}
	s.want(ctx, render)
	_ = s.edit.Get(ctx, nil)
}
