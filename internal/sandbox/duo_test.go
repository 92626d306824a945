package sandbox_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	duoapi "github.com/duosecurity/duo_api_golang"
	"github.com/duosecurity/duo_api_golang/authapi"
	"github.com/stretchr/testify/require"

	"securitybot/internal/sandbox"
)

// duo is the unmodified client, trusting the sandbox's authority.
func (w *world) duo() *authapi.AuthApi { return w.duoAs(ikey, skey) }

func (w *world) duoAs(ikey, skey string) *authapi.AuthApi {
	w.t.Helper()
	pem, err := os.ReadFile(w.sb.DuoCAFile())
	require.NoError(w.t, err)
	pool := x509.NewCertPool()
	require.True(w.t, pool.AppendCertsFromPEM(pem))
	var transport *http.Transport
	api := duoapi.NewDuoApi(ikey, skey, w.sb.DuoHost(), "test", duoapi.SetTimeout(patience),
		duoapi.SetTransport(func(tr *http.Transport) {
			tr.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
			transport = tr
		}))
	w.t.Cleanup(transport.CloseIdleConnections)
	return authapi.NewAuthApi(*api)
}

type push struct {
	TxID, User, Status, Title, Code string
	Info                            []struct{ K, V string }
}

func (w *world) pushes(user string) []push {
	w.t.Helper()
	var out []push
	require.Equal(w.t, http.StatusOK, w.do(http.MethodGet, "pushes?user="+url.QueryEscape(user), nil, &out))
	return out
}

func (w *world) push(api *authapi.AuthApi, user string) string {
	w.t.Helper()
	info := url.Values{"Alert": {"sudo & shell"}, "Code": {"482"}}.Encode()
	res, err := api.Auth("push", authapi.AuthUsername(user), authapi.AuthDevice("auto"), authapi.AuthAsync(),
		authapi.AuthType("Security check"), authapi.AuthPushinfo(strings.ReplaceAll(info, "+", "%20")))
	require.NoError(w.t, err)
	require.Equal(w.t, "OK", res.Stat)
	require.NotEmpty(w.t, res.Response.Txid)
	return res.Response.Txid
}

func TestDuoKnowsItsClient(t *testing.T) {
	t.Parallel()
	w := start(t)
	ping, err := w.duo().Ping()
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), time.Unix(ping.Response.Time, 0), time.Minute)
	check, err := w.duo().Check()
	require.NoError(t, err)
	require.Equal(t, "OK", check.Stat)
	for code, api := range map[int32]*authapi.AuthApi{40103: w.duoAs(ikey, "wrong"), 40102: w.duoAs("DIOTHER", skey)} {
		res, err := api.Check()
		require.NoError(t, err)
		require.Equal(t, "FAIL", res.Stat)
		require.Equal(t, code, *res.Code)
	}
}

func TestAClockThatIsOffIsRefused(t *testing.T) {
	t.Parallel()
	w := start(t, func(o *sandbox.Options) {
		o.Clock = func() time.Time { return time.Now().Add(10 * time.Minute) }
	})
	res, err := w.duo().Check()
	require.NoError(t, err)
	require.Equal(t, int32(40105), *res.Code)
}

func TestPreauthSaysHowEverybodyStands(t *testing.T) {
	t.Parallel()
	w := start(t)
	api := w.duo()
	for factor, want := range map[string]string{
		"auth": "auth", "enroll": "enroll", "bypass": "allow", "deny": "deny", "locked_out": "deny", "unknown": "perhaps",
	} {
		w.do(http.MethodPost, "person", press{"user": bob, "factor": factor}, nil)
		res, err := api.Preauth(authapi.PreauthUsername("bob"))
		require.NoError(t, err)
		require.Equal(t, want, res.Response.Result, factor)
	}
	for user, want := range map[string]string{"alice": "auth", alice: "auth", "erin": "enroll", "nobody": "enroll"} {
		res, err := api.Preauth(authapi.PreauthUsername(user))
		require.NoError(t, err)
		require.Equal(t, want, res.Response.Result, user)
		if want == "auth" {
			require.Contains(t, res.Response.Devices[0].Capabilities, "push")
		}
	}
	require.Equal(t, http.StatusBadRequest, w.do(http.MethodPost, "person", press{"user": bob, "factor": "magic"}, nil))
	for _, options := range [][]func(*url.Values){
		{}, {authapi.PreauthUsername("bob"), authapi.PreauthUserId("DU1")},
	} {
		res, err := api.Preauth(options...)
		require.NoError(t, err)
		require.Equal(t, "FAIL", res.Stat)
	}
	require.Equal(t, []string{"empty POST to duo"}, w.violations())
}

