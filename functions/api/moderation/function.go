// Package moderation runs the review queue: who looks at which held text, what they decided, and how that goes.
//
// Texts stay out of sight until ?reveal=true asks for one, which the audit log notes. The text of what goes to safeguarding is shown to that
// role alone; that it waits, of which company, and what was found in it, all reviewers see. A decision needs a claim, which lasts half an
// hour. An escalation is confirmed (escalated) or sent back (returned) by a second person; an appeal is decided neither by who rejected the
// text nor by who asked for the appeal. About one decision in ten is asked of a second person, who sees the flag as undecided, as every
// reviewer but the first does, also by appealing; what they say changes the figures alone. An author's appeal waits for nobody.
//
// Asks:    GET /v1/moderation/queue?route=&status=&category=&after=&limit=; GET /v1/moderation/stats?days=; GET /v1/moderation/flags/{flagId}?reveal=; POST …/claim, …/release, …/decision, …/appeal
// Answers: flags, gravest and oldest first; one flag, with its text where asked for; how long flags wait, how often appeals overturn, how far reviewers agree
// Tells:   safety.review.completed for a decision; notification.requested for each safeguarding contact when something is escalated
// Repeats: a claim again renews it; a decision, an appeal or a release again is 409
// Fails:   who was slower gets 409 saying what happened; another's role 403; an unknown flag, or somebody else's text for an author, 404
package moderation

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

const name = "api/moderation"

// Function is api/moderation.
var Function = fn.Web(name, open)

func open(ctx context.Context, env port.Env) (http.Handler, error) {
	ledger, err := env.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	return web.Handle(New(ledger).Serve), env.Config().Err()
}

// Handler shows flags and takes decisions about them.
type Handler struct{ ledger port.Ledger }

// New is a handler of the flags in ledger.
func New(ledger port.Ledger) *Handler { return &Handler{ledger} }

// Serve answers the function's routes.
func (h *Handler) Serve(w http.ResponseWriter, r *http.Request) error {
	last := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	flagged := r.PathValue("flagId") != ""
	switch {
	case r.Method == http.MethodGet && flagged:
		return h.show(w, r)
	case r.Method == http.MethodGet && last == "queue":
		return h.queue(w, r)
	case r.Method == http.MethodGet && last == "stats":
		return h.stats(w, r)
	case r.Method == http.MethodPost && flagged && (last == "claim" || last == "release"):
		return h.hold(w, r, last == "claim")
	case r.Method == http.MethodPost && flagged && last == "decision":
		return h.decide(w, r)
	case r.Method == http.MethodPost && flagged && last == "appeal":
		return h.appeal(w, r)
	}
	return fault.New(fault.Missing, "no such resource")
}

// reviewer is who is asking.
func reviewer(ctx context.Context) safety.Reviewer {
	caller := access.From(ctx)
	return safety.Reviewer{Subject: caller.Subject, Role: caller.Role}
}

var unknown = fault.New(fault.Missing, "no such flag")

// company finds whose text the flag of the path is about, in the operator's scope.
func (h *Handler) company(r *http.Request) (string, error) {
	ctx, id := r.Context(), r.PathValue("flagId")
	if !identity.IsID(id) {
		return "", unknown
	}
	var flag safety.Flag
	err := h.ledger.Do(ctx, port.Operator(access.From(ctx).Subject), func(tx port.Tx) (err error) {
		flag, err = tx.Safety().Flag(ctx, id)
		return err
	})
	return flag.Company, err
}

// The length of a page.
const (
	usual = 50
	most  = 200
)

// page is a part of the queue. Next continues it as ?after=.
type page struct {
	Flags []line `json:"flags"`
	Next  string `json:"next,omitempty"`
}

var routes = []safety.Route{safety.Moderation, safety.Safeguarding}

func (h *Handler) queue(w http.ResponseWriter, r *http.Request) error {
	asked, limit, err := filter(r)
	if err != nil {
		return err
	}
	var found []safety.Flag
	var answer page
	err = h.ledger.Do(r.Context(), port.Operator(asked.Reviewer), func(tx port.Tx) error {
		found, err = tx.Safety().Queue(r.Context(), asked, limit+1)
		answer = page{Flags: []line{}}
		if len(found) > limit {
			found = found[:limit]
			answer.Next = found[limit-1].ID
		}
		for _, f := range found {
			answer.Flags = append(answer.Flags, lineOf(f, asked.Reviewer, tx.Now()))
		}
		return err
	})
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusOK, answer)
}

// filter reads which part of the queue is asked for.
func filter(r *http.Request) (port.SafetyQueue, int, error) {
	query, err := web.Query(r, "route", "status", "category", "after", "limit")
	if err != nil {
		return port.SafetyQueue{}, 0, err
	}
	asked := port.SafetyQueue{
		Route: safety.Route(query.Get("route")), Status: safety.Status(query.Get("status")), Category: safety.Category(query.Get("category")),
		After: query.Get("after"), Reviewer: access.From(r.Context()).Subject,
	}
	var checks fault.Checks
	checks.That(asked.Route == "" || slices.Contains(routes, asked.Route), "route", "one of "+list(routes))
	checks.That(asked.Status == "" || slices.Contains(safety.Statuses, asked.Status), "status", "one of "+list(safety.Statuses))
	categories := append(slices.Clone(safety.Categories), safety.Unread)
	checks.That(asked.Category == "" || slices.Contains(categories, asked.Category), "category", "one of "+list(categories))
	checks.That(asked.After == "" || identity.IsID(asked.After), "after", "the next of the page before")
	limit := web.Number(&checks, query, "limit", usual, 1, most)
	return asked, limit, checks.Err("the queue cannot be asked that way")
}

func list[S ~string](values []S) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v)
	}
	return strings.Join(words, ", ")
}
