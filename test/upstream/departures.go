package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

type departures []departure

// A departure is a deliberate difference: the difference and its reason for people, the published facts for the
// comparison.
type departure struct {
	ID          string `json:"id"`
	What        string `json:"what"`
	Why         string `json:"why"`
	Differences []struct {
		Operations []string `json:"operations"`
		Place      string   `json:"place"`
		Published  any      `json:"published"`
	} `json:"differences"`
}

func loadDepartures(ctx context.Context, operations []operation) (departures, error) {
	var file struct {
		Departures departures `json:"departures"`
	}
	if err := read(ctx, departuresFile, &file); err != nil {
		return nil, err
	}
	var ids []string
	for _, op := range operations {
		ids = append(ids, op.id)
	}
	known := make(map[string]bool)
	for i, d := range file.Departures {
		if known[d.ID] {
			return nil, fmt.Errorf("departure %s: another departure has this id", d.ID)
		}
		known[d.ID] = true
		if err := d.check(ids); err != nil {
			return nil, fmt.Errorf("departure %s: %w", cmp.Or(d.ID, fmt.Sprint("number ", i+1)), err)
		}
	}
	return file.Departures, nil
}

func (d departure) check(operations []string) error {
	if d.ID == "" || d.What == "" || d.Why == "" || len(d.Differences) == 0 {
		return errors.New("id, what, why and differences are all needed")
	}
	for _, difference := range d.Differences {
		if difference.Place == "" || len(difference.Operations) == 0 {
			return errors.New("each of the differences needs operations and place")
		}
		for _, op := range difference.Operations {
			if !slices.Contains(operations, op) {
				return fmt.Errorf("no operation %q in %s; there are %s", op, contractFile, strings.Join(operations, ", "))
			}
		}
	}
	return nil
}

// listed is one place of one operation in a departure.
type listed struct {
	id, place string
	published any // a value or a schema; nil if nothing is published there
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

// facts returns the published facts as the departure states them. Facts taken from the contract by $ref point there;
// the rest points to the given pointer.
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

// choice returns the contract's choice that is now published at the place of a departure, as "oneOf 1"; "" if the
// departure lists no schema, if its schema is still published, or if none is. A choice is recognised by its properties.
func (l listed) choice(published, contract, listed facts) string {
	if _, isSchema := l.published.(map[string]any); !isSchema {
		return ""
	}
	theirs := published.properties(l.place)
	if len(theirs) == 0 || overlap(theirs, listed.properties(l.place)) {
		return ""
	}
	for i := 1; ; i++ {
		name := fmt.Sprint("oneOf ", i)
		below := l.place + "(" + name + ")"
		if _, there := contract[below]; !there {
			return ""
		}
		if overlap(theirs, contract.properties(below)) {
			return name
		}
	}
}

func overlap(some, others []string) bool {
	return slices.ContainsFunc(some, func(name string) bool { return slices.Contains(others, name) })
}