func TestAPushIsAnsweredOnThePhone(t *testing.T) {
	t.Parallel()
	for pressed, want := range map[string][3]string{
		"approve": {"allow", "allow", "approved"},
		"deny":    {"deny", "deny", "denied"},
		"fraud":   {"deny", "fraud", "fraud"},
		"timeout": {"deny", "timeout", "expired"},
		"bypass":  {"allow", "bypass", "other"},
	} {
		t.Run(pressed, func(t *testing.T) {
			t.Parallel()
			w := start(t)
			api := w.duo()
			txid := w.push(api, "alice")
			seen := w.pushes(alice)
			require.Len(t, seen, 1)
			require.Equal(t, "waiting", seen[0].Status)
			require.Equal(t, "Security check", seen[0].Title)
			require.Equal(t, "482", seen[0].Code)
			require.Equal(t, "sudo & shell", seen[0].Info[0].V)
			require.Empty(t, w.pushes(bob))

			first, err := api.AuthStatus(txid)
			require.NoError(t, err)
			require.Equal(t, "waiting", first.Response.Result)
			require.Equal(t, "pushed", first.Response.Status)
			require.Equal(t, http.StatusOK, w.do(http.MethodPost, "pushes/"+txid, press{"result": pressed}, nil))
			for range 2 { // and it stays readable
				res, err := api.AuthStatus(txid)
				require.NoError(t, err)
				require.Equal(t, want[0], res.Response.Result)
				require.Equal(t, want[1], res.Response.Status)
			}
			require.Equal(t, want[2], w.pushes(alice)[0].Status)
			require.Equal(t, http.StatusConflict, w.do(http.MethodPost, "pushes/"+txid, press{"result": "approve"}, nil))
		})
	}
}

func TestTheSecondStatusCallWaitsForTheAnswer(t *testing.T) {
	t.Parallel()
	w := start(t)
	api := w.duo()
	txid := w.push(api, alice)
	_, err := api.AuthStatus(txid)
	require.NoError(t, err)
	answered := make(chan *authapi.AuthStatusResult, 1)
	go func() {
		res, err := api.AuthStatus(txid)
		if err == nil {
			answered <- res
		}
		close(answered)
	}()
	w.until(func() bool { return len(w.log("duo", "auth_status")) == 2 })
	w.do(http.MethodPost, "pushes/"+txid, press{"result": "approve"}, nil)
	res := <-answered
	require.NotNil(t, res)
	require.Equal(t, "allow", res.Response.Result)
}

func TestAPushDiesUnanswered(t *testing.T) {
	t.Parallel()
	w := start(t, func(o *sandbox.Options) { o.PushTTL = 50 * time.Millisecond })
	api := w.duo()
	txid := w.push(api, "alice")
	_, err := api.AuthStatus(txid)
	require.NoError(t, err)
	res, err := api.AuthStatus(txid)
	require.NoError(t, err)
	require.Equal(t, "timeout", res.Response.Status)
	require.Equal(t, "expired", w.pushes(alice)[0].Status)
}

func TestALongPollEndsAtItsBound(t *testing.T) {
	t.Parallel()
	w := start(t, func(o *sandbox.Options) { o.LongPoll = 10 * time.Millisecond })
	api := w.duo()
	txid := w.push(api, "alice")
	for range 3 {
		res, err := api.AuthStatus(txid)
		require.NoError(t, err)
		require.Equal(t, "waiting", res.Response.Result)
	}
	unknown, err := api.AuthStatus("nonesuch")
	require.NoError(t, err)
	require.Equal(t, int32(40002), *unknown.Code)
}

func TestSynchronousAuthWaitsForThePhone(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.do(http.MethodPost, "person", press{"user": alice, "answer": "approve"}, nil)
	res, err := w.duo().Auth("push", authapi.AuthUsername("alice"), authapi.AuthDevice("auto"))
	require.NoError(t, err)
	require.Equal(t, "allow", res.Response.Status)
}

func TestTenFailuresLockAPersonOut(t *testing.T) {
	t.Parallel()
	w := start(t)
	api := w.duo()
	w.do(http.MethodPost, "person", press{"user": alice, "answer": "deny"}, nil)
	for range 10 {
		w.push(api, "alice")
	}
	res, err := api.Preauth(authapi.PreauthUsername("alice"))
	require.NoError(t, err)
	require.Equal(t, "deny", res.Response.Result)
	require.Len(t, w.violations(), 7, "from the fourth push within the hour on")
	w.do(http.MethodPost, "person", press{"user": alice, "factor": "auth"}, nil)
	res, err = api.Preauth(authapi.PreauthUsername("alice"))
	require.NoError(t, err)
	require.Equal(t, "auth", res.Response.Result)
}

