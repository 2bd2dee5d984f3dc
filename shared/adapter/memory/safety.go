package memory

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// moderated is what was found in texts and decided about them.
type moderated struct {
	screenings map[string]safety.Screened // by text id
	flags      map[string]safety.Flag
	reviews    map[string][]safety.Review // by flag id
}

func newModerated() moderated {
	return moderated{map[string]safety.Screened{}, map[string]safety.Flag{}, map[string][]safety.Review{}}
}

type screened struct{ *tx }

var _ port.Safety = screened{}

// current is the text of this id that the scope may see, and its version.
func (s screened) current(id string) (feedback.Text, string, bool) {
	text, found := s.ledger.text(id)
	if !found || !s.sees(s.ledger.ratings[id].company) {
		return feedback.Text{}, "", false
	}
	return text, safety.TextVersion(id, text.Body), true
}

func (s screened) Keep(_ context.Context, in safety.Screened) (bool, error) {
	_, ok := s.own()
	_, version, found := s.current(in.ContentID)
	if !ok || !found || version != in.TextVersion {
		return false, s.failed
	}
	put(s.tx, s.ledger.moderated.screenings, in.ContentID, in)
	return true, nil
}

func (s screened) Screening(_ context.Context, text string) (safety.Screened, error) {
	found, known := s.ledger.moderated.screenings[text]
	if _, _, exists := s.current(text); !known || !exists {
		return safety.Screened{}, fault.New(fault.Missing, "this text was not screened")
	}
	return found, nil
}

func (s screened) Showable(_ context.Context, texts []string) (map[string]bool, error) {
	showable := map[string]bool{}
	for _, id := range texts {
		if s.showable(id) {
			showable[id] = true
		}
	}
	return showable, nil
}

func (s screened) showable(id string) bool {
	screening, known := s.ledger.moderated.screenings[id]
	_, version, exists := s.current(id)
	if !known || !exists || screening.TextVersion != version {
		return false
	}
	for _, f := range s.ledger.moderated.flags {
		if f.ContentID == id && f.TextVersion == version && f.Status != safety.Superseded {
			return f.Status == safety.Approved
		}
	}
	return screening.Route == safety.Clear
}

func (s screened) Raise(f safety.Flag) {
	owner, ok := s.own()
	if !ok {
		return
	}
	for _, other := range s.ledger.moderated.flags {
		if other.ID == f.ID || other.ContentID == f.ContentID && other.TextVersion == f.TextVersion {
			s.fail(fault.Unknown, "this version of the text has its flag")
			return
		}
	}
	f.Company = owner
	put(s.tx, s.ledger.moderated.flags, f.ID, f)
}

func (s screened) Flag(_ context.Context, id string) (safety.Flag, error) {
	f, found := s.ledger.moderated.flags[id]
	if !found || !s.sees(f.Company) {
		return safety.Flag{}, fault.New(fault.Missing, "no such flag")
	}
	return f, nil
}

// those are the flags that the scope sees and which picks, in the order of compare.
func (s screened) those(which func(safety.Flag) bool, compare func(a, b safety.Flag) int) []safety.Flag {
	var list []safety.Flag
	for _, f := range s.ledger.moderated.flags {
		if s.sees(f.Company) && which(f) {
			list = append(list, f)
		}
	}
	slices.SortFunc(list, compare)
	return list
}

func byAge(a, b safety.Flag) int {
	return cmp.Or(a.RaisedAt.Compare(b.RaisedAt), strings.Compare(a.ID, b.ID))
}

func byGravity(a, b safety.Flag) int {
	return cmp.Or(a.Gravity()-b.Gravity(), byAge(a, b))
}

func (s screened) Flags(_ context.Context, text string) ([]safety.Flag, error) {
	return s.those(func(f safety.Flag) bool { return f.ContentID == text }, byAge), nil
}

func (s screened) Advance(ctx context.Context, f safety.Flag, review *safety.Review) error {
	kept, err := s.Flag(ctx, f.ID)
	if err != nil || kept.Revision != f.Revision {
		return fault.New(fault.Conflict, "somebody else was quicker")
	}
	f.Company = kept.Company
	f.Revision++
	put(s.tx, s.ledger.moderated.flags, f.ID, f)
	if review != nil {
		put(s.tx, s.ledger.moderated.reviews, f.ID, append(slices.Clone(s.ledger.moderated.reviews[f.ID]), *review))
	}
	return nil
}

func (s screened) Queue(_ context.Context, q port.SafetyQueue, limit int) ([]safety.Flag, error) {
	after, known := s.ledger.moderated.flags[q.After]
	list := s.those(func(f safety.Flag) bool {
		seen := f.SeenBy(q.Reviewer)
		waits := seen.Waits() && !seen.SecondDue // of what was decided and is asked again, the decider is not asked
		switch {
		case q.After != "" && (!known || byGravity(f, after) <= 0),
			q.Status == "" && !waits, q.Status != "" && seen.Status != q.Status,
			q.Route != "" && f.Route != q.Route, q.Category != "" && !slices.Contains(f.Categories, q.Category):
			return false
		}
		return true
	}, byGravity)
	list = list[:min(limit, len(list))]
	for i, f := range list {
		list[i] = f.SeenBy(q.Reviewer)
	}
	return list, nil
}

func (s screened) Reviews(ctx context.Context, flag string) ([]safety.Review, error) {
	_, err := s.Flag(ctx, flag)
	if err != nil {
		return nil, nil
	}
	return slices.Clone(s.ledger.moderated.reviews[flag]), nil
}

func (s screened) Course(_ context.Context, since time.Time) ([]safety.Flag, error) {
	return s.those(func(f safety.Flag) bool { return f.Waits() || !f.RaisedAt.Before(since) }, byAge), nil
}

func (s screened) Contacts(context.Context) ([]string, error) {
	var people []string
	for m := range s.ledger.members {
		if m.company == company.OperatorID && m.role == identity.Safeguarding {
			people = append(people, m.person)
		}
	}
	slices.Sort(people)
	return people, nil
}
