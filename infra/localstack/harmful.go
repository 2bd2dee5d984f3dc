package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/teei/csr-platform/shared/domain/identity"
)

// harmful sends a text that must be held, finds it in the review queue without a word of it, and has it read and decided by the one role that may.
func (j *journey) harmful(ctx context.Context) error {
	err := j.accepted(ctx, "rating-created", "rating-harmful", map[string]any{
		"rating_id": "ER-harmful", "session_id": "EW-1", "from_role": "volunteer", "rating": 0.2,
		"feedback_text": "I want to die. Nobody hears me.", "created_at": j.on(5, 12).Format(time.RFC3339),
	})
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
	var flag string
	err = await(ctx, 120*time.Second, "the harmful text in the review queue", func() error {
		flag, err = j.waiting(ctx, staff)
		return err
	})
	if err != nil {
		return err
	}
	pass("held, and in the queue without its text")
	path := "/v1/moderation/flags/" + flag
	_, err = j.expect(ctx, http.StatusForbidden, http.MethodGet, path+"?reveal=true", staff, nil)
	if err != nil {
		return err
	}
	shown, err := j.expect(ctx, http.StatusOK, http.MethodGet, path+"?reveal=true", guard, nil)
	if err != nil {
		return err
	}
	if !strings.Contains(shown.text("text"), "want to die") {
		return fmt.Errorf("the safeguarding contact does not see the text")
	}
	_, err = j.expect(ctx, http.StatusOK, http.MethodPost, path+"/claim", guard, nil)
	if err != nil {
		return err
	}
	_, err = j.expect(ctx, http.StatusOK, http.MethodPost, path+"/decision", guard, []byte(`{"decision": "rejected", "reason": "we called"}`))
	return err
}

// waiting is the id of the company's flag for safeguarding.
func (j *journey) waiting(ctx context.Context, token string) (string, error) {
	got, err := j.ask(ctx, http.MethodGet, "/v1/moderation/queue?route=safeguarding", token, nil)
	if err != nil {
		return "", err
	}
	var queue struct {
		Flags []struct{ ID, Company string }
	}
	err = json.Unmarshal(got.body, &queue)
	if err != nil {
		return "", fmt.Errorf("answered %d: %s", got.status, got.body)
	}
	if strings.Contains(string(got.body), "want to die") {
		return "", hopeless{fmt.Errorf("the queue shows the text")}
	}
	for _, flag := range queue.Flags {
		if flag.Company == j.company {
			return flag.ID, nil
		}
	}
	return "", fmt.Errorf("not there yet: %s", got.body)
}
