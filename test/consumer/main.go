// Command consumer lists the policies of a user. It stands for another developer's program, in its own module, so that
// a test sees what such a program must download and link. Calls that few programs need don't belong here.
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
