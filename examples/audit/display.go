package main

import (
	"fmt"
	"io"
)

// A display writes the output and the messages. If showsProgress is set, the display shows the progress on the last
// line of the terminal. This line stays under the messages, and under output that goes to the same terminal.
type display struct {
	output, messages io.Writer
	showsProgress    bool // whether the messages go to a terminal at which the user types no ids

	progress string // the text of the last line
}

func (d *display) write(line []byte) error {
	d.draw("")
	defer d.draw(d.progress)
	_, err := d.output.Write(line) // one call, so that an interrupt truncates the line only if the call is blocked
	return err
}

func (d *display) logf(format string, args ...any) {
	d.draw("")
	defer d.draw(d.progress)
	fmt.Fprintf(d.messages, "audit: "+format+"\n", args...)
}

// update changes the text of the last line. "" removes the line.
func (d *display) update(progress string) {
	d.progress = progress
	d.draw(progress)
}

func (d *display) draw(text string) {
	if d.showsProgress {
		fmt.Fprintf(d.messages, "\r%60s\r%s", "", text) // spaces, because not every terminal can erase a line
	}
}
