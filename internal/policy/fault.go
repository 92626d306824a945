package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Fault is one mistake in a text.
type Fault struct {
	Line, Column int    // from 1
	Path         string // of the key, such as rules[0].match; "" of the text itself
	Message      string
}

func (f Fault) String() string {
	if f.Path == "" {
		return fmt.Sprintf("%d:%d: %s", f.Line, f.Column, f.Message)
	}
	return fmt.Sprintf("%d:%d: %s: %s", f.Line, f.Column, f.Path, f.Message)
}

// Faults are all mistakes of a text, in its order.
type Faults []Fault //nolint:errname // it is the list, and reads as one

func (f Faults) Error() string {
	lines := make([]string, 0, len(f))
	for _, fault := range f {
		lines = append(lines, fault.String())
	}
	return strings.Join(lines, "\n")
}

// place is where something is written; zero where it is not.
type place struct{ line, column int }

func placeOf(node *yaml.Node) place { return place{node.Line, node.Column} }

const (
	maxText   = 256 << 10 // bytes
	maxFaults = 100       // more help nobody
)

// reader reads a text's tree and collects what is wrong with it.
type reader struct {
	lines  []string
	faults Faults
}

func (r *reader) fault(at place, path, format string, args ...any) {
	fault := Fault{max(at.line, 1), max(at.column, 1), path, fmt.Sprintf(format, args...)}
	if len(r.faults) < maxFaults && !slices.Contains(r.faults, fault) {
		r.faults = append(r.faults, fault)
	}
}

// err is nil, or all faults in the order of the text.
func (r *reader) err() error {
	if len(r.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(r.faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return r.faults
}

// root is the only document of a text, nil where there is none to read.
func (r *reader) root(text []byte) *yaml.Node {
	if len(text) > maxText {
		r.fault(place{}, "", "the text has %d bytes, at most %d are taken", len(text), maxText)
		return nil
	}
	r.lines = strings.Split(string(text), "\n")
	var documents []yaml.Node
	if err := yaml.Load(text, &documents, yaml.WithAllDocuments(), yaml.WithUniqueKeys(false)); err != nil {
		r.syntax(err)
		return nil
	}
	if len(documents) == 0 || len(documents[0].Content) == 0 {
		r.fault(place{}, "", "the text is empty")
		return nil
	}
	for _, more := range documents[1:] {
		r.fault(placeOf(&more), "", "a second document: one text is one document")
	}
	r.refuseReferences(&documents[0])
	return documents[0].Content[0]
}

func (r *reader) syntax(err error) {
	if fault, ok := errors.AsType[*yaml.LoadError](err); ok {
		r.fault(place{fault.Mark.Line, fault.Mark.Column}, "", "no YAML: %s", fault.Message)
		return
	}
	r.fault(place{}, "", "no YAML: %s", err)
}

// refuseReferences refuses anchors and aliases: they can make a small text huge,
// and hide from a reader what a rule says.
func (r *reader) refuseReferences(node *yaml.Node) {
	if node.Anchor != "" || node.Kind == yaml.AliasNode {
		r.fault(placeOf(node), "", "anchors and aliases are not taken: write it out")
	}
	for _, child := range node.Content {
		r.refuseReferences(child)
	}
}

// keyReader reads the value of one key of a mapping.
type keyReader func(node *yaml.Node, path string)

// mapping reads the values of a mapping by its keys, and tells where those are.
func (r *reader) mapping(node *yaml.Node, path string, known map[string]keyReader) map[string]place {
	seen := map[string]place{}
	if node.Kind != yaml.MappingNode {
		r.wrong(node, path, "a mapping")
		return seen
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		name := key.Value
		read, ok := known[name]
		_, twice := seen[name]
		switch {
		case key.Kind != yaml.ScalarNode:
			r.fault(placeOf(key), path, "a key must be a word")
		case !ok:
			r.fault(placeOf(key), within(path, name), "unknown key; known here: %s", listed(known))
		case twice:
			r.fault(placeOf(key), within(path, name), "is given twice")
		default:
			seen[name] = placeOf(key)
			read(value, within(path, name))
		}
	}
	return seen
}

// each reads the items of a list, and tells whether it is one.
func (r *reader) each(node *yaml.Node, path string, read keyReader) bool {
	if node.Kind != yaml.SequenceNode {
		r.wrong(node, path, "a list")
		return false
	}
	for i, item := range node.Content {
		read(item, fmt.Sprintf("%s[%d]", path, i))
	}
	return true
}

func (r *reader) wrong(node *yaml.Node, path, wanted string) {
	if node.Kind == yaml.AliasNode {
		return // told already
	}
	r.fault(placeOf(node), path, "must be %s, not %s", wanted, described(node))
}

func described(node *yaml.Node) string {
	switch {
	case node.Kind == yaml.MappingNode:
		return "a mapping"
	case node.Kind == yaml.SequenceNode:
		return "a list"
	case node.ShortTag() == "!!null":
		return "nothing (# starts a comment: put a channel's name in quotes)"
	default:
		return fmt.Sprintf("%q", clipped(node.Value))
	}
}

// clipped keeps a message readable whatever was written.
func clipped(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

func within(path, name string) string {
	if path == "" {
		return clipped(name)
	}
	return path + "." + clipped(name)
}

func listed[T any](known map[string]T) string {
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
