package classify_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/port"
)

// audit, turn and page are answers as a client reads them.
type audit struct {
	ID, CompanyID, Quarter, Seed string
	Size, Items, Answered, Twice int
	DrawnAt                      time.Time
	Agreement                    []struct {
		Dimension                   string
		WithModel, BetweenReviewers struct {
			N, Both         int
			Kappa, QWK, MAE *float64
		}
		ModelVersions []string
	}
}

type turn struct {
	Item             *reading
	Left, PassedOver int
}

// reading is a text as a reviewer is given it.
type reading struct {
	ID, Text, Version string
	Masked            bool
}

type page struct {
	Audits []audit
	Next   string
}

// labels are an answer; answers puts in the version of what was read.
const labels = `{"version":"of nothing","labels":{"confidence":0.75,"belonging":null,"job_readiness":null,"well_being":null}}`

// to is an answer to what was read.
func to(read *reading, body string) string {
	return strings.Replace(body, `"of nothing"`, fmt.Sprintf("%q", read.Version), 1)
}

func draws(owner string, size int) string {
	return fmt.Sprintf(`{"companyId":%q,"quarter":"2026-Q1","size":%d}`, owner, size)
}

// next is what who is given to read in the audit of owner's first quarter.
func (h *house) next(who access.Caller, owner string) turn {
	h.t.Helper()
	return decode[turn](h.t, h.must(200, who, "GET", "/v1/classify/audits/"+owner+"-2026-Q1/next", ""))
}

func (h *house) answers(who access.Caller, owner string, read *reading, body string) (int, result) {
	w := h.ask(who, "POST", "/v1/classify/audits/"+owner+"-2026-Q1/items/"+read.ID, to(read, body))
	var found result
	if w.Code == http.StatusCreated {
		found = decode[result](h.t, w)
	}
	return w.Code, found
}

func TestAnAuditIsDrawnOnceAndGrows(t *testing.T) {
	t.Parallel()
	h := open(t)
	for i := range 8 {
		h.tells(h.acme, fmt.Sprint(i), fmt.Sprint("I am brave, ", i))
	}
	for _, step := range []struct{ ask, status, size, items int }{{3, 201, 3, 3}, {3, 200, 3, 3}, {6, 200, 6, 6}, {2, 200, 6, 6}, {500, 200, 500, 8}} {
		got := decode[audit](t, h.must(step.status, siri, "POST", "/v1/classify/audits", draws(h.acme, step.ask)))
		if got.ID != h.acme+"-2026-Q1" || got.CompanyID != h.acme || got.Quarter != "2026-Q1" || got.Size != step.size || got.Items != step.items || !got.DrawnAt.Equal(noon) {
			t.Errorf("asked for %d: %+v, expected %d of %d", step.ask, got, step.items, step.size)
		}
	}
	h.tells(h.acme, "late", "I am brave, lately")
	if got := decode[audit](t, h.must(200, siri, "POST", "/v1/classify/audits", draws(h.acme, 1))); got.Items != 9 {
		t.Errorf("%d items: what came since is drawn too", got.Items)
	}
}

