package duo

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/factor"
)

func prompt() factor.Prompt {
	return factor.Prompt{Type: "Security check", Rows: []factor.Row{
		{Name: "Somebody answered", Value: "YES in Slack as you"},
		{Name: "Alert", Value: "root shell & more = 100%\u202E\non <web-1>"},
		{Name: "Code", Value: "482"},
		{Name: "Nothing", Value: "\u200B"},
	}}
}

func TestPushNamesTheAlertOnOneDevice(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	d := phone(t, s)
	devices, err := d.Devices(t.Context(), "alice")
	require.NoError(t, err)
	require.Equal(t, "DPHONE", devices[0].ID)
	transaction, err := d.Push(t.Context(), "alice", devices[0].ID, prompt())
	require.NoError(t, err)
	require.Equal(t, "tx-1", transaction)
	require.Equal(t, "duo", d.Name())

	require.Equal(t, url.Values{"username": {"alice"}}, s.got("preauth")[0].values)
	call := s.got("auth")[0]
	require.Positive(t, call.length, "not in chunks")
	info := call.values.Get("pushinfo")
	call.values.Del("pushinfo")
	require.Equal(t, url.Values{
		"username": {"alice"}, "display_username": {"alice"}, "device": {"DPHONE"},
		"factor": {"push"}, "async": {"1"}, "type": {"Security check"},
	}, call.values, "no address, no trusted device")
	require.Equal(t, "Somebody%20answered=YES%20in%20Slack%20as%20you&"+
		"Alert=root%20shell%20%26%20more%20%3D%20100%25%20on%20%3Cweb-1%3E&Code=482", info)
	shown, err := url.ParseQuery(info)
	require.NoError(t, err)
	require.Equal(t, "root shell & more = 100% on <web-1>", shown.Get("Alert"))
}

func TestPushinfoStaysSmall(t *testing.T) {
	t.Parallel()
	var rows []factor.Row
	for range 500 {
		rows = append(rows, factor.Row{Name: strings.Repeat("名", 100), Value: strings.Repeat("値", 1000)})
	}
	info := pushinfo(rows)
	require.Less(t, len(info), 20000)
	shown, err := url.ParseQuery(info)
	require.NoError(t, err)
	for name, values := range shown {
		require.Len(t, []rune(name), maxName)
		require.Len(t, []rune(values[0]), maxValue)
	}
}

func fail(status int, code string) answer {
	return answer{status: status, body: `{"stat":"FAIL","code":` + code + `,"message":"no"}`}
}

func preauth(result, message string) answer {
	return answer{body: `{"stat":"OK","response":{"result":"` + result + `","status_msg":"` + message + `","devices":[]}}`}
}

func TestWhatPreauthFindsOut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer answer
		want   factor.Failure
		reason string
		after  time.Duration
	}{
		"not enrolled":              {preauth("enroll", "Enroll an authentication device"), factor.NotProof, alert.ReasonNotEnrolled, 0},
		"bypass is no proof":        {preauth("allow", "Account is in bypass mode"), factor.NotProof, "bypass", 0},
		"locked out":                {preauth("deny", "Your account is locked out"), factor.NotProof, "locked_out", 0},
		"disabled":                  {preauth("deny", "Account is disabled"), factor.NotProof, "disabled", 0},
		"denied by a policy":        {preauth("deny", "Not allowed from here"), factor.NotProof, "deny", 0},
		"a result that is new":      {preauth("maybe", ""), factor.NotProof, "maybe", 0},
		"a result that is no word":  {preauth("May be!", ""), factor.NotProof, "unknown", 0},
		"no device that is pushed":  {preauth("auth", "Account is active"), factor.NotProof, "no_push_device", 0},
		"a user name Duo refuses":   {fail(400, "40002"), factor.NotProof, "refused_40002", 0},
		"wrong signature":           {fail(401, "40103"), factor.NotSent, "credentials", 0},
		"wrong clock":               {fail(401, "40105"), factor.NotSent, "credentials", 0},
		"not allowed":               {fail(403, "40301"), factor.NotSent, "credentials", 0},
		"429":                       {answer{status: 429, header: map[string]string{"Retry-After": "7"}, body: "{}"}, factor.NotSent, reasonLimited, 7 * time.Second},
		"429 that doesn't say":      {fail(429, "42901"), factor.NotSent, reasonLimited, unsaidWait},
		"too many, with 200":        {fail(200, "42901"), factor.NotSent, reasonLimited, unsaidWait},
		"500":                       {answer{status: 500, body: "<html>"}, factor.NotSent, alert.ReasonUnavailable, 0},
		"a code of 500":             {fail(200, "50000"), factor.NotSent, alert.ReasonUnavailable, 0},
		"a code that isn't one":     {fail(200, `"x"`), factor.NotSent, alert.ReasonUnavailable, 0},
		"no code":                   {answer{body: `{"stat":"FAIL"}`}, factor.NotSent, alert.ReasonUnavailable, 0},
		"an empty answer":           {answer{}, factor.NotSent, alert.ReasonUnavailable, 0},
		"HTML":                      {answer{body: "<html>"}, factor.NotSent, alert.ReasonUnavailable, 0},
		"a redirect isn't followed": {answer{status: 302, header: map[string]string{"Location": "/auth/v2/auth"}}, factor.NotSent, alert.ReasonUnavailable, 0},
		"connection closed":         {answer{reset: true}, factor.NotSent, alert.ReasonUnavailable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.on("preauth", test.answer)
			_, err := phone(t, s).Devices(t.Context(), "alice")
			check(t, err, test.want, test.reason)
			require.Equal(t, test.after, factor.FailureOf(err).RetryAfter)
			require.Empty(t, s.got("auth"), "no push left")
			require.Len(t, s.got("preauth"), 1, "nothing is tried again by itself")
		})
	}
}

