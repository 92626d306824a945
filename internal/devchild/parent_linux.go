package devchild

import "syscall"

// dieWithParent has the kernel send signal to the child when the thread that
// starts it ends. The caller keeps that thread.
func dieWithParent(attributes *syscall.SysProcAttr, signal syscall.Signal) {
	attributes.Pdeathsig = signal
}
