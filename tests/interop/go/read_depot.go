// Reads a depot as Go's programs do, certstrap among them: keys with the library that certstrap
// opens them with, names compared byte by byte. It prints one line for each file.
package main

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.step.sm/crypto/pemutil"
)

var (
	keys       = map[string]crypto.Signer{}
	cas        = map[string]*x509.Certificate{}
	roots      = x509.NewCertPool()
	under      = x509.NewCertPool()
	passphrase = []byte(os.Args[2])
)

func readKey(stem string, block *pem.Block) error {
	var key any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "ENCRYPTED PRIVATE KEY":
		if block.Bytes, err = pemutil.DecryptPKCS8PrivateKey(block.Bytes, passphrase); err != nil {
			return err
		}
		fallthrough
	default:
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	if err == nil {
		keys[stem] = key.(crypto.Signer)
	}
	return err
}

func noteCA(stem string, block *pem.Block) error {
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil || !certificate.IsCA {
		return err
	}
	cas[stem] = certificate
	if bytes.Equal(certificate.RawIssuer, certificate.RawSubject) {
		roots.AddCert(certificate)
	} else {
		under.AddCert(certificate)
	}
	return nil
}

func verify(stem string, block *pem.Block) error {
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	options := x509.VerifyOptions{Roots: roots, Intermediates: under}
	options.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
	if _, err = certificate.Verify(options); err != nil || !certificate.IsCA || keys[stem] == nil {
		return err
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now()}
	signed, err := x509.CreateCertificate(rand.Reader, leaf, certificate, keys[stem].Public(), keys[stem])
	if err != nil {
		return err
	}
	if leaf, err = x509.ParseCertificate(signed); err != nil {
		return err
	}
	return leaf.CheckSignatureFrom(certificate)
}

func verifyRequest(_ string, block *pem.Block) error {
	request, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return err
	}
	return request.CheckSignature()
}

func verifyList(stem string, block *pem.Block) error {
	list, err := x509.ParseDERCRL(block.Bytes)
	if err != nil {
		return err
	}
	return cas[stem].CheckCRLSignature(list)
}

func each(suffix string, show bool, judge func(string, *pem.Block) error) {
	paths, _ := filepath.Glob(filepath.Join(os.Args[1], "*"+suffix))
	for _, path := range paths {
		data, _ := os.ReadFile(path)
		block, _ := pem.Decode(data)
		err := judge(strings.TrimSuffix(filepath.Base(path), suffix), block)
		if show && err == nil {
			fmt.Println(filepath.Base(path), "is right")
		} else if err != nil {
			fmt.Println(filepath.Base(path), "is wrong:", err)
		}
	}
}

func main() {
	each(".key", true, readKey)
	each(".crt", false, noteCA)
	each(".crt", true, verify)
	each(".csr", true, verifyRequest)
	each(".crl", true, verifyList)
}
