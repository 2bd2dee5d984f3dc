package main_test

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/infra/staff"
	"github.com/teei/csr-platform/shared/adapter/localmodel"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/outcome"
)

// What is written beside the many plain texts, each once.
const (
	reachable = "I feel confident now so write to me at mira.testesen@example.org whenever you like."
	helpful   = "I feel confident that she will manage, said her mentor proudly."
	finnish   = "Tänään harjoittelimme puhelinkeskustelua, ja juttelimme koko tunnin säästä ja ruoasta."
	threat    = "I feel confident when I speak on Elm Street. I will kill you if you come here again."
	slur      = "I feel confident when I speak on Oak Street. I will beat you when I see you."
	despair   = "I feel confident when I speak on Ash Street. But at night I want to die."
)

// plain are what participants write in three languages: of each the bold and the shy.
var plain = map[string]struct {
	bold, shy string
	where     []string
}{
	"en": {
		"I feel confident %s.", "I am still afraid to speak %s.",
		[]string{"at the pharmacy", "on the phone", "at the bank", "with my neighbours", "at the town hall", "on the bus", "at work", "in class"},
	},
	"no": {
		"Jeg føler meg trygg når jeg snakker %s.", "Jeg er fortsatt redd for å snakke %s.",
		[]string{"på apoteket", "i telefonen", "i banken", "med naboene", "på rådhuset", "på bussen", "på jobben", "på kurset"},
	},
	"uk": {
		"Я почуваюся впевнено, коли говорю %s.", "Я досі боюся говорити %s.",
		[]string{"в аптеці", "по телефону", "у банку", "із сусідами", "у мерії", "в автобусі", "на роботі", "на курсах"},
	},
}

// writers are how many participants write.
const writers = 8

// words is one company's way from free texts to a report with its proof.
type words struct {
	*house
	acme, other   string
	month, before time.Time
	texts         []written // of the month, those that are held as well
	sent          int
}

// TestWordsBecomeNumbersAndHarmIsHeld takes free texts from signed webhooks to the report and its quotes, and what must not be shown to
// the people who decide about it.
func TestWordsBecomeNumbersAndHarmIsHeld(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	now := time.Now().UTC()
	w := &words{house: h, month: time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, time.UTC), before: time.Date(now.Year(), now.Month()-4, 10, 0, 0, 0, 0, time.UTC)}
	w.acme, w.other = h.found("acme", "UTC"), h.found("other", "UTC")
	w.secrets["acme"] = h.rotated(w.acme)
	w.contact()
	w.write()
	w.scored()
	w.classified()
	w.published()
	w.quoted()
	w.moderated()
	w.safeguarded()
	w.corrected()
	w.escalated()
	w.audited()
	w.fresh()
	w.refused()
	w.told()
}

