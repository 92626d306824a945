package console

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
	"time"

	"securitybot/api"
)

//go:embed templates
var templateFiles embed.FS

// parts are the templates that all pages share.
var parts = []string{"layout.html", "parts.html", "message.html", "entries.html"}

// templates are the pages by their names, each with the parts that all share.
type templates map[string]*template.Template

func (t templates) find(name string) (*template.Template, error) {
	page, ok := t[name]
	if !ok {
		return nil, fmt.Errorf("no template %q", name)
	}
	return page, nil
}

func (c *Console) readTemplates() (templates, error) {
	all, err := fs.Sub(templateFiles, "templates")
	if err != nil {
		return nil, fmt.Errorf("read templates: %w", err)
	}
	ground, err := template.New("").Funcs(c.functions()).Option("missingkey=error").ParseFS(all, parts...)
	if err != nil {
		return nil, fmt.Errorf("read templates: %w", err)
	}
	names, err := fs.Glob(all, "page_*.html")
	if err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	found := templates{}
	for _, name := range names {
		page, err := ground.Clone()
		if err == nil {
			page, err = page.ParseFS(all, name)
		}
		if err != nil {
			return nil, fmt.Errorf("read template %s: %w", name, err)
		}
		found[strings.TrimSuffix(strings.TrimPrefix(path.Base(name), "page_"), ".html")] = page
	}
	return found, nil
}

func (c *Console) functions() template.FuncMap {
	return template.FuncMap{
		"asset": c.assetURL, "pieces": pieces, "visible": visible, "linkable": linkable, "wording": wording,
		"short": short, "field": fieldOf, "choice": choiceOf, "indented": indented, "stamp": stamp, "utc": utc,
		"list": func(items ...string) []string { return items },
		"may":  func(caller api.Caller, scope string) bool { return caller.May(api.Scope(scope)) },
		"some": some, "several": together, "length": length, "join": strings.Join, "percent": percent, "paragraphs": paragraphs,
	}
}

// some tells that a time is known.
func some(at time.Time) bool { return !at.IsZero() }

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339Nano) }

func utc(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") }

// together gives a template several values by their names.
func together(pairs ...any) (map[string]any, error) {
	values := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, errors.New("a value without a name")
		}
		values[name] = pairs[i+1]
	}
	return values, nil
}

// indented shows JSON on lines of its own.
func indented(raw json.RawMessage) string {
	var lines bytes.Buffer
	if json.Indent(&lines, raw, "", "  ") != nil {
		return string(raw)
	}
	return lines.String()
}

// length is a time span as people say it, in its two largest units.
func length(span time.Duration) string {
	if span < time.Second {
		return "under 1 s"
	}
	units := []struct {
		size int
		name string
	}{{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}}
	seconds := int(span / time.Second)
	var told []string
	for _, unit := range units {
		count := seconds / unit.size
		seconds %= unit.size
		if count > 0 {
			told = append(told, fmt.Sprintf("%d %s", count, unit.name))
		}
		if len(told) == 2 || len(told) == 1 && count == 0 {
			break
		}
	}
	return strings.Join(told, " ")
}

func percent(part, whole int) string {
	if whole == 0 {
		return "–"
	}
	return fmt.Sprintf("%d %%", (part*100+whole/2)/whole)
}
