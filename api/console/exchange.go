package console

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"securitybot/api"
)

// exchange is one request for a page and its answer.
type exchange struct {
	console *Console
	w       http.ResponseWriter
	r       *http.Request
	page    Page
	caller  api.Caller
}

// frame is what every page shows around its own.
type frame struct {
	Title   string
	Menu    []menuItem
	Caller  api.Caller
	Flash   string
	Theme   string
	Back    string // where the theme's switch leads back to
	LiveURL string // what is asked again every few seconds; "" when nothing is
	LiveTag string
	Page    any
}

// menuItem is a line of the menu.
type menuItem struct {
	Name, Path string
	Here       bool
}

func (x *exchange) run() error {
	x.r.Body = http.MaxBytesReader(x.w, x.r.Body, mostForm)
	if err := x.r.ParseForm(); err != nil {
		return &refusal{Status: http.StatusBadRequest, Detail: "The form could not be read."}
	}
	return x.page.show(x)
}

// render shows a page. Where the browser asks for what is live on it alone, it
// gets that, or nothing when nothing has changed.
func (x *exchange) render(status int, name string, page any) error {
	view, err := x.console.templates.find(name)
	if err != nil {
		return err
	}
	f := x.frame(page)
	var live, whole bytes.Buffer
	if view.Lookup("live") != nil {
		if err := view.ExecuteTemplate(&live, "live", f); err != nil {
			return fmt.Errorf("show what is live of %s: %w", name, err)
		}
		sum := sha256.Sum256(live.Bytes())
		f.LiveTag = `"` + hex.EncodeToString(sum[:16]) + `"`
		if x.r.Method == http.MethodGet {
			f.LiveURL = x.r.URL.RequestURI()
		}
		if x.polls() {
			return x.writeLive(f.LiveTag, live.Bytes())
		}
	}
	f.Flash = x.takeFlash()
	if err := view.ExecuteTemplate(&whole, "layout", f); err != nil {
		return fmt.Errorf("show %s: %w", name, err)
	}
	x.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	x.w.WriteHeader(status)
	_, _ = x.w.Write(whole.Bytes()) // the browser may have gone
	return nil
}

// polls tells that the browser asks again for the part that is live.
func (x *exchange) polls() bool {
	return x.r.Method == http.MethodGet && x.r.Header.Get("Hx-Request") == "true"
}

