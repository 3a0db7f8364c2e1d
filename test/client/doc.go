// Package client is the client that oapi-codegen generates by itself. Tests compare the wrapper with it.
package client
