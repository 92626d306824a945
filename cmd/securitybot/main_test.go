package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
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