func TestAnAuditOfWhatThereIsNot(t *testing.T) {
	t.Parallel()
	h := open(t)
	for name, c := range map[string]struct {
		body   string
		status int
		fields []string
	}{
		"nothing":                    {`{}`, 400, []string{"companyId", "quarter", "size"}},
		"no company of ours":         {draws(identity.NewID(), 5), 404, nil},
		"no slug of ours":            {draws("nobody", 5), 404, nil},
		"no slug at all":             {draws("Acme Ltd", 5), 400, []string{"companyId"}},
		"no quarter":                 {`{"companyId":"` + h.acme + `","quarter":"2026-Q5","size":5}`, 400, []string{"quarter"}},
		"a quarter to come":          {`{"companyId":"` + h.acme + `","quarter":"2026-Q2","size":5}`, 400, []string{"quarter"}},
		"too small":                  {draws(h.acme, 0), 400, []string{"size"}},
		"too large":                  {draws(h.acme, 501), 400, []string{"size"}},
		"half a text":                {`{"companyId":"` + h.acme + `","quarter":"2026-Q1","size":1.5}`, 400, []string{"size"}},
		"a seed of one's own choice": {`{"companyId":"` + h.acme + `","quarter":"2026-Q1","size":5,"seed":"x"}`, 400, []string{"seed"}},
		"huge":                       {`{"companyId":"` + strings.Repeat("a", 5000) + `"}`, 413, nil},
	} {
		w := h.ask(siri, "POST", "/v1/classify/audits", c.body)
		if diff := cmp.Diff(c.fields, wrong(t, w)); w.Code != c.status || diff != "" {
			t.Errorf("%s: status %d, expected %d: %s", name, w.Code, c.status, diff)
		}
	}
	if got := decode[page](t, h.must(200, siri, "GET", "/v1/classify/audits", "")); len(got.Audits) != 0 {
		t.Errorf("%d audits were made", len(got.Audits))
	}
	empty := decode[audit](t, h.must(201, siri, "POST", "/v1/classify/audits", draws("bolt", 5))) // by its slug
	if empty.Items != 0 || empty.Agreement[0].WithModel.Kappa != nil {
		t.Errorf("%+v", empty)
	}
	if got := h.next(siri, h.bolt); got.Item != nil || got.Left != 0 {
		t.Errorf("%+v", got)
	}
	for _, id := range []string{h.acme + "-2026-Q1", h.acme + "-2026-Q2", h.bolt + "-2025-Q4", identity.NewID() + "-2026-Q1", "x", h.acme, h.bolt + "-2026-Q9", h.bolt + "_2026-Q1", strings.Repeat("x", 44)} {
		h.must(404, siri, "GET", "/v1/classify/audits/"+id+"/next", "")
		h.must(404, siri, "POST", "/v1/classify/audits/"+id+"/items/"+identity.NewID(), labels)
	}
}

func TestAReviewerReadsBlindAndThenSeesTheModel(t *testing.T) {
	t.Parallel()
	h := open(t)
	const text = "Я сміливіша. Пишіть на olena@example.org"
	id := h.tells(h.acme, "a", text)
	h.must(201, siri, "POST", "/v1/classify/audits", draws(h.acme, 5))
	w := h.must(200, siri, "GET", "/v1/classify/audits/"+h.acme+"-2026-Q1/next", "")
	got := decode[turn](t, w)
	if got.Item == nil || got.Item.Text != "Я сміливіша. Пишіть на [e-mail]" || !got.Item.Masked || got.Left != 1 || got.PassedOver != 0 {
		t.Fatalf("%s", w.Body)
	}
	for _, telling := range []string{"score", "0.75", "gain", "test-1", "olena@", id, "language"} {
		if strings.Contains(w.Body.String(), telling) {
			t.Errorf("a reviewer is told %q: %s", telling, w.Body)
		}
	}
	keys := map[string]any{}
	_ = json.Unmarshal(w.Body.Bytes(), &keys)
	if len(keys) != 3 || len(keys["item"].(map[string]any)) != 4 {
		t.Errorf("a reviewer is told more than they must: %s", w.Body)
	}
	status, model := h.answers(siri, h.acme, got.Item, labels)
	if status != 201 || model.ModelVersion != "test-1" || *model.Scores[0].Score != 0.75 || model.Scores[0].Evidence[0].Quote != "сміливіша" || model.Scores[1].Reason != "not_mentioned" {
		t.Errorf("status %d, %+v", status, model)
	}
	for _, again := range []string{labels, strings.Replace(labels, "0.75", "0.1", 1)} {
		if status, _ := h.answers(siri, h.acme, got.Item, again); status != 409 {
			t.Errorf("a second answer: status %d, expected 409", status)
		}
	}
	if got := h.next(siri, h.acme); got.Item != nil || got.Left != 0 {
		t.Errorf("the same text again: %+v", got)
	}
	if got := h.next(omar, h.acme); got.Item == nil {
		t.Error("another reviewer is given nothing")
	}
}

