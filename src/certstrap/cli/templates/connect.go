package main

import (
	"crypto/tls"
	"crypto/x509" // if SERVER_CA
	"log"
	"os" // if SERVER_CA

	"go.temporal.io/sdk/client"
)

// Each new connection reads the two files, so that a renewed certificate needs no restart.
func identity(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	certificate, err := tls.LoadX509KeyPair(
		"CERTIFICATE",
		"KEY",
	)
	return &certificate, err
}

func connect() client.Client {
	if _, err := identity(nil); err != nil {
		log.Fatalln("Cannot load the certificate and its key:", err)
	}
	ca, err := os.ReadFile("SERVER_CA") // if SERVER_CA
	if err != nil {                     // if SERVER_CA
		log.Fatalln("Cannot read the CA of the server:", err) // if SERVER_CA
	} // if SERVER_CA
	roots := x509.NewCertPool()  // if SERVER_CA
	roots.AppendCertsFromPEM(ca) // if SERVER_CA
	connected, err := client.Dial(client.Options{
		HostPort:  "ADDRESS",
		Namespace: "NAMESPACE",
		ConnectionOptions: client.ConnectionOptions{
			TLS: &tls.Config{
				GetClientCertificate: identity,
				ServerName:           "SERVER_NAME", // if SERVER_NAME
				RootCAs:              roots,         // if SERVER_CA
			},
		},
	})
	if err != nil {
		log.Fatalln("Cannot connect:", err)
	}
	return connected
}

func main() {
	defer connect().Close()
	log.Println("Connected.")
}
