package natsbus

import (
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// Server is a NATS server inside this process that nobody outside can reach.
type Server struct{ inner *server.Server }

// Embedded starts a server that keeps its streams in folder. What it has confirmed survives the death of the process at once, and
// that of the machine after a second.
func Embedded(folder string) (*Server, error) {
	inner, err := server.NewServer(&server.Options{
		ServerName:             "csr-embedded",
		DontListen:             true,
		JetStream:              true,
		StoreDir:               folder,
		NoSigs:                 true,
		NoLog:                  true,
		DisableJetStreamBanner: true,
		SyncInterval:           time.Second,
	})
	if err != nil {
		return nil, fmt.Errorf("configure the embedded NATS server: %w", err)
	}
	inner.Start()
	if !inner.ReadyForConnections(20*time.Second) || !inner.JetStreamEnabled() {
		inner.Shutdown()
		inner.WaitForShutdown()
		return nil, fmt.Errorf("embedded NATS server in %s did not start: is the folder writable and not in use?", folder)
	}
	return &Server{inner}, nil
}

// Connect opens a connection without a network.
func (s *Server) Connect() (*nats.Conn, error) {
	nc, err := nats.Connect("", nats.InProcessServer(s.inner), nats.Name("csr"))
	if err != nil {
		return nil, fmt.Errorf("connect to the embedded NATS server: %w", err)
	}
	return nc, nil
}

// Close stops the server once its streams are written. Connections should be closed before.
func (s *Server) Close() {
	s.inner.Shutdown()
	s.inner.WaitForShutdown()
}