func TestQuotesAreMaskedForReviewers(t *testing.T) {
	t.Parallel()
	h := open(t)
	text := "brave, write to olena@example.org " + strings.Repeat("and the bus came on time ", 12)
	h.tells(h.acme, "a", text)
	h.must(201, siri, "POST", "/v1/classify/audits", draws(h.acme, 5))
	read := h.next(siri, h.acme).Item
	w := h.must(201, siri, "POST", "/v1/classify/audits/"+h.acme+"-2026-Q1/items/"+read.ID, to(read, labels))
	level := decode[result](t, w).Scores[2]
	if strings.Contains(w.Body.String(), "olena") || len(level.Evidence) != 1 || !strings.HasPrefix(level.Evidence[0].Quote, "brave, write to [e-mail] and") {
		t.Errorf("%s", w.Body)
	}
}

func TestWhatAScreeningFoundIsMaskedForReviewers(t *testing.T) {
	t.Parallel()
	h := open(t)
	body := "🎉 brave, says Oksana's aunt of Poznyaky " + strings.Repeat("and the bus came on time ", 12) // nothing says that they are names
	id := h.wrote(h.acme, "a", body, 1)
	private := safety.Finding{Category: safety.PII, Confidence: 1, Spans: []safety.Span{{Start: 14, End: 20, Kind: safety.Name}, {Start: 31, End: 39, Kind: safety.Address}}}
	h.screens(h.acme, id, body, private)
	h.must(201, siri, "POST", "/v1/classify/audits", draws(h.acme, 5))
	read := h.next(siri, h.acme).Item
	if !read.Masked || !strings.HasPrefix(read.Text, "🎉 brave, says [name]'s aunt of [address] and") {
		t.Errorf("to be judged: %+v", read)
	}
	w := h.must(201, siri, "POST", "/v1/classify/audits/"+h.acme+"-2026-Q1/items/"+read.ID, to(read, labels))
	if level := decode[result](t, w).Scores[2]; len(level.Evidence) != 1 || !strings.HasPrefix(level.Evidence[0].Quote, "🎉 brave, says [name]'s aunt of [address] and") {
		t.Errorf("quoted: %s", w.Body)
	}
}

func TestNothingIsQuotedOfWhatATextSaidBefore(t *testing.T) {
	t.Parallel()
	h := open(t)
	const before, now = "I am brave, hateful, and live at Storgata 5.", "I take that back."
	id := h.wrote(h.acme, "a", before, 1)
	h.must(201, siri, "POST", "/v1/classify/audits", draws(h.acme, 5))
	h.screens(h.acme, h.wrote(h.acme, "a", now, 2), now)
	old, err := reader{&atomic.Int64{}}.Score(t.Context(), outcome.Request{Text: before})
	if err != nil {
		t.Fatal(err)
	}
	h.do(h.acme, func(tx port.Tx) error { // as it is while the correction waits to be scored
		text, err := tx.Feedback().Text(t.Context(), id)
		old.ID, old.TextID, old.At = identity.NewID(), id, tx.Now()
		tx.Outcomes().Keep(old, text)
		return err
	})
	read := h.next(siri, h.acme).Item
	w := h.must(201, siri, "POST", "/v1/classify/audits/"+h.acme+"-2026-Q1/items/"+read.ID, to(read, labels))
	if confidence := decode[result](t, w).Scores[0]; confidence.Score == nil || len(confidence.Evidence) != 0 {
		t.Errorf("%s", w.Body)
	}
}

