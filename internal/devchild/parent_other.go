//go:build !linux

package devchild

import "syscall"

// dieWithParent does nothing: only Linux can do this. temporal-devserver
// notices by its standard input; the `temporal` tool outlives a parent that is
// killed outright.
func dieWithParent(*syscall.SysProcAttr, syscall.Signal) {}
