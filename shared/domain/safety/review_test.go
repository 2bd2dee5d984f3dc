package safety_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/fault"
)

var (
	noon  = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	siri  = safety.Reviewer{Subject: "siri", Role: identity.ProgrammeStaff}
	omar  = safety.Reviewer{Subject: "omar", Role: identity.SystemAdmin}
	guard = safety.Reviewer{Subject: "guro", Role: identity.Safeguarding}
	other = safety.Reviewer{Subject: "gina", Role: identity.Safeguarding}
	olena = safety.Reviewer{Subject: "olena", Role: identity.Participant} // the author
)

// raised is an open flag; id decides whether its decision will be asked of a second person.
func raised(id string, c safety.Category) safety.Flag {
	v := safety.Usual.Judge([]safety.Finding{{Category: c, Confidence: 0.9}})
	return safety.Raise(id, safety.Screened{Screening: safety.Screening{ContentID: "text"}, TextVersion: "v"}, "company", v, noon)
}

// once is the id of a flag that nobody is asked about a second time; twice that of one that somebody is.
var once, twice = ids()

func ids() (once, twice string) {
	for i := 0; once == "" || twice == ""; i++ {
		id := fmt.Sprint("flag ", i)
		if safety.Doubled(id) {
			twice = id
		} else {
			once = id
		}
	}
	return once, twice
}

// step is one act: who, what (claim, release, appeal, again, withdraw, or a decision), and the sentence it is refused with.
type step struct {
	who     safety.Reviewer
	act     string
	refused string
}

func take(f safety.Flag, s step, now time.Time) (safety.Flag, error) {
	var err error
	switch s.act {
	case "claim":
		f, err = f.Claim(s.who, now)
	case "release":
		f, err = f.Release(s.who, now)
	case "appeal":
		f, _, err = f.Appeal(s.who, now)
	case "withdraw":
		f = f.Withdrawn()
	case "same again":
		f, _ = f.Again(f.Verdict, now)
	case "graver again":
		f, _ = f.Again(safety.Usual.Judge([]safety.Finding{{Category: safety.SelfHarm, Confidence: 1}}), now)
	default:
		f, _, err = f.Decide(s.who, safety.Decision(s.act), now)
	}
	return f, err
}

