package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"securitybot/examples"
	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// announceWithin is how long our own API may take to be ready, and to take the
// sample.
const announceWithin = 30 * time.Second

// announce says where everything is, once it can be opened, with a first alert
// on its way.
func (a *App) announce(ctx context.Context) error {
	if a.options.Announce == nil {
		return nil
	}
	if err := a.awaitReady(ctx); err != nil {
		return err
	}
	links := Links{API: a.publicURL()}
	if a.hasConsole() {
		links.Console = a.publicURL() + consolePath
	}
	if a.sandbox != nil && !a.config.Login.Configured() {
		links.SignInAs = sandboxAdmin
	}
	if a.sandbox != nil {
		links.Page = a.sandboxURL() + "/sandbox"
	}
	if a.dev != nil {
		links.Temporal = a.dev.uiURL()
	}
	if a.options.Sample && a.sandbox != nil {
		bounded, cancel := context.WithTimeout(ctx, announceWithin)
		defer cancel()
		id, err := a.sample(bounded)
		if err != nil {
			return err
		}
		links.Alert, links.Workflow = id, a.workflowURL(id)
	}
	a.options.Announce(links)
	return nil
}

func (a *App) awaitReady(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, announceWithin)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(bounded, http.MethodGet, a.address()+"/readyz", nil)
		if err != nil {
			return fmt.Errorf("ask for readiness: %w", err)
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			err = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return err
			}
		}
		if pause(bounded, 50*time.Millisecond) != nil {
			if ctx.Err() != nil {
				return nil // we are stopping
			}
			return errors.New("the API did not become ready")
		}
	}
}

// sample is the first alert: the one of an earlier run while it is still open.
func (a *App) sample(ctx context.Context) (string, error) {
	for _, status := range []alert.Status{alert.Received, alert.Asking} {
		open, err := a.store.List(ctx, store.Filter{Source: "sandbox", Status: string(status), Limit: 1})
		if err != nil {
			return "", fmt.Errorf("look for an open sample: %w", err)
		}
		if len(open) > 0 {
			return open[0].ID, nil
		}
	}
	body, err := exampleFor(examples.List()[0].Name, "alice@example.com", "")
	if err != nil {
		return "", err
	}
	return a.sendSample(ctx, body)
}

func (a *App) sendSample(ctx context.Context, body []byte) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.address()+"/v1/alerts", bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("send the sample: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+sandboxAPIToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("send the sample: %w", err)
	}
	var accepted struct {
		ID string `json:"id"`
	}
	err = errors.Join(json.NewDecoder(response.Body).Decode(&accepted), response.Body.Close())
	if err != nil || accepted.ID == "" {
		return "", fmt.Errorf("send the sample: status %d: %w", response.StatusCode, err)
	}
	return accepted.ID, nil
}
