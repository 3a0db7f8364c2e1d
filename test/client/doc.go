// Package client is the client that oapi-codegen generates with its stock templates. Tests and benchmarks compare
// package m3teraccess with this client.
package client
