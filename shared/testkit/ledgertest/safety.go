package ledgertest

import (
	"fmt"
	"slices"
	"time"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// writes keeps a text and gives its id. The later order is the later statement about it.
func (r *room) writes(companyID, ref, body string, order int) string {
	r.Helper()
	rating := r.rating(companyID, ref, ref, feedback.FromParticipant, body)
	rating.SentAt = rating.SentAt.Add(time.Duration(order) * time.Minute)
	r.rates(companyID, rating)
	return rating.ID
}

// read is a screening of a text that says body.
func read(text, body string, findings ...safety.Finding) safety.Screened {
	return safety.Screened{
		Screening: safety.Screening{
			ID: identity.NewID(), ContentID: text, ContentType: "feedback_text", Version: "v", Language: "en", Findings: findings,
			Route: safety.Usual.Judge(findings).Route, At: day,
		},
		TextVersion: safety.TextVersion(text, body),
	}
}

func (r *room) screens(companyID string, s safety.Screened) (kept bool) {
	r.Helper()
	r.do(companyID, func(tx port.Tx) (err error) {
		kept, err = tx.Safety().Keep(r.ctx, s)
		return err
	})
	return kept
}

// raises flags what s was read of.
func (r *room) raises(companyID string, s safety.Screened, at time.Time) safety.Flag {
	r.Helper()
	flag := safety.Raise(contract.EventID(s.ContentID, "flag", s.TextVersion), s, companyID, safety.Usual.Judge(s.Findings), at)
	r.do(companyID, func(tx port.Tx) error { tx.Safety().Raise(flag); return nil })
	return flag
}

func (r *room) flag(companyID, id string) (f safety.Flag) {
	r.Helper()
	r.do(companyID, func(tx port.Tx) (err error) {
		f, err = tx.Safety().Flag(r.ctx, id)
		return err
	})
	return f
}

func (r *room) advance(companyID string, f safety.Flag, review *safety.Review) error {
	return r.Ledger.Do(r.ctx, port.In(companyID, actor), func(tx port.Tx) error { return tx.Safety().Advance(r.ctx, f, review) })
}

func (r *room) showable(companyID string, texts ...string) map[string]bool {
	r.Helper()
	var showable map[string]bool
	r.do(companyID, func(tx port.Tx) (err error) {
		showable, err = tx.Safety().Showable(r.ctx, texts)
		return err
	})
	return showable
}

// shows checks whether the text may be shown to its own company.
func (r *room) shows(when, text string, want bool) {
	r.Helper()
	r.equal("showable "+when, r.showable(r.a.ID, text)[text], want)
}

func (r *room) queue(companyID string, q port.SafetyQueue, limit int) (ids []string) {
	r.Helper()
	r.do(companyID, func(tx port.Tx) error {
		list, err := tx.Safety().Queue(r.ctx, q, limit)
		for _, f := range list {
			ids = append(ids, f.ID)
		}
		return err
	})
	return ids
}

// found is a finding of category, sure enough for the policy to act on it.
func found(c safety.Category) safety.Finding {
	return safety.Finding{Category: c, Confidence: 0.875, Spans: []safety.Span{{Start: 0, End: 3, Kind: "x"}, {Start: 4, End: 7}}}
}

var staff = safety.Reviewer{Subject: "siri", Role: identity.ProgrammeStaff}

var moderation = []test{
	{outcome: "a text that is held reads as any, and its correction waits", run: func(r *room) {
		id := r.writes(r.a.ID, "1", "before", 0)
		hold := func(company, id string) (feedback.Text, error) {
			var text feedback.Text
			err := r.Ledger.Do(r.ctx, port.In(company, actor), func(tx port.Tx) (err error) {
				text, err = tx.Feedback().Hold(r.ctx, id)
				return err
			})
			return text, err
		}
		_, err := hold(r.a.ID, identity.NewID())
		r.fails(err, fault.Missing)
		_, err = hold(r.b.ID, id)
		r.fails(err, fault.Missing)
		corrected := make(chan struct{})
		r.do(r.a.ID, func(tx port.Tx) error {
			held, err := tx.Feedback().Hold(r.ctx, id)
			r.equal("held", held.Body, "before")
			go func() { defer close(corrected); r.writes(r.a.ID, "1", "after", 1) }()
			select {
			case <-corrected:
				r.Error("a text that was held has been corrected")
			case <-time.After(100 * time.Millisecond): // a correction that does not wait is long done
			}
			return err
		})
		<-corrected
		text, err := hold(r.a.ID, id)
		r.equal("error", err, nil)
		r.equal("text", text.Body, "after")
	}},
	{outcome: "a text is shown only once what it says now was screened and is clear", run: func(r *room) {
		text := r.writes(r.a.ID, "s", "It was a good day", 1)
		r.shows("before it was screened", text, false)
		r.equal("kept", r.screens(r.a.ID, read(text, "It was a good day")), true)
		r.shows("screened and clear", text, true)
		r.writes(r.a.ID, "s", "It was another day", 2)
		r.shows("after it was corrected", text, false)
		r.equal("kept a screening of the old text", r.screens(r.a.ID, read(text, "It was a good day")), false)
		r.shows("after a late screening of the old text", text, false)
		r.screens(r.a.ID, read(text, "It was another day"))
		r.shows("screened anew", text, true)
		r.writes(r.a.ID, "s", "", 3)
		r.shows("after it was emptied", text, false)
		r.equal("kept a screening of what is gone", r.screens(r.a.ID, read(text, "It was another day")), false)
		r.equal("unknown text", r.showable(r.a.ID, identity.NewID()), map[string]bool{})
	}},
	{outcome: "a held text is shown while a reviewer's approval is about what it says", run: func(r *room) {
		text := r.writes(r.a.ID, "s", "first", 1)
		s := read(text, "first", found(safety.Hate))
		r.screens(r.a.ID, s)
		flag := r.raises(r.a.ID, s, day)
		for _, status := range safety.Statuses {
			flag.Status = status
			if err := r.advance(r.a.ID, flag, nil); err != nil {
				r.Fatal(err)
			}
			flag.Revision++
			r.shows("while the flag is "+string(status), text, status == safety.Approved)
		}
		flag.Status = safety.Approved
		if err := r.advance(r.a.ID, flag, nil); err != nil {
			r.Fatal(err)
		}
		r.writes(r.a.ID, "s", "second", 2)
		r.screens(r.a.ID, read(text, "second", found(safety.Hate)))
		r.shows("after it was corrected to something else that is held", text, false)
		r.writes(r.a.ID, "s", "first", 3)
		r.screens(r.a.ID, read(text, "first", found(safety.Hate)))
		r.shows("when it says again what was approved", text, true)
	}},
	{outcome: "what a person rejected stays hidden when a screener finds it clear", run: func(r *room) {
		text := r.writes(r.a.ID, "s", "first", 1)
		s := read(text, "first", found(safety.Hate))
		r.screens(r.a.ID, s)
		flag := r.raises(r.a.ID, s, day)
		flag.Status = safety.Rejected
		if err := r.advance(r.a.ID, flag, nil); err != nil {
			r.Fatal(err)
		}
		r.screens(r.a.ID, read(text, "first"))
		r.shows("rejected and then found clear", text, false)
	}},
	{outcome: "a screening is read as it was kept", run: func(r *room) {
		text := r.writes(r.a.ID, "s", "Ring meg på 912 34 567 💛", 1)
		want := read(text, "Ring meg på 912 34 567 💛", found(safety.PII), safety.Finding{Category: safety.Violence, Confidence: 0.625, Reported: true})
		r.screens(r.a.ID, want)
		r.do(r.a.ID, func(tx port.Tx) error {
			got, err := tx.Safety().Screening(r.ctx, text)
			r.equal("screening", got, want)
			return err
		})
		r.do(r.b.ID, func(tx port.Tx) error {
			_, err := tx.Safety().Screening(r.ctx, text)
			r.fails(err, fault.Missing)
			return nil
		})
	}},
	{outcome: "a flag and its reviews are read as they were kept", run: func(r *room) {
		text := r.writes(r.a.ID, "s", "first", 1)
		s := read(text, "first", found(safety.Hate), found(safety.PII))
		flag := r.raises(r.a.ID, s, day)
		r.equal("flag", r.flag(r.a.ID, flag.ID), flag)
		review := safety.Review{
			ID: identity.NewID(), FlagID: flag.ID, Kind: safety.Deciding, Decision: safety.Reject, Reviewer: staff, Reason: "an attack", Revision: flag.Revision, At: day.Add(time.Hour),
		}
		next := flag
		next.Status, next.DecidedBy, next.ReviewedAt, next.First, next.SecondDue = safety.Rejected, staff.Subject, day.Add(time.Hour), safety.Reject, true
		next.ClaimedBy, next.ClaimedUntil, next.EscalatedBy, next.Second = "other", day.Add(2*time.Hour), "third", safety.Escalate
		next.AppealedAt, next.AppealedBy, next.Outcome, next.Route, next.NeedsHelp, next.Alerted = day.Add(3*time.Hour), "fourth", safety.Upheld, safety.Safeguarding, true, 2
		if err := r.advance(r.a.ID, next, &review); err != nil {
			r.Fatal(err)
		}
		next.Revision++
		r.equal("flag", r.flag(r.a.ID, flag.ID), next)
		asked := safety.Review{ID: identity.NewID(), FlagID: flag.ID, Kind: safety.Appeal, Reviewer: staff, Reason: "please look again", Revision: next.Revision, At: day.Add(4 * time.Hour)}
		if err := r.advance(r.a.ID, next, &asked); err != nil {
			r.Fatal(err)
		}
		r.do(r.a.ID, func(tx port.Tx) error {
			got, err := tx.Safety().Reviews(r.ctx, flag.ID)
			r.equal("reviews", got, []safety.Review{review, asked})
			flags, err2 := tx.Safety().Flags(r.ctx, text)
			r.equal("flags of the text", len(flags), 1)
			return firstOf(err, err2)
		})
	}},
	{outcome: "who changes a flag from an old revision is told so and leaves nothing", run: func(r *room) {
		text := r.writes(r.a.ID, "s", "first", 1)
		flag := r.raises(r.a.ID, read(text, "first", found(safety.Hate)), day)
		first, second := flag, flag
		first.ClaimedBy, second.ClaimedBy = "a", "b"
		if err := r.advance(r.a.ID, first, nil); err != nil {
			r.Fatal(err)
		}
		review := safety.Review{ID: identity.NewID(), FlagID: flag.ID, Kind: safety.Deciding, Decision: safety.Reject, Reviewer: staff, Reason: "x", Revision: flag.Revision, At: day}
		r.fails(r.advance(r.a.ID, second, &review), fault.Conflict)
		r.equal("claimed by", r.flag(r.a.ID, flag.ID).ClaimedBy, "a")
		r.do(r.a.ID, func(tx port.Tx) error {
			reviews, err := tx.Safety().Reviews(r.ctx, flag.ID)
			r.equal("reviews", len(reviews), 0)
			return err
		})
	}},
	{outcome: "the same words of one text have one flag", run: func(r *room) {
		text := r.writes(r.a.ID, "s", "first", 1)
		s := read(text, "first", found(safety.Hate))
		flag := r.raises(r.a.ID, s, day)
		err := r.Ledger.Do(r.ctx, port.In(r.a.ID, actor), func(tx port.Tx) error { tx.Safety().Raise(flag); return nil })
		if err == nil {
			r.Error("a second flag was kept")
		}
	}},
	{outcome: "the queue is the gravest first, and of those the oldest, page by page", run: func(r *room) {
		var ids []string
		for i, c := range []safety.Category{safety.Spam, safety.SelfHarm, safety.Hate, safety.SelfHarm, safety.Hate, safety.Violence} {
			body := fmt.Sprint("text ", i)
			s := read(r.writes(r.a.ID, body, body, 1), body, found(c))
			ids = append(ids, r.raises(r.a.ID, s, day.Add(-time.Duration(i)*time.Hour)).ID)
		}
		want := []string{ids[3], ids[1], ids[5], ids[4], ids[2], ids[0]}
		for name, c := range map[string]struct {
			asked port.SafetyQueue
			want  []string
		}{
			"all":            {port.SafetyQueue{}, want},
			"moderation":     {port.SafetyQueue{Route: safety.Moderation}, want[2:]},
			"safeguarding":   {port.SafetyQueue{Route: safety.Safeguarding}, want[:2]},
			"hate":           {port.SafetyQueue{Category: safety.Hate}, want[3:5]},
			"open":           {port.SafetyQueue{Status: safety.Open}, want},
			"approved":       {port.SafetyQueue{Status: safety.Approved}, nil},
			"behind another": {port.SafetyQueue{After: ids[5]}, want[3:]},
			"behind nothing": {port.SafetyQueue{After: identity.NewID()}, nil},
		} {
			c.asked.Reviewer = staff.Subject
			r.equal(name, r.queue(r.a.ID, c.asked, 100), c.want)
		}
		var paged []string
		for after := ""; ; {
			page := r.queue(r.a.ID, port.SafetyQueue{Reviewer: staff.Subject, After: after}, 4)
			paged = append(paged, page...)
			if len(page) < 4 {
				break
			}
			after = page[3]
		}
		r.equal("pages", paged, want)
	}},
	{outcome: "who is asked a second time does not see that, and the decider is not asked", run: func(r *room) {
		flag := r.raises(r.a.ID, read(r.writes(r.a.ID, "s", "first", 1), "first", found(safety.Hate)), day)
		flag.Status, flag.DecidedBy, flag.First, flag.SecondDue, flag.ReviewedAt = safety.Approved, staff.Subject, safety.Approve, true, day
		if err := r.advance(r.a.ID, flag, nil); err != nil {
			r.Fatal(err)
		}
		look := func(reviewer string, status safety.Status) (seen []safety.Flag) {
			r.do(r.a.ID, func(tx port.Tx) (err error) {
				seen, err = tx.Safety().Queue(r.ctx, port.SafetyQueue{Reviewer: reviewer, Status: status}, 10)
				return err
			})
			return seen
		}
		r.equal("waiting for the decider", len(look(staff.Subject, "")), 0)
		r.equal("open to the decider", len(look(staff.Subject, safety.Open)), 0)
		r.equal("approved to the decider", len(look(staff.Subject, safety.Approved)), 1)
		r.equal("approved to another", len(look("other", safety.Approved)), 0)
		for _, status := range []safety.Status{"", safety.Open} {
			seen := look("other", status)
			if len(seen) != 1 || seen[0].Status != safety.Open || seen[0].DecidedBy != "" || seen[0].First != "" || seen[0].SecondDue || !seen[0].ReviewedAt.IsZero() {
				r.Errorf("another reviewer sees %+v, expected one that looks undecided", seen)
			}
		}
	}},
	{outcome: "the course of moderation is what was raised since, and what waits", run: func(r *room) {
		var ids []string
		for i, status := range []safety.Status{safety.Open, safety.Rejected, safety.Rejected} {
			body := fmt.Sprint("text ", i)
			flag := r.raises(r.a.ID, read(r.writes(r.a.ID, body, body, 1), body, found(safety.Hate)), day.AddDate(0, 0, 10*(i/2)))
			flag.Status = status
			if err := r.advance(r.a.ID, flag, nil); err != nil {
				r.Fatal(err)
			}
			ids = append(ids, flag.ID)
		}
		r.do(r.a.ID, func(tx port.Tx) error {
			list, err := tx.Safety().Course(r.ctx, day.AddDate(0, 0, 1))
			var got []string
			for _, f := range list {
				got = append(got, f.ID)
			}
			r.equal("course", got, []string{ids[0], ids[2]})
			return err
		})
	}},
	{outcome: "another company neither sees nor moves a flag, and the operator sees all", run: func(r *room) {
		text := r.writes(r.a.ID, "s", "first", 1)
		s := read(text, "first", found(safety.Hate))
		r.screens(r.a.ID, s)
		flag := r.raises(r.a.ID, s, day)
		r.do(r.b.ID, func(tx port.Tx) error {
			_, err := tx.Safety().Flag(r.ctx, flag.ID)
			r.fails(err, fault.Missing)
			_, err = tx.Safety().Flag(r.ctx, "no id")
			r.fails(err, fault.Missing)
			return nil
		})
		r.do(r.b.ID, func(tx port.Tx) error {
			flags, err := tx.Safety().Flags(r.ctx, text)
			queue, err2 := tx.Safety().Queue(r.ctx, port.SafetyQueue{Reviewer: "x"}, 100)
			course, err3 := tx.Safety().Course(r.ctx, time.Time{})
			showable, err4 := tx.Safety().Showable(r.ctx, []string{text})
			r.equal("seen", len(flags)+len(queue)+len(course)+len(showable), 0)
			return firstOf(err, err2, err3, err4)
		})
		r.fails(r.advance(r.b.ID, flag, nil), fault.Conflict)
		r.equal("kept", r.screens(r.b.ID, s), false)
		r.operator(func(tx port.Tx) error {
			got, err := tx.Safety().Flag(r.ctx, flag.ID)
			r.equal("company the operator sees", got.Company, r.a.ID)
			queue, err2 := tx.Safety().Queue(r.ctx, port.SafetyQueue{Reviewer: "x"}, 10000)
			if !slices.ContainsFunc(queue, func(f safety.Flag) bool { return f.ID == flag.ID }) {
				r.Error("the operator's queue lacks the flag")
			}
			return firstOf(err, err2)
		})
	}},
	{outcome: "the safeguarding contacts are found from every company", run: func(r *room) {
		var people []string
		contact := []identity.Contact{{Email: identity.NewID() + "@operator.test", Role: identity.Safeguarding}, {Email: identity.NewID() + "@operator.test", Role: identity.ProgrammeStaff}}
		r.do(company.OperatorID, func(tx port.Tx) (err error) {
			people, err = tx.People().Persons(r.ctx, contact)
			return err
		})
		var elsewhere []string
		r.do(r.b.ID, func(tx port.Tx) (err error) {
			elsewhere, err = tx.People().Persons(r.ctx, []identity.Contact{{Email: identity.NewID() + "@partner.test", Role: identity.Safeguarding}})
			return err
		})
		check := func(tx port.Tx) error {
			contacts, err := tx.Safety().Contacts(r.ctx)
			has := []bool{slices.Contains(contacts, people[0]), slices.Contains(contacts, people[1]), slices.Contains(contacts, elsewhere[0])}
			r.equal("contact, staff, a partner's own", has, []bool{true, false, false})
			return err
		}
		r.do(r.a.ID, check)
		r.operator(check)
	}},
}

// firstOf is the first failure.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
