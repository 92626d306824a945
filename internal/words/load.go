package words

import (
	"bytes"
	_ "embed" // the texts
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template"
	"text/template/parse"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

//go:embed messages.yaml
var messages []byte

// Fault is one thing that is wrong in a file of texts. Line is 0 where it has none.
type Fault struct {
	Line    int
	Key     string
	Message string
}

// Faults is all that is wrong in a file of texts, by line.
type Faults []Fault //nolint:errname // they are faults of a file, and together its error

func (f Faults) Error() string {
	lines := make([]string, 0, len(f))
	for _, fault := range f {
		line := fault.Message
		if fault.Key != "" {
			line = fault.Key + ": " + line
		}
		if fault.Line > 0 {
			line = fmt.Sprintf("line %d: %s", fault.Line, line)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// embeddedTexts are our own; there is one for every form.
var embeddedTexts = sync.OnceValues(func() (map[string]*template.Template, error) {
	texts, faults := read(messages)
	for _, key := range slices.Sorted(maps.Keys(forms)) {
		if texts[key] == nil {
			faults = append(faults, Fault{Key: key, Message: "is missing"})
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return texts, nil
})

// reader collects texts and everything that is wrong with them.
type reader struct {
	texts  map[string]*template.Template
	faults Faults
}

func read(file []byte) (map[string]*template.Template, Faults) {
	r := &reader{texts: map[string]*template.Template{}}
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(file))
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return r.texts, nil
	} else if err != nil {
		return nil, Faults{syntax(err)}
	}
	root := document.Content[0]
	if root.Tag != "!!null" {
		r.section("", root)
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		r.fault(root, "", "the file must hold one document")
	}
	slices.SortStableFunc(r.faults, func(a, b Fault) int { return a.Line - b.Line })
	return r.texts, r.faults
}

var lineOf = regexp.MustCompile(`line (\d+): `)

func syntax(err error) Fault {
	fault := Fault{Message: strings.TrimPrefix(err.Error(), "yaml: ")}
	if found := lineOf.FindStringSubmatch(fault.Message); found != nil {
		fault.Line, _ = strconv.Atoi(found[1])
		fault.Message = strings.Replace(fault.Message, found[0], "", 1)
	}
	return fault
}

func (r *reader) fault(at *yaml.Node, key, message string) {
	r.faults = append(r.faults, Fault{Line: at.Line, Key: key, Message: message})
}

// section reads a mapping; the keys of texts are the names on the way to them.
func (r *reader) section(above string, node *yaml.Node) {
	if node.Kind != yaml.MappingNode {
		r.fault(node, above, "must hold keys and texts")
		return
	}
	seen := map[string]bool{}
	for pair := range slices.Chunk(node.Content, 2) {
		name, value := pair[0], pair[1]
		key := strings.TrimPrefix(above+"."+name.Value, ".")
		switch {
		case name.Kind != yaml.ScalarNode:
			r.fault(name, above, "a key must be a word")
		case seen[name.Value]:
			r.fault(name, key, "is there twice")
		case above == "" && sections[name.Value]:
			r.section(key, value)
		default:
			r.text(key, name, value)
		}
		seen[name.Value] = true
	}
}

func (r *reader) text(key string, name, value *yaml.Node) {
	form, ok := forms[key]
	if !ok {
		r.fault(name, key, "is not a key that we know"+near(key))
		return
	}
	if value.Kind != yaml.ScalarNode || value.Tag != "!!str" {
		r.fault(value, key, "must be text; put it in quotes if it looks like something else")
		return
	}
	made, err := form.template(key, value.Value)
	if err != nil {
		r.fault(value, key, err.Error())
		return
	}
	r.texts[key] = made
}

// near names the keys of the same section, for one that was mistyped.
func near(key string) string {
	section, _, _ := strings.Cut(key, ".")
	var names []string
	for _, known := range slices.Sorted(maps.Keys(forms)) {
		if name, ok := strings.CutPrefix(known, section+"."); ok {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("; %q has %s", section, strings.Join(names, ", "))
}

// template makes a text, and tries it with values like the real ones and with
// empty ones.
func (f form) template(key, source string) (*template.Template, error) {
	if strings.IndexFunc(source, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) >= 0 {
		return nil, errors.New("holds a control character")
	}
	made, err := template.New(key).Option("missingkey=error").Funcs(functions).Parse(source)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "template: "))
	}
	if len(made.Templates()) > 1 {
		return nil, errors.New("can't define templates")
	}
	if err := f.admits(made.Root); err != nil {
		return nil, err
	}
	return made, f.try(made)
}

func (f form) try(made *template.Template) error {
	likely, empty := map[string]any{}, map[string]any{}
	for name := range strings.FieldsSeq(f.names) {
		likely[name], empty[name] = samples[name], ""
		if _, ok := samples[name].(int); ok {
			empty[name] = 0
		}
	}
	var out strings.Builder
	if err := made.Execute(&out, empty); err != nil {
		return fmt.Errorf("does not work with empty values: %w", err)
	}
	out.Reset()
	if err := made.Execute(&out, likely); err != nil {
		return fmt.Errorf("does not work: %w", err)
	}
	said := strings.TrimSpace(out.String())
	if length := utf8.RuneCountInString(said); length > f.most {
		return fmt.Errorf("has %d letters with values filled in, and may have %d", length, f.most)
	}
	if said == "" {
		return errors.New("says nothing")
	}
	return nil
}

// functions are what a text may call.
var functions = template.FuncMap{"plural": plural}

var callable = []string{"plural", "eq", "ne", "gt", "lt", "and", "or", "not"}

// admits tells whether a text is made only of what may be in one: a text is a
// sentence with places to fill, and with an {{if}} where it must be.
func (f form) admits(node parse.Node) error {
	var parts []parse.Node
	switch node := node.(type) {
	case *parse.TextNode, *parse.StringNode, *parse.NumberNode, *parse.BoolNode:
		return nil
	case *parse.FieldNode:
		return f.admitsField(node)
	case *parse.IdentifierNode:
		if !slices.Contains(callable, node.Ident) {
			return fmt.Errorf("can't call %s; it may call %s", node.Ident, strings.Join(callable, ", "))
		}
		return nil
	case *parse.ListNode:
		parts = node.Nodes
	case *parse.ActionNode:
		parts = []parse.Node{node.Pipe}
	case *parse.IfNode:
		parts = []parse.Node{node.Pipe, node.List}
		if node.ElseList != nil {
			parts = append(parts, node.ElseList)
		}
	case *parse.PipeNode:
		if len(node.Decl) > 0 {
			return errors.New("can't have variables")
		}
		for _, command := range node.Cmds {
			parts = append(parts, command.Args...)
		}
	default:
		return fmt.Errorf("can't hold %s; it may hold {{.Name}}, {{if}} and {{plural}}", node)
	}
	for _, part := range parts {
		if err := f.admits(part); err != nil {
			return err
		}
	}
	return nil
}

func (f form) admitsField(node *parse.FieldNode) error {
	if len(node.Ident) == 1 && slices.Contains(strings.Fields(f.names), node.Ident[0]) {
		return nil
	}
	if f.names == "" {
		return fmt.Errorf("names %s, and has nothing to name", node)
	}
	return fmt.Errorf("names %s; it may name .%s", node, strings.Join(strings.Fields(f.names), ", ."))
}
