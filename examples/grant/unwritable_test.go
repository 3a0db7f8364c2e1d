package main

import (
	"testing"

	"github.com/m3ter-access/m3ter-access-go/examples/internal/exampletest"
)

func TestUnwritableOutput(t *testing.T) { exampletest.CheckUnwritable(t, "-h") }
