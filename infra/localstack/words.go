package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/teei/csr-platform/shared/domain/identity"
)

// What participants write. Every one speaks of confidence.
const (
	ordinary  = "I was afraid to speak before. Now I feel confident, and I called my landlord myself."
	reachable = "Now I feel confident so write to me at mira.testesen@example.org whenever you like."
	threat    = "I feel confident when I speak on Elm Street. I will kill you if you come here again."
)

// despair is what a volunteer writes.
const despair = "I want to die. Nobody hears me."

// rated delivers a rating of one of the sessions that were held.
func (j *journey) rated(ctx context.Context, number int, id, role, text string) error {
	return j.accepted(ctx, "rating-created", "rating-"+id, map[string]any{
		"rating_id": "ER-" + id, "session_id": fmt.Sprintf("EW-%d", number), "from_role": role, "rating": 0.8,
		"feedback_text": text, "created_at": j.on(2+number, 12).Format(time.RFC3339),
	})
}

// quote is what the report of evidence says.
type quote struct {
	Quote, Method string
	Score         float64
}

// quotes are all that speak of confidence, of which there are fewer than two hundred.
func (j *journey) quotes(ctx context.Context) ([]quote, error) {
	month := j.month.Format("2006-01")
	got, err := j.ask(ctx, http.MethodGet, "/v1/companies/"+j.company+"/evidence?dimension=confidence&limit=200&from="+month+"&to="+month, j.manager, nil)
	if err != nil {
		return nil, err
	}
	var page struct{ Evidence []quote }
	err = json.Unmarshal(got.body, &page)
	if err != nil || got.status != http.StatusOK {
		return nil, fmt.Errorf("answered %d: %s", got.status, got.body)
	}
	if strings.Contains(string(got.body), "mira") {
		return nil, hopeless{fmt.Errorf("a quote shows an address: %s", got.body)}
	}
	return page.Evidence, nil
}

// quoted waits for a quote in which words stand and that wanted accepts.
func (j *journey) quoted(ctx context.Context, words string, wanted func(quote) bool) (found quote, err error) {
	err = await(ctx, 60*time.Second, fmt.Sprintf("a quote with %q", words), func() error {
		all, err := j.quotes(ctx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(q quote) bool { return strings.Contains(q.Quote, words) && wanted(q) })
		if at < 0 {
			return fmt.Errorf("%d quotes, none of them", len(all))
		}
		found = all[at]
		return nil
	})
	return found, err
}

func whatever(quote) bool { return true }

// evidence shows the words behind the report, once they are screened, and what whoever asks for the scores of the same words gets.
func (j *journey) evidence(ctx context.Context) error {
	said, err := j.quoted(ctx, "I feel confident, and I called my landlord myself", whatever)
	if err != nil {
		return err
	}
	pass("a rating's words are quoted: confidence %.3f", said.Score)
	_, err = j.quoted(ctx, "write to me at [e-mail]", whatever)
	if err != nil {
		return err
	}
	pass("an address in a quote is masked")
	got, err := j.json(ctx, http.MethodPost, "/v1/classify", j.manager, map[string]string{"text": ordinary})
	if err != nil {
		return err
	}
	var scored struct {
		Scores []struct {
			Dimension string
			Score     *float64
		}
	}
	err = json.Unmarshal(got.body, &scored)
	if err != nil || got.status != http.StatusOK || len(scored.Scores) == 0 || scored.Scores[0].Score == nil || *scored.Scores[0].Score != said.Score {
		return fmt.Errorf("classify does not answer the score that was kept, %.3f: %d %s", said.Score, got.status, got.body)
	}
	pass("classify answers the same score")
	_, err = j.expect(ctx, http.StatusOK, http.MethodGet, "/v1/taxonomy", j.manager, nil)
	return err
}

// harmful sends two texts that must be held and has each decided by who may read it.
func (j *journey) harmful(ctx context.Context) error {
	err := j.rated(ctx, 2, "threat", "participant", threat)
	if err != nil {
		return err
	}
	j.texts++
	err = j.rated(ctx, 1, "despair", "volunteer", despair)
	if err != nil {
		return err
	}
	_, err = j.expect(ctx, http.StatusForbidden, http.MethodGet, "/v1/moderation/queue", j.manager, nil)
	if err != nil {
		return err
	}
	staff, err := j.token(identity.ProgrammeStaff, "")
	if err != nil {
		return err
	}
	guard, err := j.token(identity.Safeguarding, "")
	if err != nil {
		return err
	}
	held, err := j.waiting(ctx, staff, "moderation")
	if err != nil {
		return err
	}
	urgent, err := j.waiting(ctx, staff, "safeguarding")
	if err != nil {
		return err
	}
	pass("both are held, and in the queue without their texts")
	err = j.approved(ctx, held, staff)
	if err != nil {
		return err
	}
	_, err = j.expect(ctx, http.StatusForbidden, http.MethodGet, urgent+"?reveal=true", staff, nil)
	if err != nil {
		return err
	}
	return j.decided(ctx, urgent, guard, despair, "rejected")
}

// approved: a text that is held is not quoted, and is once somebody let it pass.
func (j *journey) approved(ctx context.Context, flag, staff string) error {
	all, err := j.quotes(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(q quote) bool { return strings.Contains(q.Quote, "Elm Street") }) {
		return fmt.Errorf("a text is quoted that is held")
	}
	err = j.decided(ctx, flag, staff, threat, "approved")
	if err != nil {
		return err
	}
	_, err = j.quoted(ctx, "Elm Street", whatever)
	if err == nil {
		pass("what was held was not quoted, and is after it was approved")
	}
	return err
}

// decided reads the text of a flag, claims it and decides.
func (j *journey) decided(ctx context.Context, flag, token, text, decision string) error {
	shown, err := j.expect(ctx, http.StatusOK, http.MethodGet, flag+"?reveal=true", token, nil)
	if err != nil {
		return err
	}
	if shown.text("text") != text {
		return fmt.Errorf("who may read the text is shown %s", shown.body)
	}
	_, err = j.expect(ctx, http.StatusOK, http.MethodPost, flag+"/claim", token, nil)
	if err != nil {
		return err
	}
	_, err = j.expect(ctx, http.StatusOK, http.MethodPost, flag+"/decision", token, fmt.Appendf(nil, `{"decision": %q, "reason": "we asked around"}`, decision))
	return err
}

// waiting waits for the company's flag on a route and gives its path.
func (j *journey) waiting(ctx context.Context, token, route string) (path string, err error) {
	err = await(ctx, 120*time.Second, "the harmful text in the queue of "+route, func() error {
		got, err := j.ask(ctx, http.MethodGet, "/v1/moderation/queue?route="+route, token, nil)
		if err != nil {
			return err
		}
		var queue struct {
			Flags []struct{ ID, Company string }
		}
		err = json.Unmarshal(got.body, &queue)
		if err != nil {
			return fmt.Errorf("answered %d: %s", got.status, got.body)
		}
		if strings.Contains(string(got.body), "want to die") || strings.Contains(string(got.body), "kill") {
			return hopeless{fmt.Errorf("the queue shows the text")}
		}
		for _, flag := range queue.Flags {
			if flag.Company == j.company {
				path = "/v1/moderation/flags/" + flag.ID
				return nil
			}
		}
		return fmt.Errorf("not there yet: %s", got.body)
	})
	return path, err
}
