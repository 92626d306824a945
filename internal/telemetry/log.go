// Package telemetry is how the parts report on themselves.
package telemetry

import (
	"io"
	"log/slog"
)

// NewLogger writes lines of text or of JSON, from a level on.
func NewLogger(to io.Writer, json bool, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if json {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}
