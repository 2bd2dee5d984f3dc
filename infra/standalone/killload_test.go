package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/teei/csr-platform/infra/standalone/sample"
)

// What the load is made of: 280 bookings, 520 sessions, 1,000 ratings of them and 200 of sessions that only the file tells of.
const (
	heldSessions   = 520
	missedBookings = 80
	volunteersRate = 480
	ratedByWebhook = 200 // of the file's sessions
	fileRows       = 3000
	wrongEvery     = 50 // of the file's rows, one
	allDeliveries  = 2000
)

// load is what a sender delivers and a file holds, and what must be found of it afterwards.
type load struct {
	deliveries []sample.Delivery
	file       []byte
	sessions   []string // external id|booking id|minutes, minutes 0 where the session was never held
	ratings    []string // external id|external session id|role|rating|text
	people     map[string]bool
	enrolled   map[string]bool // participant|programme
	held       int
	texts      int      // of participants: those that are scored
	written    int      // by anybody: those that are screened
	harmful    []string // external id|route|text of those that must be held
	minutes    int
	first      time.Time
}

// makeLoad is the same for the same seed and month. Everything lies in the six months before that of now.
func makeLoad(seed uint64, now time.Time) *load {
	l := &load{people: map[string]bool{}, enrolled: map[string]bool{}}
	l.first = time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, -6, 0)
	r := rand.New(rand.NewPCG(seed, 0))
	places := map[string]int{}
	deliver := func(place int, kind, id string, body map[string]any) {
		raw, err := json.Marshal(body)
		if err != nil { // plain values
			panic(err)
		}
		places[id] = place + r.IntN(120) // so that some come before what they speak of
		l.deliveries = append(l.deliveries, sample.Delivery{Company: killCompany, Path: "/v1/kintell/webhooks/" + kind, DeliveryID: id, Body: raw})
	}
	for i := range heldSessions {
		l.session(i, deliver)
	}
	for i := range missedBookings {
		id := fmt.Sprintf("N-%d", i)
		deliver(i*6, "booking-confirmed", "delivery-"+id, l.booking(id, i, l.first.Add(time.Duration(i)*13*time.Hour+7*time.Minute)))
		l.sessions = append(l.sessions, "|"+id+"|0")
	}
	l.rows(deliver)
	slices.SortFunc(l.deliveries, func(a, b sample.Delivery) int {
		return cmp.Or(cmp.Compare(places[a.DeliveryID], places[b.DeliveryID]), cmp.Compare(a.DeliveryID, b.DeliveryID))
	})
	slices.Sort(l.sessions)
	slices.Sort(l.ratings)
	slices.Sort(l.harmful)
	return l
}

// party are the two people of a session and its programme.
func (l *load) party(i int) (participant, volunteer, kind string) {
	participant, volunteer = fmt.Sprintf("p%d@load.test", i%60), fmt.Sprintf("v%d@load.test", i%19)
	l.people[participant], l.people[volunteer] = true, true
	return participant, volunteer, []string{"language", "mentorship"}[i%2]
}

func (l *load) booking(id string, i int, at time.Time) map[string]any {
	participant, volunteer, kind := l.party(i)
	return map[string]any{"booking_id": id, "session_type": kind, "participant_email": participant, "volunteer_email": volunteer, "scheduled_at": at}
}

// session adds a session that was held, its booking (of five in thirteen, under its own id or another) and its ratings.
func (l *load) session(i int, deliver func(int, string, string, map[string]any)) {
	id, booking := fmt.Sprintf("S-%d", i), ""
	at := l.first.Add(time.Duration(i) * 337 * time.Minute)
	minutes := 30 + i%45
	if i%13 < 5 {
		booking = fmt.Sprintf("B-%d", i)
		if i%2 == 0 {
			booking = id
		}
		deliver(i*3-60, "booking-confirmed", "delivery-booking-"+id, l.booking(booking, i, at))
	}
	participant, volunteer, kind := l.party(i)
	deliver(i*3, "session-completed", "delivery-"+id, map[string]any{
		"session_id": id, "session_type": kind, "participant_email": participant, "volunteer_email": volunteer, "scheduled_at": at,
		"completed_at": at.Add(time.Duration(minutes) * time.Minute), "duration_minutes": minutes, "topics": []string{"small talk"}, "language_level": "B1",
	})
	l.sessions = append(l.sessions, fmt.Sprintf("%s|%s|%d", id, booking, minutes))
	l.enrolled[participant+"|"+kind] = true
	l.held, l.minutes = l.held+1, l.minutes+minutes
	l.rate(i, i*3, id, "participant", at, i%10 < 7, deliver)
	if i < volunteersRate {
		l.rate(i, i*3, id, "volunteer", at, i%2 == 0, deliver)
	}
}

