package s3_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/teei/csr-platform/shared/adapter/s3"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
	"github.com/teei/csr-platform/shared/testkit/filestest"
)

const bucket = "files"

func TestFiles(t *testing.T) {
	t.Parallel()
	filestest.Run(t, func(t *testing.T) port.Files { return client(t, newFake(t)) })
}

func client(t *testing.T, f *fake) *s3.Files {
	return s3.New(aws.Config{
		Region:       "eu-north-1",
		BaseEndpoint: &f.url,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIATEST", SecretAccessKey: "secret", SessionToken: "session"}, nil
		}),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}, bucket)
}

func TestAnyToolMayPutAFileAtItsUploadURL(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	files := client(t, f)
	address, err := files.UploadURL(t.Context(), "company/imports/x", 15*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := parsed.Query()
	if query.Get("X-Amz-Expires") != "900" || query.Get("X-Amz-Signature") == "" || query.Get("X-Amz-SignedHeaders") != "host" {
		t.Errorf("unexpected address: expires %q, signed headers %q", query.Get("X-Amz-Expires"), query.Get("X-Amz-SignedHeaders"))
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, address, strings.NewReader("a,b\n"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/vnd.ms-excel")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	size, err := files.Size(t.Context(), "company/imports/x")
	if answer.StatusCode != http.StatusOK || size != 4 || err != nil {
		t.Errorf("answered %d, then size %d, %v", answer.StatusCode, size, err)
	}
}

func TestFailuresOfS3GetTheirKind(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		code   string
		want   fault.Kind
	}{
		"no such key":    {404, "NoSuchKey", fault.Missing},
		"slow down":      {503, "SlowDown", fault.Busy},
		"too many":       {429, "TooManyRequests", fault.Busy},
		"not allowed":    {403, "AccessDenied", fault.Unknown},
		"no such bucket": {404, "NoSuchBucket", fault.Unknown},
		"their mistake":  {500, "InternalError", fault.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.fail = func(w http.ResponseWriter) { problem(w, c.status, c.code) }
			_, err := client(t, f).Open(t.Context(), "company/x", 0)
			if err == nil || fault.KindOf(err) != c.want {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestALongFileThatBreaksOffLeavesNoPartsBehind(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	err := client(t, f).Put(t.Context(), "company/x", bytes.NewReader(make([]byte, 9<<20)), 10<<20)
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("got %v, want Invalid", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.uploads) != 0 || f.begun != 1 {
		t.Errorf("%d of %d uploads left open", len(f.uploads), f.begun)
	}
}

// fake speaks as much S3 as the adapter uses, and refuses a request that real S3 would refuse for its form: no signature, a body
// without a length, the bucket not in the path.
type fake struct {
	url     string
	t       *testing.T
	fail    func(http.ResponseWriter)
	mu      sync.Mutex
	objects map[string][]byte
	uploads map[string]map[int][]byte
	begun   int
}

func newFake(t *testing.T) *fake {
	f := &fake{t: t, objects: map[string][]byte{}, uploads: map[string]map[int][]byte{}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

func problem(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>as asked</Message></Error>", code)
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	authorization := r.Header.Get("Authorization")
	signed := strings.HasPrefix(authorization, "AWS4-HMAC-SHA256 Credential=AKIATEST/") && strings.Contains(authorization, "/eu-north-1/s3/aws4_request") &&
		strings.Contains(authorization, "x-amz-content-sha256") && r.Header.Get("X-Amz-Security-Token") == "session"
	presigned := query.Get("X-Amz-Algorithm") == "AWS4-HMAC-SHA256" && query.Get("X-Amz-Security-Token") == "session"
	key, inPath := strings.CutPrefix(r.URL.Path, "/"+bucket+"/")
	switch {
	case !signed && !presigned:
		problem(w, 403, "AccessDenied")
		return
	case !inPath:
		problem(w, 404, "NoSuchBucket")
		return
	case r.Method == http.MethodPut && r.ContentLength < 0:
		problem(w, 411, "MissingContentLength")
		return
	case f.fail != nil:
		f.fail(w)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	upload := query.Get("uploadId")
	switch {
	case r.Method == http.MethodPost && query.Has("uploads"):
		f.begun++
		upload = strconv.Itoa(f.begun)
		f.uploads[upload] = map[int][]byte{}
		fmt.Fprintf(w, "<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>", upload)
	case r.Method == http.MethodPost && upload != "":
		f.join(w, key, upload, body)
	case r.Method == http.MethodDelete && upload != "":
		delete(f.uploads, upload)
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPut && upload != "":
		number, err := strconv.Atoi(query.Get("partNumber"))
		if err != nil || f.uploads[upload] == nil {
			problem(w, 404, "NoSuchUpload")
			return
		}
		f.uploads[upload][number] = body
		w.Header().Set("ETag", etag(body))
	case r.Method == http.MethodPut:
		f.objects[key] = body
		w.Header().Set("ETag", etag(body))
	default:
		f.get(w, r, key)
	}
}

func etag(body []byte) string {
	sum := md5.Sum(body)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func (f *fake) join(w http.ResponseWriter, key, upload string, body []byte) {
	var asked struct {
		Part []struct {
			PartNumber int
			ETag       string
		}
	}
	err := xml.Unmarshal(body, &asked)
	if err != nil {
		problem(w, 400, "MalformedXML")
		return
	}
	var whole []byte
	for i, part := range asked.Part {
		chunk := f.uploads[upload][part.PartNumber]
		if part.PartNumber != i+1 || part.ETag != etag(chunk) || i < len(asked.Part)-1 && len(chunk) < 5<<20 {
			problem(w, 400, "InvalidPart")
			return
		}
		whole = append(whole, chunk...)
	}
	f.objects[key] = whole
	delete(f.uploads, upload)
	fmt.Fprint(w, "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")
}

func (f *fake) get(w http.ResponseWriter, r *http.Request, key string) {
	body, found := f.objects[key]
	if !found {
		problem(w, 404, "NoSuchKey")
		return
	}
	given, ranged := strings.CutPrefix(r.Header.Get("Range"), "bytes=")
	if ranged {
		from, err := strconv.Atoi(strings.TrimSuffix(given, "-"))
		if err != nil || from >= len(body) {
			problem(w, 416, "InvalidRange")
			return
		}
		body = body[from:]
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(http.StatusPartialContent)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body)
	}
}
