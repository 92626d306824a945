package config_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"securitybot/internal/config"
)

// The README's table is the list that Load reads.
func TestReadmeNamesEveryVariable(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	for _, variable := range config.Variables() {
		require.Contains(t, string(readme), "| `"+variable.Name+"`")
		require.Contains(t, string(readme), variable.Meaning)
	}
	for _, old := range config.LegacySettings() {
		require.Contains(t, string(readme), "`"+old.Name+"`")
	}
}
