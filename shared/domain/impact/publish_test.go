package impact_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
)

// happening is what a made-up month consists of: who did it, and what it adds up to.
type happening struct {
	participants, volunteers map[string]bool
	sessions, minutes        int
	scored                   map[outcome.Dimension]map[string][]float64 // scores by person
	texts                    int
	read                     []impact.Labelled // what reviewers found
}

// world is a made-up company, month by month.
type world map[impact.Month]happening

func (h happening) figures(month impact.Month) impact.Figures {
	sums := impact.Sums{
		Sessions: h.sessions, Minutes: h.minutes,
		Participants: len(h.participants), Volunteers: len(h.volunteers), Texts: h.texts,
		Outcomes: map[outcome.Dimension]impact.Sum{},
	}
	for dimension, byPerson := range h.scored {
		sum := impact.Sum{People: len(byPerson)}
		for _, scores := range byPerson {
			for _, score := range scores {
				sum.Add(score)
			}
		}
		sums.Outcomes[dimension] = sum
	}
	return impact.Compute(month, sums, noon)
}

func (w world) labels(p impact.Period) []impact.Labelled {
	var all []impact.Labelled
	for _, month := range p.Months() {
		for _, l := range w[month].read {
			l.Month = month
			all = append(all, l)
		}
	}
	return all
}

func (w world) people(cells []impact.Cell) map[string]int {
	seen := map[string]map[string]bool{}
	for _, cell := range cells {
		if seen[cell.Kind] == nil {
			seen[cell.Kind] = map[string]bool{}
		}
		for person := range w[cell.Month].of(cell.Kind) {
			seen[cell.Kind][person] = true
		}
	}
	counts := map[string]int{}
	for kind, persons := range seen {
		counts[kind] = len(persons)
	}
	return counts
}

func (h happening) of(kind string) map[string]bool {
	switch kind {
	case impact.KindParticipant:
		return h.participants
	case impact.KindVolunteer:
		return h.volunteers
	}
	persons := map[string]bool{}
	for dimension, byPerson := range h.scored {
		if impact.ScoredKind(dimension) == kind {
			for person := range byPerson {
				persons[person] = true
			}
		}
	}
	return persons
}

// ask is what a report answers about p.
func (w world) ask(p impact.Period) impact.Report {
	var months []impact.Figures
	for _, month := range p.Months() {
		if h, some := w[month]; some {
			months = append(months, h.figures(month))
		}
	}
	return impact.Publish(p, months, w.people(impact.Open(months)), w.labels(p))
}

func somebody(kind string, from, n int) map[string]bool {
	persons := map[string]bool{}
	for i := range n {
		persons[fmt.Sprintf("%s%d", kind, from+i)] = true
	}
	return persons
}

func crowded(participants, volunteers, sessions int) happening {
	return happening{
		participants: somebody("p", 0, participants), volunteers: somebody("v", 0, volunteers),
		sessions: sessions, minutes: sessions * 50,
	}
}

func month(n int) impact.Month { return january.Add(n) }

func period(t *testing.T, from, to int) impact.Period {
	t.Helper()
	p, err := impact.NewPeriod(month(from), month(to))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPublishWithholdsSmallGroups(t *testing.T) {
	t.Parallel()
	number := func(value int, months ...impact.Month) impact.Number {
		return impact.Number{Value: value, Withheld: months}
	}
	suppressed := func(months ...impact.Month) impact.Number {
		return impact.Number{Suppressed: true, Withheld: months}
	}
	cases := map[string]struct {
		world                              world
		to                                 int
		participants, volunteers, sessions impact.Number
	}{
		"nothing happened is zero":        {world{}, 2, number(0), number(0), number(0)},
		"five of each are shown":          {world{month(0): crowded(5, 5, 9)}, 0, number(5), number(5), number(9)},
		"four participants hide sessions": {world{month(0): crowded(4, 6, 9)}, 0, suppressed(month(0)), number(6), suppressed(month(0))},
		"one volunteer hides sessions":    {world{month(0): crowded(40, 1, 9)}, 0, number(40), suppressed(month(0)), suppressed(month(0))},
		"sessions without known people":   {world{month(0): crowded(0, 0, 2)}, 0, number(0), number(0), suppressed(month(0))},
		"a small month enters no total": {
			world{month(0): crowded(8, 7, 10), month(1): crowded(4, 7, 3), month(2): crowded(9, 7, 20)},
			2,
			number(9, month(1)), number(7), number(30, month(1)),
		},
		"an empty month makes no zero of a small one": {
			world{month(0): crowded(3, 3, 3)}, 2, suppressed(month(0)), suppressed(month(0)), suppressed(month(0)),
		},
		"small months do not add up to a large one": {
			world{
				month(0): {participants: somebody("p", 0, 4), volunteers: somebody("v", 0, 5), sessions: 4},
				month(1): {participants: somebody("p", 4, 4), volunteers: somebody("v", 0, 5), sessions: 4},
			},
			1, suppressed(month(0), month(1)), number(5), suppressed(month(0), month(1)),
		},
		"people of several months count once": {
			world{
				month(0): {participants: somebody("p", 0, 6), volunteers: somebody("v", 0, 5), sessions: 6},
				month(1): {participants: somebody("p", 4, 6), volunteers: somebody("v", 0, 5), sessions: 6},
			},
			1, number(10), number(5), number(12),
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := c.world.ask(period(t, 0, c.to))
			want := []impact.Number{c.participants, c.volunteers, c.sessions}
			if diff := cmp.Diff(want, []impact.Number{got.Participants, got.Volunteers, got.Sessions}); diff != "" {
				t.Fatal(diff)
			}
		})
	}
}

