// Command consumer lists what a user may do.
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
		fmt.Println(policy.Name)
	}
}