func TestLabelsAreCheckedOneByOne(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.tells(h.acme, "a", "I am brave.")
	h.must(201, siri, "POST", "/v1/classify/audits", draws(h.acme, 5))
	item := h.next(siri, h.acme).Item
	for name, c := range map[string]struct {
		body   string
		fields []string
	}{
		"none":            {`{}`, []string{"version", "labels.confidence", "labels.belonging", "labels.job_readiness", "labels.well_being"}},
		"null":            {`{"labels":null}`, []string{"version", "labels.confidence", "labels.belonging", "labels.job_readiness", "labels.well_being"}},
		"no version":      {strings.Replace(labels, "of nothing", "", 1), []string{"version"}},
		"one missing":     {`{"version":"of nothing","labels":{"confidence":null,"belonging":0,"job_readiness":1}}`, []string{"labels.well_being"}},
		"unknown":         {strings.Replace(labels, `"belonging"`, `"hope":1,"belonging"`, 1), []string{"labels.hope"}},
		"twice":           {strings.Replace(labels, `"belonging"`, `"confidence":1,"belonging"`, 1), []string{"labels.confidence"}},
		"words":           {strings.Replace(labels, "0.75", `"high"`, 1), []string{"labels.confidence"}},
		"above":           {strings.Replace(labels, "0.75", "1.001", 1), []string{"labels.confidence"}},
		"below":           {strings.Replace(labels, "0.75", "-0.1", 1), []string{"labels.confidence"}},
		"four decimals":   {strings.Replace(labels, "0.75", "0.1234", 1), []string{"labels.confidence"}},
		"endless":         {strings.Replace(labels, "0.75", "1e999", 1), []string{"labels.confidence"}},
		"something else":  {strings.Replace(labels, "{", `{"score":1,`, 1), []string{"score"}},
		"a changed text":  {strings.Replace(labels, "of nothing", "another", 1), nil},
		"no body":         {"", nil},
		"half a body":     {labels[:20], nil},
		"more than fits":  {labels + strings.Repeat(" ", 5000), nil},
		"no labels, list": {`{"labels":[]}`, []string{"labels", "labels.confidence"}},
	} {
		w := h.ask(siri, "POST", "/v1/classify/audits/"+h.acme+"-2026-Q1/items/"+item.ID, to(item, c.body))
		want := map[string]int{"a changed text": 409, "more than fits": 413}[name]
		if want == 0 {
			want = 400
		}
		got := wrong(t, w)
		if name == "no labels, list" && len(got) > 0 {
			got, c.fields = got[:1], c.fields[:1]
		}
		if diff := cmp.Diff(c.fields, got); w.Code != want || diff != "" {
			t.Errorf("%s: status %d, expected %d: %s %s", name, w.Code, want, diff, w.Body)
		}
	}
	if status, _ := h.answers(siri, h.acme, item, strings.Replace(labels, `"belonging"`, `"lang_level_proxy":0.45,"belonging"`, 1)); status != 201 {
		t.Errorf("with the level of language: status %d", status)
	}
}

func TestWhatMayNotBeShownIsPassedOver(t *testing.T) {
	t.Parallel()
	h := open(t)
	unscreened := "I am brave and nobody has looked"
	held := "I am brave and hateful"
	h.wrote(h.acme, "unscreened", unscreened, 1)
	h.screens(h.acme, h.wrote(h.acme, "held", held, 1), held, safety.Finding{Category: safety.Hate, Confidence: 0.9})
	h.tells(h.acme, "fine", "I am brave and kind")
	h.must(201, siri, "POST", "/v1/classify/audits", draws(h.acme, 5))
	got := h.next(siri, h.acme)
	if got.Item == nil || got.Item.Text != "I am brave and kind" || got.Left != 1 || got.PassedOver != 2 {
		t.Fatalf("%+v", got)
	}
	seen := map[string]string{}
	for range 2 {
		given := h.next(guro, h.acme)
		if given.PassedOver != 1 || given.Item == nil {
			t.Fatalf("safeguarding is given %+v", given)
		}
		seen[given.Item.Text] = given.Item.ID
		if given.Item.Text == held { // its id does not let staff answer
			if status, _ := h.answers(siri, h.acme, given.Item, labels); status != 409 {
				t.Errorf("staff answers for a held text: status %d", status)
			}
		}
		if status, _ := h.answers(guro, h.acme, given.Item, labels); status != 201 {
			t.Errorf("safeguarding answers: status %d", status)
		}
	}
	if seen[held] == "" || seen["I am brave and kind"] == "" {
		t.Errorf("safeguarding saw %v", seen)
	}
	if given := h.next(guro, h.acme); given.Item != nil || given.PassedOver != 1 {
		t.Errorf("what nobody has screened: %+v", given)
	}
}

