//go:build !linux

package localpg

import "syscall"

// bind does nothing where the kernel cannot do it: the server outlives a killed test and is adopted by the next one.
func bind(*syscall.SysProcAttr) {}
