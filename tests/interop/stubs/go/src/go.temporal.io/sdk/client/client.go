// Package client is a stub: it opens a TLS connection as the real one does, and waits for the
// server's first words, which it says to clients that it has accepted.
package client

import (
	"crypto/tls"
	"fmt"
	"io"
)

// ConnectionOptions is a stub.
type ConnectionOptions struct {
	TLS *tls.Config
}

// Options is a stub.
type Options struct {
	HostPort          string
	Namespace         string
	ConnectionOptions ConnectionOptions
}

// Client is a stub.
type Client interface {
	Close()
}

type connection struct {
	*tls.Conn
}

func (c connection) Close() {
	c.Conn.Close()
}

// Dial connects, and prints to what.
func Dial(options Options) (Client, error) {
	config := options.ConnectionOptions.TLS.Clone()
	config.NextProtos = []string{"h2"}
	connected, err := tls.Dial("tcp", options.HostPort, config)
	if err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(connected, make([]byte, 9)); err != nil {
		return nil, err
	}
	fmt.Println("namespace", options.Namespace)
	return connection{connected}, nil
}
