// A Go program with a filter inside: all threads of the runtime get it.
package main

/*
#include "chmod_filter.h"
static int load(void) { return chmod_filter_load(CALLGATE_LOAD_TSYNC); }
*/
import "C"

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: main FILE")
		os.Exit(2)
	}
	if result := C.load(); result < 0 {
		fmt.Fprintln(os.Stderr, "no filter, so nothing is done:", syscall.Errno(-result))
		os.Exit(2)
	}
	err := os.Chmod(os.Args[1], 0o400)
	if !errors.Is(err, syscall.EPERM) {
		fmt.Println("chmod was not denied:", err)
		os.Exit(1)
	}
	fmt.Println("chmod: Operation not permitted")
}
