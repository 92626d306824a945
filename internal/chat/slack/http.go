package slack

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"

	api "github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
)

const maxDelivery = 1 << 20 // bytes

// delivered is what becomes of a delivery that was recorded, or needs no recording.
type delivered struct {
	body any    // JSON for Slack, or nil
	text string // or plain text
	next work   // once Slack has its answer; may be nil
}

// Events takes deliveries of the Events API.
func (r *Receiver) Events() http.Handler {
	return r.signed(func(ctx context.Context, body []byte) (delivered, error) {
		var outer envelope
		if json.Unmarshal(body, &outer) != nil {
			return delivered{}, errMalformed
		}
		if outer.Type == slackevents.URLVerification {
			return delivered{text: outer.Challenge}, nil
		}
		return r.event(ctx, body)
	})
}

// Interactions takes presses of buttons and submitted modals.
func (r *Receiver) Interactions() http.Handler {
	return r.signed(func(ctx context.Context, body []byte) (delivered, error) {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return delivered{}, errMalformed
		}
		return r.interaction(ctx, []byte(form.Get("payload")))
	})
}

// Commands takes slash commands.
func (r *Receiver) Commands() http.Handler {
	return r.signed(func(ctx context.Context, body []byte) (delivered, error) {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return delivered{}, errMalformed
		}
		return r.command(ctx, command{
			Team: form.Get("team_id"), User: form.Get("user_id"), Channel: form.Get("channel_id"),
			Text: form.Get("text"), Trigger: form.Get("trigger_id"),
		})
	})
}

// signed lets only signed requests through, and answers once they are recorded.
func (r *Receiver) signed(handle func(context.Context, []byte) (delivered, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Method != http.MethodPost {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		if !r.enter() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		defer r.working.Done()
		body, status := r.verified(w, request)
		if status != http.StatusOK {
			w.WriteHeader(status)
			return
		}
		ctx, cancel := context.WithTimeout(request.Context(), ackBudget)
		defer cancel()
		result, err := handle(ctx, body)
		if err = r.forgive(ctx, err); err != nil {
			r.log.ErrorContext(ctx, "Slack delivery not recorded", "path", request.URL.Path, "error", err)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		acknowledge(w, result)
		r.after(request.Context(), result.next)
	})
}

// verified reads a request's body and checks its signature over the raw bytes. A
// refusal says nothing: the library's errors are no reader's business.
func (r *Receiver) verified(w http.ResponseWriter, request *http.Request) ([]byte, int) {
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, maxDelivery))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, http.StatusRequestEntityTooLarge
	}
	if err != nil {
		return nil, http.StatusBadRequest
	}
	verifier, err := api.NewSecretsVerifier(request.Header, r.secret)
	if err != nil {
		return nil, http.StatusUnauthorized
	}
	if _, err := verifier.Write(body); err != nil || verifier.Ensure() != nil {
		return nil, http.StatusUnauthorized
	}
	return body, http.StatusOK
}

// forgive lets a delivery go that no second try would make any better.
func (r *Receiver) forgive(ctx context.Context, err error) error {
	if errors.Is(err, errMalformed) || errors.Is(err, errForeign) {
		r.log.WarnContext(ctx, "Slack delivery ignored", "reason", err)
		return nil
	}
	return err
}

// acknowledge sends the whole answer now, ahead of the work that follows.
func acknowledge(w http.ResponseWriter, result delivered) {
	body := []byte(result.text)
	if result.text != "" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	if result.body != nil {
		if encoded, err := json.Marshal(result.body); err == nil {
			w.Header().Set("Content-Type", "application/json")
			body = encoded
		}
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body)
	_ = http.NewResponseController(w).Flush()
}