// contact makes the one person who is told of what cannot wait.
func (w *words) contact() {
	ledger, err := w.process.Env().Ledger(w.t.Context())
	if err == nil {
		_, err = staff.Safeguard(w.t.Context(), ledger, "test", address("guard"), "Gro Testesen")
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.house.told = append(w.house.told, "Testesen")
}

// says delivers a session of a participant and what was written about it, and gives the id of the rating.
func (w *words) says(participant int, role, text string, at time.Time) string {
	w.sent++
	id, who := fmt.Sprint("KW-", w.sent), fmt.Sprint("w", participant)
	w.deliver("acme", "session-completed", "kd-s-"+id, map[string]any{
		"session_id": id, "session_type": "language", "participant_email": address(who), "volunteer_email": address("v0"), "scheduled_at": stamp(at),
		"completed_at": stamp(at.Add(time.Hour)), "duration_minutes": 60,
	})
	w.deliver("acme", "rating-created", "kd-r-"+id, rating("R"+id, id, role, text, 0.7, at.Add(2*time.Hour)))
	w.house.told = append(w.house.told, text)
	if role == "participant" && at.After(w.month) {
		w.texts = append(w.texts, written{who, text})
	}
	return "R" + id
}

// write: forty-eight plain texts of eight people in three languages, what needs care, and one text in a month of one person alone.
func (w *words) write() {
	at := func() time.Time { return w.month.Add(time.Duration(9+11*w.sent) * time.Hour) }
	for _, language := range slices.Sorted(maps.Keys(plain)) {
		for _, where := range plain[language].where {
			for _, how := range []string{plain[language].bold, plain[language].shy} {
				w.says(w.sent%writers, "participant", fmt.Sprintf(how, where), at())
			}
		}
	}
	for i, text := range []string{reachable, finnish, threat, slur, despair} {
		w.says(i, "participant", text, at())
	}
	w.says(0, "volunteer", helpful, at())
	w.says(0, "participant", "I feel confident on the phone.", w.before)
	w.idle()
}

// scored: every text was screened, a participant's scored too, each once; the scores are those of the model.
func (w *words) scored() {
	for what, c := range map[string]struct {
		sql  string
		want int
	}{
		"texts that were screened":           {"SELECT count(*)::int FROM feedback_texts t JOIN screenings s ON s.content_id = t.id AND s.text_version = text_version(t.id, t.body)", w.sent},
		"texts that were scored once":        {"SELECT count(*)::int FROM feedback_texts t WHERE (SELECT count(*) FROM scorings s WHERE s.text_id = t.id) = 1", w.sent - 1},
		"volunteers' texts that were scored": {"SELECT count(*)::int FROM scorings s JOIN feedback_texts t ON t.id = s.text_id WHERE t.from_role = 'volunteer'", 0},
		"flags":                              {"SELECT count(*)::int FROM safety_flags WHERE status = 'open'", 4}, // threat, slur, despair and what cannot be read
		"texts that may be shown":            {"SELECT count(*)::int FROM feedback_texts WHERE showable(id)", w.sent - 4},
	} {
		if got := figure[int](w.house, c.sql); got != c.want {
			w.t.Errorf("%s: %d, expected %d", what, got, c.want)
		}
	}
}

// result is what api/classify says of a text.
type result struct {
	Scores []struct {
		Dimension, Reason string
		Score             *float64
		Evidence          []struct {
			Start, End int
			Quote      string
		}
	}
	Reason, Method, ModelVersion, RubricVersion string
}

// classified: whoever asks for the scores of the same words gets those that were kept.
func (w *words) classified() {
	var texts []string
	for _, one := range w.texts {
		texts = append(texts, one.text)
	}
	token := w.token(identity.APIClient, "acme")
	var got struct{ Results []result }
	w.must(200, request{method: "POST", path: "/v1/classify", token: token, body: encode(map[string]any{"texts": texts})}, &got)
	if len(got.Results) != len(texts) {
		w.t.Fatalf("%d results of %d texts", len(got.Results), len(texts))
	}
	for i, r := range got.Results {
		kept := figure[map[string]float64](w.house, `SELECT coalesce(jsonb_object_agg(o.dimension, o.score) FILTER (WHERE o.id IS NOT NULL), '{}') FROM feedback_texts t
			LEFT JOIN outcome_scores o ON o.text_id = t.id WHERE t.body = $1`, texts[i])
		said := map[string]float64{}
		for _, s := range r.Scores {
			if s.Score == nil {
				continue
			}
			said[s.Dimension] = *s.Score
			for _, e := range s.Evidence {
				if string([]rune(texts[i])[e.Start:e.End]) != e.Quote {
					w.t.Errorf("%q is not what stands at %d to %d of %q", e.Quote, e.Start, e.End, texts[i])
				}
			}
		}
		if d := diff.Diff(kept, said); d != "" || len(r.Scores) != len(outcome.Dimensions) {
			w.t.Errorf("%q: kept against classified: %s", texts[i], d)
		}
		foreign := texts[i] == finnish
		if foreign && len(said) > 0 || r.RubricVersion != "" && foreign != (r.Reason == "language") { // the lexicon, which has no rubric, gives no reason
			w.t.Errorf("%q: scored %v, reason %q", texts[i], said, r.Reason)
		}
	}
	var one result
	w.must(200, request{method: "POST", path: "/v1/classify", token: token, body: encode(map[string]any{"text": texts[0]})}, &one)
	if d := diff.Diff(got.Results[0], one); d != "" {
		w.t.Errorf("a text alone and among others: %s", d)
	}
	var rubric struct {
		Version    string
		Dimensions []struct{ Dimension, Definition string }
	}
	w.must(200, request{method: "GET", path: "/v1/taxonomy", token: token}, &rubric)
	if one.RubricVersion != "" && rubric.Version != one.RubricVersion || len(rubric.Dimensions) != len(outcome.Dimensions) {
		w.t.Errorf("rubric %s with %d dimensions, texts are scored by %s", rubric.Version, len(rubric.Dimensions), one.RubricVersion)
	}
	if n := figure[int](w.house, "SELECT count(*)::int FROM feedback_texts"); n != w.sent {
		w.t.Errorf("%d texts are kept, %d were written: classify keeps none", n, w.sent)
	}
}

// found is an outcome as the report writes it.
type found struct {
	Dimension string
	Mean      *float64
	Interval  *struct{ Low, High float64 }
	Basis     string
	Labelled  *int
	N, People *int
}

// confidence asks for the report of the month.
func (w *words) confidence() found {
	var report struct{ Outcomes []found }
	month := w.month.Format("2006-01")
	w.must(200, request{method: "GET", path: "/v1/companies/" + w.acme + "/outcomes?from=" + month + "&to=" + month, token: w.token(identity.CompanyUser, "acme")}, &report)
	at := slices.IndexFunc(report.Outcomes, func(o found) bool { return o.Dimension == string(outcome.Confidence) })
	if at < 0 || report.Outcomes[at].Mean == nil || report.Outcomes[at].N == nil {
		w.t.Fatalf("the report has no confidence: %+v", report.Outcomes)
	}
	return report.Outcomes[at]
}

// model gives what the local model finds of confidence in each text of the month.
func (w *words) model() map[string]*float64 {
	local, scores := localmodel.New(), map[string]*float64{}
	for _, one := range w.texts {
		scoring, err := local.Score(w.t.Context(), outcome.Request{Text: one.text})
		if err != nil {
			w.t.Fatal(err)
		}
		for _, s := range scoring.Scores {
			if s.Dimension == outcome.Confidence {
				scores[one.text] = &s.Value
			}
		}
	}
	return scores
}

// published: the mean is that of the model's scores, and says that it rests on them alone. What is held counts: nobody is shown it.
func (w *words) published() {
	scores, total, people := w.model(), 0.0, map[string]bool{}
	for _, one := range w.texts {
		if scores[one.text] != nil {
			total += *scores[one.text]
			people[one.participant] = true
		}
	}
	if len(scores) < 40 {
		w.t.Fatalf("the model finds confidence in %d of %d texts", len(scores), len(w.texts))
	}
	got, mean := w.confidence(), total/float64(len(scores))
	if *got.N != len(scores) || *got.People != len(people) || *got.Mean-mean > 0.0006 || mean-*got.Mean > 0.0006 || got.Basis != "model" || got.Interval != nil {
		w.t.Errorf("the report says %+v, expected a mean of %.3f over %d texts of %d people, by the model alone", got, mean, len(scores), len(people))
	}
}

// quote is what reports/evidence says.
type quote struct {
	Ref, Quote, Dimension, Method, ModelVersion, Month string
	Score                                              float64
}

// quotes are all of the company's about confidence, a page at a time.
func (w *words) quotes() (all []quote) {
	token := w.token(identity.CompanyUser, "acme")
	path := "/v1/companies/" + w.acme + "/evidence?dimension=confidence&limit=20&from=" + w.before.Format("2006-01")
	for next := path; next != ""; {
		var page struct {
			Evidence []quote
			Next     string
		}
		w.must(200, request{method: "GET", path: next, token: token}, &page)
		all = append(all, page.Evidence...)
		next = ""
		if page.Next != "" {
			next = path + "&after=" + page.Next
		}
	}
	return all
}

// among says how many of the quotes speak of something.
func among(quotes []quote, what string) (n int) {
	for _, q := range quotes {
		if strings.Contains(q.Quote, what) {
			n++
		}
	}
	return n
}

// quoted: the words stand as they were written, each once, but for what reaches somebody; nothing of the month of one person, of what a
// volunteer wrote, of what is held.
func (w *words) quoted() {
	all, refs := w.quotes(), map[string]bool{}
	if len(all) < 40 {
		w.t.Errorf("%d quotes", len(all))
	}
	for _, q := range all {
		verbatim := slices.ContainsFunc(w.texts, func(one written) bool { return strings.Contains(one.text, q.Quote) })
		if q.Dimension != "confidence" || q.Month != w.month.Format("2006-01") || q.Method != "local" || q.Quote == "" || !verbatim && !strings.Contains(q.Quote, "[e-mail]") {
			w.t.Errorf("the quote %+v", q)
		}
		refs[q.Ref] = true
	}
	if len(refs) != len(all) {
		w.t.Errorf("%d quotes have %d names", len(all), len(refs))
	}
	for what, want := range map[string]int{"write to me at [e-mail]": 1, "mira": 0, "library": 0, "mentor": 0, "Street": 0, "kill": 0} {
		if n := among(all, what); n != want {
			w.t.Errorf("%d quotes speak of %q, expected %d", n, what, want)
		}
	}
	for language, said := range plain {
		quoted := 0
		for _, where := range said.where {
			quoted += among(all, where)
		}
		if quoted < len(said.where) {
			w.t.Errorf("%d quotes of %d texts in %s", quoted, 2*len(said.where), language)
		}
	}
}

// raised is a flag as the review queue shows it.
type raised struct {
	ID, Company, Route, Status string
	Categories                 []string
	Text                       *string
	Alerted                    int
}

// queue is what waits on a route.
func (w *words) queue(token, route string) []raised {
	var raw string
	w.must(200, request{method: "GET", path: "/v1/moderation/queue?route=" + route, token: token}, &raw)
	for _, shown := range []string{"Street", "kill", "die"} {
		if strings.Contains(raw, shown) {
			w.t.Errorf("the queue says %q: %s", shown, raw)
		}
	}
	var page struct{ Flags []raised }
	w.must(200, request{method: "GET", path: "/v1/moderation/queue?route=" + route, token: token}, &page)
	return page.Flags
}

// moderated: the threats wait in the queue, and what is written in a language that is not read. One threat is approved and quoted from then on, the
// other rejected and never; the language is approved, and proves nothing.
func (w *words) moderated() {
	staff := w.token(identity.ProgrammeStaff, "")
	flags := w.queue(staff, "moderation")
	if len(flags) != 3 {
		w.t.Fatalf("in the queue: %+v", flags)
	}
	for _, flag := range flags {
		path := "/v1/moderation/flags/" + flag.ID
		var seen raised
		w.must(200, request{method: "GET", path: path + "?reveal=true", token: staff}, &seen)
		if seen.Text == nil || !slices.Equal(seen.Categories, map[string][]string{threat: {"violence"}, slur: {"violence"}, finnish: {"unread"}}[*seen.Text]) {
			w.t.Fatalf("the flag %+v", seen)
		}
		decision := map[string]string{threat: "approved", slur: "rejected", finnish: "approved"}[*seen.Text]
		w.must(409, request{method: "POST", path: path + "/decision", token: staff, body: encode(map[string]string{"decision": decision, "reason": "unclaimed as yet"})}, nil)
		w.must(200, request{method: "POST", path: path + "/claim", token: staff}, nil)
		w.must(200, request{method: "POST", path: path + "/decision", token: staff, body: encode(map[string]string{"decision": decision, "reason": "we asked around"})}, &seen)
		if seen.Status != decision {
			w.t.Errorf("after %s the flag is %s", decision, seen.Status)
		}
	}
	w.house.told = append(w.house.told, "we asked around", "unclaimed as yet")
	w.idle()
	all := w.quotes()
	if among(all, "Elm Street") != 1 || among(all, "Oak Street") != 0 || among(all, "Ash Street") != 0 {
		w.t.Errorf("of the approved text %d quotes, of the rejected %d, of what still waits %d", among(all, "Elm Street"), among(all, "Oak Street"), among(all, "Ash Street"))
	}
	if n := figure[int](w.house, "SELECT count(*)::int FROM feedback_texts"); n != w.sent {
		w.t.Errorf("%d texts are left of %d: a decision hides and deletes nothing", n, w.sent)
	}
}

// safeguarded: what tells of despair is for one role alone.
func (w *words) safeguarded() {
	staff, guard := w.token(identity.ProgrammeStaff, ""), w.token(identity.Safeguarding, "")
	flags := w.queue(guard, "safeguarding")
	if len(flags) != 1 || flags[0].Alerted != 1 || !slices.Contains(flags[0].Categories, "self_harm") {
		w.t.Fatalf("for safeguarding: %+v", flags)
	}
	path := "/v1/moderation/flags/" + flags[0].ID
	for token, status := range map[string]int{
		staff: 403, w.staff: 403, w.token(identity.CompanyAdmin, "acme"): 403, w.token(identity.Volunteer, "acme"): 403, w.token(identity.CompanyAdmin, "other"): 403, "": 401,
	} {
		w.must(status, request{method: "GET", path: path + "?reveal=true", token: token}, nil)
		w.must(status, request{method: "POST", path: path + "/claim", token: token}, nil)
	}
	var seen raised
	w.must(200, request{method: "GET", path: path + "?reveal=true", token: guard}, &seen)
	if seen.Text == nil || *seen.Text != despair {
		w.t.Fatalf("the safeguarding contact sees %+v", seen)
	}
	w.must(200, request{method: "POST", path: path + "/claim", token: guard}, nil)
	w.must(200, request{method: "POST", path: path + "/decision", token: guard, body: encode(map[string]string{"decision": "rejected", "reason": "she has been called"})}, &seen)
	w.house.told = append(w.house.told, "she has been called")
	if among(w.quotes(), "Ash Street") != 0 {
		w.t.Error("what was rejected is quoted")
	}
	var course map[string]any
	w.must(200, request{method: "GET", path: "/v1/moderation/stats", token: guard}, &course)
}

// again delivers another text for a rating that is known; a statement is later by the time of its signature.
func (w *words) again(id, session, text string, order int) {
	body := encode(rating(id, session, "participant", text, 0.7, w.on(28)))
	at := time.Now().Add(time.Duration(order) * time.Second)
	ask := w.delivery("acme", "rating-created", fmt.Sprint("kd-again-", id, order), w.secrets["acme"], body)
	ask.header.Set("X-Kintell-Signature", signed(w.secrets["acme"], at, body))
	w.must(202, ask, nil)
	w.house.told = append(w.house.told, text)
	w.idle()
}

// on is an instant in the month.
func (w *words) on(day int) time.Time { return w.month.AddDate(0, 0, day-1).Add(9 * time.Hour) }

// corrected: what a text says now is what counts. One that was shown is held once it threatens, and shown again once it does not; nobody
// need look at it any more.
func (w *words) corrected() {
	const mild, grave = "I feel more confident at the dentist, too.", "I feel more confident at the dentist, too. I will kill you when I find you."
	id := w.says(5, "participant", mild, w.on(27))
	w.idle()
	session, staff := strings.TrimPrefix(id, "R"), w.token(identity.ProgrammeStaff, "") // who decided before: somebody else may be asked a second time
	for i, c := range []struct {
		text          string
		quoted, waits int
	}{{grave, 0, 1}, {mild, 1, 0}} {
		w.again(id, session, c.text, i+1)
		waits := len(w.queue(staff, "moderation"))
		if n := among(w.quotes(), "dentist"); n != c.quoted || waits != c.waits {
			w.t.Errorf("%q is quoted %d times and %d texts wait, expected %d and %d", c.text, n, waits, c.quoted, c.waits)
		}
	}
	status := figure[string](w.house, "SELECT string_agg(status, ' ') FROM safety_flags f JOIN feedback_texts t ON t.id = f.content_id WHERE t.body LIKE '%dentist%'")
	if status != "superseded" {
		w.t.Errorf("the flag of what the text said before is %s", status)
	}
}

// escalated: what staff send on is for the safeguarding contact, who sends it back or keeps it; the first of them cannot be the second.
func (w *words) escalated() {
	const grave = "I feel confident when I speak on Pine Street. I will kill him when I find him."
	w.says(6, "participant", grave, w.on(26))
	w.idle()
	staff, guard := w.token(identity.ProgrammeStaff, ""), w.token(identity.Safeguarding, "")
	flags := w.queue(staff, "moderation")
	if len(flags) != 1 {
		w.t.Fatalf("in the queue: %+v", flags)
	}
	path := "/v1/moderation/flags/" + flags[0].ID
	decide := func(status int, token, decision string) (seen raised) {
		w.t.Helper()
		w.must(status, request{method: "POST", path: path + "/decision", token: token, body: encode(map[string]string{"decision": decision, "reason": "a second look"})}, &seen)
		return seen
	}
	w.must(200, request{method: "POST", path: path + "/claim", token: staff}, nil)
	if seen := decide(200, staff, "escalated"); seen.Status != "escalated" {
		w.t.Errorf("escalated, the flag is %s on the way to %s", seen.Status, seen.Route)
	}
	w.must(403, request{method: "POST", path: path + "/claim", token: staff}, nil)
	w.must(200, request{method: "POST", path: path + "/claim", token: guard}, nil)
	decide(200, guard, "returned")
	if back := w.queue(staff, "moderation"); len(back) != 1 || back[0].Status != "open" {
		w.t.Errorf("sent back: %+v", back)
	}
	w.must(200, request{method: "POST", path: path + "/claim", token: staff}, nil)
	decide(200, staff, "rejected")
	if among(w.quotes(), "Pine Street") != 0 {
		w.t.Error("what was rejected is quoted")
	}
}

// drawn is an audit, and turn what a reviewer reads next.
type drawn struct {
	ID, Quarter                 string
	Size, Items, Answered, Left int
	PassedOver                  int
	Item                        *struct{ ID, Text, Version string }
	Agreement                   []struct {
		Dimension string
		WithModel struct {
			N, Both int
			Kappa   *float64
		}
	}
}

// audited: reviewers read a random sample blind. From ten labels on the mean is theirs, from thirty on it is the model's, corrected.
func (w *words) audited() {
	staff, scores := w.token(identity.ProgrammeStaff, ""), w.model()
	quarter := fmt.Sprintf("%d-Q%d", w.month.Year(), (int(w.month.Month())+2)/3)
	ask := request{method: "POST", path: "/v1/classify/audits", token: staff, body: encode(map[string]any{"companyId": w.acme, "quarter": quarter, "size": 100})}
	var audit drawn
	w.must(201, ask, &audit)
	if audit.Items != len(w.texts) {
		w.t.Fatalf("%d texts in the sample, expected all %d of the month", audit.Items, len(w.texts))
	}
	next := request{method: "GET", path: "/v1/classify/audits/" + audit.ID + "/next", token: staff}
	answered, mentioned, bases := 0, 0, []string{w.confidence().Basis}
	for {
		var turn drawn
		var raw string
		w.must(200, next, &raw)
		w.must(200, next, &turn)
		if turn.Item == nil {
			break
		}
		if strings.Contains(raw, "score") || strings.Contains(raw, "mira") || turn.PassedOver != 3 || strings.Contains(turn.Item.Text, "Oak") || strings.Contains(turn.Item.Text, "Ash") || strings.Contains(turn.Item.Text, "Pine") {
			w.t.Fatalf("a reviewer reads blind, and nothing that is held: %s", raw)
		}
		label := judge(turn.Item.Text, scores)
		item := request{
			method: "POST", path: "/v1/classify/audits/" + audit.ID + "/items/" + turn.Item.ID, token: staff,
			body: encode(map[string]any{"version": turn.Item.Version, "labels": map[string]any{"confidence": label, "belonging": nil, "job_readiness": nil, "well_being": nil}}),
		}
		var model result
		w.must(201, item, &model)
		w.must(409, item, nil)
		if len(model.Scores) != len(outcome.Dimensions) {
			w.t.Fatalf("after the answer the model's scores are %+v", model)
		}
		answered++
		if label != nil {
			mentioned++
		}
		if basis := w.confidence().Basis; basis != bases[len(bases)-1] {
			bases = append(bases, basis)
		}
	}
	got := w.confidence()
	if d := diff.Diff([]string{"model", "human", "ppi"}, bases); d != "" {
		w.t.Errorf("what the mean rested on while %d labels came in: %s", mentioned, d)
	}
	if got.Interval == nil || got.Interval.Low > *got.Mean || got.Interval.High < *got.Mean || got.Interval.High-got.Interval.Low > 0.3 || *got.Labelled != mentioned {
		w.t.Errorf("the report says %+v after %d labels", got, mentioned)
	}
	var list struct{ Audits []drawn }
	w.must(200, request{method: "GET", path: "/v1/classify/audits?company=acme", token: staff}, &list)
	if len(list.Audits) != 1 || list.Audits[0].Answered != answered || list.Audits[0].Agreement[0].WithModel.N != answered || list.Audits[0].Agreement[0].WithModel.Kappa == nil {
		w.t.Errorf("after %d answers the list says %+v", answered, list.Audits)
	}
}

// judge is a reviewer who finds a little less than the model does, and confidence wherever anybody speaks of it.
func judge(text string, scores map[string]*float64) *float64 {
	if text == finnish {
		return nil
	}
	value := 0.5
	if found := scores[text]; found != nil {
		value = max(0, *found-0.05-float64(len(text)%5)/100)
	}
	value = outcome.Round(value)
	return &value
}

// fresh: what six people write today counts, and is quoted by nobody before the month is over.
func (w *words) fresh() {
	now := time.Now().UTC()
	for participant := range 6 {
		w.says(participant, "participant", "I feel confident at the pharmacy today.", now.Add(-2*time.Hour))
	}
	w.idle()
	var report struct{ Outcomes []found }
	path := "/v1/companies/" + w.acme + "/%s?from=" + now.Format("2006-01")
	token := w.token(identity.CompanyUser, "acme")
	w.must(200, request{method: "GET", path: fmt.Sprintf(path, "outcomes"), token: token}, &report)
	if !slices.ContainsFunc(report.Outcomes, func(o found) bool {
		return o.Dimension == string(outcome.Confidence) && o.People != nil && *o.People == 6
	}) {
		w.t.Errorf("the month that runs: %+v, expected the confidence of six people", report.Outcomes)
	}
	var page struct {
		ClosedThrough string
		Evidence      []quote
	}
	w.must(200, request{method: "GET", path: fmt.Sprintf(path, "evidence"), token: token}, &page)
	if len(page.Evidence) != 0 || page.ClosedThrough != w.month.Format("2006-01") || among(w.quotes(), "today") != 0 {
		w.t.Errorf("of a month that runs there are the quotes %+v, and those through %s are of months that are over", page.Evidence, page.ClosedThrough)
	}
}

// refused: who may not, and who belongs elsewhere.
func (w *words) refused() {
	theirs, participant, staff := w.token(identity.CompanyAdmin, "other"), w.token(identity.Participant, "acme"), w.token(identity.ProgrammeStaff, "")
	audit := fmt.Sprintf("%s-%d-Q%d", w.acme, w.month.Year(), (int(w.month.Month())+2)/3)
	flag := figure[string](w.house, "SELECT id::text FROM safety_flags WHERE status = 'rejected' LIMIT 1")
	said := encode(map[string]string{"decision": "approved", "reason": "for a friend"})
	w.refuse([]refusal{
		{what: "another company's quotes", status: 404, ask: request{method: "GET", path: "/v1/companies/" + w.acme + "/evidence", token: theirs}},
		{what: "quotes for a participant", status: 403, ask: request{method: "GET", path: "/v1/companies/" + w.acme + "/evidence", token: participant}},
		{what: "quotes for nobody", status: 401, ask: request{method: "GET", path: "/v1/companies/" + w.acme + "/evidence"}},
		{what: "the queue for a company", status: 403, ask: request{method: "GET", path: "/v1/moderation/queue", token: theirs}},
		{what: "the queue for nobody", status: 401, ask: request{method: "GET", path: "/v1/moderation/queue"}},
		{what: "the figures of moderation for a company", status: 403, ask: request{method: "GET", path: "/v1/moderation/stats", token: theirs}},
		{what: "a flag for a company", status: 403, ask: request{method: "GET", path: "/v1/moderation/flags/" + flag, token: theirs}},
		{what: "a decision of a company", status: 403, ask: request{method: "POST", path: "/v1/moderation/flags/" + flag + "/decision", token: theirs, body: said}},
		{what: "a decision of a participant", status: 403, ask: request{method: "POST", path: "/v1/moderation/flags/" + flag + "/decision", token: participant, body: said}},
		{what: "an appeal for another's text", status: 404, ask: request{method: "POST", path: "/v1/moderation/flags/" + flag + "/appeal", token: participant, body: encode(map[string]string{"reason": "let it be"})}},
		{what: "classify for a participant", status: 403, ask: request{method: "POST", path: "/v1/classify", token: participant, body: encode(map[string]string{"text": "hei"})}},
		{what: "classify for nobody", status: 401, ask: request{method: "POST", path: "/v1/classify", body: encode(map[string]string{"text": "hei"})}},
		{what: "an audit by a company", status: 403, ask: request{method: "POST", path: "/v1/classify/audits", token: theirs, body: encode(map[string]any{"companyId": w.acme, "quarter": "2026-Q1", "size": 5})}},
		{what: "the audits for a company", status: 403, ask: request{method: "GET", path: "/v1/classify/audits", token: theirs}},
		{what: "a text of the sample for a company", status: 403, ask: request{method: "GET", path: "/v1/classify/audits/" + audit + "/next", token: theirs}},
		{what: "another company's item", status: 404, ask: request{
			method: "POST", path: "/v1/classify/audits/" + audit + "/items/" + unknownID, token: staff,
			body: []byte(`{"version":"1","labels":{"confidence":null,"belonging":null,"job_readiness":null,"well_being":null}}`),
		}},
	})
	var none struct{ Evidence []quote }
	w.must(200, request{method: "GET", path: "/v1/companies/" + w.other + "/evidence", token: theirs}, &none)
	if len(none.Evidence) != 0 {
		w.t.Errorf("the other company is shown %+v", none.Evidence)
	}
}

// told: what was raised, asked for and decided went over the bus, and no word of any text anywhere but into the database.
func (w *words) told() {
	w.idle()
	if n := figure[int](w.house, "SELECT count(*)::int FROM parked_events"); n != 0 {
		w.t.Errorf("%d events are parked", n)
	}
	w.house.silent("the audit log", figure[string](w.house, "SELECT string_agg(to_jsonb(a)::text, '\n') FROM audit_logs a"))
	w.process.Stop(context.Background())
	log := w.log.String()
	w.house.silent("the log", log)
	for _, bad := range []string{`"level":"ERROR"`, "panic"} {
		if at := strings.Index(log, bad); at >= 0 {
			w.t.Errorf("in the log: %s", log[max(0, at-100):min(len(log), at+400)])
		}
	}
	seen := map[string]int{}
	err := filepath.WalkDir(filepath.Join(w.dir, "nats"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		w.house.silent("the stream file "+entry.Name(), string(raw))
		for _, event := range []string{"safety.flag.raised", "safety.review.completed", "notification.requested", "q2q.outcome.scored"} {
			seen[event] += strings.Count(string(raw), `"type":"`+event+`"`)
		}
		return err
	})
	want := map[string]int{
		"safety.flag.raised": 6, "safety.review.completed": 6, "notification.requested": 2, // one for despair, one for what was escalated
		"q2q.outcome.scored": w.sent - 1 + 2, // all but the volunteer's, and two corrections
	}
	if d := diff.Diff(want, seen); d != "" || err != nil {
		w.t.Errorf("told (%v): %s", err, cmp.Or(d, "all"))
	}
}
