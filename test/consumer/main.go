// Command consumer lists the policies of a user. It stands for a program of somebody else's, in a module of its own, so
// that a test sees what such a program has to download and to link. What few programs need doesn't belong here.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

func main() {
	client, err := m3teraccess.NewClient()
	if err != nil {
		log.Fatal(err)
	}
	for policy, err := range client.UserPermissions(context.Background(), os.Args[1]) {
		if err != nil {
			log.Fatal(err)
		}
		if _, err := fmt.Println(policy.Name); err != nil {
			log.Fatal(err)
		}
	}
}