func TestWordsAreQuotedOfLargeMonthsAndOfOutcomesWithQuotesAlone(t *testing.T) {
	t.Parallel()
	large := map[string][]float64{}
	for person := range somebody("p", 0, 5) {
		large[person] = []float64{0.5}
	}
	w := world{month(0): {scored: map[outcome.Dimension]map[string][]float64{
		outcome.Confidence: large, outcome.WellBeing: large, outcome.LangLevelProxy: large, outcome.Belonging: {"p1": {0.9}},
	}}}
	figures := []impact.Figures{w[month(0)].figures(month(0))}
	for dimension, want := range map[outcome.Dimension][]outcome.Dimension{
		"": {outcome.Confidence, outcome.WellBeing}, outcome.Confidence: {outcome.Confidence}, outcome.Belonging: nil, outcome.LangLevelProxy: nil,
	} {
		var cells []impact.Cell
		for _, d := range want {
			cells = append(cells, impact.Cell{Kind: impact.ScoredKind(d), Month: month(0)})
		}
		if diff := cmp.Diff(cells, impact.Quotable(figures, dimension, month(1))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", dimension, diff)
		}
	}
	if cells := impact.Quotable(figures, "", month(0)); cells != nil {
		t.Errorf("of a month that still runs: %v", cells)
	}
}

func TestPublishListsAllOutcomesAndLeavesTheUnmentionedNull(t *testing.T) {
	t.Parallel()
	confident := map[string][]float64{}
	for person := range somebody("p", 0, 5) {
		confident[person] = []float64{0.5, 0.75}
	}
	w := world{month(0): {scored: map[outcome.Dimension]map[string][]float64{
		outcome.Confidence: confident,
		outcome.Belonging:  {"p1": {0.9}, "p2": {0.1}},
	}}}
	half := 0.625
	want := []impact.Level{
		{Dimension: outcome.Confidence, Mean: &half, Basis: outcome.ByModel, N: 10, People: 5},
		{Dimension: outcome.Belonging, Suppressed: true, Withheld: []impact.Month{month(0)}},
		{Dimension: outcome.LangLevelProxy},
		{Dimension: outcome.JobReadiness},
		{Dimension: outcome.WellBeing},
	}
	got := w.ask(period(t, 0, 1))
	if diff := cmp.Diff(want, got.Levels); diff != "" {
		t.Error(diff)
	}
	if len(got.Series) != 2 || len(got.Series[0].Levels) != 5 || !got.Series[0].Levels[1].Suppressed {
		t.Errorf("series %+v, expected two months of five outcomes with belonging suppressed in the first", got.Series)
	}
	if diff := cmp.Diff([]impact.Month{month(0)}, got.Withheld); diff != "" {
		t.Error(diff)
	}
	if got.AsOf != noon.UTC() {
		t.Errorf("as of %v, expected %v", got.AsOf, noon)
	}
}