func TestAnAnswerIsToWhatWasRead(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.tells(h.acme, "a", "I am brave.")
	h.must(201, siri, "POST", "/v1/classify/audits", draws(h.acme, 5))
	read := h.next(siri, h.acme).Item
	h.screens(h.acme, h.wrote(h.acme, "a", "I take that back.", 2), "I take that back.")
	if status, _ := h.answers(siri, h.acme, read, labels); status != 409 {
		t.Errorf("to a text that is no more: status %d", status)
	}
	again := h.next(siri, h.acme).Item
	if again == nil || again.Version == read.Version {
		t.Fatalf("%+v", again)
	}
	if status, _ := h.answers(siri, h.acme, again, labels); status != 201 {
		t.Errorf("to what it says now: status %d", status)
	}
}

func TestWhatWasChangedSinceItWasScreenedIsForNobody(t *testing.T) {
	t.Parallel()
	h := open(t)
	const held = "I am brave and hateful"
	h.screens(h.acme, h.wrote(h.acme, "a", held, 1), held, safety.Finding{Category: safety.Hate, Confidence: 0.9})
	h.must(201, siri, "POST", "/v1/classify/audits", draws(h.acme, 5))
	item := h.next(guro, h.acme).Item
	h.wrote(h.acme, "a", "I am brave, and worse.", 2)
	if got := h.next(guro, h.acme); item == nil || got.Item != nil || got.PassedOver != 1 {
		t.Errorf("%+v", got)
	}
	if status, _ := h.answers(guro, h.acme, item, labels); status != 409 {
		t.Errorf("status %d", status)
	}
}

func TestAnItemBelongsToItsAudit(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.tells(h.acme, "a", "I am brave.")
	h.tells(h.bolt, "b", "I am brave too.")
	for _, owner := range []string{h.acme, h.bolt} {
		h.must(201, siri, "POST", "/v1/classify/audits", draws(owner, 5))
	}
	read := h.next(siri, h.acme).Item
	ours := read.ID
	for _, path := range []string{
		h.bolt + "-2026-Q1/items/" + ours, h.acme + "-2025-Q4/items/" + ours, h.acme + "-2026-Q1/items/" + identity.NewID(), h.acme + "-2026-Q1/items/x",
	} {
		h.must(404, siri, "POST", "/v1/classify/audits/"+path, labels)
	}
	h.must(201, siri, "POST", "/v1/classify/audits/"+strings.ToUpper(h.acme)+"-2026-Q1/items/"+ours, to(read, labels))
}

func TestTheListTellsHowFarAndHowWell(t *testing.T) {
	t.Parallel()
	h := open(t)
	for i := range 10 {
		body := fmt.Sprint("The bus came, ", i)
		if i%2 == 0 {
			body = fmt.Sprint("I am brave, ", i)
		}
		h.tells(h.acme, fmt.Sprint(i), body)
	}
	h.tells(h.bolt, "b", "I am brave too.")
	for _, owner := range []string{h.acme, h.bolt} {
		h.must(201, siri, "POST", "/v1/classify/audits", draws(owner, 50))
	}
	for range 10 { // siri agrees with the model about what is spoken of
		given := h.next(siri, h.acme).Item
		found := strings.Replace(labels, "0.75", "null", 1)
		if strings.Contains(given.Text, "brave") {
			found = labels
		}
		if status, _ := h.answers(siri, h.acme, given, found); status != 201 {
			t.Fatalf("status %d", status)
		}
	}
	if status, _ := h.answers(omar, h.acme, h.next(omar, h.acme).Item, labels); status != 201 {
		t.Fatalf("status %d", status)
	}
	list := decode[page](t, h.must(200, guro, "GET", "/v1/classify/audits?company=acme", ""))
	if len(list.Audits) != 1 || list.Next != "" {
		t.Fatalf("%+v", list)
	}
	got := list.Audits[0]
	if got.Size != 50 || got.Items != 10 || got.Answered != 10 || got.Twice != 1 || got.Seed == "" || len(got.Agreement) != 5 {
		t.Errorf("%+v", got)
	}
	confidence := got.Agreement[0]
	with := confidence.WithModel
	if confidence.Dimension != "confidence" || with.N != 11 || with.Kappa == nil || *with.Kappa < 0.8 || with.MAE == nil || *with.MAE != 0 ||
		confidence.BetweenReviewers.N != 1 || !cmp.Equal(confidence.ModelVersions, []string{"test-1"}) {
		t.Errorf("%+v", confidence)
	}
	if level := got.Agreement[2]; level.WithModel.N != 0 || level.WithModel.Kappa != nil {
		t.Errorf("what nobody judged: %+v", level)
	}
	if well := got.Agreement[4]; well.WithModel.N != 11 || well.WithModel.Kappa != nil || well.WithModel.QWK != nil {
		t.Errorf("what nobody found: %+v", well)
	}
	all := decode[page](t, h.must(200, siri, "GET", "/v1/classify/audits?limit=1", ""))
	rest := decode[page](t, h.must(200, siri, "GET", "/v1/classify/audits?limit=1&after="+all.Next, ""))
	if len(all.Audits) != 1 || len(rest.Audits) != 1 || all.Audits[0].ID == rest.Audits[0].ID || all.Next != all.Audits[0].ID || rest.Next != "" {
		t.Errorf("%+v, then %+v", all, rest)
	}
	for query, status := range map[string]int{
		"?company=nobody": 404, "?after=x": 400, "?limit=0": 400, "?limit=51": 400, "?limit=x": 400, "?quarter=2026-Q1": 400, "?company=" + h.bolt: 200,
	} {
		h.must(status, siri, "GET", "/v1/classify/audits"+query, "")
	}
}

