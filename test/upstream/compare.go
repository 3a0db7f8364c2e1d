package main

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// A finding is a place at which the documents differ without a departure, or don't differ in the way that a departure
// says.
type finding struct {
	op              operation
	place, what     string
	published, here string // pointers into the documents
	next            string // what to do about it
}

func (f finding) String() string {
	operation := fmt.Sprintf("%s (%s %s)", f.op.id, strings.ToUpper(f.op.method), f.op.path)
	return fmt.Sprintf("%s: %s\n  published: %s\n  %s: %s\n  next: %s\n",
		strings.TrimSpace(operation+" "+f.place), f.what, f.published, contractFile, f.here, f.next)
}

// A comparison compares one operation. The expected facts are the contract's, or a departure's at its places.
type comparison struct {
	op                  operation
	published, expected facts
	departures          []listed
	taken               []string // places that one finding covers
	found               []finding
}

func compare(op operation, published, contract document, departures []listed) ([]finding, error) {
	theirs, theirErr := published.factsOf(op)
	ours, ourErr := contract.factsOf(op)
	if err := errors.Join(theirErr, ourErr); err != nil {
		return nil, err
	}
	c := comparison{op: op, published: theirs, expected: ours}
	if len(theirs) == 0 {
		theirs[""] = fact{at: "#/paths"}
		c.report("", "not published", "see what m3ter publishes instead, and change "+contractFile)
		return c.found, nil
	}
	for _, l := range departures {
		if err := c.depart(l, contract); err != nil {
			return nil, fmt.Errorf("%s: departure %s: %w", departuresFile, l.id, err)
		}
	}
	c.differences()
	return c.found, nil
}

func (c *comparison) report(place, what, next string) {
	c.found = append(c.found, finding{c.op, place, what, c.published.near(place), c.expected.near(place), next})
}

func (c *comparison) isTaken(place string) bool {
	return slices.ContainsFunc(c.taken, func(above string) bool { return covers(above, place) })
}

// depart expects the facts that a departure lists, or reports that the departure is no longer needed or names a place
// that neither document has.
func (c *comparison) depart(l listed, contract document) error {
	if c.isTaken(l.place) {
		return nil
	}
	published := c.published.under(l.place)
	if reflect.DeepEqual(published, c.expected.under(l.place)) {
		what, next := "listed as a difference, but there is none", "remove it from"
		if len(published) == 0 {
			what, next = "listed, but neither document has this place", "correct the place, or remove it, in"
		}
		c.report(l.place, what, next+" departure "+l.id+" in "+departuresFile)
		return nil
	}
	instead, err := l.facts(contract, c.expected.near(l.place))
	if err != nil {
		return err
	}
	if choice := l.choice(c.published, c.expected, instead); choice != "" {
		c.report(l.place, "m3ter now publishes "+choice+" of the contract here; departure "+l.id+" can go",
			"keep only "+choice+" in "+contractFile+", run go generate ./..., and remove departure "+l.id+" from "+departuresFile)
		c.taken = append(c.taken, l.place)
		return nil
	}
	maps.DeleteFunc(c.expected, func(place string, _ fact) bool { return covers(l.place, place) })
	maps.Copy(c.expected, instead)
	c.departures = append(c.departures, l)
	return nil
}

// differences reports the places at which the published facts are not the expected ones.
func (c *comparison) differences() {
	all := maps.Clone(c.published)
	maps.Copy(all, c.expected)
	for _, place := range slices.Sorted(maps.Keys(all)) {
		published, isPublished := c.published[place]
		expected, isExpected := c.expected[place]
		if c.isTaken(place) || isPublished == isExpected && reflect.DeepEqual(published.value, expected.value) {
			continue
		}
		source, next := c.owner(place)
		what := append(only("published", place, c.published, c.expected), only("in "+source, place, c.expected, c.published)...)
		c.report(place, strings.Join(what, "; "), "change "+contractFile+" and run go generate ./..., or "+next)
		if isPublished != isExpected {
			c.taken = append(c.taken, place)
		}
	}
}

// owner returns the source of the expected facts at a place, and what to do if they are not published.
func (c *comparison) owner(place string) (source, next string) {
	for _, l := range slices.Backward(c.departures) { // the last one that covers the place is the innermost
		if covers(l.place, place) {
			source = "departure " + l.id
			return source, "correct " + source + " in " + departuresFile
		}
	}
	return contractFile, "list the difference in " + departuresFile
}

// only returns the fact of one side, without the values of a list that the other side has too.
func only(side, place string, some, others facts) []string {
	fact, there := some[place]
	list, isList := fact.value.([]any)
	if other, both := others[place].value.([]any); isList && both {
		list = without(list, other)
		fact.value, there = list, len(list) > 0
	}
	switch {
	case !there:
		return nil
	case fact.value == nil:
		return []string{"only " + side}
	}
	return []string{"only " + side + ": " + text(fact.value)}
}
