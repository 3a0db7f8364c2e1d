package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

type departures []departure

// A departure is a deliberate difference. People read the difference and its reason; upstream reads the published
// facts.
type departure struct {
	ID, What, Why string
	Differences   []struct {
		Operations []string
		Place      string
		Published  any // a value or a schema; nil if nothing is published there
	}
}

func loadDepartures(operations []operation) (departures, error) {
	var file struct{ Departures departures }
	if err := read(departuresFile, &file); err != nil {
		return nil, err
	}
	for i, d := range file.Departures {
		if err := d.check(operations); err != nil {
			return nil, fmt.Errorf("departure %s: %w", cmp.Or(d.ID, fmt.Sprint("number ", i+1)), err)
		}
		if slices.ContainsFunc(file.Departures[:i], func(other departure) bool { return other.ID == d.ID }) {
			return nil, fmt.Errorf("departure %s: another departure has this id", d.ID)
		}
	}
	return file.Departures, nil
}

func (d departure) check(operations []operation) error {
	if d.ID == "" || d.What == "" || d.Why == "" || len(d.Differences) == 0 {
		return errors.New("id, what, why and differences are all needed")
	}
	var ids []string
	for _, op := range operations {
		ids = append(ids, op.id)
	}
	for _, difference := range d.Differences {
		if difference.Place == "" || len(difference.Operations) == 0 {
			return errors.New("each of the differences needs operations and place")
		}
		for _, id := range difference.Operations {
			if !slices.Contains(ids, id) {
				return fmt.Errorf("no operation %q in %s; there are %s", id, contractFile, strings.Join(ids, ", "))
			}
		}
	}
	return nil
}

// listed is one place of one operation in a departure.
type listed struct {
	id, place string
	published any
}

// of returns the listed places of an operation. A place comes after the places that cover it.
func (all departures) of(op operation) []listed {
	var places []listed
	for _, d := range all {
		for _, difference := range d.Differences {
			if slices.Contains(difference.Operations, op.id) {
				places = append(places, listed{d.ID, difference.Place, difference.Published})
			}
		}
	}
	slices.SortFunc(places, func(a, b listed) int { return cmp.Compare(a.place, b.place) })
	return places
}

// facts returns the published facts as the departure states them. Facts behind a $ref point into the contract; the
// others have the given pointer.
func (l listed) facts(contract document, at string) (facts, error) {
	w := newWalk(contract)
	switch published := l.published.(type) {
	case nil:
	case map[string]any:
		w.object(l.place, published, departuresFile)
	default:
		w.facts.add(l.place, published, at)
	}
	for place, f := range w.facts {
		if strings.HasPrefix(f.at, departuresFile) {
			w.facts[place] = fact{f.value, at}
		}
	}
	return w.facts, w.err
}

// choice returns the contract's choice that is now published at the place of a departure, such as "oneOf 1"; "" if the
// departure's schema is still published, or if no choice is. A choice is recognized by the names of its properties.
func (l listed) choice(published, contract, listed facts) string {
	if overlap(published, l.place, listed, l.place) {
		return ""
	}
	for i := 1; ; i++ {
		name := fmt.Sprint("oneOf ", i)
		place := l.place + "(" + name + ")"
		if _, there := contract[place]; !there {
			return ""
		}
		if overlap(published, l.place, contract, place) {
			return name
		}
	}
}

// overlap reports whether the schemas at two places have at least one property of the same name.
func overlap(some facts, place string, others facts, otherPlace string) bool {
	for other := range others {
		name, below := strings.CutPrefix(other, otherPlace+".")
		if _, there := some[place+"."+name]; below && there {
			return true
		}
	}
	return false
}
