package localpg

import "syscall"

// bind makes the child end when this process does, however it ends.
func bind(attributes *syscall.SysProcAttr) { attributes.Pdeathsig = syscall.SIGQUIT }
