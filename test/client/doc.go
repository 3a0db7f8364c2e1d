// Package client is the client that oapi-codegen generates with its own templates. Tests compare the wrapper with it.
package client
