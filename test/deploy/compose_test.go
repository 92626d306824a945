// Package deploy checks what is deployed: the compose file, the image and the
// entry points they name. There is no container engine here; compose's own
// library reads the file, and the entry points run as plain processes.
package deploy

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"securitybot/internal/config"
)

const root = "../.."

// The two ways to start.
const (
	live    = "live"
	sandbox = "sandbox"
)

// dotenv is what an operator sets for the live profile.
var dotenv = []string{
	"SECURITYBOT_CHANNEL=C0123456789", "DUO_IKEY=DIXXXXXXXXXXXXXXXXXX", "DUO_HOST=api-0.duosecurity.com",
	"SECURITYBOT_OIDC_ISSUER=https://id.example.com", "SECURITYBOT_OIDC_CLIENT_ID=securitybot",
	"SECURITYBOT_RESPONDERS=kim@example.com,sam@example.com",
}

// load reads the compose file as `docker compose --profile NAME` does.
func load(t *testing.T, profile string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join(root, "docker-compose.yml")},
		cli.WithProfiles([]string{profile}), cli.WithEnv(dotenv), cli.WithResolvedPaths(true))
	require.NoError(t, err)
	project, err := options.LoadProject(t.Context())
	require.NoError(t, err)
	return project
}

// ours are the services that run this repository's program.
func ours(project *types.Project) map[string]types.ServiceConfig {
	services := map[string]types.ServiceConfig{}
	for name, service := range project.Services {
		if service.Build != nil {
			services[name] = service
		}
	}
	return services
}

func TestEachProfileHasWhatItNeeds(t *testing.T) {
	t.Parallel()
	around := []string{"postgres", "temporal", "temporal-namespaces", "temporal-schema", "temporal-ui"}
	for profile, own := range map[string][]string{
		live:    {"api", "migrate", "worker"},
		sandbox: {"sandbox", "sandbox-api", "sandbox-migrate", "sandbox-worker"},
	} {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			project := load(t, profile)
			require.ElementsMatch(t, slices.Concat(around, own), project.ServiceNames())
			require.Len(t, ours(project), len(own))
		})
	}
}

func TestWhatServesWaitsForTheMigrations(t *testing.T) {
	t.Parallel()
	for profile, waits := range map[string]map[string]string{
		live:    {"api": "migrate", "worker": "migrate"},
		sandbox: {"sandbox-api": "sandbox-migrate", "sandbox-worker": "sandbox-migrate"},
	} {
		project := load(t, profile)
		for name, job := range waits {
			require.Equal(t, types.ServiceConditionCompletedSuccessfully, project.Services[name].DependsOn[job].Condition, name)
			require.Equal(t, []string{"migrate"}, []string(project.Services[job].Command))
		}
	}
}

// pinned is a name and a tag with at least two numbers of a version.
var pinned = regexp.MustCompile(`^[a-z0-9./-]+:v?\d+\.\d+[a-z0-9.-]*$`)

func TestImagesArePinned(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{live, sandbox} {
		for name, service := range load(t, profile).Services {
			if service.Build == nil {
				require.Regexp(t, pinned, service.Image, name)
			}
		}
	}
	stages := regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(read(t, "Dockerfile"), -1)
	require.Len(t, stages, 2)
	require.Regexp(t, pinned, stages[0][1])
	require.Equal(t, "scratch", stages[1][1])
}

func TestTheImageIsBuiltWithOurGo(t *testing.T) {
	t.Parallel()
	version := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(read(t, "go.mod"))
	require.Contains(t, read(t, "Dockerfile"), "FROM golang:"+version[1]+"-")
}

func TestTemporalIsTheVersionThatIsTested(t *testing.T) {
	t.Parallel()
	module := regexp.MustCompile(`go\.temporal\.io/server v(\d+\.\d+)\.`).FindStringSubmatch(read(t, "devserver/go.mod"))
	services := load(t, live).Services
	for name, repository := range map[string]string{
		"temporal": "server", "temporal-schema": "admin-tools", "temporal-namespaces": "admin-tools",
	} {
		require.True(t, strings.HasPrefix(services[name].Image, "temporalio/"+repository+":"+module[1]+"."), services[name].Image)
	}
}

func TestTemporalsPagesOnlyShow(t *testing.T) {
	t.Parallel()
	require.Equal(t, "true", *load(t, live).Services["temporal-ui"].Environment["TEMPORAL_DISABLE_WRITE_ACTIONS"])
}

func TestPortsArePublishedOnThisMachineOnly(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{live, sandbox} {
		taken := map[string]string{}
		for name, service := range load(t, profile).Services {
			require.Empty(t, service.NetworkMode, name)
			for _, port := range service.Ports {
				require.Equal(t, "127.0.0.1", port.HostIP, name)
				require.Empty(t, taken[port.Published], "port of %s", name)
				taken[port.Published] = name
			}
		}
		require.Len(t, taken, map[string]int{live: 2, sandbox: 3}[profile])
	}
}

func TestMountedFilesExist(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{live, sandbox} {
		for name, service := range load(t, profile).Services {
			for _, volume := range service.Volumes {
				if volume.Type == types.VolumeTypeBind {
					require.DirExists(t, volume.Source, name)
					require.True(t, volume.ReadOnly, name)
				}
			}
		}
	}
}