func TestTheWaysOfAFlag(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		id       string
		category safety.Category
		steps    []step
		want     string // status, route, outcome, and whether it waits
	}{
		"approved":                  {once, safety.Hate, []step{{siri, "claim", ""}, {siri, "approved", ""}}, "approved moderation  false"},
		"rejected":                  {once, safety.Hate, []step{{siri, "claim", ""}, {siri, "rejected", ""}}, "rejected moderation  false"},
		"decided without a claim":   {once, safety.Hate, []step{{siri, "approved", "claim this first"}}, "open moderation  true"},
		"claimed by two":            {once, safety.Hate, []step{{siri, "claim", ""}, {omar, "claim", "another reviewer has claimed this until 2026-05-04T12:31:00Z"}}, "open moderation  true"},
		"decided under a claim":     {once, safety.Hate, []step{{siri, "claim", ""}, {omar, "approved", "another reviewer"}}, "open moderation  true"},
		"released and claimed":      {once, safety.Hate, []step{{siri, "claim", ""}, {siri, "release", ""}, {omar, "claim", ""}, {omar, "approved", ""}}, "approved moderation  false"},
		"released by another":       {once, safety.Hate, []step{{siri, "claim", ""}, {omar, "release", "another reviewer"}}, "open moderation  true"},
		"released unclaimed":        {once, safety.Hate, []step{{siri, "release", "claim this first"}}, "open moderation  true"},
		"decided twice":             {once, safety.Hate, []step{{siri, "claim", ""}, {siri, "approved", ""}, {omar, "claim", "decided meanwhile: approved"}, {siri, "rejected", "decided meanwhile"}}, "approved moderation  false"},
		"not for staff":             {once, safety.SelfHarm, []step{{siri, "claim", "safeguarding contact alone"}, {omar, "claim", "safeguarding contact alone"}, {guard, "claim", ""}, {guard, "rejected", ""}}, "rejected safeguarding  false"},
		"already with safeguarding": {once, safety.SelfHarm, []step{{guard, "claim", ""}, {guard, "escalated", "with the safeguarding contact already"}}, "open safeguarding  true"},
		"nothing to send back":      {once, safety.Hate, []step{{siri, "claim", ""}, {siri, "returned", "not escalated"}}, "open moderation  true"},
		"an unknown decision":       {once, safety.Hate, []step{{siri, "claim", ""}, {siri, "maybe", "decision"}}, "open moderation  true"},
		"escalated": {once, safety.Hate, []step{
			{siri, "claim", ""}, {siri, "escalated", ""}, {siri, "claim", "safeguarding contact alone"}, {guard, "claim", ""}, {guard, "approved", "confirmed (escalated) or sent back (returned)"},
		}, "escalated safeguarding  true"},
		"escalated and confirmed": {once, safety.Hate, []step{
			{siri, "claim", ""}, {siri, "escalated", ""}, {guard, "claim", ""}, {guard, "escalated", ""}, {siri, "claim", "safeguarding contact alone"}, {guard, "claim", ""}, {guard, "rejected", ""},
		}, "rejected safeguarding  false"},
		"escalated and sent back": {once, safety.Hate, []step{
			{siri, "claim", ""}, {siri, "escalated", ""}, {guard, "claim", ""}, {guard, "returned", ""}, {siri, "claim", ""}, {siri, "approved", ""},
		}, "approved moderation  false"},
		"escalated by safeguarding needs a second of them": {once, safety.Hate, []step{
			{guard, "claim", ""}, {guard, "escalated", ""}, {guard, "claim", "by a second person"}, {other, "claim", ""}, {other, "escalated", ""},
		}, "open safeguarding  true"},
		"appealed": {once, safety.Hate, []step{
			{siri, "claim", ""},
			{siri, "rejected", ""},
			{siri, "appeal", ""},
			{siri, "claim", "somebody else than the first decision"},
			{omar, "claim", ""},
			{omar, "approved", ""},
			{siri, "appeal", "appealed already"},
		}, "approved moderation overturned false"},
		"appealed by another than who decided": {once, safety.Hate, []step{
			{siri, "claim", ""},
			{siri, "rejected", ""},
			{omar, "appeal", ""},
			{omar, "claim", "somebody else than who asked for it"},
			{siri, "claim", "somebody else than the first decision"},
			{omar, "approved", "somebody else than who asked for it"},
			{guard, "claim", ""},
			{guard, "approved", ""},
		}, "approved moderation overturned false"},
		"appealed by another, withdrawn, and back": {once, safety.Hate, []step{
			{siri, "claim", ""}, {siri, "rejected", ""}, {omar, "appeal", ""}, {omar, "withdraw", ""}, {omar, "same again", ""}, {omar, "claim", "who asked for it"},
		}, "appealed moderation  true"},
		"appealed in vain":        {once, safety.Hate, []step{{siri, "claim", ""}, {siri, "rejected", ""}, {siri, "appeal", ""}, {omar, "claim", ""}, {omar, "rejected", ""}, {siri, "appeal", "appealed already"}}, "rejected moderation upheld false"},
		"appealed while it waits": {once, safety.Hate, []step{{siri, "appeal", "only a text that was rejected"}}, "open moderation  true"},
		"appealed for what shows": {once, safety.Hate, []step{{siri, "claim", ""}, {siri, "approved", ""}, {siri, "appeal", "only a text that was rejected"}}, "approved moderation  false"},
		"an appeal that is escalated and sent back stays one": {once, safety.Hate, []step{
			{siri, "claim", ""},
			{siri, "rejected", ""},
			{siri, "appeal", ""},
			{omar, "claim", ""},
			{omar, "escalated", ""},
			{guard, "claim", ""},
			{guard, "returned", ""},
			{siri, "claim", "somebody else"},
			{omar, "claim", ""},
			{omar, "approved", ""},
		}, "approved moderation overturned false"},
		"asked twice":                      {twice, safety.Hate, []step{{siri, "claim", ""}, {siri, "approved", ""}, {siri, "claim", "decided meanwhile"}, {omar, "claim", ""}, {omar, "rejected", ""}, {omar, "claim", "decided meanwhile"}}, "approved moderation  false"},
		"asked twice, and still waiting":   {twice, safety.Hate, []step{{siri, "claim", ""}, {siri, "rejected", ""}}, "rejected moderation  true"},
		"asked twice, escalated":           {twice, safety.Hate, []step{{siri, "claim", ""}, {siri, "approved", ""}, {omar, "claim", ""}, {omar, "escalated", ""}}, "escalated safeguarding  true"},
		"an appeal ends the second asking": {twice, safety.Hate, []step{{siri, "claim", ""}, {siri, "rejected", ""}, {omar, "claim", ""}, {siri, "appeal", ""}, {omar, "approved", "claim this first"}}, "appealed moderation  true"},
		"an appeal tells nothing of a rejection before the second answer": {twice, safety.Hate, []step{
			{siri, "claim", ""},
			{siri, "rejected", ""},
			{omar, "appeal", "only a text that was rejected"},
			{omar, "claim", ""},
			{omar, "appeal", "only a text that was rejected"},
			{omar, "approved", ""},
			{omar, "appeal", ""},
		}, "appealed moderation  true"},
		"the author appeals while a second person is asked": {twice, safety.Hate, []step{
			{siri, "claim", ""}, {siri, "rejected", ""}, {olena, "appeal", ""}, {siri, "claim", "somebody else than the first decision"}, {omar, "claim", ""}, {omar, "approved", ""},
		}, "approved moderation overturned false"},
		"the author has nothing to appeal for": {twice, safety.Hate, []step{
			{olena, "appeal", "only a text that was rejected"}, {siri, "claim", ""}, {siri, "approved", ""}, {olena, "appeal", "only a text that was rejected"},
		}, "approved moderation  true"},
		"safeguarding is not asked twice": {twice, safety.SelfHarm, []step{{guard, "claim", ""}, {guard, "approved", ""}}, "approved safeguarding  false"},
		"the text was changed":            {once, safety.Hate, []step{{siri, "claim", ""}, {siri, "withdraw", ""}, {siri, "approved", "changed or withdrawn meanwhile"}}, "superseded moderation  false"},
		"what was decided stays":          {once, safety.Hate, []step{{siri, "claim", ""}, {siri, "rejected", ""}, {siri, "withdraw", ""}, {siri, "same again", ""}}, "rejected moderation  false"},
		"the text came back":              {once, safety.Hate, []step{{siri, "withdraw", ""}, {siri, "same again", ""}, {siri, "claim", ""}, {siri, "approved", ""}}, "approved moderation  false"},
		"found again while it is open":    {once, safety.Hate, []step{{siri, "claim", ""}, {siri, "same again", ""}, {siri, "approved", ""}}, "approved moderation  false"},
		"found graver after it was shown": {once, safety.Hate, []step{{siri, "claim", ""}, {siri, "approved", ""}, {siri, "graver again", ""}}, "open safeguarding  true"},
		"found graver while it was read":  {once, safety.Hate, []step{{siri, "claim", ""}, {siri, "graver again", ""}, {siri, "approved", "safeguarding contact alone"}}, "open safeguarding  true"},
		"an appeal outlives a withdrawal": {once, safety.Hate, []step{{siri, "claim", ""}, {siri, "rejected", ""}, {siri, "appeal", ""}, {siri, "withdraw", ""}, {siri, "same again", ""}, {siri, "claim", "somebody else"}}, "appealed moderation  true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := raised(c.id, c.category)
			for i, s := range c.steps {
				next, err := take(f, s, noon.Add(time.Duration(i+1)*time.Minute))
				if s.refused == "" && err != nil || s.refused != "" && (err == nil || !strings.Contains(err.Error(), s.refused)) {
					t.Fatalf("step %d, %s by %s: %v, expected %q", i, s.act, s.who.Subject, err, s.refused)
				}
				if err == nil {
					f = next
				}
			}
			if got := fmt.Sprint(f.Status, " ", f.Route, " ", f.Outcome, " ", f.Waits()); got != c.want {
				t.Errorf("%s, expected %s", got, c.want)
			}
		})
	}
}