// words make the texts: some speak of an outcome, some say nothing.
var words = []string{
	"I was afraid to speak, now I feel much more confident.",
	"I feel at home here and part of the group.",
	"We practised a job interview and I rewrote my CV, so I am ready to apply.",
	"I slept better and I am less stressed than before.",
	"We talked about the weather.",
	"Jeg føler meg tryggere når jeg snakker norsk.",
	"Тепер я почуваюся впевненіше і маю друзів.",
}

// wrote is what the author of rating i writes: one text in twenty must be held, and for whom.
func wrote(i int) (text, route string) {
	switch i % 40 {
	case 6:
		return fmt.Sprintf("I feel at home here. I will kill you if you come back. (%d)", i), "moderation"
	case 23:
		return fmt.Sprintf("I feel confident when I speak. Some nights I want to die. (%d)", i), "safeguarding"
	}
	return words[i%len(words)], ""
}

// rate delivers a rating. One in three is written three weeks after the session, often in another month.
func (l *load) rate(i, place int, session, role string, at time.Time, says bool, deliver func(int, string, string, map[string]any)) {
	id, text, route, score := "R-"+session+"-"+role, "", "", float64(i%11)/10
	if says {
		text, route = wrote(i)
	}
	written := at.Add(2 * time.Hour)
	if i%3 == 0 {
		written = at.Add(21 * 24 * time.Hour)
	}
	body := map[string]any{"rating_id": id, "session_id": session, "from_role": role, "rating": score, "created_at": written}
	if says {
		body["feedback_text"] = text
	}
	deliver(place, "rating-created", "delivery-"+id, body)
	l.rated(id, session, role, score, text, route)
}

func (l *load) rated(id, session, role string, score float64, text, route string) {
	l.ratings = append(l.ratings, fmt.Sprintf("%s|%s|%s|%.3f|%s", id, session, role, score, text))
	if role == "participant" && text != "" {
		l.texts++
	}
	if text != "" {
		l.written++
	}
	if route != "" {
		l.harmful = append(l.harmful, id+"|"+route+"|"+text)
	}
}

// rows writes the file. Its first sessions are rated by webhooks that come long before or while it is read.
func (l *load) rows(deliver func(int, string, string, map[string]any)) {
	var b strings.Builder
	b.WriteString("session_id,participant_email,volunteer_email,scheduled_at,completed_at,duration_minutes,rating,feedback_text,language_level\n")
	rated := 0
	for n := range fileRows {
		id, minutes := fmt.Sprintf("F-%d", n), 30+n%60
		at := l.first.Add(time.Duration(n) * 57 * time.Minute)
		participant, volunteer := fmt.Sprintf("fp%d@load.test", n%150), fmt.Sprintf("fv%d@load.test", n%41)
		rating, text, route := "", "", ""
		switch {
		case n%wrongEvery == wrongEvery-1:
			participant = "nobody at load.test"
		case n%7 == 3 && rated < ratedByWebhook:
			l.rate(n, rated*8, id, "participant", at, true, deliver)
			rated++
		case n%10 == 3:
			rating = fmt.Sprintf("%.1f", float64(n%9)/10)
			text, route = wrote(n)
			l.rated(id+"/participant", id, "participant", float64(n%9)/10, text, route)
		}
		fmt.Fprintf(&b, "%s,%s,%s,%s,%s,%d,%s,%q,A2\n", id, participant, volunteer, at.Format(time.RFC3339),
			at.Add(time.Duration(minutes)*time.Minute).Format(time.RFC3339), minutes, rating, text)
		if n%wrongEvery == wrongEvery-1 {
			continue
		}
		l.sessions = append(l.sessions, fmt.Sprintf("%s||%d", id, minutes))
		l.people[participant], l.people[volunteer] = true, true
		l.enrolled[participant+"|language"] = true
		l.held, l.minutes = l.held+1, l.minutes+minutes
	}
	l.file = []byte(b.String())
}
