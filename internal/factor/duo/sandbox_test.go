package duo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/factor"
	"securitybot/internal/factor/duo"
	"securitybot/internal/sandbox"
)

const (
	ikey     = "DISANDBOXSANDBOX0000"
	skey     = "sandboxsandboxsandboxsandboxsandboxsecre"
	alice    = "alice@example.com"
	patience = 20 * time.Second
)

// booth is the adapter in front of the sandbox's phones.
type booth struct {
	t    *testing.T
	duo  *duo.Duo
	box  *sandbox.Sandbox
	url  string
	http *http.Client
}

// push sends one as an attempt to prove something does.
func (b *booth) push() (string, error) {
	devices, err := b.duo.Devices(b.t.Context(), "alice")
	if err != nil {
		return "", err
	}
	return b.duo.Push(b.t.Context(), "alice", devices[0].ID, prompt())
}

func open(t *testing.T) *booth {
	t.Helper()
	front := httptest.NewUnstartedServer(nil)
	box, err := sandbox.New(sandbox.Options{
		DataDir: t.TempDir(), PublicURL: "http://" + front.Listener.Addr().String(), BotToken: "xoxb-x", AppToken: "xapp-x",
		SigningSecret: "s", DuoIKey: ikey, DuoSKey: skey, Loopback: true, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	require.NoError(t, box.Start(t.Context()))
	front.Config.Handler = box.Handler()
	front.Start()
	b := &booth{t: t, box: box, url: front.URL, http: &http.Client{Transport: &http.Transport{}}}
	b.duo = b.as(skey)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		b.http.CloseIdleConnections()
		require.NoError(t, box.Close(ctx))
		front.Close()
	})
	return b
}

func (b *booth) as(secretKey string) *duo.Duo {
	b.t.Helper()
	made, err := duo.New(duo.Options{IntegrationKey: ikey, SecretKey: secretKey, Host: b.box.DuoHost(), CAFile: b.box.DuoCAFile()})
	require.NoError(b.t, err)
	b.t.Cleanup(made.Close)
	return made
}

func (b *booth) control(method, path string, in, out any) {
	b.t.Helper()
	body, err := json.Marshal(in)
	require.NoError(b.t, err)
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.url+"/sandbox/control/"+path, bytes.NewReader(body))
	require.NoError(b.t, err)
	request.Header.Set("Content-Type", "application/json")
	response, err := b.http.Do(request)
	require.NoError(b.t, err)
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	require.Equal(b.t, http.StatusOK, response.StatusCode, string(data))
	if out != nil {
		require.NoError(b.t, json.Unmarshal(data, out))
	}
}

func prompt() factor.Prompt {
	return factor.Prompt{Type: "Security check", Rows: []factor.Row{{Name: "Alert", Value: "root shell & more"}, {Name: "Code", Value: "482"}}}
}

// settled polls until there is a result.
func (b *booth) settled(transaction string) (alert.ProofResult, string) {
	b.t.Helper()
	for {
		result, reason, err := b.duo.Poll(b.t.Context(), transaction)
		require.NoError(b.t, err)
		if result != alert.ProofPending {
			return result, reason
		}
	}
}

func TestThePhoneDecides(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]alert.ProofResult{
		"approve": alert.ProofApproved, "deny": alert.ProofDenied, "fraud": alert.ProofFraud,
	} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			sent, err := b.push()
			require.NoError(t, err)
			result, _, err := b.duo.Poll(t.Context(), sent)
			require.NoError(t, err)
			require.Equal(t, alert.ProofPending, result)

			var pushes []struct {
				TxID string `json:"txid"`
			}
			b.control(http.MethodGet, "pushes?user="+alice, nil, &pushes)
			require.Len(t, pushes, 1)
			require.Equal(t, sent, pushes[0].TxID)
			b.control(http.MethodPost, "pushes/"+sent, map[string]string{"result": answer}, nil)
			result, _ = b.settled(sent)
			require.Equal(t, want, result)
			result, _ = b.settled(sent)
			require.Equal(t, want, result, "asked again after a restart, it is the same")
		})
	}
}

func TestWhoCannotProveAnything(t *testing.T) {
	t.Parallel()
	for standing, reason := range map[string]string{
		"enroll": alert.ReasonNotEnrolled, "bypass": "bypass", "locked_out": "locked_out", "no_push": "no_push_device",
	} {
		t.Run(standing, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			b.control(http.MethodPost, "person", map[string]string{"user": alice, "factor": standing}, nil)
			_, err := b.push()
			require.Equal(t, factor.NotProof, factor.FailureOf(err).Failure, "%v", err)
			require.Equal(t, reason, factor.FailureOf(err).Reason)
		})
	}
}

func TestFaultsOnTheWay(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		method, fault string
		want          factor.Failure
		pushes        int
	}{
		"preauth is limited":            {"preauth", "ratelimit", factor.NotSent, 0},
		"preauth fails":                 {"preauth", "error", factor.NotSent, 0},
		"preauth's answer is lost":      {"preauth", "lost_response", factor.NotSent, 0},
		"auth is limited":               {"auth", "ratelimit", factor.NotSent, 0},
		"auth fails: tried again":       {"auth", "error", factor.NotSent, 0},
		"auth's answer is lost: pushed": {"auth", "lost_response", factor.Lost, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			b.control(http.MethodPost, "faults", map[string]any{"service": "duo", "method": test.method, "fault": test.fault, "times": 1}, nil)
			_, err := b.push()
			require.Equal(t, test.want, factor.FailureOf(err).Failure, "%v", err)
			var pushes []any
			b.control(http.MethodGet, "pushes?user="+alice, nil, &pushes)
			require.Len(t, pushes, test.pushes)
		})
	}
}

func TestStateIsAskedForAgainAfterAFault(t *testing.T) {
	t.Parallel()
	b := open(t)
	sent, err := b.push()
	require.NoError(t, err)
	for _, fault := range []string{"ratelimit", "error", "lost_response"} {
		b.control(http.MethodPost, "faults", map[string]any{"service": "duo", "method": "auth_status", "fault": fault, "times": 1}, nil)
		if fault == "ratelimit" {
			b.control(http.MethodPost, "pushes/"+sent, map[string]string{"result": "approve"}, nil)
		}
		_, _, err := b.duo.Poll(t.Context(), sent)
		require.Equal(t, factor.NotSent, factor.FailureOf(err).Failure, "%v", err)
	}
	result, _ := b.settled(sent)
	require.Equal(t, alert.ProofApproved, result)
}

func TestDuoKnowsNothingOfIt(t *testing.T) {
	t.Parallel()
	b := open(t)
	result, reason, err := b.duo.Poll(t.Context(), "00000000-0000-0000-0000-000000000000")
	require.NoError(t, err)
	require.Equal(t, alert.ProofUnavailable, result)
	require.Equal(t, "unknown_transaction", reason)

	_, err = b.as("wrong-secret-key").Devices(t.Context(), "alice")
	require.Equal(t, factor.NotSent, factor.FailureOf(err).Failure, "%v", err)
	require.Equal(t, "credentials", factor.FailureOf(err).Reason)
	require.NotContains(t, err.Error(), "wrong-secret-key")
}
