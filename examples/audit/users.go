package main

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"strings"
)

// A user is a line of the input.
type user struct {
	line int
	id   string
	err  error // why there is no id
}

// eachUser reads one user after the other, so that a list of any length needs little memory.
func eachUser(input io.Reader) iter.Seq[user] {
	return func(yield func(user) bool) {
		lines := bufio.NewReaderSize(input, 1024)
		for n := 1; ; n++ {
			id, err := readLine(lines)
			if n == 1 {
				id = strings.TrimSpace(strings.TrimPrefix(id, "\ufeff")) // a byte order mark, as from Windows
			}
			isLast := err != nil && err != errTooLong
			switch {
			case err == io.EOF:
				return
			case strings.HasPrefix(id, "#"), id == "" && err == nil:
			case !yield(user{n, id, err}) || isLast:
				return
			}
		}
	}
}

var errTooLong = errors.New("too long for the id of a user, of which 1023 bytes are read at the most")

// readLine returns a line without the space around it; with errTooLong it is the beginning of one.
func readLine(lines *bufio.Reader) (string, error) {
	text, isCut, err := lines.ReadLine()
	line := strings.TrimSpace(string(text))
	if !isCut {
		return line, err
	}
	for isCut && err == nil {
		_, isCut, err = lines.ReadLine()
	}
	return line, errTooLong // another error comes again with the next line
}