func TestOurServicesHaveNoPrivileges(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{live, sandbox} {
		for name, service := range ours(load(t, profile)) {
			require.True(t, service.ReadOnly, name)
			require.Equal(t, []string{"ALL"}, service.CapDrop, name)
			require.False(t, service.Privileged, name)
		}
	}
	require.Regexp(t, `(?m)^USER 65532:65532$`, read(t, "Dockerfile"))
}

// secretFiles are what the live profile reads instead of values.
var secretFiles = map[string]string{
	"/run/secrets/securitybot_tokens": "siem=0123456789abcdef0123456789abcdef\n",
	"/run/secrets/slack_bot_token":    "xoxb-not-a-token\n",
	"/run/secrets/slack_app_token":    "xapp-not-a-token\n",
	"/run/secrets/duo_skey":           "not-a-key\n",
	"/run/secrets/oidc_client_secret": "not-a-secret\n",
	"/run/secrets/evidence_key":       "PRIVATE+KEY+test+4787090e+AdoRJ8/c6SJsOsxe+FAqcNbzcyQRA5po0DV8KWhbpnf1\n",
}

// configure gives the configuration that a service of ours starts with.
func configure(t *testing.T, service types.ServiceConfig) config.Config {
	t.Helper()
	lookup := func(name string) (string, bool) {
		value, ok := service.Environment[name]
		if !ok || value == nil {
			return "", false
		}
		return *value, true
	}
	readFile := func(path string) ([]byte, error) {
		if content, ok := secretFiles[path]; ok {
			return []byte(content), nil
		}
		return nil, os.ErrNotExist
	}
	loaded, err := config.Load(lookup, readFile)
	require.NoError(t, err)
	return loaded
}

func TestConfigurationsAreAccepted(t *testing.T) {
	t.Parallel()
	services := ours(load(t, live))
	for _, name := range []string{"api", "worker"} {
		loaded := configure(t, services[name])
		require.True(t, loaded.Real(), name)
		require.True(t, loaded.Duo.Configured(), name)
		require.True(t, loaded.Login.Configured(), name)
		require.NotEmpty(t, loaded.EvidenceKey.Reveal(), name)
		require.Equal(t, 90*24*time.Hour, loaded.Retention, name)
		require.Empty(t, loaded.Warnings, name)
	}
	services = ours(load(t, sandbox))
	for _, name := range []string{"sandbox", "sandbox-api", "sandbox-worker"} {
		loaded := configure(t, services[name])
		require.False(t, loaded.Real(), name)
		require.Equal(t, name == "sandbox", loaded.Sandbox(), name)
	}
}

// Who owns the tables could change a timeline, so nothing that serves logs in as
// them, and what does holds no other secret.
func TestTheOwnerOfTheTablesServesNobody(t *testing.T) {
	t.Parallel()
	for profile, names := range map[string][]string{
		live: {"migrate", "api", "worker"}, sandbox: {"sandbox-migrate", "sandbox-api", "sandbox-worker"},
	} {
		services := load(t, profile).Services
		owner := configure(t, services[names[0]])
		require.Contains(t, read(t, "deploy/postgres/10-databases.sh"), "CREATE ROLE "+owner.DatabaseRole+" LOGIN")
		require.Empty(t, services[names[0]].Secrets)
		require.Empty(t, owner.EvidenceKey.Reveal())
		for _, name := range names[1:] {
			serving := configure(t, services[name])
			require.Equal(t, owner.DatabaseRole, userOf(t, serving), name)
			require.NotEqual(t, userOf(t, owner), userOf(t, serving), name)
		}
	}
}

func userOf(t *testing.T, loaded config.Config) string {
	t.Helper()
	address, err := url.Parse(loaded.DatabaseURL.Reveal())
	require.NoError(t, err)
	return address.User.Username()
}

func TestEnvironmentNamesAreKnown(t *testing.T) {
	t.Parallel()
	known := []string{"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE"} // of Temporal's own library
	for _, variable := range config.Variables() {
		known = append(known, variable.Name)
		if variable.Secret {
			known = append(known, variable.Name+"_FILE")
		}
	}
	for _, profile := range []string{live, sandbox} {
		for name, service := range ours(load(t, profile)) {
			for variable := range service.Environment {
				require.Contains(t, known, variable, name)
			}
		}
	}
}

// Nothing secret stands in the file itself, but for the database's password,
// which PostgreSQL's own image takes from the environment too.
func TestLiveSecretsComeFromFiles(t *testing.T) {
	t.Parallel()
	project := load(t, live)
	for _, variable := range config.Variables() {
		for name, service := range ours(project) {
			if variable.Secret && variable.Name != config.DatabaseURL {
				require.NotContains(t, service.Environment, variable.Name, name)
			}
		}
	}
	for name := range project.Secrets {
		require.Contains(t, secretFiles, "/run/secrets/"+name)
	}
}

// Neither profile may write into the other's record, nor answer its workflows.
func TestProfilesShareNothing(t *testing.T) {
	t.Parallel()
	liveAPI, sandboxAPI := load(t, live).Services["api"], load(t, sandbox).Services["sandbox-api"]
	for _, variable := range []string{config.DatabaseURL, "TEMPORAL_NAMESPACE"} {
		require.NotEqual(t, *liveAPI.Environment[variable], *sandboxAPI.Environment[variable])
	}
	made := load(t, live).Services["temporal-namespaces"].Command
	require.Contains(t, made, *liveAPI.Environment["TEMPORAL_NAMESPACE"])
	require.Contains(t, made, *sandboxAPI.Environment["TEMPORAL_NAMESPACE"])
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	require.NoError(t, err)
	return string(content)
}
