// Package log writes what happened: structured JSON, one wide line for each request or event, filled along the way and written by
// the runner. A line never holds a body, a name, an address or a secret.
package log

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/teei/csr-platform/shared/fault"
)

// New is a logger of JSON lines to w, one write a line. Lines below level are dropped.
func New(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}

// Level reads debug, info, warn or error; anything else is info.
func Level(name string) slog.Level {
	var level slog.Level
	err := level.UnmarshalText([]byte(name))
	if err != nil {
		return slog.LevelInfo
	}
	return level
}

// Line is what one request or event will have to say for itself. It is safe for use by many goroutines.
type Line struct {
	mu    sync.Mutex
	attrs []slog.Attr
	err   error
}

type key struct{}

// Begin starts the line that Add and Fail fill through the returned context.
func Begin(ctx context.Context) (context.Context, *Line) {
	line := &Line{attrs: make([]slog.Attr, 0, 8)}
	return context.WithValue(ctx, key{}, line), line
}

// Add puts a value on the line of ctx, the last one where a key is given twice. Without a line it does nothing. Ids, numbers,
// kinds and times only: never a text, a name, an address or a secret.
func Add(ctx context.Context, name string, value any) {
	line, _ := ctx.Value(key{}).(*Line)
	if line == nil {
		return
	}
	line.mu.Lock()
	defer line.mu.Unlock()
	for i := range line.attrs {
		if line.attrs[i].Key == name {
			line.attrs[i].Value = slog.AnyValue(value)
			return
		}
	}
	line.attrs = append(line.attrs, slog.Any(name, value))
}

// Fail notes why the request or event of ctx did not succeed. The runner writes the kind and, where nobody foresaw it, the cause.
func Fail(ctx context.Context, err error) {
	line, _ := ctx.Value(key{}).(*Line)
	if line == nil {
		return
	}
	line.mu.Lock()
	defer line.mu.Unlock()
	line.err = err
}

// Err is what Fail noted last, nil where nothing failed.
func (l *Line) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Write writes the line: attrs, then what was added, then kind ("ok" or the fault's) and the error. What was not foreseen is an
// error line, a busy dependency a warning, anything else is information. One line is written, whatever happened.
func (l *Line) Write(ctx context.Context, to *slog.Logger, message string, attrs ...slog.Attr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	level, kind := slog.LevelInfo, "ok"
	if l.err != nil {
		kind = fault.KindOf(l.err).String()
		switch fault.KindOf(l.err) {
		case fault.Unknown:
			level = slog.LevelError
		case fault.Busy:
			level = slog.LevelWarn
		}
	}
	handler := to.Handler()
	if !handler.Enabled(ctx, level) {
		return
	}
	record := slog.NewRecord(time.Now(), level, message, 0)
	record.AddAttrs(attrs...)
	record.AddAttrs(l.attrs...)
	record.AddAttrs(slog.String("kind", kind))
	if l.err != nil {
		record.AddAttrs(slog.String("error", l.err.Error()))
	}
	_ = handler.Handle(ctx, record) // nowhere to tell that telling failed
}
