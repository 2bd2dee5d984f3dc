package classify

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

// maxSample is the most texts that an audit may ask for: about two weeks of one reader's time.
const maxSample = 500

// short is the size in bytes beyond which no body about audits is read.
const short = 4 << 10

// audit names the sample of one company and quarter. Its id is the company's with the quarter behind it: <companyId>-2026-Q1.
type audit struct {
	company string
	quarter impact.Quarter
}

func (a audit) id() string { return a.company + "-" + a.quarter.String() }

// seed makes the random order of the texts. Anybody can compute it and draw the sample again, and nobody can choose it.
func (a audit) seed() string { return identity.ID(a.company, "classify", "audit", a.quarter.String()) }

// auditOf reads an id.
func auditOf(id string) (audit, bool) {
	if len(id) != len(company.OperatorID)+len("-2026-Q1") {
		return audit{}, false
	}
	owner, rest := id[:len(company.OperatorID)], id[len(company.OperatorID):]
	quarter, err := impact.ParseQuarter(strings.TrimPrefix(rest, "-"))
	return audit{strings.ToLower(owner), quarter}, err == nil && rest[0] == '-' && identity.IsID(owner)
}

var noAudit = fault.New(fault.Missing, "no such audit")

// shown is an audit, how far it is and what came of it.
type shown struct {
	ID        string      `json:"id"`
	CompanyID string      `json:"companyId"`
	Quarter   string      `json:"quarter"`
	Seed      string      `json:"seed"`     // texts are taken in the order of SHA-256(seed, newline, id of the text)
	Size      int         `json:"size"`     // as asked for
	Items     int         `json:"items"`    // texts in the sample; fewer than size where there were no more
	Answered  int         `json:"answered"` // of these, by somebody
	Twice     int         `json:"twice"`    // of these, by two or more
	DrawnAt   time.Time   `json:"drawnAt"`
	Agreement []agreement `json:"agreement"`
}

// agreement is how well readers agree on one dimension: reviewers with the model, and the first two reviewers of a text with each other.
type agreement struct {
	Dimension string   `json:"dimension"`
	WithModel indices  `json:"withModel"`
	Reviewers indices  `json:"betweenReviewers"`
	Models    []string `json:"modelVersions"`
}

// indices are null where they are not defined: nothing to compare, or no difference to explain.
type indices struct {
	N     int      `json:"n"`     // answers compared
	Both  int      `json:"both"`  // of these, both find the dimension spoken of
	Kappa *float64 `json:"kappa"` // Cohen's kappa of whether it is spoken of, over n
	QWK   *float64 `json:"qwk"`   // quadratic weighted kappa of the rubric's levels, over both
	MAE   *float64 `json:"mae"`   // mean absolute error, over both
}

func indicesOf(pairs []outcome.Pair) indices {
	a := outcome.Agree(pairs)
	return indices{a.N, a.Both, rounded(a.Mentioned), rounded(a.QWK), rounded(a.MAE)}
}

// rounded is x to three decimals. It may be below 0: readers who agree less than by chance.
func rounded(x *float64) *float64 {
	if x == nil {
		return nil
	}
	r := outcome.Round(max(*x, 0))
	if *x < 0 {
		r = -outcome.Round(-*x)
	}
	return &r
}

// agreements sets out what was compared, for every dimension in the agreed order.
func agreements(compared []outcome.Comparison) []agreement {
	found := make([]agreement, 0, len(outcome.Dimensions))
	for _, d := range outcome.Dimensions {
		var model, reviewers []outcome.Pair
		one := agreement{Dimension: string(d), Models: []string{}}
		for _, c := range compared {
			switch {
			case c.Dimension != d:
			case c.ModelVersion == "":
				reviewers = append(reviewers, c.Pair)
			default:
				model = append(model, c.Pair)
				one.Models = append(one.Models, c.ModelVersion)
			}
		}
		slices.Sort(one.Models)
		one.Models = slices.Compact(one.Models)
		one.WithModel, one.Reviewers = indicesOf(model), indicesOf(reviewers)
		found = append(found, one)
	}
	return found
}

// shownOf is a sample with what came of it, read in the scope of its company.
func (h *Handler) shownOf(ctx context.Context, d impact.Drawn) (shown, error) {
	var compared []outcome.Comparison
	err := h.ledger.Do(ctx, port.In(d.Company, access.From(ctx).Subject), func(tx port.Tx) (err error) {
		compared, err = tx.Audits().Compared(ctx, d.Quarter)
		return err
	})
	return shown{
		ID: audit{d.Company, d.Quarter}.id(), CompanyID: d.Company, Quarter: d.Quarter.String(), Seed: d.Seed, Size: d.Size,
		Items: d.Items, Answered: d.Answered, Twice: d.Twice, DrawnAt: d.At, Agreement: agreements(compared),
	}, err
}

// asked is the body that draws an audit.
type asked struct {
	CompanyID string `json:"companyId"` // or its slug
	Quarter   string `json:"quarter"`
	Size      int    `json:"size"`
}

