// Verify clients' certificates as a server in Go does, such as Temporal Cloud's.
//
// Arguments: the time as Unix seconds, then folders with the files ca.pem and leaf.pem, in which
// the first certificate is the client's. Each folder gets a line: its path, then "good" or why not.
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

func read(path string) (found []*x509.Certificate, err error) {
	data, err := os.ReadFile(path)
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		found = append(found, certificate)
	}
	return found, err
}

func verify(folder string, now time.Time) error {
	cas, err := read(filepath.Join(folder, "ca.pem"))
	if err != nil {
		return err
	}
	chain, err := read(filepath.Join(folder, "leaf.pem"))
	if err != nil {
		return err
	}
	options := x509.VerifyOptions{
		Roots:         x509.NewCertPool(),
		Intermediates: x509.NewCertPool(),
		CurrentTime:   now,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	for _, ca := range cas {
		options.Roots.AddCert(ca)
	}
	for _, intermediate := range chain[1:] {
		options.Intermediates.AddCert(intermediate)
	}
	_, err = chain[0].Verify(options)
	return err
}

func main() {
	seconds, _ := strconv.ParseInt(os.Args[1], 10, 64)
	for _, folder := range os.Args[2:] {
		if err := verify(folder, time.Unix(seconds, 0)); err != nil {
			fmt.Println(folder, err)
		} else {
			fmt.Println(folder, "good")
		}
	}
}