func TestAnAddressSentToDuoIsNoted(t *testing.T) {
	t.Parallel()
	w := start(t)
	_, err := w.duo().Preauth(authapi.PreauthUsername("alice"), authapi.PreauthIpAddr("192.0.2.7"))
	require.NoError(t, err)
	require.Equal(t, []string{"ipaddr sent to duo"}, w.violations())
}

type logged struct {
	Method string            `json:"method"`
	Args   map[string]string `json:"args"`
	Status int               `json:"status"`
	Fault  string            `json:"fault"`
}

// log returns the requests of one method, in the order that they came in.
func (w *world) log(service, method string) []logged {
	w.t.Helper()
	var all, some []logged
	require.Equal(w.t, http.StatusOK, w.do(http.MethodGet, "requests?service="+service, nil, &all))
	for _, r := range all {
		if r.Method == method {
			some = append(some, r)
		}
	}
	return some
}

// until waits for a condition that another goroutine brings about.
func (w *world) until(met func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !met() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			require.FailNow(w.t, "condition not met in time")
		}
	}
}

func TestAuthRefusesWhatItCannotPush(t *testing.T) {
	t.Parallel()
	w := start(t)
	api := w.duo()
	known, err := api.Preauth(authapi.PreauthUsername("alice"))
	require.NoError(t, err)
	device := authapi.AuthDevice(known.Response.Devices[0].Device)
	name, async := authapi.AuthUsername("alice"), authapi.AuthAsync()
	w.do(http.MethodPost, "person", press{"user": bob, "factor": "no_push"}, nil)
	for _, c := range []struct {
		name, factor string
		options      []func(*url.Values)
		code         int32 // 0: accepted
	}{
		{"the named device", "push", []func(*url.Values){name, device, async}, 0},
		{"any device", "auto", []func(*url.Values){name, authapi.AuthDevice("auto"), async}, 0},
		{"by user id", "push", []func(*url.Values){authapi.AuthUserId("DUSANDBOX00000000001"), device, async}, 0},
		{"an unknown user id", "push", []func(*url.Values){authapi.AuthUserId("DU1"), device, async}, 40002},
		{"nobody", "push", []func(*url.Values){device, async}, 40001},
		{"a stranger", "push", []func(*url.Values){authapi.AuthUsername("mallory"), device, async}, 40002},
		{"somebody else's device", "push", []func(*url.Values){authapi.AuthUsername("carol"), device, async}, 40002},
		{"no device", "push", []func(*url.Values){name, async}, 40001},
		{"no factor", "", []func(*url.Values){name, device, async}, 40001},
		{"another factor", "sms", []func(*url.Values){name, device, async}, 40002},
		{"a device without push", "push", []func(*url.Values){authapi.AuthUsername("bob"), authapi.AuthDevice("auto"), async}, 40002},
		{"broken push info", "push", []func(*url.Values){name, device, async, authapi.AuthPushinfo("a=%zz")}, 40002},
		{"long push info", "push", []func(*url.Values){name, device, async, authapi.AuthPushinfo("a=" + strings.Repeat("x", 20_000))}, 40002},
	} {
		res, err := api.Auth(c.factor, c.options...)
		require.NoError(t, err, c.name)
		if c.code == 0 {
			require.NotEmpty(t, res.Response.Txid, c.name)
			continue
		}
		require.Equal(t, "FAIL", res.Stat, c.name)
		require.Equal(t, c.code, *res.Code, c.name)
	}
	require.Len(t, w.pushes(""), 3)
}

func TestAPushThatNobodyDecides(t *testing.T) {
	t.Parallel()
	w := start(t)
	api := w.duo()
	for factor, want := range map[string][2]string{
		"bypass": {"allow", "bypass"}, "deny": {"deny", "deny"}, "locked_out": {"deny", "locked_out"},
		"unknown": {"allow", "acclaimed"}, "push_failed": {"waiting", "push_failed"},
	} {
		w.do(http.MethodPost, "person", press{"user": alice, "factor": factor}, nil)
		res, err := api.AuthStatus(w.push(api, "alice"))
		require.NoError(t, err)
		require.Equal(t, want[0], res.Response.Result, factor)
		require.Equal(t, want[1], res.Response.Status, factor)
	}
}
