package sample

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/teei/csr-platform/shared/domain/session"
)

// meeting is one session that was held, and what both sides said about it.
type meeting struct {
	id                     string // the sender's
	kind                   session.Type
	month                  int // 0 is the oldest
	participant, volunteer *person
	scheduled, completed   time.Time
	minutes                int
	level                  string // CEFR, of language sessions
	topics                 []string
	focus                  string // of mentorship sessions
	verdict, answer        *opinion
	monthEnds              time.Time // nothing about it was said later
}

// opinion is a rating, with or without a text.
type opinion struct {
	rating float64 // quarters of 0…1
	text   string
	at     time.Time
}

var (
	languageTopics = []string{"housing", "health", "family", "work", "food", "school", "travel", "news", "weather", "shopping", "public services"}
	mentorTopics   = []string{"CV", "interview", "cover letter", "networking", "job search", "recognition of diploma", "workplace culture"}
	focuses        = []string{"career", "career", "education", "integration"}
)

// hold makes a company's sessions, month by month. Times come from a source of their own, so that who met whom and what was said
// does not depend on now.
func hold(p plan, c cast, r, clock *rand.Rand, now time.Time, numbers *counter) []*meeting {
	zone, err := time.LoadLocation(p.company.TimeZone)
	if err != nil { // a zone of the table above that this machine does not know
		panic(err)
	}
	busy := map[string]bool{}
	var held []*meeting
	for month := range months {
		from, to := window(now, zone, month)
		active := p.active - r.IntN(max(1, p.active/8)+1)
		if p.busyMonths && month%6 == 4 {
			active = p.participants
		}
		deck := r.Perm(p.participants)[:active]
		for i := range p.sessions*(month+1)/months - p.sessions*month/months {
			m := meet(p, c, r, deck[i%active], month)
			numbers.sessions++
			m.id = fmt.Sprintf("%s-%04d", map[session.Type]string{session.Language: "LS", session.Mentorship: "MS"}[m.kind], numbers.sessions)
			m.when(clock, from, to, zone, busy)
			held = append(held, m)
		}
	}
	return held
}

// window is when a month's sessions may lie: all of the month, or as much of it as has passed. In its first minutes the hour before
// has to do.
func window(now time.Time, zone *time.Location, month int) (from, to time.Time) {
	local := now.In(zone)
	from = time.Date(local.Year(), local.Month()+time.Month(month-months+1), 1, 0, 0, 0, 0, zone)
	to = from.AddDate(0, 1, 0)
	if to.After(now) {
		to = now
	}
	if to.Sub(from) < time.Hour {
		from = to.Add(-time.Hour)
	}
	return from, to
}

// meet decides who met, and about what.
func meet(p plan, c cast, r *rand.Rand, participant, month int) *meeting {
	m := &meeting{month: month, participant: c.participants[participant], minutes: pick(r, 30, 45, 45, 60, 60, 60, 75, 90)}
	m.volunteer = m.participant.usual
	if r.IntN(6) == 0 {
		m.volunteer = pick(r, c.volunteers...)
	}
	if participant%10 < 7 {
		m.kind, m.topics = session.Language, some(r, languageTopics)
		level := m.participant.level
		if m.participant.learner && month >= months/2 {
			level++
		}
		m.level = session.Levels[level]
		return m
	}
	m.kind, m.topics, m.focus = session.Mentorship, some(r, mentorTopics), pick(r, focuses...)
	return m
}

// when finds a time between from and to at which neither of the two is busy: on the quarter in waking hours, else anywhere.
func (m *meeting) when(clock *rand.Rand, from, to time.Time, zone *time.Location, busy map[string]bool) {
	m.monthEnds = to
	length := time.Duration(m.minutes) * time.Minute
	days := int(to.Sub(from)/(24*time.Hour)) + 1
	for tries := 0; ; tries++ {
		day := from.AddDate(0, 0, clock.IntN(days))
		at := time.Date(day.Year(), day.Month(), day.Day(), 8+clock.IntN(12), 15*clock.IntN(4), 0, 0, zone)
		if tries > 200 {
			at = from.Add(time.Duration(clock.Int64N(int64(to.Sub(from)/time.Second)-1)) * time.Second).Add(-length)
		}
		end := at.Add(length)
		if tries <= 200 && at.Before(from) || !end.Add(time.Second).Before(to) || m.clashes(at, busy) {
			continue
		}
		m.scheduled, m.completed = at.UTC(), end.UTC()
		busy[m.participant.email+at.UTC().Format(minute)] = true
		busy[m.volunteer.email+at.UTC().Format(minute)] = true
		return
	}
}

