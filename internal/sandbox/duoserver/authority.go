package duoserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	caName  = "duo-ca.pem"
	keyName = "duo-ca-key.pem"
)

// CAFile is the certificate that clients of this sandbox must trust.
func (s *Server) CAFile() string { return filepath.Join(s.opt.DataDir, caName) }

// tlsConfig makes a fresh server certificate, signed by the kept authority.
func (s *Server) tlsConfig() (*tls.Config, error) {
	ca, key, err := s.authority()
	if err != nil {
		return nil, fmt.Errorf("prepare duo authority: %w", err)
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make duo key: %w", err)
	}
	leaf := template("Sandbox Duo", 365*24*time.Hour)
	leaf.KeyUsage, leaf.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	s.name(leaf)
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, &leafKey.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("sign duo certificate: %w", err)
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: leafKey}},
	}, nil
}

// name lists the names that the certificate is good for.
func (s *Server) name(leaf *x509.Certificate) {
	names := append([]string{"localhost", "127.0.0.1", "::1", s.opt.Name}, s.opt.Hosts...)
	if host, _, err := net.SplitHostPort(s.opt.Listen); err == nil {
		names = append(names, host)
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else if name != "" {
			leaf.DNSNames = append(leaf.DNSNames, name)
		}
	}
}

// template uses the real clock: the client that checks the dates does, too.
func template(name string, lasts time.Duration) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) // never fails
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(lasts),
	}
}

// authority loads the certificate and key, or makes them at the first start.
func (s *Server) authority() (*x509.Certificate, *ecdsa.PrivateKey, error) {
	keyFile := filepath.Join(s.opt.DataDir, keyName)
	if _, err := os.Stat(keyFile); errors.Is(err, fs.ErrNotExist) {
		if err := makeAuthority(s.CAFile(), keyFile); err != nil {
			return nil, nil, err
		}
	}
	certDER, err := readPEM(s.CAFile())
	if err != nil {
		return nil, nil, err
	}
	ca, err := x509.ParseCertificate(certDER)
	if err != nil {
		return nil, nil, fmt.Errorf("read authority: %w", err)
	}
	keyDER, err := readPEM(keyFile)
	if err != nil {
		return nil, nil, err
	}
	key, err := x509.ParseECPrivateKey(keyDER)
	if err != nil {
		return nil, nil, fmt.Errorf("read authority key: %w", err)
	}
	return ca, key, nil
}

// makeAuthority writes the key last: its presence means that both are complete.
func makeAuthority(certFile, keyFile string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make authority key: %w", err)
	}
	ca := template("Securitybot sandbox authority", 10*365*24*time.Hour)
	ca.IsCA, ca.BasicConstraintsValid, ca.MaxPathLenZero = true, true, true
	ca.KeyUsage = x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, &key.PublicKey, key)
	if err != nil {
		return fmt.Errorf("sign authority: %w", err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode authority key: %w", err)
	}
	if err := writePEM(certFile, "CERTIFICATE", der, 0o644); err != nil {
		return err
	}
	return writePEM(keyFile, "EC PRIVATE KEY", keyDER, 0o600)
}

// writePEM replaces a file as a whole, so that a crash leaves no half of it.
func writePEM(file, kind string, der []byte, mode fs.FileMode) error {
	data := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(file+".new", data, mode); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(file), err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(file), err)
	}
	return nil
}

func readPEM(file string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(file), err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("read %s: not a PEM file", filepath.Base(file))
	}
	return block.Bytes, nil
}
