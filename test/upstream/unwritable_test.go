package main

import (
	"errors"
	"strings"
	"testing"
)

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

// A report that can't be written is a failure, even if the documents agree.
func TestUnwritableReport(t *testing.T) {
	inDirectory(t, contractText, noDepartures, change(t, publishedText, "maximum: 200", "maximum: 100"))
	for _, source := range []string{contractFile, "published.yaml", "-h"} {
		var stderr strings.Builder
		if status := run(t.Context(), []string{source}, fullDisk{}, &stderr); status != 1 || stderr.String() != "upstream: the disk is full\n" {
			t.Errorf("%s: status %d\n%s", source, status, &stderr)
		}
	}
}
