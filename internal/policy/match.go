package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"go.yaml.in/yaml/v4"

	"securitybot/internal/alert"
)

const (
	maxExpression = 2000   // characters
	costLimit     = 20_000 // of one evaluation: some ten milliseconds at the worst
)

// verdicts on an expression that does not look at the alert.
const (
	depends = iota
	always
	never
)

// matcher is the expression of a rule.
type matcher struct {
	text    string
	program cel.Program
	always  int      // depends, always or never
	groups  []string // ids of user groups that it names
	parts   []string // what it demands, joined by &&
}

// expressionFault is a mistake at a place within an expression, from 1.
type expressionFault struct {
	line, column int
	message      string
}

// in is the fault's place in the file. Within a folded or a quoted text that
// spans lines only its beginning is known.
func (f expressionFault) in(node *yaml.Node, lines []string) place {
	at := placeOf(node)
	switch {
	case node.Style&yaml.LiteralStyle != 0:
		return place{at.line + f.line, f.column + indentation(lines, at.line)}
	case f.line > 1 || node.Style&yaml.FoldedStyle != 0:
		return at
	case node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		return place{at.line, at.column + f.column}
	default:
		return place{at.line, at.column + f.column - 1}
	}
}

// indentation is that of a line, counted from 0.
func indentation(lines []string, number int) int {
	if number >= len(lines) {
		return 0
	}
	return len(lines[number]) - len(strings.TrimLeft(lines[number], " "))
}

// The fields of what expressions see.
var (
	subjectFields = []string{"email", "username", "slack_id"}
	personFields  = []string{"email", "username", "name", "zone", "manager", "groups"}
)

const atLeast = "atLeast"

// language is what expressions may use. It is made once: that costs milliseconds.
var language = sync.OnceValues(func() (*cel.Env, error) {
	text := cel.MapType(cel.StringType, cel.StringType)
	open := cel.MapType(cel.StringType, cel.DynType)
	options := []cel.EnvOption{
		cel.Variable("context", open), cel.Variable("person", open), cel.Variable("subject", text),
		cel.Variable("occurred_at", cel.TimestampType),
		cel.ParserExpressionSizeLimit(maxExpression), cel.ParserRecursionLimit(50),
		cel.Function(atLeast, cel.Overload("at_least", []*cel.Type{cel.StringType, cel.StringType}, cel.BoolType,
			cel.BinaryBinding(severityAtLeast))),
	}
	for _, name := range []string{"detection", "severity", "source", "title", "description", "url"} {
		options = append(options, cel.Variable(name, cel.StringType))
	}
	return cel.NewEnv(options...)
})

func severityAtLeast(left, right ref.Val) ref.Val {
	one, _ := left.Value().(string)
	other, _ := right.Value().(string)
	if !isSeverity(other) {
		return types.NewErr("%q is no severity", other)
	}
	return types.Bool(alert.Severity(one).Rank() >= alert.Severity(other).Rank())
}

// compile checks an expression and gives what is wrong with it.
func compile(text string) (*matcher, []expressionFault) {
	env, err := language()
	if err != nil {
		return nil, []expressionFault{{1, 1, err.Error()}}
	}
	checked, issues := env.Compile(text)
	if issues.Err() != nil {
		return nil, faultsOf(issues)
	}
	if !checked.OutputType().IsExactType(cel.BoolType) {
		return nil, []expressionFault{{1, 1, fmt.Sprintf("is %s, and must be true or false", checked.OutputType())}}
	}
	tree := checked.NativeRep()
	if faults := checkWords(tree); len(faults) > 0 {
		return nil, faults
	}
	program, err := env.Program(checked, cel.CostLimit(costLimit), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, []expressionFault{{1, 1, "no expression: " + err.Error()}}
	}
	m := &matcher{text: text, program: program, groups: groupsIn(tree), parts: partsOf(tree)}
	m.always = constant(env, checked)
	return m, nil
}

func faultsOf(issues *cel.Issues) []expressionFault {
	var faults []expressionFault
	for _, one := range issues.Errors() {
		faults = append(faults, expressionFault{max(one.Location.Line(), 1), one.Location.Column() + 1, "no expression: " + one.Message})
	}
	if len(faults) == 0 {
		faults = append(faults, expressionFault{1, 1, "no expression: " + issues.Err().Error()})
	}
	return faults
}

// constant tells whether an expression is the same for every alert.
func constant(env *cel.Env, checked *cel.Ast) int {
	program, err := env.Program(checked, cel.CostLimit(costLimit), cel.EvalOptions(cel.OptPartialEval))
	if err != nil {
		return depends
	}
	var unknown []*cel.AttributePatternType
	for _, variable := range env.Variables() {
		unknown = append(unknown, cel.AttributePattern(variable.Name()))
	}
	nothingKnown, err := cel.PartialVars(map[string]any{}, unknown...)
	if err != nil {
		return depends
	}
	switch value, _, _ := program.Eval(nothingKnown); value {
	case types.True:
		return always
	case types.False:
		return never
	default:
		return depends
	}
}

// checkWords finds fields, severities and groups that there are not: such a rule would
// never match, and nobody would notice.
func checkWords(tree *ast.AST) []expressionFault {
	var faults []expressionFault
	fault := func(expr ast.Expr, format string, args ...any) {
		at := tree.SourceInfo().GetStartLocation(expr.ID())
		faults = append(faults, expressionFault{at.Line(), at.Column() + 1, fmt.Sprintf(format, args...)})
	}
	ast.PreOrderVisit(tree.Expr(), ast.NewExprVisitor(func(expr ast.Expr) {
		if expr.Kind() == ast.SelectKind {
			checkField(expr, fault)
		} else if expr.Kind() == ast.CallKind {
			checkSeverity(expr.AsCall(), fault)
			checkGroup(expr.AsCall(), fault)
		}
	}))
	return faults
}