func TestPublishCorrectsAMeanByWhatReviewersFound(t *testing.T) {
	t.Parallel()
	// every one of 100 texts of 10 people scores 0.2 too low or, one in four, not at all too low; 40 of them are read
	r := rand.New(rand.NewPCG(1, 1))
	of := func(people int) happening {
		h := happening{scored: map[outcome.Dimension]map[string][]float64{outcome.Confidence: {}}, texts: 100}
		for i := range 100 {
			person, truth := fmt.Sprintf("p%d", i%10), float64(r.IntN(5))/4
			score := outcome.Round(truth - .2*float64(min(i%4, 1)))
			h.scored[outcome.Confidence][person] = append(h.scored[outcome.Confidence][person], score)
			if i < 40 && i%10 < people {
				h.read = append(h.read, impact.Labelled{Person: person, Pairs: map[outcome.Dimension]outcome.Pair{outcome.Confidence: {A: &truth, B: &score}}})
			}
		}
		return h
	}
	w := world{month(0): of(10), month(1): of(4)}
	model, _ := outcome.Mean([]outcome.Stratum{{Scored: moments(w[month(1)])}})
	first, second, both := w.ask(period(t, 0, 0)).Levels[0], w.ask(period(t, 1, 1)).Levels[0], w.ask(period(t, 0, 1)).Levels[0]
	if first.Basis != outcome.ByPPI || first.Labelled != 40 || first.Low == nil || !(*first.Low < *first.Mean && *first.Mean < *first.High) {
		t.Errorf("%+v, expected a corrected mean with its interval", first)
	}
	if second.Basis != outcome.ByModel || second.Labelled != 0 || second.Low != nil || *second.Mean != outcome.Round(model.Mean) {
		t.Errorf("%+v, expected the model's own mean: reviewers read texts of four people alone", second)
	}
	if both.Labelled != 40 || both.Basis != outcome.ByPPI || both.N != 200 {
		t.Errorf("%+v, expected the labels of the first month alone", both)
	}
}

func moments(h happening) (m outcome.Moments) {
	sum := h.figures(month(0)).Outcomes[outcome.Confidence]
	return outcome.Moments{N: sum.N, Total: sum.Total, Squares: sum.Squares}
}

func TestPublishSuppressesAGroupThatShrankBetweenTwoReadings(t *testing.T) {
	t.Parallel()
	months := []impact.Figures{crowded(5, 5, 5).figures(month(0))}
	got := impact.Publish(period(t, 0, 0), months, map[string]int{impact.KindParticipant: 4, impact.KindVolunteer: 5}, nil)
	if !got.Participants.Suppressed || got.Participants.Value != 0 {
		t.Fatalf("participants %+v, expected them suppressed", got.Participants)
	}
}

const horizon = 6 // months of a random world

// random makes a month of mostly small and middling groups, so that every boundary is met.
func random(r *rand.Rand) happening {
	h := happening{
		participants: somebody("p", r.IntN(6), r.IntN(9)), volunteers: somebody("v", r.IntN(4), r.IntN(9)),
		scored: map[outcome.Dimension]map[string][]float64{},
	}
	if len(h.participants) > 0 && len(h.volunteers) > 0 {
		h.sessions = 1 + r.IntN(20)
		h.minutes = h.sessions * (30 + r.IntN(60))
	}
	for _, dimension := range outcome.Dimensions {
		byPerson := map[string][]float64{}
		for person := range somebody("p", r.IntN(6), r.IntN(9)) {
			byPerson[person] = []float64{float64(r.IntN(1001)) / 1000}
		}
		h.scored[dimension] = byPerson
		h.read = append(h.read, found(r, dimension, r.IntN(9))...)
	}
	h.texts = 100 + r.IntN(50) // of more than five people, which is a group of its own
	return h
}

// found is what a reviewer finds of a dimension in the texts of so many people.
func found(r *rand.Rand, dimension outcome.Dimension, people int) (read []impact.Labelled) {
	for i := range people {
		for range 1 + r.IntN(4) {
			label, score := float64(r.IntN(5))/4, float64(r.IntN(1001))/1000
			read = append(read, impact.Labelled{
				Person: fmt.Sprintf("p%d", i), Pairs: map[outcome.Dimension]outcome.Pair{dimension: {A: &label, B: &score}},
			})
		}
	}
	return read
}

// readers counts the people in whose texts a reviewer found the dimension.
func readers(read []impact.Labelled, dimension outcome.Dimension) int {
	people := map[string]bool{}
	for _, l := range read {
		if l.Pairs[dimension].A != nil {
			people[l.Person] = true
		}
	}
	return len(people)
}

// small says whether a figure is of one to four people.
func small(n int) bool { return n > 0 && n < impact.Least }

