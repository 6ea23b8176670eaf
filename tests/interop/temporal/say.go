// What the SDK for Go says of each connection in a list: see tests/interop/clients.py.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
)

type silent struct{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}

var _ log.Logger = silent{}

func connect(address, name, ca, crt, key string) error {
	options := client.Options{HostPort: address, Logger: silent{}}
	if ca != "" {
		trusted, err := os.ReadFile(ca)
		if err != nil {
			return err
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(trusted)
		options.ConnectionOptions.TLS = &tls.Config{RootCAs: roots, ServerName: name}
	}
	if crt != "" {
		pair, err := tls.LoadX509KeyPair(crt, key)
		if err != nil {
			return err
		}
		options.ConnectionOptions.TLS.Certificates = []tls.Certificate{pair}
	}
	limited, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	connected, err := client.DialContext(limited, options)
	if err == nil {
		connected.Close()
	}
	return err
}

func main() {
	list, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	for _, line := range strings.Split(strings.TrimSuffix(string(list), "\n"), "\n") {
		words := strings.Split(line, "\t")
		err := connect(words[0], words[1], words[2], words[3], words[4])
		fmt.Print(err, "\x00")
	}
}
