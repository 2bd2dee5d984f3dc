package web

import (
	"compress/gzip"
	"net/http"
	"strings"
	"sync"
)

// gzipFrom is the size in bytes from which an answer is compressed: below it, gzip's own header eats what it saves.
const gzipFrom = 1024

var compressors = sync.Pool{New: func() any {
	writer, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
	return writer
}}

// answer holds back the first kilobyte, so that a failure may still replace what was begun and so that small answers stay plain.
type answer struct {
	http.ResponseWriter
	gzip    bool // who asked can read gzip
	status  int  // 0 until the handler has said it
	held    []byte
	sent    bool // headers are on their way
	cut     bool // failed after that
	size    int64
	squeeze *gzip.Writer
}

// Unwrap lets http.ResponseController reach deadlines.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) seen() int {
	if a.status == 0 {
		return http.StatusOK
	}
	return a.status
}

func (a *answer) WriteHeader(status int) {
	if status < 200 {
		a.ResponseWriter.WriteHeader(status)
		return
	}
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(data []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if a.cut {
		return len(data), nil
	}
	a.size += int64(len(data))
	if !a.sent {
		if len(a.held)+len(data) < gzipFrom {
			a.held = append(a.held, data...)
			return len(data), nil
		}
		a.start(true)
	}
	_, err := a.pass(data)
	return len(data), err
}

// Flush sends what is held back.
func (a *answer) Flush() {
	a.start(false)
	if a.squeeze != nil {
		_ = a.squeeze.Flush()
	}
	_ = http.NewResponseController(a.ResponseWriter).Flush()
}

// start sends the headers and what was held back. long says that the answer is worth compressing.
func (a *answer) start(long bool) {
	if a.sent {
		return
	}
	a.sent = true
	header := a.Header()
	if squeezable(header) {
		header.Add("Vary", "Accept-Encoding")
		if long && a.gzip {
			header.Set("Content-Encoding", "gzip")
			header.Del("Content-Length")
			a.squeeze = compressors.Get().(*gzip.Writer)
			a.squeeze.Reset(a.ResponseWriter)
		}
	}
	a.ResponseWriter.WriteHeader(a.seen())
	if len(a.held) > 0 {
		_, _ = a.pass(a.held)
	}
}

func (a *answer) pass(data []byte) (int, error) {
	if a.squeeze != nil {
		return a.squeeze.Write(data)
	}
	return a.ResponseWriter.Write(data)
}

// startOver forgets what is held back; false when it is too late for that.
func (a *answer) startOver() bool {
	if a.sent {
		a.cut = true
		return false
	}
	a.status, a.held, a.size = 0, nil, 0
	return true
}

func (a *answer) finish() {
	if a.cut {
		return
	}
	a.start(false)
	if a.squeeze != nil {
		_ = a.squeeze.Close()
		compressors.Put(a.squeeze)
		a.squeeze = nil
	}
}

// squeezable says whether gzip makes such an answer shorter.
func squeezable(header http.Header) bool {
	if header.Get("Content-Encoding") != "" || header.Get("Content-Range") != "" {
		return false
	}
	kind := header.Get("Content-Type")
	return strings.HasPrefix(kind, "text/") || strings.HasPrefix(kind, "application/json") ||
		strings.HasPrefix(kind, "application/problem+json") || strings.HasPrefix(kind, "image/svg")
}

// accepts says whether r takes gzip (RFC 9110 §12.5.3; a quality of 0 means no).
func accepts(r *http.Request) bool {
	for _, header := range r.Header["Accept-Encoding"] {
		for coding := range strings.SplitSeq(header, ",") {
			name, quality, _ := strings.Cut(strings.TrimSpace(coding), ";")
			if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
				continue
			}
			value, given := strings.CutPrefix(strings.ReplaceAll(quality, " ", ""), "q=")
			return !given || strings.Trim(value, "0.") != ""
		}
	}
	return false
}
