package main

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/teei/csr-platform/infra/models/internal/net"
)

// encoder is the pretrained network: from the file that keeps it, else learnt now and kept.
func (m *made) encoder(passes int, file string, log *slog.Logger) (*net.Net, error) {
	if file != "" {
		n, err := kept(file)
		if !errors.Is(err, fs.ErrNotExist) {
			return n, err
		}
	}
	n := m.pretrain(passes, log)
	if file == "" {
		return n, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	err = gob.NewEncoder(f).Encode(n)
	if err != nil {
		return nil, fmt.Errorf("keep the encoder: %w", err)
	}
	return n, f.Close()
}

func kept(file string) (*net.Net, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var n net.Net
	err = gob.NewDecoder(f).Decode(&n)
	if err != nil {
		return nil, fmt.Errorf("%s holds no encoder: %w", file, err)
	}
	return &n, nil
}