func TestAClaimEndsAfterHalfAnHour(t *testing.T) {
	t.Parallel()
	f, err := raised(once, safety.Hate).Claim(siri, noon)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Claim(omar, noon.Add(safety.Lease-time.Nanosecond))
	if fault.KindOf(err) != fault.Conflict {
		t.Errorf("%v before the claim ended, expected a conflict", err)
	}
	_, _, err = f.Decide(siri, safety.Approve, noon.Add(safety.Lease))
	if fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "your claim has ended") {
		t.Errorf("%v after the claim ended, expected to be told so", err)
	}
	f, err = f.Claim(omar, noon.Add(safety.Lease))
	if err != nil || f.ClaimedBy != "omar" {
		t.Errorf("%v: expected another reviewer to take over", err)
	}
}

func TestRefusalsSayWhyByTheirKind(t *testing.T) {
	t.Parallel()
	f := raised(once, safety.SelfHarm)
	_, err := f.Claim(siri, noon)
	if fault.KindOf(err) != fault.Forbidden {
		t.Errorf("%v, expected forbidden", err)
	}
	f, _ = raised(once, safety.Hate).Claim(siri, noon)
	_, _, err = f.Decide(siri, "maybe", noon)
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v, expected invalid", err)
	}
	for reason, ok := range map[string]bool{"": false, " \n": false, "\u200b": false, "\u00a0\u2060\u202e\u2069\ufeff": false, "\x00\u3164\u2800\U000E0020": false, "\u0301": false, "x": true, "👍": true, strings.Repeat("я", 1000): true, strings.Repeat("я", 1001): false} {
		if err := safety.CheckReason(reason); (err == nil) != ok {
			t.Errorf("a reason of %d bytes: %v", len(reason), err)
		}
	}
}

