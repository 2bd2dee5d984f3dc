// Package evidence answers which words a company's outcomes rest on: the quotes that prove the scores.
//
// Of lang_level_proxy no quote is shown. Its proof is the whole text, which has the words of other outcomes in it, also of those that are
// withheld, and would show which of the other quotes are of one person.
//
// Quotes are of months that are over, by the company's time zone as in the other reports and by UTC too: else whoever asks before and after
// a session is rated sees which words are new, and knows whose. What is written about such a month and comes in later, by a file or as a
// correction, is quoted when it comes.
//
// Asks:    GET /v1/companies/{companyId}/evidence?dimension=&from=YYYY-MM&to=YYYY-MM&limit=&after=
// Answers: quotes with the score of the whole text they are of, its direction, method, model, rubric and month, in an order that tells nothing; of months that are over, the last of them closedThrough, and of months and outcomes with at least five people, of texts that were screened and are not held; names of those who met, ways to reach somebody and what else the screening found personal are masked
// Repeats: safe; nothing is changed
// Fails:   a malformed month, dimension, limit or unknown parameter is 400, and so is lang_level_proxy; another's company is 404
package evidence

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/teei/csr-platform/functions/reports/internal/figures"
	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

const name = "reports/evidence"

// Function is reports/evidence.
var Function = fn.Web(name, open)

func open(ctx context.Context, env port.Env) (http.Handler, error) {
	reader, err := env.Impact(ctx)
	if err != nil {
		return nil, err
	}
	return web.Handle(New(reader, env.Now).Show), env.Config().Err()
}

// Handler answers reports.
type Handler struct {
	impact port.Impact
	now    func() time.Time
}

// New is a handler that reads quotes from impact; now decides which months are the last twelve and which are over.
func New(impact port.Impact, now func() time.Time) *Handler { return &Handler{impact, now} }

const (
	usual   = 50  // quotes of a page
	most    = 200 // at most
	longest = 300 // characters of a quote that are shown
)

// quoted is which dimensions can be asked for.
var quoted = fmt.Sprintf("one of %s; the proof of %s is the whole text, which is not shown", join(impact.Quoted), outcome.LangLevelProxy)

func join(dimensions []outcome.Dimension) string {
	words := make([]string, len(dimensions))
	for i, d := range dimensions {
		words[i] = string(d)
	}
	return strings.Join(words, ", ")
}

// answer is a page of quotes. Next continues it as ?after=.
type answer struct {
	Company       figures.Company `json:"company"`
	Period        figures.Period  `json:"period"`
	ClosedThrough string          `json:"closedThrough"` // the last month that is over: later ones are not quoted
	Evidence      []quote         `json:"evidence"`
	Next          string          `json:"next,omitempty"`
}

// quote proves one score, which is that of the whole text and rests on its other words too. Ref names it and tells nothing of its writer.
type quote struct {
	Ref           string  `json:"ref"`
	Quote         string  `json:"quote"`         // verbatim but for what is masked, as [e-mail]
	Cut           bool    `json:"cut,omitempty"` // the quote is longer than what is shown
	Dimension     string  `json:"dimension"`
	Score         float64 `json:"score"`               // 0…1
	Direction     string  `json:"direction,omitempty"` // gain, loss or state; absent for what was scored before directions were
	Method        string  `json:"method"`
	ModelVersion  string  `json:"modelVersion"`
	RubricVersion string  `json:"rubricVersion,omitempty"`
	Month         string  `json:"month"` // in which it was written
}

// Show answers quotes of the company in the path.
func (h *Handler) Show(w http.ResponseWriter, r *http.Request) error {
	now := h.now()
	asked, err := figures.Ask(r, h.impact, now, "dimension", "limit", "after")
	if err != nil {
		return err
	}
	dimension, limit, after := outcome.Dimension(asked.Query.Get("dimension")), usual, asked.Query.Get("after")
	var checks fault.Checks
	checks.That(!asked.Query.Has("dimension") || slices.Contains(impact.Quoted, dimension), "dimension", quoted)
	checks.That(!asked.Query.Has("after") || isRef(after), "after", "the next of the page before")
	limit = web.Number(&checks, asked.Query, "limit", usual, 1, most)
	err = checks.Err("the quotes cannot be listed")
	if err != nil {
		return err
	}
	running := impact.MonthOf(now, time.UTC)
	if asked.Current.Before(running) {
		running = asked.Current
	}
	found, err := h.quotes(r.Context(), asked, running, dimension, after, limit+1)
	if err != nil {
		return err
	}
	sent := answer{Company: figures.Company{ID: asked.Company}, Period: figures.PeriodOf(asked.Period), ClosedThrough: running.Add(-1).String(), Evidence: []quote{}}
	if len(found) > limit {
		found = found[:limit]
		sent.Next = found[limit-1].Ref
	}
	for _, q := range found {
		sent.Evidence = append(sent.Evidence, shown(q))
	}
	return web.JSON(w, http.StatusOK, sent)
}

// quotes reads those of months that may be shown; running is the first that is not over.
func (h *Handler) quotes(ctx context.Context, asked figures.Asked, running impact.Month, dimension outcome.Dimension, after string, limit int) ([]impact.Quote, error) {
	months, err := h.impact.Months(ctx, asked.Company, asked.Period)
	if err != nil {
		return nil, err
	}
	cells := impact.Quotable(months, dimension, running)
	if cells == nil {
		return nil, nil
	}
	return h.impact.Quotes(ctx, asked.Company, cells, after, limit)
}

// shown writes a quote down.
func shown(q impact.Quote) quote {
	words, cut := shortened(q.Shown())
	return quote{
		Ref: q.Ref, Quote: words, Cut: cut, Dimension: string(q.Dimension), Score: q.Score, Direction: string(q.Direction),
		Method: string(q.Method), ModelVersion: q.ModelVersion, RubricVersion: q.RubricVersion, Month: q.Month.String(),
	}
}

// shortened is the beginning of what is too long, up to a space where there is one.
func shortened(words string) (string, bool) {
	characters := []rune(words)
	if len(characters) <= longest {
		return words, false
	}
	begin := string(characters[:longest])
	if space := strings.LastIndexByte(begin, ' '); space > 0 {
		begin = begin[:space]
	}
	return begin, true
}

// isRef says whether after looks like the Ref of a quote: 32 hexadecimal digits.
func isRef(after string) bool {
	return len(after) == 32 && strings.Trim(after, "0123456789abcdef") == ""
}