const minute = "200601021504"

func (m *meeting) clashes(at time.Time, busy map[string]bool) bool {
	return busy[m.participant.email+at.UTC().Format(minute)] || busy[m.volunteer.email+at.UTC().Format(minute)]
}

// some picks one to three of list without repeating any.
func some(r *rand.Rand, list []string) []string {
	order := r.Perm(len(list))[:1+r.IntN(3)]
	chosen := make([]string, len(order))
	for i, j := range order {
		chosen[i] = list[j]
	}
	return chosen
}

// byFile says whether the session came in a file and not by webhook.
func (m *meeting) byFile() bool { return m.month < fileMonths }

// review has both sides rate their sessions and write about some: the same number of texts every month.
func review(p plan, held []*meeting, r *rand.Rand, words *writer) {
	for month := range months {
		of := ofMonth(held, month)
		texts := p.texts*(month+1)/months - p.texts*month/months
		accounts := map[*person]bool{} // English ones, long enough to read a level off
		for i, j := range r.Perm(len(of)) {
			m := of[j]
			if i < texts {
				mood, v := moodOf(r, month), m.voice(r)
				if v.language == "en" && len(accounts) <= texts/6 && !accounts[m.participant] {
					v.long, v.beginner, accounts[m.participant] = true, false, true
				}
				m.verdict = m.said(r, mood, words.participant(v, mood))
			} else if r.IntN(3) > 0 {
				m.verdict = m.said(r, gains, "")
			}
		}
		if month < fileMonths {
			continue
		}
		turn := month - fileMonths
		answers := p.volunteerTexts*(turn+1)/(months-fileMonths) - p.volunteerTexts*turn/(months-fileMonths)
		for i, j := range r.Perm(len(of))[:min(len(of), answers*2)] {
			text := ""
			if i < answers {
				text = words.volunteer(voice{language: of[j].volunteer.language, woman: of[j].volunteer.woman})
			}
			of[j].answer = of[j].said(r, gains, text)
		}
	}
}

func ofMonth(held []*meeting, month int) []*meeting {
	var of []*meeting
	for _, m := range held {
		if m.month == month {
			of = append(of, m)
		}
	}
	return of
}

// moodOf is how a text sounds. More of them tell of gains as the year goes on.
func moodOf(r *rand.Rand, month int) string {
	switch n := r.IntN(100); {
	case n < 38+2*month:
		return gains
	case n < 58+month:
		return mixed
	case n < 78:
		return lacks
	}
	return nothing
}

func (m *meeting) voice(r *rand.Rand) voice {
	return voice{
		language: m.participant.language, woman: m.participant.woman, mentor: m.kind == session.Mentorship,
		beginner: m.participant.level == 0 && r.IntN(3) > 0,
	}
}

// said rates in keeping with mood, at a moment between the session and the end of its month.
func (m *meeting) said(r *rand.Rand, mood, text string) *opinion {
	ratings := map[string][]float64{
		gains: {1, 1, 0.75, 0.75, 0.75}, mixed: {0.75, 0.75, 0.5}, lacks: {0.5, 0.5, 0.25, 0.25, 0}, nothing: {1, 0.75, 0.75, 0.5},
	}[mood]
	left := min(m.monthEnds.Sub(m.completed)-time.Second, 30*time.Hour)
	after := time.Duration(r.Float64() * float64(left)).Truncate(time.Second)
	return &opinion{rating: pick(r, ratings...), text: text, at: m.completed.Add(after)}
}
