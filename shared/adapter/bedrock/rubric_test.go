package bedrock_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"

	"github.com/teei/csr-platform/shared/adapter/bedrock"
	"github.com/teei/csr-platform/shared/domain/outcome"
)

// listener keeps the instructions it was asked by, and answers nothing.
type listener struct{ instructions string }

func (l *listener) Converse(_ context.Context, in *bedrockruntime.ConverseInput, _ ...func(*bedrockruntime.Options)) (*bedrockruntime.ConverseOutput, error) {
	for _, block := range in.System {
		if text, ok := block.(*types.SystemContentBlockMemberText); ok {
			l.instructions += text.Value
		}
	}
	return nil, errors.New("on purpose")
}

// instructed gives the instructions that go with text.
func instructed(t *testing.T, text string) string {
	t.Helper()
	var l listener
	_, err := bedrock.With(&l, bedrock.Settings{ID: haiku, Limits: quick}).Score(t.Context(), about(text))
	if err == nil || l.instructions == "" {
		t.Fatalf("%v, asked by %q", err, l.instructions)
	}
	return l.instructions
}

func TestTheModelReadsWhatPeopleWhoLabelRead(t *testing.T) {
	t.Parallel()
	got, r := instructed(t, text), outcome.CurrentRubric()
	words := append([]string{outcome.RubricVersion}, r.Rules...)
	for _, d := range r.Directions {
		words = append(words, string(d.Direction), d.Meaning)
	}
	for _, c := range r.Dimensions {
		words = append(append(append(words, "## "+string(c.Dimension)+"\n"+c.Definition), c.Counts...), c.DoesNotCount...)
		for _, level := range c.CEFR {
			words = append(words, fmt.Sprintf("%s: %v\n", level.Level, level.Value))
		}
		for _, a := range c.Anchors {
			first := fmt.Sprintf("\n%v, for example:\n  (%s) %s\n", a.Value, a.Examples[0].Language, a.Examples[0].Text)
			words = append(words, first)
			for _, e := range a.Examples {
				words = append(words, e.Text)
			}
		}
	}
	for _, w := range words {
		if !strings.Contains(got, w) {
			t.Errorf("the instructions lack %q of the rubric", w)
		}
	}
}

// A model keeps what stands before the cache point only while every byte of it is the same.
func TestInstructionsAreTheSameForEveryText(t *testing.T) {
	t.Parallel()
	first := instructed(t, text)
	for _, other := range []string{"Another text.", strings.Repeat("Довгий текст. ", 100)} {
		if instructed(t, other) != first {
			t.Errorf("the instructions for %.20q differ", other)
		}
	}
}
