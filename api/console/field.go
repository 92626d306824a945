package console

import "slices"

// field is one line of a form, with what was typed and what is wrong with it.
type field struct {
	ID, Name, Label, Kind, Hint string
	Value, Fault                string
	Required                    bool
	Most                        int
	Options                     []option
}

// option is a choice of a list, or a box to tick.
type option struct {
	Value, Label string
	Chosen       bool
}

// fieldOf makes a field. kind is text, area, email, search, datetime-local or
// number; a ! at its end makes it required.
func fieldOf(form Form, name, label, kind, hint string) field {
	f := field{ID: form.ID + "-" + name, Name: name, Label: label, Kind: kind, Hint: hint, Most: mostTyped[name]}
	if last := len(kind) - 1; last >= 0 && kind[last] == '!' {
		f.Kind, f.Required = kind[:last], true
	}
	f.Value, f.Fault = form.Value(name), form.Fault(name)
	return f
}

// mostTyped is what the API takes, in characters; what isn't here is not limited
// in the browser.
var mostTyped = map[string]int{
	"reason": 500, "title": 300, "description": 8000, "detection": 100, "key": 200, "url": 2000, "q": 300, "subject": 300,
}

// choiceOf makes a field with a list to choose from. Values and labels alternate.
func choiceOf(form Form, name, label, kind string, pairs []string) field {
	f := fieldOf(form, name, label, kind, "")
	for pair := range slices.Chunk(pairs, 2) {
		chosen := form.Has(name, pair[0]) || pair[0] == "" && f.Value == ""
		f.Options = append(f.Options, option{Value: pair[0], Label: pair[len(pair)-1], Chosen: chosen})
	}
	return f
}
