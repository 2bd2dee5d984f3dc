package imports

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/intake"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/trace"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

// Limits of a file, in bytes, and how long an upload may take to begin.
const (
	maxDirect   = 4 << 20 // in the request itself: Lambda's 6 MB hold it in base64 and the envelope
	maxFile     = 2 << 30
	maxName     = 255
	uploadUntil = time.Hour
)

// create makes an import of the file in the body, or one that waits for its file.
func (h *Handler) create(w http.ResponseWriter, r *http.Request) error {
	in, err := h.asked(r)
	if err != nil {
		return err
	}
	mediaType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil && r.Header.Get("Content-Type") != "" {
		return fault.Fields("the kind of body is not known", fault.Field{Name: "Content-Type", Expected: "text/csv, multipart/form-data or application/json"})
	}
	if mediaType == "application/json" || r.URL.Query().Get("upload") == "url" {
		return h.wait(w, r, in)
	}
	body, err := direct(w, r, mediaType, params["boundary"], &in.FileName)
	if err != nil {
		return err
	}
	_, _, err = intake.Begin(in.Kind, bytes.NewReader(body))
	if err != nil {
		return err
	}
	in.Size, in.Status = int64(len(body)), intake.Received
	err = h.files.Put(r.Context(), in.Key, bytes.NewReader(body), in.Size)
	if err != nil {
		return err
	}
	err = h.keep(r, &in)
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusAccepted, show(in))
}

// asked reads from path and query what shall be imported, and for whom.
func (h *Handler) asked(r *http.Request) (intake.Import, error) {
	query, err := web.Query(r, "company", "scale", "fileName", "upload")
	if err != nil {
		return intake.Import{}, err
	}
	in := intake.Import{ID: identity.NewID(), Kind: intake.Kind(r.PathValue("kind")), FileName: query.Get("fileName"), Scale: query.Get("scale")}
	var checks fault.Checks
	known := false
	for _, kind := range intake.Kinds {
		known = known || kind == in.Kind
	}
	checks.That(known, "kind", "one of kintell-language, kintell-mentorship, kintell-sessions, kintell-users")
	_, err = intake.ParseScale(in.Scale)
	checks.That(err == nil, "scale", "unit (ratings from 0 to 1) or five (ratings from 1 to 5)")
	checks.That(!query.Has("upload") || query.Get("upload") == "url", "upload", "url, to be given an address for the file")
	caller := access.From(r.Context())
	checks.That(query.Get("company") != "" || !caller.Role.OfOperator(), "company", "the id or slug of the company that the file is about")
	err = checks.Err("the import is not complete")
	if err != nil {
		return in, err
	}
	scope, err := h.scope(r.Context(), query.Get("company"))
	in.Company, in.CreatedBy, in.Key = scope.Company, caller.Subject, scope.Company+"/imports/"+in.ID
	return in, err
}

// wait makes an import whose file is uploaded apart: by a JSON body that names it, or none.
func (h *Handler) wait(w http.ResponseWriter, r *http.Request, in intake.Import) error {
	raw, err := web.Body(w, r, 16<<10)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(raw)) > 0 {
		named, err := web.Decode[struct {
			FileName string `json:"fileName"`
			Size     int64  `json:"size"`
		}](raw)
		if err != nil {
			return err
		}
		if named.Size < 0 {
			return fault.Fields("the size of the file is not known", fault.Field{Name: "size", Expected: "a number of bytes, or nothing"})
		}
		if named.Size > maxFile {
			return tooLarge()
		}
		if named.FileName != "" {
			in.FileName = named.FileName
		}
	}
	in.Status = intake.Waiting
	address, err := h.files.UploadURL(r.Context(), in.Key, uploadUntil)
	if err != nil {
		return err
	}
	err = h.keep(r, &in)
	if err != nil {
		return err
	}
	answer := show(in)
	if address != "" {
		answer.UploadURL = address
	}
	return web.JSON(w, http.StatusAccepted, answer)
}

// keep keeps a new import, and tells of its file if that is there.
func (h *Handler) keep(r *http.Request, in *intake.Import) error {
	caller := access.From(r.Context())
	in.FileName = plain(in.FileName, string(in.Kind)+".csv")
	return h.ledger.Do(r.Context(), port.In(in.Company, caller.Subject), func(tx port.Tx) error {
		in.CreatedAt = tx.Now().Truncate(time.Microsecond)
		tx.Imports().Create(*in)
		tx.Audit(entry(caller, in.ID, map[string]any{"kind": string(in.Kind), "status": string(in.Status), "size": in.Size}))
		if in.Status == intake.Received {
			tx.Tell(received(r, *in, tx.Now()))
		}
		return nil
	})
}

func entry(caller access.Caller, id string, after map[string]any) company.Entry {
	return company.Entry{Actor: caller.Subject, Role: string(caller.Role), Action: "IMPORT", ResourceType: "import", ResourceID: id, After: after}
}

func received(r *http.Request, in intake.Import, at time.Time) contract.Event {
	cause := contract.Cause{ID: in.ID, Company: in.Company, At: at, Traceparent: trace.From(r.Context())}
	return cause.Then(contract.ImportReceived{ImportID: in.ID})
}

