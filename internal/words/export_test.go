package words

// Bare is the book without the embedded texts to fall back on: a text that fails
// shows as its key in brackets.
func (b *Book) Bare() *Book {
	bare := *b
	bare.spare = nil
	return &bare
}

// Forms are all keys, with the names that each text may use.
func Forms() map[string]string {
	names := make(map[string]string, len(forms))
	for key, form := range forms {
		names[key] = form.names
	}
	return names
}

// Embedded is messages.yaml.
func Embedded() []byte { return messages }