func (x *exchange) writeLive(tag string, live []byte) error {
	x.w.Header().Set("ETag", tag)
	x.w.Header().Set("Vary", "HX-Request")
	if x.r.Header.Get("If-None-Match") == tag {
		x.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	x.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = x.w.Write(live) // the browser may have gone
	return nil
}

func (x *exchange) frame(page any) frame {
	f := frame{Title: x.page.Title, Caller: x.caller, Theme: x.theme(), Back: "/console", Page: page}
	if titled, ok := page.(interface{ title() string }); ok {
		f.Title = titled.title()
	}
	if x.r.Method == http.MethodGet {
		f.Back = x.r.URL.RequestURI()
	}
	for _, each := range Pages() {
		if each.Menu == "" || !x.caller.May(each.Scope) {
			continue
		}
		here := each.Menu == x.page.Menu || each.Menu == x.page.Within
		f.Menu = append(f.Menu, menuItem{Name: each.Menu, Path: each.Path, Here: here})
	}
	return f
}

// fail shows why there is no page.
func (x *exchange) fail(err error) {
	told, ok := errors.AsType[*refusal](err)
	if !ok {
		x.console.log.ErrorContext(x.r.Context(), "console page failed", "path", x.page.Path, "error", err)
		told = &refusal{Status: http.StatusInternalServerError, Detail: "Something went wrong on our side. Please try again."}
	}
	if x.polls() {
		http.Error(x.w, told.Detail, told.Status)
		return
	}
	x.page = Page{Title: told.heading(), Within: x.page.Within}
	if err := x.render(told.Status, "refused", told); err != nil {
		x.console.log.ErrorContext(x.r.Context(), "console page failed", "path", x.page.Path, "error", err)
		http.Error(x.w, told.Detail, told.Status)
	}
}

// AboutYou tells that the caller asked for something about themselves.
func (r *refusal) AboutYou() bool {
	return r.Status == http.StatusForbidden && strings.Contains(strings.ToLower(r.Detail), "about you")
}

func (r *refusal) heading() string {
	switch {
	case r.AboutYou():
		return "This is about you"
	case r.Status == http.StatusForbidden:
		return "Not allowed"
	case r.Status == http.StatusNotFound:
		return "Not found"
	case r.Status == http.StatusUnauthorized:
		return "Please sign in"
	case r.Status >= http.StatusInternalServerError:
		return "Not working at the moment"
	default:
		return "This did not work"
	}
}

// redirect leads to a page that then says what was done.
func (x *exchange) redirect(path, done string) error {
	x.setFlash(done)
	x.w.Header().Set("Location", path)
	x.w.WriteHeader(http.StatusSeeOther)
	return nil
}

// Form is what somebody typed and what is wrong with it. The zero one is empty.
type Form struct {
	ID      string // which form of the page
	Problem string // what is wrong with it as a whole
	Faults  []api.Fault
	values  map[string][]string
}

// typed is the form that was sent, with why it was refused.
func (x *exchange) typed(id string, told *refusal) Form {
	return Form{ID: id, Problem: wording(told.Detail), Faults: told.Errors, values: x.r.PostForm}
}

// filled is a form that begins with values.
func filled(values map[string][]string) Form { return Form{values: values} }

// For is the form when it is the one with this id, else an empty one.
func (f Form) For(id string) Form {
	if f.ID == id {
		return f
	}
	return Form{ID: id}
}

// Value is what was typed into a field.
func (f Form) Value(name string) string {
	if values := f.values[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// Has tells that a field was given a value.
func (f Form) Has(name, value string) bool { return slices.Contains(f.values[name], value) }

// Fault is what is wrong with a field, or with a part of it.
func (f Form) Fault(name string) string {
	var told []string
	for _, fault := range f.Faults {
		if fault.Field == name {
			told = append(told, fault.Detail)
		}
	}
	return strings.Join(told, "; ")
}

// Others are the faults of what is none of these fields.
func (f Form) Others(names []string) []api.Fault {
	return slices.DeleteFunc(slices.Clone(f.Faults), func(fault api.Fault) bool {
		return slices.Contains(names, fault.Field)
	})
}

// correct shows a page again with the form that was refused on it; what can't be
// corrected is shown by itself.
func (x *exchange) correct(err error, id string, show func(Form, int) error) error {
	told, ok := errors.AsType[*refusal](err)
	if !ok || !told.correctable() || told.AboutYou() {
		return err
	}
	return show(x.typed(id, told), told.Status)
}

// renamed tells what is wrong with a field of the API beside the field of the form
// that it was made of.
func renamed(err error, from, to string) error {
	told, ok := errors.AsType[*refusal](err)
	if !ok {
		return err
	}
	for i, fault := range told.Errors {
		if fault.Field == from || strings.HasPrefix(fault.Field, from+".") {
			told.Errors[i].Field = to
		}
	}
	return told
}

func notFound(*exchange) error {
	return &refusal{Status: http.StatusNotFound, Detail: "There is no such page."}
}

// filter reads a list by what was typed into its search. A search that can't be
// done leaves the list empty, and says why beside the field.
func (x *exchange) filter(target string, into any, form *Form) error {
	err := x.get(target, into)
	if told, ok := errors.AsType[*refusal](err); ok && told.Status == http.StatusBadRequest {
		form.Problem, form.Faults = wording(told.Detail), told.Errors
		return nil
	}
	return err
}
