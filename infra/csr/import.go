package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/intake"
)

// maxDirect is the largest file, in bytes, that goes in the request itself; a larger one is uploaded on its own.
const maxDirect = 4 << 20

// imported is an import as the platform shows it.
type imported struct {
	ID        string        `json:"id"`
	Status    intake.Status `json:"status"`
	Reason    string        `json:"reason"`
	UploadURL string        `json:"uploadUrl"`
	StartURL  string        `json:"startUrl"`
	Progress  struct {
		Row, Taken, Same, Refused int
		Percent                   float64
	} `json:"progress"`
}

// upload sends a file, follows its import and sums it up. Refused rows make it an error only if nothing was taken.
func upload(ctx context.Context, s *shell, args []string) error {
	f := s.flags("import", "-kind <kind> -file <file> -company <slug>")
	kind := f.String("kind", "", "what the file holds: "+kindsOfFile())
	file := f.String("file", "", "the CSV file")
	slug := f.String("company", "", "slug of the company it is for")
	scale := f.String("scale", "", "scale of its ratings, unit or five; found from the file when left out")
	refused := f.String("refused", "", "where to write refused rows; <file>.refused.csv, then <file>.refused-2.csv, when left out")
	reach := s.reach(f)
	err := f.Parse(args)
	if err != nil {
		return err
	}
	switch {
	case *kind == "":
		return fmt.Errorf("name the kind of file with KIND= (-kind): one of %s", kindsOfFile())
	case !slices.Contains(intake.Kinds, intake.Kind(*kind)):
		return fmt.Errorf("%s is no kind: one of %s (KIND=, -kind)", *kind, kindsOfFile())
	case *file == "":
		return errors.New("name the file with FILE= (-file)")
	case *slug == "":
		return errors.New("name the company with COMPANY=<slug> (-company)")
	}
	info, err := os.Stat(*file)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file", *file)
	}
	p := reach()
	err = p.signIn(ctx, identity.ProgrammeStaff, "")
	if err != nil {
		return err
	}
	u := uploading{platform: p, shell: s, query: url.Values{"company": {*slug}}}
	made, err := u.start(ctx, *kind, *file, *scale)
	if err != nil {
		return err
	}
	done, err := u.follow(ctx, made.ID)
	if err != nil {
		return err
	}
	return u.conclude(ctx, done, cmp.Or(*refused, refusedOf(*file)))
}

var refusedBefore = regexp.MustCompile(`\.refused(?:-([0-9]{1,4}))?$`)

// refusedOf names the file of the rows that were refused of file: people.refused.csv of people.csv, and of that people.refused-2.csv.
func refusedOf(file string) string {
	name := strings.TrimSuffix(file, filepath.Ext(file))
	before := refusedBefore.FindStringSubmatch(name)
	if before == nil {
		return name + ".refused.csv"
	}
	round, err := strconv.Atoi(before[1])
	if err != nil { // the first has no number
		round = 1
	}
	return fmt.Sprintf("%s.refused-%d.csv", strings.TrimSuffix(name, before[0]), round+1)
}

func kindsOfFile() string {
	names := make([]string, len(intake.Kinds))
	for i, kind := range intake.Kinds {
		names[i] = string(kind)
	}
	return strings.Join(names, ", ")
}

// uploading is one file on its way.
type uploading struct {
	*platform
	shell *shell
	query url.Values // whose file it is, on every request
}

// start hands the file over: in the request itself where it is small enough.
func (u uploading) start(ctx context.Context, kind, file, scale string) (imported, error) {
	opened, err := os.Open(file)
	if err != nil {
		return imported{}, err
	}
	defer opened.Close()
	info, err := opened.Stat()
	if err != nil {
		return imported{}, err
	}
	if info.Size() == 0 {
		return imported{}, fmt.Errorf("%s is empty", file)
	}
	asked := url.Values{"fileName": {filepath.Base(file)}}
	if scale != "" {
		asked.Set("scale", scale)
	}
	for name, values := range u.query {
		asked[name] = values
	}
	path := "/v1/imports/" + kind + "?" + asked.Encode()
	body := &counted{Reader: opened, size: info.Size(), shell: u.shell}
	if info.Size() <= maxDirect {
		var made imported
		return made, u.put(ctx, http.MethodPost, path, "text/csv", body, info.Size(), &made)
	}
	return u.apart(ctx, path, body, info)
}

