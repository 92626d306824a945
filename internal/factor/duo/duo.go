// Package duo is the Duo form of the factor contract: one push through Duo's Auth
// API, and what became of it. It fails closed: nothing counts as approved but
// Duo's own allow of a push that we sent.
package duo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/duosecurity/duo_api_golang/authapi"

	"securitybot/internal/alert"
	"securitybot/internal/factor"
)

const (
	name        = "duo"
	callTimeout = 10 * time.Second
	pollTimeout = 25 * time.Second // of one long poll; Duo answers when the state changes
)

// Options of the factor. No error ever carries the secret key.
type Options struct {
	IntegrationKey string
	SecretKey      string
	Host           string // api-XXXXXXXX.duosecurity.com, or host:port
	CAFile         string // PEM; replaces the CAs that the library pins
}

// Duo implements [factor.Factor].
type Duo struct {
	client *client
}

var _ factor.Factor = (*Duo)(nil)

// New makes the factor. It doesn't call Duo.
func New(options Options) (*Duo, error) {
	if options.IntegrationKey == "" || options.SecretKey == "" || options.Host == "" {
		return nil, errors.New("duo: the integration key, the secret key and the host are needed")
	}
	if strings.ContainsAny(options.Host, "/@?# ") {
		return nil, errors.New("duo: the host must be a bare host name")
	}
	client, err := newClient(options)
	if err != nil {
		return nil, err
	}
	return &Duo{client: client}, nil
}

// Close lets go of idle connections.
func (d *Duo) Close() { d.client.pinned.CloseIdleConnections() }

// Name implements [factor.Factor].
func (d *Duo) Name() string { return name }

// Devices implements [factor.Factor] by preauth: what takes pushes, in Duo's order.
func (d *Duo) Devices(ctx context.Context, person string) ([]factor.Device, error) {
	if person == "" {
		return nil, noProof(alert.ReasonNotEnrolled)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	api, _ := d.client.with(ctx)
	answer, err := api.Preauth(authapi.PreauthUsername(person))
	if err != nil {
		return nil, fmt.Errorf("check devices: %w", notSent(err))
	}
	if answer.Stat != statOK {
		return nil, fmt.Errorf("check devices: %w", byCode(answer.StatResult, factor.NotSent))
	}
	if answer.Response.Result != "auth" {
		return nil, noProof(preauthReason(answer.Response.Result, answer.Response.Status_Msg))
	}
	var devices []factor.Device
	for _, device := range answer.Response.Devices {
		if device.Device != "" && slices.Contains(device.Capabilities, "push") {
			devices = append(devices, factor.Device{ID: device.Device, Name: device.Name})
		}
	}
	if len(devices) == 0 {
		return nil, noProof("no_push_device")
	}
	return devices, nil
}

// preauthReason says why preauth lets nobody be pushed. An allow is a bypass: Duo
// would let the person in unasked, which proves nothing here.
func preauthReason(result, message string) string {
	message = strings.ToLower(message)
	switch {
	case result == "enroll":
		return alert.ReasonNotEnrolled
	case result == "allow":
		return "bypass"
	case result == "deny" && strings.Contains(message, "lock"):
		return "locked_out"
	case result == "deny" && strings.Contains(message, "disab"):
		return "disabled"
	}
	return word(result)
}

// Push implements [factor.Factor] by an asynchronous auth. It never sends an IP
// address or a trusted-device token: either could let Duo allow without asking.
// Once the request may have left, not knowing its outcome means that the push is
// lost; an error of Duo's own is an outcome.
func (d *Duo) Push(ctx context.Context, person, device string, prompt factor.Prompt) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	api, sent := d.client.with(ctx)
	answer, err := api.Auth("push",
		authapi.AuthUsername(person), authapi.AuthDisplayUsername(show(person, maxValue)),
		authapi.AuthDevice(device), authapi.AuthAsync(),
		authapi.AuthType(show(prompt.Type, maxType)), authapi.AuthPushinfo(pushinfo(prompt.Rows)))
	if err != nil {
		failed := notSent(err)
		if sent.Load() && failed.Reason != reasonLimited && !saysNo(err) {
			failed.Failure = factor.Lost
		}
		return "", fmt.Errorf("send push: %w", failed)
	}
	if answer.Stat != statOK {
		return "", fmt.Errorf("send push: %w", byCode(answer.StatResult, factor.Lost))
	}
	if answer.Response.Txid == "" {
		return "", &factor.Error{Failure: factor.Lost, Reason: "no_transaction"}
	}
	return answer.Response.Txid, nil
}

// Poll implements [factor.Factor] with one long poll of at most 25 s.
func (d *Duo) Poll(ctx context.Context, transaction string) (alert.ProofResult, string, error) {
	polling, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	api, sent := d.client.with(polling)
	answer, err := api.AuthStatus(transaction)
	switch {
	case err == nil:
	case sent.Load() && errors.Is(err, context.DeadlineExceeded):
		return alert.ProofPending, "", nil // the long poll ended before the person did anything
	default:
		return "", "", fmt.Errorf("ask for the push's state: %w", notSent(err))
	}
	if answer.Stat == statOK {
		result, reason := outcome(answer.Response.Result, answer.Response.Status)
		return result, reason, nil
	}
	if code(answer.StatResult) == codeInvalid {
		return alert.ProofUnavailable, "unknown_transaction", nil
	}
	failed := byCode(answer.StatResult, factor.NotSent)
	failed.Failure = factor.NotSent // whatever it was, nothing was learnt of the push
	return "", "", fmt.Errorf("ask for the push's state: %w", failed)
}

// outcome reads auth_status. Both words must agree; whatever isn't here proves nothing.
func outcome(result, status string) (alert.ProofResult, string) {
	switch [2]string{result, status} {
	case [2]string{"allow", "allow"}:
		return alert.ProofApproved, ""
	case [2]string{"deny", "deny"}:
		return alert.ProofDenied, ""
	case [2]string{"deny", "fraud"}:
		return alert.ProofFraud, ""
	case [2]string{"deny", "timeout"}:
		return alert.ProofTimedOut, ""
	}
	if result == "waiting" {
		return alert.ProofPending, ""
	}
	return alert.ProofUnavailable, word(status)
}