// faulter tells what is wrong with a part of an expression.
type faulter func(expr ast.Expr, format string, args ...any)

func checkField(expr ast.Expr, fault faulter) {
	selected := expr.AsSelect()
	of := selected.Operand()
	if of.Kind() != ast.IdentKind {
		return
	}
	known := map[string][]string{"subject": subjectFields, "person": personFields}[of.AsIdent()]
	if known != nil && !slices.Contains(known, selected.FieldName()) {
		fault(expr, "%s has no %s, but %s", of.AsIdent(), selected.FieldName(), strings.Join(known, ", "))
	}
}

func checkSeverity(call ast.CallExpr, fault faulter) {
	compares := []string{operators.Equals, operators.NotEquals, operators.In, atLeast}
	args := call.Args()
	if !slices.Contains(compares, call.FunctionName()) || len(args) != 2 {
		return
	}
	isSubject := func(expr ast.Expr) bool { return expr.Kind() == ast.IdentKind && expr.AsIdent() == "severity" }
	if call.FunctionName() != atLeast && !isSubject(args[0]) && !isSubject(args[1]) {
		return
	}
	words := args
	if args[1].Kind() == ast.ListKind {
		words = args[1].AsList().Elements()
	}
	for _, word := range words {
		if text, ok := literal(word); ok && !isSeverity(text) {
			fault(word, "%q is no severity; there are %s", clipped(text), strings.Join(severityWords(), ", "))
		}
	}
}

// literal is the text that is written out in an expression.
func literal(expr ast.Expr) (string, bool) {
	if expr.Kind() != ast.LiteralKind {
		return "", false
	}
	text, ok := expr.AsLiteral().Value().(string)
	return text, ok
}

// groupsIn are the ids in an expression that asks for somebody's groups.
func groupsIn(tree *ast.AST) []string {
	var ids []string
	asks := false
	ast.PreOrderVisit(tree.Expr(), ast.NewExprVisitor(func(expr ast.Expr) {
		text, ok := literal(expr)
		if ok && groupID.MatchString(text) {
			ids = append(ids, text)
		}
		asks = asks || isGroups(expr) || text == "groups" // person["groups"]
	}))
	if !asks {
		return nil
	}
	return ids
}

func isGroups(expr ast.Expr) bool {
	if expr.Kind() != ast.SelectKind {
		return false
	}
	of := expr.AsSelect().Operand()
	return expr.AsSelect().FieldName() == "groups" && of.Kind() == ast.IdentKind && of.AsIdent() == "person"
}

// checkGroup finds a group's name where only its id is known.
func checkGroup(call ast.CallExpr, fault faulter) {
	args := call.Args()
	if call.FunctionName() != operators.In || !isGroups(args[1]) {
		return
	}
	if text, ok := literal(args[0]); ok && !groupID.MatchString(text) {
		fault(args[0], notAGroup, clipped(text))
	}
}

// partsOf are the demands that all have to hold.
func partsOf(tree *ast.AST) []string {
	var parts []string
	var split func(expr ast.Expr)
	split = func(expr ast.Expr) {
		if expr.Kind() == ast.CallKind && expr.AsCall().FunctionName() == operators.LogicalAnd {
			for _, arg := range expr.AsCall().Args() {
				split(arg)
			}
			return
		}
		if text, err := cel.ExprToString(expr, tree.SourceInfo()); err == nil {
			parts = append(parts, text)
		}
	}
	split(tree.Expr())
	return parts
}

// matches evaluates the expression. An error, such as that of a field that is
// not there, is no match.
func (m *matcher) matches(input map[string]any) (bool, error) {
	value, _, err := m.program.Eval(input)
	if err != nil {
		return false, err
	}
	return value == types.True, nil
}

// inputOf is what expressions see.
func inputOf(admitted alert.Alert, who alert.Person, groups []string) map[string]any {
	return map[string]any{
		"detection": admitted.Detection, "severity": string(admitted.Severity), "source": admitted.Source,
		"title": admitted.Title, "description": admitted.Description, "url": admitted.URL,
		"context":     contextOf(admitted.Context),
		"occurred_at": admitted.When(),
		"subject": map[string]string{
			"email": admitted.Subject.Email, "username": admitted.Subject.Username, "slack_id": admitted.Subject.SlackID,
		},
		"person": map[string]any{
			"email": who.Email, "username": who.Username, "name": who.Name, "zone": who.Zone, "manager": who.Manager,
			"groups": append([]string{}, groups...),
		},
	}
}

// contextOf is a JSON object as a map, empty where there is none. Whole numbers
// stay whole: ids may be longer than a float is exact.
func contextOf(raw json.RawMessage) map[string]any {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	object := map[string]any{}
	if err := decoder.Decode(&object); err != nil || object == nil {
		return map[string]any{}
	}
	for key, value := range object {
		object[key] = withNumbers(value)
	}
	return object
}

func withNumbers(value any) any {
	switch value := value.(type) {
	case json.Number:
		if whole, err := value.Int64(); err == nil {
			return whole
		}
		float, _ := value.Float64() // the nearest there is
		return float
	case map[string]any:
		for key, member := range value {
			value[key] = withNumbers(member)
		}
	case []any:
		for i, item := range value {
			value[i] = withNumbers(item)
		}
	}
	return value
}