// retold is h with everything that must stay hidden replaced by something else that must stay hidden, and all else as it was.
func retold(r *rand.Rand, h happening) happening {
	other := happening{
		participants: h.participants, volunteers: h.volunteers, sessions: h.sessions, minutes: h.minutes,
		scored: map[outcome.Dimension]map[string][]float64{}, texts: h.texts,
	}
	for _, dimension := range outcome.Dimensions {
		n := readers(h.read, dimension)
		if len(h.scored[dimension]) < impact.Least || small(n) {
			other.read = append(other.read, found(r, dimension, r.IntN(impact.Least))...)
			continue
		}
		for _, l := range h.read {
			if _, judged := l.Pairs[dimension]; judged {
				other.read = append(other.read, l)
			}
		}
	}
	if small(len(h.participants)) {
		other.participants = somebody("p", r.IntN(9), 1+r.IntN(4))
	}
	if small(len(h.volunteers)) {
		other.volunteers = somebody("v", r.IntN(9), 1+r.IntN(4))
	}
	if h.sessions > 0 && (small(len(h.participants)) || small(len(h.volunteers))) {
		other.sessions = 1 + r.IntN(50)
		other.minutes = other.sessions * (20 + r.IntN(90))
	}
	for dimension, byPerson := range h.scored {
		other.scored[dimension] = byPerson
		if small(len(byPerson)) {
			changed := map[string][]float64{}
			for person := range somebody("p", r.IntN(9), 1+r.IntN(4)) {
				changed[person] = []float64{float64(r.IntN(1001)) / 1000, float64(r.IntN(1001)) / 1000}
			}
			other.scored[dimension] = changed
		}
	}
	return other
}

// Two companies that differ only in their small groups cannot be told apart by somebody who asks for every period there is. This
// covers every attack at once: subtracting periods, comparing months with totals, participants with sessions, outcomes with counts.
func TestNoSetOfQuestionsTellsAnythingOfASmallGroup(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 11))
	differed := 0
	for range 150 {
		truth, other := world{}, world{}
		for i := range horizon {
			if r.IntN(6) == 0 {
				continue
			}
			truth[month(i)] = random(r)
			other[month(i)] = retold(r, truth[month(i)])
		}
		if !cmp.Equal(truth, other, cmp.AllowUnexported(happening{})) {
			differed++
		}
		for from := range horizon {
			for to := from; to < horizon; to++ {
				p := period(t, from, to)
				if diff := cmp.Diff(truth.ask(p), other.ask(p)); diff != "" {
					t.Fatalf("%v to %v tells two worlds apart by their small groups:\n%s", p.From, p.To, diff)
				}
			}
		}
	}
	if differed < 125 {
		t.Fatalf("only %d of 150 worlds differed: the property was hardly tested", differed)
	}
}

// Whatever is shown describes at least five people, and what two periods differ by is a sum of months that are shown themselves.
func TestEveryShownFigureAndEveryDifferenceIsOfShownMonths(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 5))
	for range 300 {
		w := world{}
		for i := range horizon {
			w[month(i)] = random(r)
		}
		for from := range horizon {
			shownSessions, shownN := 0, map[outcome.Dimension]int{}
			for to := from; to < horizon; to++ {
				alone, whole := w.ask(period(t, to, to)), w.ask(period(t, from, to))
				shownSessions += alone.Sessions.Value
				if whole.Sessions.Value != shownSessions {
					t.Fatalf("sessions of %d to %d are %d, expected the sum of shown months %d", from, to, whole.Sessions.Value, shownSessions)
				}
				for i, level := range whole.Levels {
					shownN[level.Dimension] += alone.Levels[i].N
					if level.N != shownN[level.Dimension] {
						t.Fatalf("%s of %d to %d has n %d, expected %d", level.Dimension, from, to, level.N, shownN[level.Dimension])
					}
					if small(level.People) || level.N > 0 && level.People == 0 {
						t.Fatalf("%s of %d to %d shows %d people", level.Dimension, from, to, level.People)
					}
				}
				if small(whole.Participants.Value) || small(whole.Volunteers.Value) {
					t.Fatalf("%d to %d shows %d participants and %d volunteers", from, to, whole.Participants.Value, whole.Volunteers.Value)
				}
				if alone.Sessions.Value > 0 && (len(w[month(to)].participants) < impact.Least || len(w[month(to)].volunteers) < impact.Least) {
					t.Fatalf("month %d shows the sessions of a small group", to)
				}
			}
		}
	}
}

func TestLastTwelveEndsWithTheMonthOfTheCompanysZone(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("east", 2*3600)
	got := impact.LastTwelve(time.Date(2026, 1, 31, 22, 30, 0, 0, time.UTC), zone)
	want := impact.Period{From: month(1 - 11), To: month(1)}
	if got != want {
		t.Fatalf("%v, expected %v", got, want)
	}
}
