// Package m3teraccess decides who may do what in m3ter.
package m3teraccess
