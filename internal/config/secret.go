package config

import (
	"fmt"
	"io"
	"log/slog"
)

const hidden = "<secret>"

// Secret is a text that never prints itself, however it is formatted, encoded
// or logged. A struct must hold it in an exported field: fmt shows unexported
// ones without asking them.
type Secret string

// Reveal gives the text, for the one place that needs it.
func (s Secret) Reveal() string { return string(s) }

// String implements [fmt.Stringer].
func (s Secret) String() string { return hidden }

// GoString implements [fmt.GoStringer].
func (s Secret) GoString() string { return hidden }

// Format implements [fmt.Formatter]: without it a wrong verb, as %d, shows the text.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalText implements [encoding.TextMarshaler], which JSON uses as well.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalJSON implements [json.Marshaler].
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// LogValue implements [slog.LogValuer].
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }
