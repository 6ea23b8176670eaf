// Prints the URLs in a certificate, one a line, and whether a CA signed a CRL; all files are DER.
package main

import (
	"crypto/x509"
	"fmt"
	"os"
)

func main() {
	leaf, err := x509.ParseCertificate(read(os.Args[1]))
	check(err)
	for _, urls := range [][]string{leaf.CRLDistributionPoints, leaf.OCSPServer, leaf.IssuingCertificateURL} {
		for _, url := range urls {
			fmt.Println(url)
		}
	}
	ca, err := x509.ParseCertificate(read(os.Args[2]))
	check(err)
	crl, err := x509.ParseRevocationList(read(os.Args[3]))
	check(err)
	check(crl.CheckSignatureFrom(ca))
	fmt.Println(len(crl.RevokedCertificateEntries), "revoked")
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	check(err)
	return data
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