// plain is the last part of a file's name without control characters, otherwise where nothing is left.
func plain(name, otherwise string) string {
	name = strings.Map(func(c rune) rune {
		switch {
		case c == '\\':
			return '/'
		case unicode.IsControl(c) || c == utf8.RuneError:
			return -1
		}
		return c
	}, name)
	name = strings.TrimSpace(path.Base(strings.TrimSpace(name)))
	for len(name) > maxName {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	if name == "" || name == "." || name == "/" {
		return otherwise
	}
	return name
}

func tooLarge() error {
	return fault.New(fault.TooLarge, "the file is longer than 2 GiB; split it")
}

// direct reads a file that came with the request: as the body itself, or as the part "file" of a form.
func direct(w http.ResponseWriter, r *http.Request, mediaType, boundary string, fileName *string) ([]byte, error) {
	limit := int64(maxDirect)
	if mediaType == "multipart/form-data" {
		limit += 64 << 10 // what stands around the file
	}
	body, err := web.Body(w, r, limit)
	if err == nil && mediaType == "multipart/form-data" {
		body, err = part(body, boundary, fileName)
	}
	if fault.KindOf(err) == fault.TooLarge || len(body) > maxDirect {
		return nil, fault.New(fault.TooLarge, fmt.Sprintf("a file in the request itself has at most %d bytes; ask for an upload with ?upload=url", maxDirect))
	}
	if err == nil && len(body) == 0 {
		err = fault.Fields("there is no file", fault.Field{Name: "body", Expected: "the CSV file, or ?upload=url to be given an address for it"})
	}
	return body, err
}

func part(body []byte, boundary string, fileName *string) ([]byte, error) {
	form := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		p, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, fault.Fields("there is no file in the form", fault.Field{Name: "file", Expected: "a part of this name that holds the CSV file"})
		}
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, "the form cannot be read: expected multipart/form-data with a part named file", err)
		}
		if p.FormName() != "file" {
			continue
		}
		if *fileName == "" {
			*fileName = p.FileName()
		}
		file, err := io.ReadAll(p)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, "the form breaks off in the file", err)
		}
		return file, nil
	}
}

// upload stores the file of an import that waits for it. Another upload before the start replaces it.
func (h *Handler) upload(w http.ResponseWriter, r *http.Request) error {
	in, err := h.waiting(r)
	if err != nil {
		return err
	}
	if r.ContentLength > maxFile {
		return tooLarge()
	}
	if r.ContentLength == 0 {
		return fault.Fields("there is no file", fault.Field{Name: "body", Expected: "the CSV file"})
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // a long file may take longer than other requests; not every server has deadlines
	body := &watched{Reader: http.MaxBytesReader(w, r.Body, maxFile)}
	err = h.files.Put(r.Context(), in.Key, body, r.ContentLength)
	var longer *http.MaxBytesError
	switch {
	case errors.As(body.failed, &longer):
		return tooLarge()
	case body.failed != nil:
		return fault.Wrap(fault.Invalid, "the upload ended before the file was complete", body.failed)
	case err != nil:
		return err
	}
	in.Size = body.read
	return web.JSON(w, http.StatusOK, show(in))
}

// watched remembers how reading failed, to tell a sender's failure from ours.
type watched struct {
	io.Reader
	read   int64
	failed error
}

func (b *watched) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		b.failed = err
	}
	return n, err
}

// waiting finds the import that the path names and refuses it, as a Conflict, once it has been started.
func (h *Handler) waiting(r *http.Request) (intake.Import, error) {
	query, err := web.Query(r, "company")
	if err != nil {
		return intake.Import{}, err
	}
	in, _, err := h.find(r, query.Get("company"))
	if err == nil && in.Status != intake.Waiting {
		err = fault.New(fault.Conflict, "the import was started already: it is "+string(in.Status))
	}
	return in, err
}

// start lets the uploaded file be read. One that cannot be read is refused here, and another may be uploaded in its place.
func (h *Handler) start(w http.ResponseWriter, r *http.Request) error {
	in, err := h.waiting(r)
	if err != nil {
		return err
	}
	size, err := h.files.Size(r.Context(), in.Key)
	if fault.KindOf(err) == fault.Missing {
		return fault.Fields("the file is not there yet", fault.Field{Name: "file", Expected: "to be uploaded with PUT to the import's uploadUrl before its start"})
	}
	if err == nil && size > maxFile {
		err = tooLarge()
	}
	if err != nil {
		return err
	}
	file, err := h.files.Open(r.Context(), in.Key, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	_, _, err = intake.Begin(in.Kind, file)
	if err != nil {
		return err
	}
	in.Status, in.Size = intake.Received, size
	caller := access.From(r.Context())
	err = h.ledger.Do(r.Context(), port.In(in.Company, caller.Subject), func(tx port.Tx) error {
		err := tx.Imports().Receive(r.Context(), in.ID, size)
		if err != nil {
			return err
		}
		tx.Audit(entry(caller, in.ID, map[string]any{"kind": string(in.Kind), "status": string(in.Status), "size": size}))
		tx.Tell(received(r, in, tx.Now()))
		return nil
	})
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusAccepted, show(in))
}