// apart uploads a large file on its own: a waiting import, its file, then the word to start.
func (u uploading) apart(ctx context.Context, path string, body *counted, info os.FileInfo) (imported, error) {
	ask, err := json.Marshal(map[string]any{"fileName": info.Name(), "size": info.Size()})
	if err != nil {
		return imported{}, err
	}
	var made imported
	err = u.put(ctx, http.MethodPost, path, "application/json", bytes.NewReader(ask), int64(len(ask)), &made)
	if err != nil {
		return imported{}, err
	}
	err = u.put(ctx, http.MethodPut, made.UploadURL, "text/csv", body, info.Size(), nil)
	if err != nil {
		return imported{}, err
	}
	return made, u.put(ctx, http.MethodPost, made.StartURL, "application/json", http.NoBody, 0, nil)
}

// put sends a body as the bearer of the token; to a presigned address, without it.
func (u uploading) put(ctx context.Context, method, path, kind string, body io.Reader, size int64, received any) error {
	header := http.Header{"Content-Type": {kind}}
	if !strings.Contains(path, "://") || strings.HasPrefix(path, u.url) {
		header.Set("Authorization", "Bearer "+u.token)
	} else {
		header.Del("Content-Type") // it is not among what the address was signed for
	}
	got, err := u.do(ctx, method, path, header, body, size)
	if err != nil {
		return err
	}
	return got.read(method+" "+path, received)
}

// counted says how much of a file has gone out.
type counted struct {
	io.Reader
	size, sent int64
	tenths     int64
	shell      *shell
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.sent += int64(n)
	if tenths := 10 * c.sent / c.size; c.size > maxDirect && tenths > c.tenths {
		c.tenths = tenths
		fmt.Fprintf(c.shell.progress, "uploaded %d %% of %.1f MB\n", 10*tenths, float64(c.size)/1e6)
	}
	return n, err
}

// follow waits until the import has come to its end, and says how far it got.
func (u uploading) follow(ctx context.Context, id string) (imported, error) {
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	row := -1
	for {
		var now imported
		err := u.call(ctx, http.MethodGet, "/v1/imports/"+id+"?"+u.query.Encode(), nil, &now)
		if err != nil {
			return imported{}, err
		}
		if now.Progress.Row != row {
			row = now.Progress.Row
			fmt.Fprintf(u.shell.progress, "%-9s %3.0f %%, row %d: %d taken, %d known already, %d refused\n",
				now.Status, now.Progress.Percent, row, now.Progress.Taken, now.Progress.Same, now.Progress.Refused)
		}
		if now.Status == intake.Completed || now.Status == intake.Failed {
			return now, nil
		}
		select {
		case <-ctx.Done():
			return imported{}, fmt.Errorf("import %s goes on without us: %w", id, ctx.Err())
		case <-tick.C:
		}
	}
}

// conclude sums the import up and fetches what was refused.
func (u uploading) conclude(ctx context.Context, done imported, file string) error {
	fmt.Fprintf(u.shell.out, "import   %s\nstatus   %s\nrows     %d\ntaken    %d\nknown    %d\nrefused  %d\n",
		done.ID, done.Status, done.Progress.Row, done.Progress.Taken, done.Progress.Same, done.Progress.Refused)
	if done.Status == intake.Failed {
		return fmt.Errorf("the file cannot be read: %s", done.Reason)
	}
	if done.Progress.Refused == 0 {
		return nil
	}
	asked := url.Values{"format": {"csv"}}
	for name, values := range u.query {
		asked[name] = values
	}
	path := "/v1/imports/" + done.ID + "/errors?" + asked.Encode()
	got, err := u.do(ctx, http.MethodGet, path, http.Header{"Authorization": {"Bearer " + u.token}, "Accept": {"text/csv"}}, nil, 0)
	if err != nil {
		return err
	}
	err = got.read("GET "+path, nil)
	if err != nil {
		return err
	}
	err = os.WriteFile(file, got.body, 0o600)
	if err != nil {
		return err
	}
	fmt.Fprintf(u.shell.out, "\nThe refused rows are in %s, each with what is wrong. Mend them and import that file.\n", file)
	return nil
}
