package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"securitybot/internal/app"
)

func TestArgumentsOfTheOriginalsImage(t *testing.T) {
	t.Parallel()
	for former, now := range map[string]string{"bot": "worker", "frontend": "api"} {
		for _, args := range [][]string{{former}, {former, "--port", "8888"}, {former, "--help"}} {
			var out bytes.Buffer
			command := newCommand()
			command.SetOut(&out)
			command.SetErr(&out)
			command.SetArgs(args)
			require.EqualError(t, command.ExecuteContext(t.Context()),
				`"`+former+`" is an argument of the original Securitybot's image: use "`+now+`"`)
			require.Empty(t, out.String())
		}
	}
	var help bytes.Buffer
	command := newCommand()
	command.SetOut(&help)
	command.SetArgs([]string{"--help"})
	require.NoError(t, command.ExecuteContext(t.Context()))
	require.NotContains(t, help.String(), "frontend")
}

// The console comes first; whom to be in it is known in a sandbox alone.
func TestAnnouncement(t *testing.T) {
	t.Parallel()
	said := func(links app.Links) []string {
		var out bytes.Buffer
		command := new(cobra.Command)
		command.SetOut(&out)
		announce(command)(links)
		return strings.Split(out.String(), "\n")
	}
	sandbox := said(app.Links{
		Console: "http://127.0.0.1:8080/console", SignInAs: "Sam", Page: "http://127.0.0.1:8080/sandbox", API: "http://127.0.0.1:8080",
	})
	require.Equal(t, "  The console                  http://127.0.0.1:8080/console   (sign in as Sam)", sandbox[1])
	require.Equal(t, "  The sandbox (start here)     http://127.0.0.1:8080/sandbox", sandbox[2])
	live := said(app.Links{Console: "https://bot.example.com/console", API: "https://bot.example.com"})
	require.Equal(t, "  The console                  https://bot.example.com/console", live[1])
	require.Contains(t, said(app.Links{API: "https://bot.example.com"})[1], "The API", "without a provider nobody is sent to a login")
}