func check(t *testing.T, err error, want factor.Failure, reason string) {
	t.Helper()
	var failed *factor.Error
	require.ErrorAs(t, err, &failed)
	require.Equal(t, want, failed.Failure, "%v", err)
	require.Equal(t, reason, failed.Reason)
	require.NotContains(t, err.Error(), secretKey)
	require.NotContains(t, err.Error(), "https://")
}

func TestWhatBecomesOfThePush(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer answer
		want   factor.Failure
		reason string
	}{
		"500: Duo did not do it":       {answer{status: 500}, factor.NotSent, alert.ReasonUnavailable},
		"502 of a proxy":               {answer{status: 502, body: "<html>"}, factor.Lost, alert.ReasonUnavailable},
		"connection closed":            {answer{reset: true}, factor.Lost, alert.ReasonUnavailable},
		"HTML":                         {answer{body: "<html>"}, factor.Lost, alert.ReasonUnavailable},
		"an empty answer":              {answer{}, factor.Lost, alert.ReasonUnavailable},
		"no transaction":               {answer{body: `{"stat":"OK","response":{}}`}, factor.Lost, "no_transaction"},
		"a code of 500":                {fail(200, "50000"), factor.NotSent, alert.ReasonUnavailable},
		"an unclear code":              {fail(200, "60000"), factor.Lost, alert.ReasonUnavailable},
		"no code":                      {answer{body: `{"stat":"FAIL"}`}, factor.Lost, alert.ReasonUnavailable},
		"429: certainly not":           {fail(429, "42901"), factor.NotSent, reasonLimited},
		"wrong clock: certainly not":   {fail(401, "40104"), factor.NotSent, "credentials"},
		"not allowed: certainly not":   {fail(403, "40301"), factor.NotSent, "credentials"},
		"a parameter that Duo refuses": {fail(400, "40002"), factor.NotProof, "refused_40002"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.on("auth", test.answer)
			_, err := phone(t, s).Push(t.Context(), "alice", "DPHONE", prompt())
			check(t, err, test.want, test.reason)
			require.Len(t, s.got("auth"), 1, "never pushed twice")
		})
	}
}

func TestPushThatNobodyAnswersIsLost(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("auth", answer{hang: true})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-s.seen
		cancel()
	}()
	_, err := phone(t, s).Push(ctx, "alice", "DPHONE", prompt())
	check(t, err, factor.Lost, alert.ReasonUnavailable)
	require.ErrorIs(t, err, context.Canceled)
}

func TestDuoIsAway(t *testing.T) {
	t.Parallel()
	d, err := New(Options{IntegrationKey: integrationKey, SecretKey: secretKey, Host: nobody(t)})
	require.NoError(t, err)
	t.Cleanup(d.Close)
	_, err = d.Devices(t.Context(), "alice")
	check(t, err, factor.NotSent, alert.ReasonUnavailable)
	_, err = d.Push(t.Context(), "alice", "DPHONE", prompt())
	check(t, err, factor.NotSent, alert.ReasonUnavailable)
	_, _, err = d.Poll(t.Context(), "tx-1")
	check(t, err, factor.NotSent, alert.ReasonUnavailable)
}

func TestAStrangersCertificateIsRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	d, err := New(Options{IntegrationKey: integrationKey, SecretKey: secretKey, Host: strings.TrimPrefix(s.http.URL, "https://")})
	require.NoError(t, err)
	t.Cleanup(d.Close)
	_, err = d.Push(t.Context(), "alice", "DPHONE", prompt())
	check(t, err, factor.NotSent, alert.ReasonUnavailable)
	require.ErrorContains(t, err, "certificate")
	require.Empty(t, s.got("auth"), "Duo's own CAs stay pinned")
}

func TestNobodyIsNotEnrolled(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	_, err := phone(t, s).Devices(t.Context(), "")
	check(t, err, factor.NotProof, alert.ReasonNotEnrolled)
	require.Empty(t, s.got("preauth"))
}

func state(result, status string) answer {
	return answer{body: `{"stat":"OK","response":{"result":"` + result + `","status":"` + status + `","status_msg":"m"}}`}
}

