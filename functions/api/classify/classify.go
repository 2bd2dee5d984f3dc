package classify

import (
	"context"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

// MaxTexts is how many texts one request may hold.
const MaxTexts = 100

// longest is the size in bytes beyond which no body is read: what Lambda takes, with room for its envelope. A hundred texts of the
// greatest length fit, also with every letter escaped, unless they are of emoji.
const longest = 4 << 20

// atOnce is how many texts of one request are read at the same time: a model elsewhere takes seconds for each.
const atOnce = 8

// sent is the body: either Text or Texts.
type sent struct {
	Text  *string   `json:"text"`
	Texts *[]string `json:"texts"`
}

// check names everything that is wrong with the body.
func (s sent) check() error {
	var c fault.Checks
	switch {
	case s.Text != nil && s.Texts != nil:
		c.That(false, "texts", "either text or texts, not both")
	case s.Text == nil && s.Texts == nil:
		c.That(false, "text", "a text, or several as texts")
	case s.Text != nil:
		checkText(&c, "text", *s.Text)
	default:
		if !c.That(len(*s.Texts) >= 1 && len(*s.Texts) <= MaxTexts, "texts", fmt.Sprintf("1 to %d texts", MaxTexts)) {
			break
		}
		for i, text := range *s.Texts {
			checkText(&c, fmt.Sprintf("texts[%d]", i), text)
		}
	}
	return c.Err("this cannot be classified")
}

func checkText(c *fault.Checks, field, text string) {
	n := utf8.RuneCountInString(text)
	c.That(n >= 1 && n <= feedback.MaxText, field, fmt.Sprintf("1 to %d characters", feedback.MaxText))
}

// results answers several texts, in their order.
type results struct {
	Results []result `json:"results"`
}

// classify scores what is sent and keeps nothing of it.
func (h *Handler) classify(w http.ResponseWriter, r *http.Request) error {
	in, err := web.Read[sent](w, r, longest)
	if err != nil {
		return err
	}
	err = in.check()
	if err != nil {
		return err
	}
	caller := access.From(r.Context())
	payer := caller.Company
	if caller.Role.OfOperator() {
		payer = company.OperatorID
	}
	if payer == "" {
		return fault.New(fault.Forbidden, "the token names no company")
	}
	texts := in.Texts
	if texts == nil {
		texts = &[]string{*in.Text}
	}
	err = h.allow(r.Context(), port.In(payer, caller.Subject), len(*texts))
	if err != nil {
		return err
	}
	found, err := h.read(r.Context(), payer, *texts)
	if err != nil {
		return err
	}
	if in.Text != nil {
		return web.JSON(w, http.StatusOK, found[0])
	}
	return web.JSON(w, http.StatusOK, results{found})
}

// allow counts n texts in this minute of the scope's company, or refuses them all.
func (h *Handler) allow(ctx context.Context, scope port.Scope, n int) error {
	var taken bool
	var now time.Time
	err := h.ledger.Do(ctx, scope, func(tx port.Tx) (err error) {
		now = tx.Now()
		taken, err = tx.Limits().Take(ctx, "classify", n, h.allowed)
		return err
	})
	if err != nil || taken {
		return err
	}
	return &fault.Error{
		Kind: fault.Limited, RetryAfter: now.Truncate(time.Minute).Add(time.Minute).Sub(now),
		Sentence: fmt.Sprintf("your company may have %d texts classified in a minute: these would be more", h.allowed),
	}
}

// read has the model score texts, several at a time.
func (h *Handler) read(ctx context.Context, payer string, texts []string) ([]result, error) {
	found := make([]result, len(texts))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, text := range texts {
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			scoring, err := h.model.Score(ctx, outcome.Request{Company: payer, Text: text})
			if kind := fault.KindOf(err); kind == fault.Invalid || kind == fault.TooLarge {
				return refused(i, len(texts), err)
			}
			if err != nil {
				return fmt.Errorf("score text %d: %w", i, err)
			}
			err = outcome.Verify(text, scoring)
			if err != nil { // the model's mistake, not the sender's
				return fault.Wrap(fault.Unknown, fmt.Sprintf("score text %d by %s", i, scoring.ModelVersion), err)
			}
			found[i] = resultOf(text, scoring, func(span outcome.Span) string { return span.Text })
			return nil
		})
	}
	return found, group.Wait()
}

// refused names the text that the model will not read, of n that were sent.
func refused(i, n int, err error) error {
	field := "text"
	if n > 1 {
		field = fmt.Sprintf("texts[%d]", i)
	}
	return &fault.Error{
		Kind: fault.Invalid, Sentence: "the model does not read this text", Cause: err,
		Fields: []fault.Field{{Name: field, Expected: "a text that the model reads: " + fault.Of(err).Sentence}},
	}
}
