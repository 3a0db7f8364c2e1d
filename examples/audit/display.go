package main

import (
	"fmt"
	"io"
)

// A display writes the output and the messages. Where the messages go to a terminal, a last line below them, and below
// output that goes there too, tells how far the audit is.
type display struct {
	output, messages io.Writer
	showsProgress    bool // the messages go to a terminal, and nobody types there

	progress string // what the last line says
}

func (d *display) write(line []byte) error {
	d.draw("")
	defer d.draw(d.progress)
	_, err := d.output.Write(line) // all of it in one call, lest an interrupt come between
	return err
}

func (d *display) say(format string, args ...any) {
	d.draw("")
	defer d.draw(d.progress)
	fmt.Fprintf(d.messages, "audit: "+format+"\n", args...)
}

// update changes what the last line says; nothing removes it.
func (d *display) update(progress string) {
	d.progress = progress
	d.draw(progress)
}

func (d *display) draw(text string) {
	if d.showsProgress {
		fmt.Fprintf(d.messages, "\r%60s\r%s", "", text) // blanks, since not every terminal knows how to erase a line
	}
}
