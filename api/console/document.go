package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// documentPage is the API's own description, to be read by people.
type documentPage struct {
	Name, Version, Description string
	Tags                       []tag
}

// tag is a group of operations.
type tag struct {
	Name, Description string
	Operations        []operation
}

// operation is something that the API does.
type operation struct {
	ID, Method, Path, Summary, Description string
	Scopes                                 string // that are enough, each by itself
	Parameters                             []property
	Bodies                                 []content
	Responses                              []response
}

// response is one of the answers that an operation gives.
type response struct {
	Status, Description string
	Bodies              []content
}

// content is a body in one form.
type content struct {
	Type       string
	Properties []property
	Example    string
}

// property is a parameter, or a part of a body: Depth tells how deep it lies.
type property struct {
	Name, In, Type, Description string
	Required                    bool
	Depth                       int
}

func showDocument(x *exchange) error {
	answered, err := x.ask(http.MethodGet, "/v1/openapi.yaml", nil)
	if err != nil {
		return err
	}
	page, err := readDocument(answered.body.Bytes())
	if err != nil {
		return fmt.Errorf("read the API's description: %w", err)
	}
	return x.render(http.StatusOK, "api", page)
}

// reader reads an OpenAPI document.
type reader struct{ root *yaml.Node }

func readDocument(text []byte) (documentPage, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return documentPage{}, err
	}
	if len(document.Content) == 0 {
		return documentPage{}, errors.New("it is empty")
	}
	r := reader{root: document.Content[0]}
	info := r.at(r.root, "info")
	page := documentPage{Name: r.said(info, "title"), Version: r.said(info, "version"), Description: r.said(info, "description")}
	for _, each := range r.items(r.at(r.root, "tags")) {
		page.Tags = append(page.Tags, tag{Name: r.said(each, "name"), Description: r.said(each, "description")})
	}
	for path, methods := range r.members(r.at(r.root, "paths")) {
		shared := r.items(r.at(methods, "parameters"))
		for method, node := range r.members(methods) {
			if slices.Contains([]string{"get", "post", "put", "patch", "delete"}, method) {
				page.add(r.said(r.first(r.at(node, "tags")), ""), r.operation(method, path, node, shared))
			}
		}
	}
	return page, nil
}

// add puts an operation where its tag is.
func (p *documentPage) add(name string, operation operation) {
	i := slices.IndexFunc(p.Tags, func(each tag) bool { return each.Name == name })
	if i < 0 {
		i, p.Tags = len(p.Tags), append(p.Tags, tag{Name: name})
	}
	p.Tags[i].Operations = append(p.Tags[i].Operations, operation)
}

func (r reader) operation(method, path string, node *yaml.Node, shared []*yaml.Node) operation {
	read := operation{
		Method: strings.ToUpper(method), Path: path, ID: method + strings.NewReplacer("/", "-", "{", "", "}", "").Replace(path),
		Summary: r.said(node, "summary"), Description: r.said(node, "description"), Scopes: r.scopes(node),
	}
	for _, each := range slices.Concat(shared, r.items(r.at(node, "parameters"))) {
		schema := r.at(each, "schema")
		read.Parameters = append(read.Parameters, property{
			Name: r.said(each, "name"), In: r.said(each, "in"), Type: r.kind(schema), Description: r.said(each, "description"),
			Required: r.said(each, "required") == "true",
		})
	}
	read.Bodies = r.contents(r.at(node, "requestBody"))
	for status, each := range r.members(r.at(node, "responses")) {
		read.Responses = append(read.Responses, response{
			Status: status, Description: r.said(each, "description"), Bodies: r.contents(each),
		})
	}
	return read
}

func (r reader) scopes(node *yaml.Node) string {
	var names []string
	for _, way := range r.items(r.at(node, "security")) {
		for _, scopes := range r.members(way) {
			for _, scope := range r.items(scopes) {
				names = append(names, scope.Value)
			}
		}
	}
	return strings.Join(names, " or ")
}

func (r reader) contents(node *yaml.Node) []content {
	var bodies []content
	for kind, each := range r.members(r.at(node, "content")) {
		schema := r.at(each, "schema")
		bodies = append(bodies, content{Type: kind, Properties: r.properties(schema, 0), Example: r.example(each, schema)})
	}
	return bodies
}

// example is the first that there is of a body.
func (r reader) example(node, schema *yaml.Node) string {
	found := r.at(node, "example")
	for _, named := range r.members(r.at(node, "examples")) {
		if found == nil {
			found = r.at(named, "value")
		}
	}
	if found == nil {
		found = r.at(schema, "example")
	}
	if found == nil {
		found = r.first(r.at(schema, "examples"))
	}
	if found == nil {
		return ""
	}
	if found.Kind == yaml.ScalarNode {
		return found.Value
	}
	return written(found)
}

// written is a value as JSON, in the order of the document.
func written(node *yaml.Node) string {
	var value any
	if node.Decode(&value) != nil {
		return ""
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return ""
	}
	return strings.TrimSpace(text.String())
}

// deepest is how far into a body its parts are told.
const deepest = 3

