package moderation

import (
	"net/http"
	"time"

	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

// How far back figures go, in days.
const (
	usualDays = 90
	mostDays  = 366
)

// wait is how long flags waited for their first decision.
type wait struct {
	Open          int    `json:"open"`
	Reviewed      int    `json:"reviewed"`
	MedianSeconds *int64 `json:"medianSeconds"` // null where none was reviewed
	P90Seconds    *int64 `json:"p90Seconds"`
}

func waitOf(in safety.Wait) wait {
	w := wait{Open: in.Open, Reviewed: in.Reviewed}
	if in.Reviewed > 0 {
		median, p90 := int64(in.Median.Seconds()), int64(in.P90.Seconds())
		w.MedianSeconds, w.P90Seconds = &median, &p90
	}
	return w
}

// course is how moderation went for flags raised since, and what waits from before.
type course struct {
	Since      time.Time                `json:"since"`
	All        wait                     `json:"all"`
	Routes     map[safety.Route]wait    `json:"routes"`
	Categories map[safety.Category]wait `json:"categories"` // a flag counts for each of its categories
	Unalerted  int                      `json:"unalerted"`  // wait for safeguarding, and there was nobody to ask a notification for
	Appeals    struct {
		Decided      int      `json:"decided"`
		Overturned   int      `json:"overturned"`
		OverturnRate *float64 `json:"overturnRate"` // 0…1; null where none was decided
	} `json:"appeals"`
	Agreement struct {
		Pairs int      `json:"pairs"`
		Kappa *float64 `json:"kappa"` // Cohen's; null where it is not defined
	} `json:"agreement"`
}

func (h *Handler) stats(w http.ResponseWriter, r *http.Request) error {
	query, err := web.Query(r, "days")
	if err != nil {
		return err
	}
	var checks fault.Checks
	days := web.Number(&checks, query, "days", usualDays, 1, mostDays)
	err = checks.Err("the figures cannot be asked that way")
	if err != nil {
		return err
	}
	ctx := r.Context()
	var answer course
	err = h.ledger.Do(ctx, port.Operator(access.From(ctx).Subject), func(tx port.Tx) error {
		since := tx.Now().AddDate(0, 0, -days)
		flags, err := tx.Safety().Course(ctx, since)
		answer = courseOf(safety.Figures(flags), since)
		return err
	})
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusOK, answer)
}

func courseOf(in safety.Course, since time.Time) course {
	c := course{Since: since, All: waitOf(in.All), Routes: map[safety.Route]wait{}, Categories: map[safety.Category]wait{}, Unalerted: in.Unalerted}
	for route, w := range in.Routes {
		c.Routes[route] = waitOf(w)
	}
	for category, w := range in.Categories {
		c.Categories[category] = waitOf(w)
	}
	c.Appeals.Decided, c.Appeals.Overturned = in.Appeals, in.Overturned
	if in.Appeals > 0 {
		rate := float64(in.Overturned) / float64(in.Appeals)
		c.Appeals.OverturnRate = &rate
	}
	c.Agreement.Pairs, c.Agreement.Kappa = in.Pairs, in.Kappa
	return c
}