func TestAboutOneInTenIsAskedTwiceAndSeesNothingOfTheFirst(t *testing.T) {
	t.Parallel()
	doubled := 0
	for i := range 20_000 {
		if safety.Doubled(fmt.Sprint("flag ", i)) {
			doubled++
		}
	}
	if doubled < 1_800 || doubled > 2_200 {
		t.Errorf("%d of 20000, expected about a tenth", doubled)
	}
	f, _ := raised(twice, safety.Hate).Claim(siri, noon)
	f, review, err := f.Decide(siri, safety.Reject, noon.Add(time.Minute))
	if err != nil || review.Kind != safety.Deciding {
		t.Fatal(review, err)
	}
	seen := f.SeenBy("omar")
	if seen.Status != safety.Open || seen.First != "" || seen.DecidedBy != "" || seen.SecondDue || !seen.ReviewedAt.IsZero() {
		t.Errorf("the second person sees %+v", seen)
	}
	if f.SeenBy("siri").Status != safety.Rejected {
		t.Error("the decider does not see their own decision")
	}
	f, _ = f.Claim(omar, noon.Add(2*time.Minute))
	f, review, err = f.Decide(omar, safety.Approve, noon.Add(3*time.Minute))
	if err != nil || review.Kind != safety.Doubling || f.Status != safety.Rejected || f.First != safety.Reject || f.Second != safety.Approve {
		t.Errorf("%+v and %+v (%v), expected the second answer beside the first", f, review, err)
	}
}

// TestNoWayLosesAFlag walks at random: a flag always waits for somebody or is decided or superseded, its text is shown only when approved, and
// nobody answers themselves.
func TestNoWayLosesAFlag(t *testing.T) {
	t.Parallel()
	people := []safety.Reviewer{siri, omar, guard, other}
	acts := []string{"claim", "claim", "claim", "release", "approved", "rejected", "escalated", "returned", "appeal", "withdraw", "same again", "graver again"}
	r := rand.New(rand.NewPCG(1, 2))
	for range 3_000 {
		f, now := raised([]string{once, twice}[r.IntN(2)], safety.Categories[r.IntN(6)]), noon
		for range 30 {
			now = now.Add(time.Duration(r.IntN(20)) * time.Minute)
			s := step{who: people[r.IntN(len(people))], act: acts[r.IntN(len(acts))]}
			next, err := take(f, s, now)
			if err != nil {
				continue
			}
			decides := s.act == "approved" || s.act == "rejected"
			switch {
			case decides && f.Status == safety.Appealed && s.who.Subject == f.DecidedBy:
				t.Fatalf("%s decided the appeal against themself", s.who.Subject)
			case decides && f.Status == safety.Appealed && s.who.Subject == f.AppealedBy:
				t.Fatalf("%s decided the appeal that they asked for", s.who.Subject)
			case f.Status == safety.Escalated && (s.act == "escalated" || s.act == "returned") && s.who.Subject == f.EscalatedBy:
				t.Fatalf("%s confirmed their own escalation", s.who.Subject)
			case f.Route == safety.Safeguarding && decides && s.who.Role != identity.Safeguarding:
				t.Fatalf("%s decided what is for safeguarding", s.who.Subject)
			case next.Status == safety.Approved && f.Status != safety.Approved && s.act != "approved":
				t.Fatalf("%s made it approved", s.act)
			case next.Status == safety.Escalated && next.Route != safety.Safeguarding:
				t.Fatalf("escalated, and on the route %s", next.Route)
			case !next.Waits() && next.Status != safety.Approved && next.Status != safety.Rejected && next.Status != safety.Superseded:
				t.Fatalf("%s waits for nobody", next.Status)
			case next.Status == safety.Escalated && next.EscalatedBy == "" || next.Status == safety.Appealed && (next.DecidedBy == "" || next.AppealedBy == ""):
				t.Fatalf("%s, and nobody knows by whom: %+v", next.Status, next)
			}
			f = next
		}
	}
}
