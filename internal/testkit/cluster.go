package testkit

import (
	"bufio"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

//go:embed cluster.sh
var keeper string

// clusterRoot is where clusters live: short enough for the name of a socket, and
// open to the user that PostgreSQL runs as, which TMPDIR may not be.
const clusterRoot = "/tmp"

// cluster is a PostgreSQL server that a keeper process looks after. The keeper
// ends it when the pipe of orders closes, even if that is because we were killed.
type cluster struct {
	url     string
	keeper  *exec.Cmd
	orders  io.WriteCloser
	answers *bufio.Reader
}

// startCluster returns when the server takes connections.
func startCluster() (*cluster, error) {
	programs, err := findPrograms()
	if err != nil {
		return nil, err
	}
	owner, err := serverUser()
	if err != nil {
		return nil, err
	}
	folder, err := makeFolder(owner)
	if err != nil {
		return nil, err
	}
	started := &cluster{url: "postgres://postgres@/postgres?host=" + folder + "&port=5432"}
	if err := started.run(programs, folder, owner); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return started, nil
}

func (c *cluster) run(programs, folder string, owner *syscall.Credential) error {
	c.keeper = exec.Command("sh", "-c", keeper, "cluster.sh", programs, folder)
	c.keeper.Dir = folder
	c.keeper.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	// In a group of its own, an interrupt from the keyboard does not reach it.
	c.keeper.SysProcAttr = &syscall.SysProcAttr{Credential: owner, Setpgid: true}
	var err error
	if c.orders, err = c.keeper.StdinPipe(); err != nil {
		return fmt.Errorf("make pipe of orders: %w", err)
	}
	answers, err := c.keeper.StdoutPipe()
	if err != nil {
		return fmt.Errorf("make pipe of answers: %w", err)
	}
	c.answers = bufio.NewReader(answers)
	if err := c.keeper.Start(); err != nil {
		return fmt.Errorf("start keeper of PostgreSQL: %w", err)
	}
	if err := c.answer(); err != nil {
		return errors.Join(err, c.close())
	}
	return nil
}

// order tells the keeper what to do and waits until it is done.
func (c *cluster) order(word string) error {
	if _, err := fmt.Fprintln(c.orders, word); err != nil {
		return fmt.Errorf("order %s of PostgreSQL: %w", word, err)
	}
	return c.answer()
}

func (c *cluster) answer() error {
	line, _ := c.answers.ReadString('\n')
	if line == "ok\n" {
		return nil
	}
	rest, _ := io.ReadAll(c.answers)
	return fmt.Errorf("run PostgreSQL: %s%s", line, rest)
}

// close ends the server and waits until nothing of it is left.
func (c *cluster) close() error {
	if err := c.orders.Close(); err != nil {
		return fmt.Errorf("close pipe of orders: %w", err)
	}
	if err := c.keeper.Wait(); err != nil {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	return nil
}

// serverUser is whom the server runs as: ourselves, unless we are root, which
// PostgreSQL refuses.
func serverUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // nil is exec's word for ourselves
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		account, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, fmt.Errorf("find a user to run PostgreSQL as: %w", err)
	}
	uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return nil, fmt.Errorf("read ids of user %s: %w", account.Username, err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func makeFolder(owner *syscall.Credential) (string, error) {
	folder, err := os.MkdirTemp(clusterRoot, "securitybot-pg-")
	if err != nil {
		return "", fmt.Errorf("make folder for PostgreSQL: %w", err)
	}
	if owner == nil {
		return folder, nil
	}
	if err := os.Chown(folder, int(owner.Uid), int(owner.Gid)); err != nil {
		return "", errors.Join(fmt.Errorf("hand over folder for PostgreSQL: %w", err), os.Remove(folder))
	}
	return folder, nil
}
