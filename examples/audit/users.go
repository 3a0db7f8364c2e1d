package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// A user is a line of a list, or one of the organization's.
type user struct {
	line int // of the list; 0 without one
	id   string
	err  error // why there is no id
}

// place is where to look for the user.
func (u user) place() string {
	if u.line == 0 {
		return ""
	}
	return fmt.Sprintf("line %d: ", u.line)
}

// everyUser lists the users of the organization. Members of the response that the type lacks are skipped.
func everyUser(ctx context.Context, client *m3teraccess.Client) iter.Seq[user] {
	type orgUser struct {
		ID string `json:"id"`
	}
	return func(yield func(user) bool) {
		for listed, err := range m3teraccess.List[orgUser](ctx, client, nil, "users") {
			if err != nil {
				err = fmt.Errorf("listing the users ended early: %w", err)
			}
			if !yield(user{id: listed.ID, err: err}) {
				return
			}
		}
	}
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
