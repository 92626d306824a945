package testkit

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// errNoPostgres says what to do.
var errNoPostgres = errors.New("PostgreSQL is not installed: run `make deps`, or set TEST_DATABASE_URL")

// findPrograms gives the folder of an installed server's programs.
func findPrograms() (string, error) {
	folders := filepath.SplitList(os.Getenv("PATH"))
	folders = append(folders, packaged()...)
	if output, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		folders = append(folders, strings.TrimSpace(string(output)))
	}
	for _, folder := range folders {
		if complete(folder) {
			return filepath.Abs(folder)
		}
	}
	return "", errNoPostgres
}

// packaged lists where Debian keeps servers, the newest first.
func packaged() []string {
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is well formed
	slices.SortFunc(folders, func(a, b string) int { return version(b) - version(a) })
	return folders
}

func version(folder string) int {
	number, _ := strconv.Atoi(filepath.Base(filepath.Dir(folder))) // 0 before version 10: "9.6"
	return number
}

// complete tells whether a folder has all that a cluster needs.
func complete(folder string) bool {
	for _, program := range []string{"initdb", "pg_ctl", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(folder, program)); err != nil {
			return false
		}
	}
	return true
}
