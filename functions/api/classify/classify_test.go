package classify_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/adapter/localmodel"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/platform/web"
)

// result is an answer as a client reads it.
type result struct {
	Scores []struct {
		Dimension   string
		Score       *float64
		Confidence  *float64
		Direction   *string
		Calibration *string
		Reason      string
		Evidence    []struct {
			Start, End int
			Quote      string
		}
	}
	Language                                    *string
	Reason, Method, ModelVersion, RubricVersion string
}

func body(value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func (h *house) classifies(text string) result {
	h.t.Helper()
	return decode[result](h.t, h.must(200, h.of(identity.APIClient), "POST", "/v1/classify", body(map[string]string{"text": text})))
}

func TestATextIsAnsweredWithAllFiveDimensions(t *testing.T) {
	t.Parallel()
	h := open(t)
	w := h.must(200, h.of(identity.CompanyAdmin), "POST", "/v1/classify", `{"text":"Now I am brave."}`)
	want := `{"scores":[` +
		`{"dimension":"confidence","score":0.75,"confidence":0.9,"direction":"gain","evidence":[{"start":9,"end":14,"quote":"brave"}],"calibration":"test-1/confidence/en"},` +
		`{"dimension":"belonging","score":null,"confidence":null,"direction":null,"evidence":[],"calibration":null,"reason":"not_mentioned"},` +
		`{"dimension":"lang_level_proxy","score":null,"confidence":null,"direction":null,"evidence":[],"calibration":null,"reason":"too_short"},` +
		`{"dimension":"job_readiness","score":null,"confidence":null,"direction":null,"evidence":[],"calibration":null,"reason":"not_mentioned"},` +
		`{"dimension":"well_being","score":null,"confidence":null,"direction":null,"evidence":[],"calibration":null,"reason":"not_mentioned"}],` +
		`"language":"en","method":"local","modelVersion":"test-1","rubricVersion":"q2q-rubric-1"}` + "\n"
	if diff := cmp.Diff(want, w.Body.String()); diff != "" {
		t.Error(diff)
	}
	if w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control %q", w.Header().Get("Cache-Control"))
	}
}

func TestPlacesOfQuotesAreCharacters(t *testing.T) {
	t.Parallel()
	h := open(t)
	for name, text := range map[string]string{
		"Ukrainian":         "Я тепер сміливіша, дякую!",
		"Arabic":            "أنا الآن شجاعة والحمد لله",
		"emoji before":      "🎉👩‍👩‍👧🇳🇴 I am brave 💪🏽",
		"combining accents": "e\u0301te\u0301 сміливіша",
		"Norwegian":         "Nå er jeg blitt så modig, ja!",
		"lines and tabs":    "a\r\n\tb\u2028I am brave",
	} {
		score := h.classifies(text).Scores[0]
		if len(score.Evidence) != 1 {
			t.Errorf("%s: %+v", name, score)
			continue
		}
		quote := score.Evidence[0]
		if got := string([]rune(text)[quote.Start:quote.End]); got != quote.Quote || quote.Quote == "" {
			t.Errorf("%s: characters %d to %d are %q, expected %q", name, quote.Start, quote.End, got, quote.Quote)
		}
	}
}

func TestANullSaysWhy(t *testing.T) {
	t.Parallel()
	h := open(t)
	long := strings.Repeat("the bus came on time ", 10)
	for name, c := range map[string]struct{ text, language, reason, confidence, level string }{
		"not spoken of":          {"The bus came.", "en", "", "not_mentioned", "too_short"},
		"long enough":            {long, "en", "", "not_mentioned", ""},
		"long, and no level":     {long + "xyzzy", "en", "", "not_mentioned", "not_mentioned"},
		"an unknown language":    {"tenho saudade", "pt", "language", "language", "language"},
		"long, unknown language": {long + "saudade", "pt", "language", "language", "language"},
		"no word in it":          {" \n ", "", "empty", "empty", "empty"},
	} {
		got := h.classifies(c.text)
		language := ""
		if got.Language != nil {
			language = *got.Language
		}
		if got.Reason != c.reason || language != c.language || got.Scores[0].Reason != c.confidence || got.Scores[2].Reason != c.level {
			t.Errorf("%s: language %q, reason %q, of confidence %q, of level %q", name, language, got.Reason, got.Scores[0].Reason, got.Scores[2].Reason)
		}
		for i, score := range got.Scores {
			if score.Dimension != string(outcome.Dimensions[i]) || (score.Score == nil) != (score.Reason != "") || score.Evidence == nil {
				t.Errorf("%s: %+v", name, score)
			}
		}
	}
}