func TestReadingAndAnsweringIsAudited(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.tells(h.acme, "a", "I am brave, secretword.")
	h.must(201, siri, "POST", "/v1/classify/audits", draws(h.acme, 5))
	item := h.next(siri, h.acme).Item
	h.answers(siri, h.acme, item, labels)
	h.answers(siri, h.acme, item, labels)
	h.must(200, siri, "POST", "/v1/classify/audits", draws(h.acme, 7))
	var lines []string
	for _, e := range h.audit(h.acme) {
		if strings.HasPrefix(e.ResourceType, "score_audit") {
			lines = append(lines, e.Action+" "+e.ResourceType+" by "+e.Actor+" "+e.Role)
		}
		if strings.Contains(fmt.Sprint(e), "secretword") {
			t.Errorf("the audit log carries a text: %+v", e)
		}
	}
	want := []string{
		"CREATE score_audit by siri programme_staff", "READ score_audit_item by siri programme_staff",
		"CREATE score_audit_answer by siri programme_staff", "UPDATE score_audit by siri programme_staff",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(h.log.String(), "secretword") {
		t.Errorf("the log carries a text: %s", h.log.String())
	}
}

func FuzzPathsOfAudits(f *testing.F) {
	f.Add("7c0f0d5e-8a37-5b0a-9a53-0c7a3b7f9d10-2026-Q1", "7c0f0d5e-8a37-5b0a-9a53-0c7a3b7f9d10")
	f.Add("7c0f0d5e-8a37-5b0a-9a53-0c7a3b7f9d1é-2026-Q1", "")
	f.Fuzz(func(t *testing.T, id, item string) {
		h := open(t)
		for _, err := range []error{
			h.serve("GET", "/v1/classify/audits/x/next", "", "auditId", id), h.serve("POST", "/v1/classify/audits/x/items/y", labels, "auditId", id, "itemId", item),
		} {
			if err == nil || statusOf(err) != 404 {
				t.Errorf("%q, %q: %v", id, item, err)
			}
		}
	})
}

func FuzzBodies(f *testing.F) {
	f.Add(labels)
	f.Add(`{"text":"brave"}`)
	f.Add(`{"texts":["brave","🎉"]}`)
	f.Add(`{"labels":{"confidence":1e3}}`)
	f.Fuzz(func(t *testing.T, body string) {
		h := open(t)
		for _, path := range []string{"/v1/classify", "/v1/classify/audits"} {
			if strings.Contains(body, "broken") || strings.Contains(body, "invented") {
				return
			}
			err := h.serve("POST", path, body)
			if err != nil && statusOf(err) == 500 {
				t.Errorf("%s: %v", path, err)
			}
		}
		err := h.serve("POST", "/v1/classify/audits/x/items/y", body, "auditId", h.acme+"-2026-Q1", "itemId", h.acme)
		if status := statusOf(err); err == nil || status != 400 && status != 404 && status != 413 {
			t.Errorf("an answer to nothing: %v", err)
		}
	})
}
