// Package s3 keeps files in an S3 bucket.
package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// partSize is how many bytes travel at once, and what memory a Put takes. S3 allows 10,000 parts of at least 5 MiB.
const partSize = 8 << 20

// Files is port.Files in one bucket.
type Files struct {
	client *s3.Client
	sign   *s3.PresignClient
	bucket string
}

var _ port.Files = (*Files)(nil)

// New keeps files in bucket. Nothing is asked of S3 until a file is. With an endpoint of its own (an emulator, a store that speaks
// S3) the bucket is part of the path, not of the host name.
func New(config aws.Config, bucket string) *Files {
	client := s3.NewFromConfig(config, func(o *s3.Options) {
		o.UsePathStyle = config.BaseEndpoint != nil
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired // a stranger with an upload URL sends none
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})
	return &Files{client, s3.NewPresignClient(client), bucket}
}

// Put is port.Files. What fits one part goes in one request, anything longer in parts that S3 joins at the end.
func (f *Files) Put(ctx context.Context, key string, body io.Reader, size int64) error {
	first, err := part(body)
	if err != nil {
		return fmt.Errorf("keep file %s: %w", key, err)
	}
	if len(first) == partSize {
		return f.putParts(ctx, key, first, body, size)
	}
	err = whole(int64(len(first)), size)
	if err != nil {
		return err
	}
	_, err = f.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &f.bucket, Key: &key, Body: bytes.NewReader(first), ContentLength: aws.Int64(int64(len(first)))})
	return translate("keep file", key, err)
}

// part reads up to partSize bytes, fewer only at the end of body.
func part(body io.Reader) ([]byte, error) {
	buffer := bytes.NewBuffer(make([]byte, 0, 64<<10))
	_, err := io.CopyN(buffer, body, partSize)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return buffer.Bytes(), err
}

func whole(got, size int64) error {
	if size >= 0 && got != size {
		return fault.New(fault.Invalid, fmt.Sprintf("the file has %d bytes, expected %d", got, size))
	}
	return nil
}

func (f *Files) putParts(ctx context.Context, key string, chunk []byte, body io.Reader, size int64) (err error) {
	begun, err := f.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &f.bucket, Key: &key})
	if err != nil {
		return translate("keep file", key, err)
	}
	defer func() {
		if err != nil { // else the parts are kept and paid for
			_, _ = f.client.AbortMultipartUpload(context.WithoutCancel(ctx), &s3.AbortMultipartUploadInput{Bucket: &f.bucket, Key: &key, UploadId: begun.UploadId})
		}
	}()
	var parts []types.CompletedPart
	var got int64
	for number := int32(1); len(chunk) > 0; number++ {
		sent, err := f.client.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: &f.bucket, Key: &key, UploadId: begun.UploadId, PartNumber: &number,
			Body: bytes.NewReader(chunk), ContentLength: aws.Int64(int64(len(chunk))),
		})
		if err != nil {
			return translate("keep file", key, err)
		}
		parts = append(parts, types.CompletedPart{ETag: sent.ETag, PartNumber: aws.Int32(number)})
		got += int64(len(chunk))
		chunk, err = part(body)
		if err != nil {
			return fmt.Errorf("keep file %s: %w", key, err)
		}
	}
	err = whole(got, size)
	if err != nil {
		return err
	}
	_, err = f.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &f.bucket, Key: &key, UploadId: begun.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	return translate("keep file", key, err)
}

// Open is port.Files.
func (f *Files) Open(ctx context.Context, key string, offset int64) (io.ReadCloser, error) {
	if offset < 0 {
		return nil, fault.New(fault.Invalid, "a file is read from byte 0 on or later")
	}
	in := &s3.GetObjectInput{Bucket: &f.bucket, Key: &key}
	if offset > 0 {
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", offset))
	}
	got, err := f.client.GetObject(ctx, in)
	if status(err) == http.StatusRequestedRangeNotSatisfiable { // nothing stands there: it is the end of the file
		return io.NopCloser(strings.NewReader("")), nil
	}
	if err != nil {
		return nil, translate("open file", key, err)
	}
	return got.Body, nil
}

// Size is port.Files.
func (f *Files) Size(ctx context.Context, key string) (int64, error) {
	head, err := f.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &f.bucket, Key: &key})
	if err != nil {
		return 0, translate("size of file", key, err)
	}
	return aws.ToInt64(head.ContentLength), nil
}

// UploadURL is port.Files: whoever has the URL may PUT one file there until expiry, whatever content type their tool sends.
func (f *Files) UploadURL(ctx context.Context, key string, expiry time.Duration) (string, error) {
	signed, err := f.sign.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: &f.bucket, Key: &key}, s3.WithPresignExpires(expiry))
	if err != nil {
		return "", translate("address for file", key, err)
	}
	return signed.URL, nil
}

// status is the HTTP status S3 answered with, 0 where it did not answer.
func status(err error) int {
	var answered *awshttp.ResponseError
	if errors.As(err, &answered) {
		return answered.HTTPStatusCode()
	}
	return 0
}

// translate gives err the kind that decides what happens next.
func translate(doing, key string, err error) error {
	if err == nil {
		return nil
	}
	code := ""
	var api smithy.APIError
	if errors.As(err, &api) {
		code = api.ErrorCode()
	}
	at := status(err)
	switch {
	case code == "NoSuchBucket": // a mistake of ours, not a file that is not there
	case code == "NoSuchKey" || at == http.StatusNotFound:
		return fault.New(fault.Missing, "no such file")
	case at == http.StatusServiceUnavailable || at == http.StatusTooManyRequests || code == "SlowDown" || code == "RequestTimeout":
		return fault.Wrap(fault.Busy, "the store of files is busy", err)
	}
	return fmt.Errorf("%s %s: %w", doing, key, err)
}
