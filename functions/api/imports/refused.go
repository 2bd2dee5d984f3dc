package imports

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/teei/csr-platform/functions/internal/rows"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/intake"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

// The length of a page.
const (
	usual = 50
	most  = 500
)

// What a refused row may be.
const (
	stillRefused = "refused"
	replayed     = "replayed"
)

// refused is a row as it is sent. Record is by column; a row that could not be split into the columns of its file has Values alone.
type refused struct {
	Row      int               `json:"row"` // data rows count from 1
	Status   string            `json:"status"`
	Problems []intake.Problem  `json:"problems"`
	Record   map[string]string `json:"record,omitempty"`
	Values   []string          `json:"values,omitempty"`
}

func showRow(l intake.Layout, row intake.Refused) refused {
	s := refused{Row: row.Row, Status: row.Status, Problems: row.Problems}
	if len(row.Record) != len(l.Header) {
		s.Values = row.Record
		return s
	}
	s.Record = map[string]string{}
	for i, column := range l.Header {
		s.Record[column] = row.Record[i]
	}
	return s
}

// errorPage is a part of an import's refused rows. Next continues it as ?after=.
type errorPage struct {
	Errors []refused `json:"errors"`
	Next   string    `json:"next,omitempty"`
}

// errors answers the refused rows: as JSON page by page, or as a CSV that one can fix and send again, whole unless a limit is named.
func (h *Handler) errors(w http.ResponseWriter, r *http.Request) error {
	query, err := web.Query(r, "company", "format", "status", "after", "limit")
	if err != nil {
		return err
	}
	format, status := query.Get("format"), query.Get("status")
	if format == "" && strings.HasPrefix(r.Header.Get("Accept"), "text/csv") {
		format = "csv"
	}
	var checks fault.Checks
	checks.That(slices.Contains([]string{"", "json", "csv"}, format), "format", "json or csv")
	checks.That(slices.Contains([]string{"", stillRefused, replayed, "all"}, status), "status", "refused, replayed or all")
	after := web.Number(&checks, query, "after", 0, 0, math.MaxInt32)
	limit := web.Number(&checks, query, "limit", usual, 1, most)
	if format == "csv" && !query.Has("limit") {
		limit = math.MaxInt
	}
	err = checks.Err("the errors cannot be shown that way")
	if err != nil {
		return err
	}
	in, _, err := h.find(r, query.Get("company"))
	if err != nil {
		return err
	}
	if status == "" {
		status = stillRefused
	}
	var layout intake.Layout
	if len(in.Layout) > 0 {
		err = json.Unmarshal(in.Layout, &layout)
		if err != nil {
			return fmt.Errorf("layout of import %s: %w", in.ID, err)
		}
	}
	if format == "csv" {
		return h.errorFile(w, r, in, layout, status, after, limit)
	}
	answer := errorPage{Errors: []refused{}}
	err = h.rows(r.Context(), in, status, after, limit+1, func(found []intake.Refused) error {
		for _, row := range found {
			answer.Errors = append(answer.Errors, showRow(layout, row))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(answer.Errors) > limit {
		answer.Errors = answer.Errors[:limit]
		answer.Next = strconv.Itoa(answer.Errors[limit-1].Row)
	}
	return web.JSON(w, http.StatusOK, answer)
}

// errorFile writes rows as they are read, so that a long list takes no memory.
func (h *Handler) errorFile(w http.ResponseWriter, r *http.Request, in intake.Import, layout intake.Layout, status string, after, limit int) error {
	if layout.Header == nil {
		return fault.New(fault.Conflict, strings.TrimSuffix("no row of the file was read: the import is "+string(in.Status)+": "+in.Reason, ": "))
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="import-`+in.ID+`-errors.csv"`)
	out, err := intake.NewErrorFile(w, layout)
	if err != nil {
		return err
	}
	return h.rows(r.Context(), in, status, after, limit, out.Write)
}

// rows hands up to limit rows of the status behind row number after to each, in pieces.
func (h *Handler) rows(ctx context.Context, in intake.Import, status string, after, limit int, each func([]intake.Refused) error) error {
	for limit > 0 {
		var found []intake.Refused
		err := h.ledger.Do(ctx, port.In(in.Company, access.From(ctx).Subject), func(tx port.Tx) error {
			var err error
			found, err = tx.Imports().Refused(ctx, in.ID, after, most)
			return err
		})
		if err != nil {
			return err
		}
		more := len(found) == most
		if more {
			after = found[most-1].Row
		}
		found = slices.DeleteFunc(found, func(row intake.Refused) bool { return status != "all" && row.Status != status })
		found = found[:min(limit, len(found))]
		limit -= len(found)
		err = each(found)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// fixed is what became of a corrected row.
type fixed struct {
	Row    int    `json:"row"`
	Status string `json:"status"`
	Taken  bool   `json:"taken"` // it said something new
}

// fix takes a refused row as corrected by the body, a JSON object of values by column; without a body, as it is. A row that still
// breaks a rule is Invalid and says every one.
func (h *Handler) fix(w http.ResponseWriter, r *http.Request) error {
	query, err := web.Query(r, "company", "scale")
	if err != nil {
		return err
	}
	scale, err := intake.ParseScale(query.Get("scale"))
	if err != nil {
		return err
	}
	number, ok := whole(r.PathValue("row"))
	if !ok || number < 1 {
		return fault.New(fault.Missing, "no such row among the refused ones")
	}
	values, err := corrections(w, r)
	if err != nil {
		return err
	}
	in, now, err := h.find(r, query.Get("company"))
	if err != nil {
		return err
	}
	row, err := h.corrected(r.Context(), in, number, scale, values, now)
	if err != nil {
		return err
	}
	caller := access.From(r.Context())
	var taken int
	err = h.ledger.Do(r.Context(), port.In(in.Company, caller.Subject), func(tx port.Tx) error {
		taken, err = rows.Keep(r.Context(), tx, []rows.Row{row})
		if err != nil {
			return err
		}
		tx.Imports().Replayed(in.ID, number, taken > 0)
		tx.Audit(entry(caller, in.ID, map[string]any{"row": number, "status": replayed}))
		return nil
	})
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusOK, fixed{Row: number, Status: replayed, Taken: taken > 0})
}

// corrected reads a refused row with values in place of its own.
func (h *Handler) corrected(ctx context.Context, in intake.Import, number int, scale intake.Scale, values map[string]string, now time.Time) (rows.Row, error) {
	if in.Status != intake.Completed && in.Status != intake.Failed {
		return rows.Row{}, fault.New(fault.Conflict, "the import is "+string(in.Status)+": rows can be fixed once it has ended")
	}
	var found []intake.Refused
	err := h.ledger.Do(ctx, port.In(in.Company, access.From(ctx).Subject), func(tx port.Tx) error {
		var err error
		found, err = tx.Imports().Refused(ctx, in.ID, number-1, 1)
		return err
	})
	if err != nil {
		return rows.Row{}, err
	}
	if len(found) == 0 || found[0].Row != number {
		return rows.Row{}, fault.New(fault.Missing, "no such row among the refused ones")
	}
	if found[0].Status != stillRefused {
		return rows.Row{}, fault.New(fault.Conflict, "this row was fixed already")
	}
	var layout intake.Layout
	err = json.Unmarshal(in.Layout, &layout)
	if err != nil {
		return rows.Row{}, fmt.Errorf("layout of import %s: %w", in.ID, err)
	}
	if scale != "" {
		layout.Scale, layout.Mixed = scale, false
	}
	record := found[0].Record
	if values != nil {
		record, err = layout.Corrected(record, values)
		if err != nil {
			return rows.Row{}, err
		}
	}
	row, problems := rows.Read(in, layout, number, record, now)
	if problems != nil {
		return row, refusal(problems)
	}
	return row, nil
}

func refusal(problems []intake.Problem) error {
	fields := make([]fault.Field, len(problems))
	for i, p := range problems {
		fields[i] = fault.Field{Name: p.Column, Expected: p.Expected + " (" + p.Code + ")"}
		if p.Column == "" {
			fields[i].Name = "row"
		}
	}
	return fault.Fields("the row cannot be taken yet", fields...)
}

// corrections reads values by column: texts, or numbers and truths as JSON writes them. No body is nil.
func corrections(w http.ResponseWriter, r *http.Request) (map[string]string, error) {
	raw, err := web.Body(w, r, 4*intake.MaxRecord)
	if err != nil || len(bytes.TrimSpace(raw)) == 0 {
		return nil, err
	}
	given, err := web.Decode[map[string]json.RawMessage](raw)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	var checks fault.Checks
	for column, value := range given {
		text := ""
		switch {
		case string(value) == "null":
		case value[0] == '"':
			err = json.Unmarshal(value, &text)
			checks.That(err == nil, column, "text")
		default:
			text = string(value)
			checks.That(value[0] != '{' && value[0] != '[', column, "text or a number")
		}
		values[column] = text
	}
	return values, checks.Err("the corrected row is not an object of values by column")
}

// whole reads a whole number, not negative.
func whole(raw string) (int, bool) {
	n, err := strconv.ParseUint(raw, 10, 31)
	return int(n), err == nil
}