func TestSeveralTextsAreAnsweredInOrder(t *testing.T) {
	t.Parallel()
	h := open(t)
	texts := make([]string, 100)
	for i := range texts {
		texts[i] = strings.Repeat("é", i) + "brave"
	}
	got := decode[struct{ Results []result }](t, h.must(200, siri, "POST", "/v1/classify", body(map[string]any{"texts": texts}))).Results
	if len(got) != 100 {
		t.Fatalf("%d results", len(got))
	}
	for i, r := range got {
		if r.Scores[0].Evidence[0].Start != i {
			t.Errorf("result %d is of another text: %+v", i, r.Scores[0].Evidence)
		}
	}
	one := decode[struct{ Results []result }](t, h.must(200, siri, "POST", "/v1/classify", `{"texts":["brave"]}`)).Results
	if len(one) != 1 {
		t.Errorf("a list of one is answered by %d results", len(one))
	}
}

func TestTheModelOfTheBinaryProvesWhatItSays(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.over(h.Ledger, localmodel.New())
	for _, text := range []string{
		"🎉 I was afraid to speak, now I am confident and I dare to ask. I have friends here.", "Я більше не боюся помилятися, коли говорю 🙂.",
		"Jeg er ikke redd lenger, og jeg føler meg hjemme her.", "😀😀😀", "شكرا جزيلا لكم", strings.Repeat("I like my class and my teacher is kind. ", 125),
	} {
		got := h.classifies(text)
		if len(got.Scores) != 5 || got.ModelVersion == "" {
			t.Errorf("%+v", got)
		}
		for _, score := range got.Scores {
			for _, quote := range score.Evidence {
				if string([]rune(text)[quote.Start:quote.End]) != quote.Quote {
					t.Errorf("%s: %d to %d is not %q", score.Dimension, quote.Start, quote.End, quote.Quote)
				}
			}
		}
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	h := open(t)
	many := body(map[string]any{"texts": make([]string, 101)})
	for name, c := range map[string]struct {
		body   string
		status int
		fields []string
	}{
		"nothing":                {"", 400, nil},
		"no JSON":                {`{"text":`, 400, nil},
		"neither":                {"{}", 400, []string{"text"}},
		"nulls":                  {`{"text":null,"texts":null}`, 400, []string{"text"}},
		"both":                   {`{"text":"a","texts":["b"]}`, 400, []string{"texts"}},
		"an empty text":          {`{"text":""}`, 400, []string{"text"}},
		"a long text":            {body(map[string]string{"text": strings.Repeat("ї", 5001)}), 400, []string{"text"}},
		"no texts":               {`{"texts":[]}`, 400, []string{"texts"}},
		"too many":               {many, 400, []string{"texts"}},
		"a null among them":      {`{"texts":["a",null]}`, 400, []string{"texts[1]"}},
		"a long one among them":  {body(map[string]any{"texts": []string{"a", strings.Repeat("b", 5001)}}), 400, []string{"texts[1]"}},
		"a number":               {`{"text":5}`, 400, []string{"text"}},
		"a text for texts":       {`{"texts":"a"}`, 400, []string{"texts"}},
		"to be stored":           {`{"text":"a","store":true}`, 400, []string{"store"}},
		"twice":                  {`{"text":"a","text":"b"}`, 400, []string{"text"}},
		"another case":           {`{"Text":"a"}`, 400, []string{"Text"}},
		"no UTF-8":               {"{\"text\":\"\xff\"}", 400, nil},
		"NUL":                    {`{"text":"a\u0000b"}`, 400, []string{"text"}},
		"beyond what is read":    {`{"text":"` + strings.Repeat("a", 4<<20) + `"}`, 413, nil},
		"a text the model wants": {`{"texts":["a","unreadable"]}`, 400, []string{"texts[1]"}},
	} {
		w := h.ask(siri, "POST", "/v1/classify", c.body)
		if w.Code != c.status {
			t.Errorf("%s: status %d, expected %d: %s", name, w.Code, c.status, w.Body)
			continue
		}
		if diff := cmp.Diff(c.fields, wrong(t, w)); diff != "" {
			t.Errorf("%s: fields %s", name, diff)
		}
	}
	if w := h.ask(siri, "POST", "/v1/classify?store=true", `{"text":"a"}`); w.Code != 400 {
		t.Errorf("a parameter: status %d", w.Code)
	}
	for _, fits := range []string{
		body(map[string]string{"text": strings.Repeat("🎉", 5000)}), `{"text":"\ud83c\udf89"}`, `{"text":"a","texts":null}`,
	} {
		if w := h.ask(siri, "POST", "/v1/classify", fits); w.Code != 200 {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
	}
	full := make([]string, 100)
	for i := range full {
		full[i] = strings.Repeat(`\u0457`, 5000) // as many libraries write Ukrainian
	}
	if w := h.ask(h.of(identity.APIClient), "POST", "/v1/classify", `{"texts":["`+strings.Join(full, `","`)+`"]}`); w.Code != 200 {
		t.Errorf("a full request: status %d: %s", w.Code, w.Body)
	}
}

func TestWhatTheModelCannotDoIsNotTheSendersFault(t *testing.T) {
	t.Parallel()
	h := open(t)
	for text, status := range map[string]int{"overloaded": 503, "broken": 500, lies: 500} {
		w := h.ask(siri, "POST", "/v1/classify", body(map[string]any{"texts": []string{"fine", text}}))
		if w.Code != status || strings.Contains(w.Body.String(), "results") || strings.Contains(w.Body.String(), "belonging") {
			t.Errorf("%s: status %d, expected %d and nothing of a result: %s", text, w.Code, status, w.Body)
		}
		if (w.Header().Get("Retry-After") != "") != (status == 503) {
			t.Errorf("%s: Retry-After %q", text, w.Header().Get("Retry-After"))
		}
	}
}

func TestACompanyHasSoManyTextsAMinute(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.clock.Store(15)
	client, hundred := h.of(identity.APIClient), body(map[string]any{"texts": strings.Fields(strings.Repeat("a ", 100))})
	for range 2 {
		h.must(200, client, "POST", "/v1/classify", hundred)
	}
	h.must(400, client, "POST", "/v1/classify", `{"texts":[]}`) // counts for nothing
	h.must(200, client, "POST", "/v1/classify", body(map[string]any{"texts": strings.Fields(strings.Repeat("a ", 99))}))
	read := h.asked.Load()
	w := h.ask(client, "POST", "/v1/classify", `{"texts":["a","b"]}`)
	details := decode[web.Details](t, w)
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "45" || w.Header().Get("Content-Type") != "application/problem+json" ||
		details.Type != "urn:csr-platform:problem:limited" || !strings.Contains(details.Detail, "300") {
		t.Errorf("status %d, Retry-After %s: %s", w.Code, w.Header().Get("Retry-After"), w.Body)
	}
	if h.asked.Load() != read {
		t.Error("the model read what was refused")
	}
	h.must(200, client, "POST", "/v1/classify", `{"text":"a"}`) // the last one
	h.must(429, h.of(identity.CompanyAdmin), "POST", "/v1/classify", `{"text":"a"}`)
	other := access.Caller{Subject: "x", Company: h.bolt, Role: identity.APIClient}
	h.must(200, other, "POST", "/v1/classify", hundred)
	h.must(200, siri, "POST", "/v1/classify", hundred)
	h.clock.Store(60)
	h.must(200, client, "POST", "/v1/classify", hundred)
}

func TestNoTextIsLogged(t *testing.T) {
	t.Parallel()
	h := open(t)
	for i, text := range []string{"secretword", "secretword overloaded", "secretword broken", "secretword unreadable", "secretword " + lies} {
		h.ask(siri, "POST", "/v1/classify", body(map[string]any{"text": text}))
		h.ask(siri, "POST", "/v1/classify", fmt.Sprintf(`{"texts":[%q],"n%d":1}`, text, i))
		h.ask(siri, "POST", "/v1/classify", `{"text":"`+text)
	}
	if log := h.log.String(); strings.Contains(log, "secretword") || strings.Contains(log, lies) || strings.Count(log, `"route":"POST /v1/classify"`) != 15 {
		t.Errorf("the log: %s", log)
	}
}
