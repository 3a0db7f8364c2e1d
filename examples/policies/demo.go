package main

import (
	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// startFake starts an in-memory m3ter with the users of demo.yaml, and a policy that the file does not have.
func startFake() *m3tertest.Server {
	fake := m3tertest.NewServer()
	fake.AddUser("3b1f0c9a-6c0f-4a0e-9c44-0d4f6f3f5e21")
	fake.AddUser("8d7c6b5a-4938-4271-a605-f4e3d2c1b0a9")
	fake.AddPermissionPolicy(m3teraccess.PermissionPolicy{Name: "Old", PermissionPolicy: []m3teraccess.Statement{
		m3teraccess.Allow(m3teraccess.ConfigRetrieve).On("config:account/*"),
	}})
	return fake
}