// properties lists the parts of a body, each followed by its own. What holds
// itself is told once.
func (r reader) properties(schema *yaml.Node, depth int, within ...*yaml.Node) []property {
	if schema == nil || depth > deepest || slices.Contains(within, schema) {
		return nil
	}
	within = append(slices.Clone(within), schema)
	var list []property
	for _, part := range r.parts(schema) {
		list = append(list, r.properties(part, depth, within...)...)
	}
	var required []string
	for _, name := range r.items(r.at(schema, "required")) {
		required = append(required, name.Value)
	}
	for name, each := range r.members(r.at(schema, "properties")) {
		list = append(list, property{
			Name: name, Type: r.kind(each), Description: r.said(each, "description"),
			Required: slices.Contains(required, name), Depth: depth,
		})
		list = append(list, r.properties(each, depth+1, within...)...)
	}
	return list
}

// parts are what a schema is made of: all of some, the first of several to choose
// from, the items of a list.
func (r reader) parts(schema *yaml.Node) []*yaml.Node {
	parts := r.items(r.at(schema, "allOf"))
	for _, choice := range []string{"anyOf", "oneOf"} {
		if first := r.first(r.at(schema, choice)); first != nil {
			parts = append(parts, first)
		}
	}
	if items := r.at(schema, "items"); items != nil {
		parts = append(parts, items)
	}
	return parts
}

// kind tells what a value looks like.
func (r reader) kind(schema *yaml.Node) string {
	if schema == nil {
		return ""
	}
	kind := r.said(schema, "type")
	if kind == "" && (r.at(schema, "allOf") != nil || r.at(schema, "properties") != nil) {
		kind = "object"
	}
	if types := r.items(r.at(schema, "type")); len(types) > 0 {
		var names []string
		for _, each := range types {
			names = append(names, each.Value)
		}
		kind = strings.Join(names, " or ")
	}
	if format := r.said(schema, "format"); format != "" {
		kind += " (" + format + ")"
	}
	if items := r.at(schema, "items"); items != nil && items != schema {
		kind += " of " + r.kind(items)
	}
	var choices []string
	for _, each := range r.items(r.at(schema, "enum")) {
		choices = append(choices, each.Value)
	}
	if len(choices) > 0 {
		kind += ": " + strings.Join(choices, ", ")
	}
	return kind
}

// at is a member of a mapping; references are followed. It is nil when there is none.
func (r reader) at(node *yaml.Node, name string) *yaml.Node {
	for key, value := range r.members(node) {
		if key == name {
			return value
		}
	}
	return nil
}

// said is a text of a mapping, or a text itself.
func (r reader) said(node *yaml.Node, name string) string {
	if name != "" {
		node = r.at(node, name)
	}
	if node == nil || node.Kind != yaml.ScalarNode {
		return ""
	}
	return strings.TrimSpace(node.Value)
}

func (r reader) first(node *yaml.Node) *yaml.Node {
	for _, each := range r.items(node) {
		return each
	}
	return nil
}

func (r reader) items(node *yaml.Node) []*yaml.Node {
	if node == nil || node.Kind != yaml.SequenceNode {
		return nil
	}
	var list []*yaml.Node
	for _, each := range node.Content {
		list = append(list, r.follow(each))
	}
	return list
}

func (r reader) members(node *yaml.Node) iter.Seq2[string, *yaml.Node] {
	return func(yield func(string, *yaml.Node) bool) {
		if node == nil || node.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(node.Content); i += 2 {
			if !yield(node.Content[i].Value, r.follow(node.Content[i+1])) {
				return
			}
		}
	}
}

// follow leads from a reference to what it names.
func (r reader) follow(node *yaml.Node) *yaml.Node {
	if node.Kind != yaml.MappingNode || len(node.Content) < 2 || node.Content[0].Value != "$ref" {
		return node
	}
	path, local := strings.CutPrefix(node.Content[1].Value, "#/")
	if !local {
		return node
	}
	target := r.root
	for name := range strings.SplitSeq(path, "/") {
		found := target
		target = nil
		for i := 0; i+1 < len(found.Content); i += 2 {
			if found.Content[i].Value == name {
				target = found.Content[i+1]
			}
		}
		if target == nil {
			return node
		}
	}
	return target
}

// marked is a run of the description: code, or bold, or neither.
type marked struct {
	Text       string
	Code, Bold bool
}

var marks = regexp.MustCompile("`[^`]+`|\\*\\*[^*]+\\*\\*")

// paragraphs reads what the description uses of Markdown: paragraphs, code and bold.
func paragraphs(text string) [][]marked {
	var list [][]marked
	for part := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		part = strings.Join(strings.Fields(part), " ")
		var runs []marked
		end := 0
		for _, found := range marks.FindAllStringIndex(part, -1) {
			runs = append(runs, marked{Text: part[end:found[0]]})
			run := part[found[0]:found[1]]
			runs = append(runs, marked{Text: strings.Trim(run, "`*"), Code: run[0] == '`', Bold: run[0] == '*'})
			end = found[1]
		}
		list = append(list, append(runs, marked{Text: part[end:]}))
	}
	return list
}

func exportDocument(x *exchange) error { return x.download("/v1/openapi.yaml") }