func TestOnlyDuosAllowOfOurPushIsProof(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer answer
		want   alert.ProofResult
		reason string
	}{
		"approved":                   {state("allow", "allow"), alert.ProofApproved, ""},
		"denied":                     {state("deny", "deny"), alert.ProofDenied, ""},
		"fraud":                      {state("deny", "fraud"), alert.ProofFraud, ""},
		"nobody touched the phone":   {state("deny", "timeout"), alert.ProofTimedOut, ""},
		"on its way":                 {state("waiting", "pushed"), alert.ProofPending, ""},
		"phone not reached yet":      {state("waiting", "push_failed"), alert.ProofPending, ""},
		"let in by a bypass":         {state("allow", "bypass"), alert.ProofUnavailable, "bypass"},
		"locked out":                 {state("deny", "locked_out"), alert.ProofUnavailable, "locked_out"},
		"allow that isn't both":      {state("allow", ""), alert.ProofUnavailable, "unknown"},
		"allow with a deny":          {state("allow", "deny"), alert.ProofUnavailable, "deny"},
		"deny with an allow":         {state("deny", "allow"), alert.ProofUnavailable, "allow"},
		"ALLOW":                      {state("ALLOW", "ALLOW"), alert.ProofUnavailable, "unknown"},
		"a status that is new":       {state("deny", "moon_phase"), alert.ProofUnavailable, "moon_phase"},
		"an empty response":          {answer{body: `{"stat":"OK","response":{}}`}, alert.ProofUnavailable, "unknown"},
		"a transaction Duo forgot":   {fail(400, "40002"), alert.ProofUnavailable, "unknown_transaction"},
		"unknown to a status as 200": {fail(200, "40002"), alert.ProofUnavailable, "unknown_transaction"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.on("auth_status", test.answer)
			result, reason, err := phone(t, s).Poll(t.Context(), "tx 1&x")
			require.NoError(t, err)
			require.Equal(t, test.want, result)
			require.Equal(t, test.reason, reason)
			require.Equal(t, "tx 1&x", s.got("auth_status")[0].values.Get("txid"))
		})
	}
}

func TestPollThatLearnsNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer answer
		reason string
	}{
		"429":               {fail(429, "42901"), reasonLimited},
		"500":               {answer{status: 500}, alert.ReasonUnavailable},
		"a code of 500":     {fail(200, "50000"), alert.ReasonUnavailable},
		"wrong clock":       {fail(401, "40104"), "credentials"},
		"missing parameter": {fail(400, "40001"), "refused_40001"},
		"HTML":              {answer{body: "<html>"}, alert.ReasonUnavailable},
		"empty":             {answer{}, alert.ReasonUnavailable},
		"connection closed": {answer{reset: true}, alert.ReasonUnavailable},
		"stat missing":      {answer{body: `{"response":{"result":"allow","status":"allow"}}`}, alert.ReasonUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.on("auth_status", test.answer)
			result, _, err := phone(t, s).Poll(t.Context(), "tx-1")
			require.Empty(t, result)
			check(t, err, factor.NotSent, test.reason)
		})
	}
}

func TestLongPollThatEndsIsStillPending(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("auth_status", answer{hang: true})
	d := phone(t, s)
	ctx, end := context.WithCancelCause(t.Context())
	go func() {
		<-s.seen
		end(context.DeadlineExceeded)
	}()
	result, reason, err := d.Poll(ctx, "tx-1")
	require.NoError(t, err)
	require.Equal(t, alert.ProofPending, result)
	require.Empty(t, reason)
}

func TestPollThatNeverLeftLearnsNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	ctx, end := context.WithCancelCause(t.Context())
	end(context.DeadlineExceeded)
	_, _, err := phone(t, s).Poll(ctx, "tx-1")
	check(t, err, factor.NotSent, alert.ReasonUnavailable)
	require.Empty(t, s.got("auth_status"))
}

func TestPollThatIsStoppedLearnsNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("auth_status", answer{hang: true})
	d := phone(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, _, err := d.Poll(ctx, "tx-1")
		ended <- err
	}()
	<-s.seen
	cancel()
	select {
	case err := <-ended:
		check(t, err, factor.NotSent, alert.ReasonUnavailable)
		require.ErrorIs(t, err, context.Canceled)
	case <-time.After(deadline):
		require.FailNow(t, "the poll didn't stop")
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	require.NoError(t, os.WriteFile(empty, []byte("nothing"), 0o600))
	whole := Options{IntegrationKey: integrationKey, SecretKey: secretKey, Host: "api-1.duosecurity.com"}
	for name, change := range map[string]func(*Options){
		"no integration key":     func(o *Options) { o.IntegrationKey = "" },
		"no secret key":          func(o *Options) { o.SecretKey = "" },
		"no host":                func(o *Options) { o.Host = "" },
		"a URL for a host":       func(o *Options) { o.Host = "https://api-1.duosecurity.com" },
		"a CA file that isn't":   func(o *Options) { o.CAFile = filepath.Join(t.TempDir(), "none.pem") },
		"a CA file with nothing": func(o *Options) { o.CAFile = empty },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := whole
			change(&options)
			_, err := New(options)
			require.Error(t, err)
			require.NotContains(t, err.Error(), secretKey)
		})
	}
	_, err := New(whole)
	require.NoError(t, err)
}
