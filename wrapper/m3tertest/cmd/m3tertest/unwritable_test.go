package main

import (
	"errors"
	"io"
	"testing"
)

type fullDisk struct{}

var errFull = errors.New("the disk is full")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

// The command ends if it can't print how to reach the fake.
func TestUnwritableOutput(t *testing.T) {
	for _, args := range [][]string{{"-addr", "127.0.0.1:0"}, {"-h"}} {
		if err := run(t.Context(), args, fullDisk{}, io.Discard); !errors.Is(err, errFull) {
			t.Errorf("%q: error %v", args, err)
		}
	}
}