// draw makes an audit, or draws it anew: texts that came since may belong to it, and a greater size adds more. It never becomes smaller.
func (h *Handler) draw(w http.ResponseWriter, r *http.Request) error {
	ctx, caller := r.Context(), access.From(r.Context())
	in, err := web.Read[asked](w, r, short)
	if err != nil {
		return err
	}
	var c fault.Checks
	c.That(identity.IsID(in.CompanyID) || company.IsSlug(in.CompanyID), "companyId", "the id or the slug of a company")
	quarter, err := impact.ParseQuarter(in.Quarter)
	c.That(err == nil, "quarter", "a quarter written YYYY-Q1 to YYYY-Q4")
	c.That(in.Size >= 1 && in.Size <= maxSample, "size", fmt.Sprintf("a whole number from 1 to %d", maxSample))
	err = c.Err("the audit cannot be drawn")
	if err != nil {
		return err
	}
	owner, err := h.owner(ctx, in.CompanyID)
	if err != nil {
		return err
	}
	a := audit{owner, quarter}
	var drawn []impact.Drawn
	created := false
	err = h.ledger.Do(ctx, port.In(owner, caller.Subject), func(tx port.Tx) error {
		if quarter.First().Start(time.UTC).After(tx.Now().AddDate(0, 0, 1)) {
			return fault.Fields("the audit cannot be drawn", fault.Field{Name: "quarter", Expected: "a quarter that has begun"})
		}
		known, err := tx.Audits().Asked(ctx, quarter, a.seed())
		if err != nil {
			return err
		}
		created = known == 0
		sample, err := impact.NewSample(quarter, a.seed(), max(in.Size, known))
		if err != nil {
			return err
		}
		items, err := tx.Audits().Draw(ctx, sample)
		if err != nil {
			return err
		}
		action := "UPDATE"
		if created {
			action = "CREATE"
		}
		tx.Audit(company.Entry{
			Actor: caller.Subject, Role: string(caller.Role), Action: action, ResourceType: "score_audit", ResourceID: a.id(),
			Before: map[string]any{"size": known}, After: map[string]any{"size": sample.Size, "items": items},
		})
		drawn, err = tx.Audits().Samples(ctx, before(quarter), 1)
		return err
	})
	if err != nil {
		return err
	}
	answer, err := h.shownOf(ctx, drawn[0])
	if err != nil {
		return err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	return web.JSON(w, status, answer)
}

// before is what lies before all samples of quarter, and behind those of later ones: in the scope of one company, its sample comes next.
func before(quarter impact.Quarter) impact.Drawn {
	return impact.Drawn{Company: "ffffffff-ffff-ffff-ffff-ffffffffffff", Sample: impact.Sample{Quarter: quarter}}
}

// owner finds a company by id or slug, in the operator's scope.
func (h *Handler) owner(ctx context.Context, named string) (string, error) {
	var found company.Company
	err := h.ledger.Do(ctx, port.Operator(access.From(ctx).Subject), func(tx port.Tx) (err error) {
		found, err = tx.Companies().Find(ctx, named)
		return err
	})
	return found.ID, err
}

// The length of a page.
const (
	usual = 20
	most  = 50
)

// page is a part of the list. Next continues it as ?after=.
type page struct {
	Audits []shown `json:"audits"`
	Next   string  `json:"next,omitempty"`
}

// list answers audits, the latest quarter first; of one company where ?company= names it.
func (h *Handler) list(w http.ResponseWriter, r *http.Request) error {
	ctx, caller := r.Context(), access.From(r.Context())
	query, err := web.Query(r, "company", "after", "limit")
	if err != nil {
		return err
	}
	var c fault.Checks
	var after impact.Drawn
	if query.Has("after") {
		a, ok := auditOf(query.Get("after"))
		c.That(ok, "after", "the next of the page before")
		after.Company, after.Quarter = a.company, a.quarter
	}
	limit := web.Number(&c, query, "limit", usual, 1, most)
	err = c.Err("the audits cannot be listed that way")
	if err != nil {
		return err
	}
	scope := port.Operator(caller.Subject)
	if query.Has("company") {
		owner, err := h.owner(ctx, query.Get("company"))
		if err != nil {
			return err
		}
		scope = port.In(owner, caller.Subject)
	}
	var drawn []impact.Drawn
	err = h.ledger.Do(ctx, scope, func(tx port.Tx) (err error) {
		drawn, err = tx.Audits().Samples(ctx, after, limit+1)
		return err
	})
	if err != nil {
		return err
	}
	answer := page{Audits: []shown{}}
	if len(drawn) > limit {
		drawn = drawn[:limit]
		answer.Next = audit{drawn[limit-1].Company, drawn[limit-1].Quarter}.id()
	}
	for _, d := range drawn {
		one, err := h.shownOf(ctx, d)
		if err != nil {
			return err
		}
		answer.Audits = append(answer.Audits, one)
	}
	return web.JSON(w, http.StatusOK, answer)
}
